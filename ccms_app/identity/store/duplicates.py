"""CCMS Duplicate Pair: what the engine found and what people decided. The only writer of these rows.

A row holds no value of anybody, only which fields agree and how well: what is shown beside it is read when it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime

import frappe
import pandas as pd
from frappe import _
from frappe.model.document import Document
from frappe.query_builder import DocType
from frappe.utils import getdate, now_datetime, nowdate
from frappe.utils.html_utils import sanitize_html

from ccms_app.identity.matching.engine import evidence

from . import merge_jobs, merge_records, merging
from .rows import insert

DOCTYPE = "CCMS Duplicate Pair"
OPEN, SNOOZED, NOT_DUPLICATE, MERGED = "Open", "Snoozed", "Not a Duplicate", "Merged"
COLUMNS = (
	"name", "creation", "modified", "owner", "modified_by", "customer_a", "customer_b", "score", "certainty", "contradicts",
	"merges_alone", "evidence", "status", "found_on", "checked_on",
)  # fmt: skip
FIGURES = ("score", "certainty", "contradicts", "merges_alone", "evidence")
BATCH = 500
Pair = tuple[str, str]


def refuse_by_hand(doc: Document) -> None:
	"""Rows are written here alone; people decide with the buttons of the form."""
	frappe.throw(
		_("Pairs are found by comparing customers and are not written by hand."), frappe.PermissionError
	)


# --- what the engine found -----------------------------------------------------------------------------------------


def write(
	found: pd.DataFrame,
	customers: set[str] | None,
	began: datetime,
	progress: Callable[[float], None] = lambda _share: None,
) -> tuple[int, int]:
	"""Bring the rows up to date with what was found. Decisions stay. Commits after each batch.

	Args:
		found: as `matching.engine` returns it.
		customers: who was compared; None for everybody. Open pairs of theirs that were not found again go.
		began: the start of the run.

	Returns: how many pairs are new, and how many are gone.
	"""
	held = {_key(row.customer_a, row.customer_b): row for row in _rows(customers)}
	now, user, new, seen = now_datetime(), frappe.session.user, [], set()
	for at, row in enumerate(found.itertuples(index=False)):
		key = _key(row.a, row.b)
		seen.add(key)
		figures = (
			min(round(100 * row.chance, 1), 99.9),  # nothing is sure
			row.certainty,
			int(row.contradicts),
			int(row.merges_alone),
			frappe.as_json(
				{"swapped": bool(row.swapped), "fields": list(evidence(row.levels, row.bits))}, indent=None
			),
		)
		if key not in held:
			name = frappe.generate_hash(length=12)
			new.append((name, now, now, user, user, *key, *figures, OPEN, now, now))
		elif _figures(held[key]) != figures or held[key].is_stale:
			values = dict(zip(FIGURES, figures, strict=True))
			_set(held[key].name, **values, checked_on=now, is_stale=0)
		if at % BATCH == BATCH - 1:
			_flush(new)
			progress(at / len(found))
	_flush(new, last=True)
	# pairs of today may be older than the run: one that somebody found again meanwhile stays
	gone = [
		row.name
		for key, row in held.items()
		if key not in seen and row.status in (OPEN, SNOOZED) and row.found_on < began
	]
	_delete(gone)
	_set_many([row.name for key, row in held.items() if key not in seen and row.is_stale], is_stale=0)
	frappe.db.commit()
	return len(found) - len(seen & set(held)), len(gone)


def _flush(new: list[tuple], last: bool = False) -> None:
	insert(DOCTYPE, COLUMNS, new)
	new.clear()
	frappe.db.commit()


def _key(a: str, b: str) -> Pair:
	return (a, b) if a < b else (b, a)


def _figures(row) -> tuple:
	return tuple(row[field] for field in FIGURES)


def _rows(customers: Iterable[str] | None) -> list[frappe._dict]:
	"""Rows of pairs that one of these customers is in, merged ones left out; None for all."""
	pair = DocType(DOCTYPE)
	fields = ("name", "customer_a", "customer_b", "status", "is_stale", "found_on", *FIGURES)
	query = frappe.qb.from_(pair).select(*(pair[field] for field in fields)).where(pair.status != MERGED)
	if customers is None:
		return query.run(as_dict=True)
	found, names = {}, sorted(customers)
	for start in range(0, len(names), BATCH):
		part = names[start : start + BATCH]
		rows = query.where(pair.customer_a.isin(part) | pair.customer_b.isin(part)).run(as_dict=True)
		found.update((row.name, row) for row in rows)
	return list(found.values())


def wake() -> None:
	"""Pairs that were put off until today are open again."""
	pair = DocType(DOCTYPE)
	query = frappe.qb.update(pair).set(pair.status, OPEN).set(pair.snoozed_until, None)
	query.where((pair.status == SNOOZED) & (pair.snoozed_until <= nowdate())).run()


def stale() -> set[str]:
	"""Customers of pairs that have to be compared again."""
	rows = frappe.get_all(DOCTYPE, filters={"is_stale": 1}, fields=["customer_a", "customer_b"])
	return {name for row in rows for name in (row.customer_a, row.customer_b)}


def look_again(customers: Iterable[str]) -> None:
	"""Have the undecided and decided pairs of customers compared anew by the next run."""
	_set_many([row.name for row in _rows(set(customers)) if not row.is_stale], is_stale=1)


def drop(customers: Iterable[str]) -> None:
	"""Delete the undecided pairs of customers who are not compared any more."""
	_delete([row.name for row in _rows(set(customers)) if row.status in (OPEN, SNOOZED)])


def forget(customer: str) -> int:
	"""Delete every pair of a customer who is deleted or erased. Returns how many there were."""
	pair = DocType(DOCTYPE)
	query = frappe.qb.from_(pair).select(pair.name)
	names = query.where((pair.customer_a == customer) | (pair.customer_b == customer)).run(pluck=True)
	_delete(names)
	return len(names)


# --- what people decide --------------------------------------------------------------------------------------------


def not_duplicate(pair: str, note: str = "") -> None:
	"""Two people: remembered for good, whatever later runs find."""
	_decide(pair, (OPEN, SNOOZED), NOT_DUPLICATE, note)


def snooze(pair: str, until: str | date) -> None:
	"""Put off until a day."""
	if getdate(until) <= getdate():
		frappe.throw(_("Choose a day in the future."))
	_decide(pair, (OPEN, SNOOZED), SNOOZED, snoozed_until=getdate(until))


def reopen(pair: str) -> None:
	"""Take a decision back."""
	_decide(pair, (NOT_DUPLICATE, SNOOZED), OPEN)


def _decide(pair: str, before: tuple[str, ...], status: str, note: str | None = None, **values) -> None:
	row = _locked(pair, before)
	values = {"snoozed_until": None, **values}
	if note is not None:
		values["note"] = sanitize_html((note or "").strip()[:1000])  # what no save has cleaned
	_set(row.name, status=status, decided_by=frappe.session.user, decided_on=now_datetime(), **values)
	frappe.get_doc(DOCTYPE, pair).notify_update()


def _locked(pair: str, before: tuple[str, ...]) -> frappe._dict:
	"""The row, held until the transaction ends, while it is in one of these states.

	Raises:
		frappe.ValidationError: somebody decided otherwise meanwhile.
	"""
	fields = ["name", "customer_a", "customer_b", "status"]
	row = frappe.db.get_value(DOCTYPE, pair, fields, as_dict=True, for_update=True)
	if not row or row.status not in before:
		frappe.throw(_("This pair has been decided already. Reload the page."))
	return row


def foresee(pair: str, keep: str) -> dict:
	"""What merging the pair would move, or why it is refused; see `merging.foresee`."""
	return merging.foresee(
		*_direction(frappe.db.get_value(DOCTYPE, pair, ["customer_a", "customer_b"], as_dict=True), keep)
	)


def start_merge(pair: str, keep: str, reason: str = "") -> str:
	"""Merge the two customers of a pair in the background. Returns the job's key for `merge_jobs.status`.

	Args:
		keep: the customer who stays; the other one becomes part of it.

	Raises:
		frappe.ValidationError: it is refused, or somebody decided meanwhile.
	"""
	source, target = _direction(_locked(pair, (OPEN, SNOOZED)), keep)
	if refused := merging.refusals(source, target):
		frappe.throw("<br>".join(refused), title=_("Not merged"))
	arguments = {"pair": pair, "source": source, "target": target, "reason": reason}
	return merge_jobs.start(f"{__name__}.merge_job", [source, target], **arguments)


def merge_job(key: str, pair: str, source: str, target: str, reason: str = "") -> None:
	"""The job."""

	def act(told: merging.Told) -> dict:
		return {"merge": merge_now(pair, source, target, reason, told), "customer": target}

	merge_jobs.do(key, act)


def merge_now(pair: str, source: str, target: str, reason: str = "", told: merging.Told | None = None) -> str:
	"""Merge in this transaction, unless the pair was decided meanwhile. Returns the name of the merge.

	Raises:
		frappe.ValidationError: it is refused; nothing was changed.
	"""
	_locked(pair, (OPEN, SNOOZED))
	return merging.run(source, target, reason, evidence=_evidence(pair), told=told)


def _direction(row: frappe._dict, keep: str) -> Pair:
	if keep not in (row.customer_a, row.customer_b):
		frappe.throw(_("Choose one of the two customers."))
	return (row.customer_b if keep == row.customer_a else row.customer_a), keep


def _evidence(pair: str) -> dict:
	row = frappe.db.get_value(DOCTYPE, pair, ["score", "certainty", "evidence"], as_dict=True)
	return {"score": row.score, "certainty": row.certainty, **frappe.parse_json(row.evidence)}


def merge_alone() -> int:
	"""Merge what needs no person: two identifiers verified on both sides and nothing that contradicts. Off by default.

	The older customer stays. Two of whom a merge was undone are left to people, and so is a merge that is refused or
	fails, which is noted on its pair. Commits after each.
	"""
	done = 0
	filters = {"status": OPEN, "certainty": "Certain", "merges_alone": 1, "contradicts": 0, "is_stale": 0}
	for name in frappe.get_all(DOCTYPE, filters=filters, pluck="name", order_by="score desc"):
		# an earlier merge may have taken one of the two: then the pair waits to be compared again
		row = frappe.db.get_value(
			DOCTYPE, {**filters, "name": name}, ["customer_a", "customer_b"], as_dict=True
		)
		if not row or merge_records.undone_between(*row.values()):
			continue
		made = {each: frappe.db.get_value("Customer", each, "creation") for each in row.values()}
		target, source = sorted(made, key=lambda customer: (made[customer], customer))
		try:
			why = _("Two verified identifiers agree and nothing contradicts.")
			merging.run(source, target, why, evidence=_evidence(name))
			frappe.db.commit()
			done += 1
		except frappe.ValidationError as error:
			frappe.db.rollback()
			_leave_to_people(name, str(error))
		except Exception:
			# one odd customer must not keep all others from being merged
			frappe.db.rollback()
			frappe.log_error(title="CCMS: a merge failed", reference_doctype=DOCTYPE, reference_name=name)
			_leave_to_people(name, _("The merge failed and nothing was changed. The Error Log says more."))
	return done


def _leave_to_people(pair: str, why: str) -> None:
	_set(pair, note=why[:1000], merges_alone=0)
	frappe.db.commit()


# --- merges ------------------------------------------------------------------------------------


def of_customer(customer: str) -> list[dict]:
	"""All pairs of a customer, as they are stored."""
	pair = DocType(DOCTYPE)
	query = frappe.qb.from_(pair).select(*(pair[field] for field in COLUMNS))
	return query.where((pair.customer_a == customer) | (pair.customer_b == customer)).run(as_dict=True)


def merged(target: str) -> None:
	"""The links name the target already: the pair itself is merged, pairs that now say the same twice become one.

	Who decided that the source was not somebody decided it of the target too.
	"""
	order = {NOT_DUPLICATE: 0, SNOOZED: 1, OPEN: 2}
	kept: dict[Pair, str] = {}
	own, twice, again = [], [], []
	rows = _rows([target])
	for row in sorted(rows, key=lambda row: (order[row.status], -row.score, row.name)):
		key = _key(row.customer_a, row.customer_b)
		if key[0] == key[1]:
			own.append(row.name)
		elif key in kept:
			twice.append(row.name)
		else:
			kept[key] = row.name
			again.append(row.name)
	_set_many(own, status=MERGED, decided_by=frappe.session.user, decided_on=now_datetime())
	_delete(twice)
	_set_many(again, is_stale=1)


def _set(pair: str, **values) -> None:
	_set_many([pair], **values)


def _set_many(pairs: list[str], **values) -> None:
	table = DocType(DOCTYPE)
	for start in range(0, len(pairs), BATCH):
		query = frappe.qb.update(table).set(table.modified, now_datetime())
		for field, value in values.items():
			query = query.set(table[field], value)
		query.where(table.name.isin(pairs[start : start + BATCH])).run()


def _delete(pairs: list[str]) -> None:
	table = DocType(DOCTYPE)
	for start in range(0, len(pairs), BATCH):
		frappe.qb.from_(table).delete().where(table.name.isin(pairs[start : start + BATCH])).run()
