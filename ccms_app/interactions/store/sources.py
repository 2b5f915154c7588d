"""Sources of events: found by their keys, their keys made and taken back, and their quotas counted."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from hmac import digest

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import now_datetime

from ccms_app.identity.store.keys import site_key
from ccms_app.interactions import sources
from ccms_app.interactions.sources import BROWSER, SERVER, SITE, Source, origin_key

DOCTYPE, TYPE_ROW = "CCMS Event Source", "CCMS Event Source Type"
SECRET, PUBLIC = "ccms_secret_", "ccms_public_"
QUOTA_KEY = "ccms_event_quota"
"""Start of the cache keys that count events; clearing the cache keeps them (hook `persistent_cache_keys`)."""


# --- finding ------------------------------------------------------------------------------------------------
def by_key(key: str) -> Source | None:
	"""The enabled source that this secret or public key belongs to."""
	if not isinstance(key, str) or len(key) > 200 or not key.isascii():
		return None
	if key.startswith(SECRET):
		found = {"secret_hash": _hash(key), "kind": SERVER}
	elif key.startswith(PUBLIC):
		found = {"public_key": key, "kind": BROWSER}
	else:
		return None
	name = frappe.db.get_value(DOCTYPE, {**found, "enabled": 1})
	return load(name) if name else None


def load(name: str) -> Source:
	"""A source by its name."""
	doc = frappe.get_cached_doc(DOCTYPE, name)
	return Source(
		name=doc.name,
		company=doc.company,
		kind=doc.kind,
		types=frozenset(row.interaction_type for row in doc.types),
		origins=frozenset(filter(None, map(origin_key, (doc.origins or "").splitlines()))),
		quota_per_day=doc.quota_per_day or 0,
		language=doc.get("language") or "",
	)


def of_site(company: str) -> Source:
	"""The source by which ERPNext itself tells of its own documents in a company; made at first use."""
	name = frappe.db.get_value(DOCTYPE, {"kind": SITE, "company": company})
	if not name:
		doc = frappe.get_doc(
			{"doctype": DOCTYPE, "source_name": f"ERPNext {company}"[:100], "company": company, "kind": SITE}
		)
		name = doc.insert(ignore_permissions=True, ignore_if_duplicate=True).name
	return load(name)


def translator(source: Source | None) -> Callable[[str], str]:
	"""Words of ours in the language that a source is answered in: its own, else the site's."""
	language = (source.language if source else "") or frappe.get_system_settings("language") or "en"
	return lambda text: _(text, language)


# --- keys ---------------------------------------------------------------------------------------------------
def rotate(name: str) -> dict[str, str]:
	"""New keys for a source; the old ones are worth nothing from now on. The secrets are told here, and never again.

	Returns: a server's {"secret"}; a browser's {"public_key", "identify_secret"}.
	"""
	doc = frappe.get_doc(DOCTYPE, name, for_update=True)
	if doc.kind == SITE:
		frappe.throw(_("ERPNext itself needs no key."))
	doc.rotated_on, doc.revoked_on, doc.enabled = now_datetime(), None, 1
	if doc.kind == SERVER:
		secret = SECRET + secrets.token_urlsafe(32)
		doc.secret_hash, doc.secret_hint = _hash(secret), secret[-4:]
		told = {"secret": secret}
	else:
		doc.public_key = PUBLIC + secrets.token_urlsafe(18)
		doc.identify_salt = secrets.token_hex(16)
		told = {
			"public_key": doc.public_key,
			"identify_secret": identify_secret(doc.name, doc.identify_salt),
		}
	_save(doc)
	return told


def revoke(name: str) -> None:
	"""Take a source's keys back: nothing is taken from it any more until it gets new ones."""
	doc = frappe.get_doc(DOCTYPE, name, for_update=True)
	doc.update({"secret_hash": "", "secret_hint": "", "public_key": "", "identify_salt": ""})
	doc.enabled, doc.revoked_on = 0, now_datetime()
	_save(doc)


def identify_secret(name: str, salt: str | None = None) -> str:
	"""What the shop's server signs identify tokens with; "" when the source has none. Kept nowhere: made anew from the
	site's key."""
	salt = frappe.get_cached_value(DOCTYPE, name, "identify_salt") if salt is None else salt
	if not salt:
		return ""
	return digest(site_key(), f"identify\0{name}\0{salt}".encode(), "sha256").hex()


def _save(doc) -> None:
	doc.flags.from_store = True
	doc.save(ignore_permissions=True)


def _hash(secret: str) -> str:
	# 256 random bits: nobody tries them all, so no slow hash is needed
	return hashlib.sha256(secret.encode()).hexdigest()


# --- quota --------------------------------------------------------------------------------------------------
def within_quota(source: Source, events: int, day: str) -> bool:
	"""Count events of a source on a day (UTC); False, and nothing counted, when they are more than it may send."""
	if not source.quota_per_day:
		return True
	key = frappe.cache.make_key(f"{QUOTA_KEY}:{source.name}:{day}")
	sent = frappe.cache.incrby(key, events)
	frappe.cache.expire(key, 2 * 86_400)
	if sent <= source.quota_per_day:
		return True
	frappe.cache.decrby(key, events)
	return False


# --- types --------------------------------------------------------------------------------------------------
def types() -> dict[str, sources.Type]:
	"""The enabled types of events, by their names and by `sources.type_key`."""
	kind = DocType("CCMS Interaction Type")
	rows = (
		frappe.qb.from_(kind)
		.select(kind.name, kind.channel, kind.is_browser_allowed, kind.purpose)
		.where(kind.enabled == 1)
		.run()
	)
	found = {}
	for name, channel, allowed, purpose in rows:
		made = sources.Type(name, channel or "", bool(allowed), purpose or "")
		found[name] = found[sources.type_key(name)] = made
	return found
