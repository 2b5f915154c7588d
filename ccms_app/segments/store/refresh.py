"""Segments brought up to date: who should be in each, beside who is, and only the difference is written.

One refresh of a company at a time, by a lock of the database that a killed worker gives back. A run that was stopped is
simply run again: what it had written is no longer a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha1

import frappe
import numpy as np
from frappe import _
from frappe.desk.doctype.notification_settings.notification_settings import is_notifications_enabled
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count
from frappe.utils import now

from ccms_app.scoring.store import runs
from ccms_app.segments import rules as rules_of

from . import members, names, registry, segments, tags, wording
from .evaluate import Evaluator, Universe, today, universe
from .segments import Segment

SIZE = "CCMS Segment Size"
WAIT = 120


class Busy(frappe.ValidationError):
	"""Another refresh of the company is at work and did not end in time."""


@dataclass
class Result:
	"""What a refresh did: segment → (size, entered, left), and those that are invalid."""

	moved: dict[str, tuple[int, int, int]]
	invalid: list[str]


def nightly(company: str | None = None) -> dict[str, Result]:
	"""All segments of a company, or of all companies whose scores are not of today: a run that ends asks for a refresh of its
	own (`changes.customers_changed`). One that fails is logged and keeps no other from running."""
	companies = [company] if company else _not_scored_today()
	found = {}
	for name in companies:
		try:
			found[name] = refresh(name)
		except Exception:
			frappe.db.rollback()
			frappe.log_error(title=f"CCMS: segments of {name}")
			frappe.db.commit()
	return found


def _not_scored_today() -> list[str]:
	"""Companies with segments that no score run has told of today: scoring is switched off, or the run failed."""
	told = frappe.get_all(
		runs.DOCTYPE, filters={"is_published": 1, "ended_on": [">=", f"{today()} 00:00:00"]}, pluck="company"
	)
	filters = {"enabled": 1, "company": ["not in", told or [""]]}
	return frappe.get_all(segments.DOCTYPE, filters=filters, pluck="company", distinct=True)


def one(segment: str) -> Result | None:
	"""A segment and those that build on it, for a background job. One that is gone is nothing to do."""
	company = frappe.db.get_value(segments.DOCTYPE, segment, "company")
	return refresh(company, only=[segment]) if company else None


def refresh(
	company: str,
	only: Sequence[str] | None = None,
	customers: Sequence[str] | None = None,
	commits: bool = True,
) -> Result:
	"""Bring the enabled segments of a company up to date, those first that others build on.

	Args:
		only: these segments, and those that build on them.
		customers: decide only about these customers.
		commits: after each batch; False keeps everything in the caller's transaction.

	Raises:
		Busy: another refresh of the company is still at work.
	"""
	done = frappe.db.commit if commits else lambda: None
	with locked(company):
		done()  # what was committed while this one waited must be seen
		wanted = segments.load(company)
		order = _order(wanted, only)
		fields = registry.fields()
		result = Result({}, [])
		evaluator: Evaluator | None = None
		for name in order:
			segment = wanted[name]
			if wrong := segments.problems(segment.rules, fields):
				_mark_invalid(segment, "\n".join(map(wording.problem, wrong)))
				result.invalid.append(name)
				done()
				continue
			evaluator = evaluator or Evaluator(company, universe(company, customers), fields)
			size, entered, left = _bring(segment, evaluator, customers, done)
			result.moved[name] = (size, entered, left)
			if entered or left:
				evaluator.forget_segments()
			done()
	return result


def _order(wanted: dict[str, Segment], only: Sequence[str] | None) -> list[str]:
	"""Segments after those they build on; only those asked for and what builds on them."""
	names_of = {name: segment.builds_on for name, segment in wanted.items()}
	order = [name for level in rules_of.levels(names_of) for name in level]
	if only is None:
		return order
	touched = set(only)
	for name in order:
		if names_of[name] & touched:
			touched.add(name)
	return [name for name in order if name in touched]


def _bring(segment: Segment, evaluator: Evaluator, customers, done) -> tuple[int, int, int]:
	every = evaluator.every
	rules = _copied(segment, every) if segment.is_frozen else evaluator.rules(segment.rules)
	listed, never = every.mask(segment.always), every.mask(segment.never)
	target = (rules | listed) & ~never & ~every.barred
	held = members.current([segment.name], customers)[segment.name]
	is_in = every.mask(held)
	entering = target & ~is_in
	leaving = is_in & ~target
	cause = members.COPY if segment.is_frozen else "Rules"
	if segment.is_new and customers is None:
		members.enter(segment, every.pick(entering), members.FIRST_REFRESH, done)
	else:
		members.enter(segment, every.pick(entering & listed), "Always In", done)
		members.enter(segment, every.pick(entering & ~listed), cause, done)
	members.leave(segment, every.pick(leaving & never), "Never In", done)
	members.leave(segment, every.pick(leaving & ~never & every.eligible), "Rules", done)
	members.leave(segment, every.pick(leaving & ~never & ~every.eligible), "Left Out", done)
	_bring_tags(segment, done)
	entered, left = int(entering.sum()), int(leaving.sum())
	if customers is None:
		_keep_size(segment, int(target.sum()))
	elif entered or left:
		_keep_size(segment, _count(segment.name))
	return int(target.sum()), entered, left


def _bring_tags(segment: Segment, done) -> None:
	"""Written down before the first tag is set and after the last one is off: a run that is killed leaves no tag behind."""
	if not (segment.tag or segment.tag_in_use):
		return
	if segment.tag and segment.tag != segment.tag_in_use:
		_keep_tag(segment)
	tags.sync(segment.name, segment.tag, done)
	if not segment.tag:
		_keep_tag(segment)


def _keep_tag(segment: Segment) -> None:
	frappe.db.set_value(segments.DOCTYPE, segment.name, "tag_in_use", segment.tag, update_modified=False)


def _copied(segment: Segment, every: Universe) -> np.ndarray:
	"""Whom a frozen copy was made with; whoever left it for another reason may come back."""
	member = DocType(members.DOCTYPE)
	query = frappe.qb.from_(member).select(member.customer).where(member.segment == segment.name)
	return every.mask(names.read(query.where(member.cause == members.COPY)))


def _count(segment: str) -> int:
	return frappe.db.count(members.DOCTYPE, {"segment": segment, "left_on": ["is", "not set"]})


# --- what is kept of a refresh ------------------------------------------------------------------------------------


def _keep_size(segment: Segment, size: int) -> None:
	"""The size now, and that of the day with all that moved on it, also in a run that was killed."""
	day, stamp = today(), now()
	entered, left = _movements(segment.name, day)
	table = DocType(SIZE)
	(
		frappe.qb.into(table)
		.columns(
			"name", "creation", "modified", "owner", "modified_by", "segment", "date", "size", "entered", "departed"
		)
		.insert(
			f"{segment.name}-{day}", stamp, stamp, frappe.session.user, frappe.session.user, segment.name, day,
			size, entered, left,
		)
		.on_duplicate_key_update(table.modified, stamp)
		.on_duplicate_key_update(table.size, size)
		.on_duplicate_key_update(table.entered, entered)
		.on_duplicate_key_update(table.departed, left)
		.run()
	)  # fmt: skip
	frappe.db.set_value(
		segments.DOCTYPE,
		segment.name,
		{"size": size, "last_refreshed": stamp, "status": "Active", "reason": ""},
		update_modified=False,
	)


def _movements(segment: str, day: date) -> tuple[int, int]:
	"""How many entered and left on a day; the first filling is no movement."""
	member = DocType(members.DOCTYPE)
	query = frappe.qb.from_(member).select(Count("*")).where(member.segment == segment)
	entered = query.where(
		(member.entered_on >= day) & member.cause.notin((members.FIRST_REFRESH, members.COPY))
	).run()[0][0]
	return entered, query.where(member.left_on >= day).run()[0][0]


def _mark_invalid(segment: Segment, reason: str) -> None:
	"""Members stay as they are; the owner is told once."""
	if segment.status == "Invalid":
		return
	frappe.db.set_value(
		segments.DOCTYPE, segment.name, {"status": "Invalid", "reason": reason}, update_modified=False
	)
	if not (
		frappe.db.get_value("User", segment.owner, "enabled") and is_notifications_enabled(segment.owner)
	):
		return
	frappe.get_doc(
		{
			"doctype": "Notification Log",
			"type": "Alert",
			"for_user": segment.owner,
			"from_user": frappe.session.user,
			"document_type": segments.DOCTYPE,
			"document_name": segment.name,
			"subject": _("Segment {0} no longer refreshes itself: {1}").format(
				frappe.bold(frappe.utils.escape_html(segment.segment_name)), frappe.utils.escape_html(reason)
			),
		}
	).insert(ignore_permissions=True)


# --- one at a time ---------------------------------------------------------------------------------------------------


@contextmanager
def locked(company: str, wait: int = WAIT) -> Iterator[None]:
	"""Hold the company's lock; whoever is killed gives it back with their connection."""
	key = "ccms_segments_" + sha1(f"{frappe.conf.db_name}|{company}".encode()).hexdigest()[:32]
	if frappe.db.sql("select get_lock(%s, %s)", (key, wait))[0][0] != 1:
		raise Busy(_("The segments of {0} are being refreshed. Try again in a minute.").format(company))
	try:
		yield
	finally:
		frappe.db.sql("select release_lock(%s)", key)
