"""What stands between the web and the intake: the key, the origin, the quota, and answers that tell no more than they must."""

from __future__ import annotations

import json
import time
from datetime import datetime

import frappe
from frappe.query_builder import DocType
from werkzeug.wrappers import Response

from ccms_app.identity import kinds
from ccms_app.identity.normalise import normalise
from ccms_app.interactions import body, clock, token
from ccms_app.interactions.answers import _
from ccms_app.interactions.body import BadBody
from ccms_app.interactions.sources import Source, origin_key

from . import intake, sources

TOKEN_SECONDS = 15 * 60
PATHS = tuple(f"/api/{version}method/ccms_app.api.track." for version in ("", "v1/", "v2/"))
revoke, rotate = sources.revoke, sources.rotate


def answer(raw: bytes, key: str, origin: str, is_refused: bool = False) -> Response:
	"""The answer to a request with events; what can be stored is committed.

	is_refused: the browser asks to be left alone, by Global Privacy Control or Do Not Track.
	"""
	received = datetime.now(clock.UTC)
	source: Source | None = None
	try:
		batch = body.read(raw, key)
		source = sources.by_key(batch.key)
		if not source:
			raise BadBody(401, _("the key is not known"))
		_check_origin(source, origin)
		if not sources.within_quota(source, len(batch.events), f"{received:%Y-%m-%d}"):
			raise BadBody(429, _("the source has sent as many events as it may today"))
		told = intake.take(
			batch.events, source, received, batch.sent, is_refused=is_refused and source.is_browser
		)
	except BadBody as bad:
		return _response({"error": _told(source, bad.message, *bad.values)}, bad.status, source, origin)
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
		return _response({"error": _told(source, _("busy; send the batch again"))}, 503, source, origin)
	return _response({"message": [one.as_dict() for one in told]}, 200, source, origin)


def _told(source: Source | None, message: str, *values: object) -> str:
	return sources.translator(source)(message).format(*values)


def _check_origin(source: Source, origin: str) -> None:
	if source.is_browser and origin_key(origin) not in source.origins:
		raise BadBody(403, _("this page may not send events"))


def _response(said: dict, status: int, source: Source | None, origin: str) -> Response:
	response = Response(
		json.dumps(said, ensure_ascii=False, separators=(",", ":")), status, mimetype="application/json"
	)
	response.headers["Cache-Control"] = "no-store"
	if status == 429:
		now = time.time()
		response.headers["Retry-After"] = str(int(86_400 - now % 86_400) + 1)
	elif status == 503:
		response.headers["Retry-After"] = "5"
	# where the site sets headers for other origins itself, two of them would be none
	if source and source.is_browser and origin_key(origin) in source.origins and not frappe.conf.allow_cors:
		response.headers["Access-Control-Allow-Origin"] = origin
		response.headers["Vary"] = "Origin"
	return response


# --- the portal session ---------------------------------------------------------------------------------------
def portal_token(key: str, visitor: str) -> str:
	"""A short-lived identify token for the customer whose portal user is signed in."""
	source = sources.by_key(key)
	secret = sources.identify_secret(source.name) if source and source.is_browser else ""
	customers = _of_portal_user(frappe.session.user)
	if not secret or len(customers) != 1 or not normalise(kinds.VISITOR, visitor):
		frappe.throw(frappe._("Not permitted"), frappe.PermissionError)
	return token.sign(secret, customers[0], visitor, int(time.time()) + TOKEN_SECONDS)


def _of_portal_user(user: str) -> list[str]:
	portal_user = DocType("Portal User")
	query = frappe.qb.from_(portal_user).select(portal_user.parent).distinct()
	return query.where((portal_user.user == user) & (portal_user.parenttype == "Customer")).run(pluck=True)


# --- bodies that Frappe cannot read ---------------------------------------------------------------------------
def after_request(response=None, request=None, **_more) -> None:
	"""Broken JSON that is announced as JSON never reaches us: Frappe answers 500 with a trace, or 417. Make that a plain 400."""
	if not request or not response or not request.path.startswith(PATHS) or response.status_code < 400:
		return
	if request.is_json and not _is_json(request.get_data(as_text=False)):
		_say(response, _told(None, _("the body is no JSON in UTF-8")), 400)


def _is_json(raw: bytes) -> bool:
	try:
		return isinstance(json.loads(raw), dict | list)
	except (ValueError, RecursionError):
		return False


def _say(response, message: str, status: int) -> None:
	response.status_code = status
	response.set_data(json.dumps({"error": message}, ensure_ascii=False))
	response.mimetype = "application/json"
