"""Rows of CCMS Identity Link, and what follows from them for the owner of each identity. Called by `identities` alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import frappe
from frappe.query_builder import DocType
from frappe.utils import now_datetime

from .rows import insert

DOCTYPE = "CCMS Identity Link"
CHUNK = 1_000
FIELDS = ("name", "identity", "customer", "source", "verified", "since", "ended_on", "ended_by_hand")
COLUMNS = (
	"name",
	"creation",
	"modified",
	"owner",
	"modified_by",
	"identity",
	"customer",
	"source",
	"verified",
	"verified_on",
	"since",
)


@dataclass(frozen=True)
class New:
	"""A link to be made: an identity is a customer's."""

	identity: str
	customer: str
	source: str
	verified: bool = False
	since: datetime | None = None


def lock(doctype: str, identities: Sequence[str]) -> None:
	"""Hold identities until the transaction ends, in the order of their names.

	Raises:
		frappe.DoesNotExistError: one of them is not there.
	"""
	identity = DocType(doctype)
	for start in range(0, len(names := sorted(set(identities))), CHUNK):
		part = names[start : start + CHUNK]
		found = (
			frappe.qb.from_(identity)
			.select(identity.name)
			.where(identity.name.isin(part))
			.orderby(identity.name)
			.for_update()
			.run(pluck=True)
		)
		if len(found) < len(part):
			raise frappe.DoesNotExistError(", ".join(sorted(set(part) - set(found))[:5]))


def of_identities(identities: Iterable[str], locked: bool = False) -> list[frappe._dict]:
	"""All links of identities, ended ones included; without lock as of the transaction's start."""
	return _rows("identity", list(identities), locked)


def of_customer(customer: str) -> list[frappe._dict]:
	"""All links of a customer, ended ones included."""
	return _rows("customer", [customer])


def of_customers(customers: Sequence[str], locked: bool = False) -> list[frappe._dict]:
	"""All links of customers, ended ones included."""
	return _rows("customer", list(customers), locked)


def _rows(field: str, values: list[str], locked: bool = False) -> list[frappe._dict]:
	link, found = DocType(DOCTYPE), []
	for start in range(0, len(values), CHUNK):
		query = (
			frappe.qb.from_(link)
			.select(*(link[name] for name in FIELDS))
			.where(link[field].isin(values[start : start + CHUNK]))
		)
		found += (query.for_update() if locked else query).run(as_dict=True)
	return found


def add(wanted: Sequence[New]) -> None:
	"""Make the links that are not there yet; one that is there becomes verified where that is new."""
	if not wanted:
		return
	held = {
		(row.identity, row.customer): row
		for row in of_identities({one.identity for one in wanted})
		if not row.ended_on
	}
	now, user, rows, verified = now_datetime(), frappe.session.user, [], []
	for one in dict.fromkeys(wanted):
		row = held.get((one.identity, one.customer))
		if row is None:
			held[one.identity, one.customer] = frappe._dict(verified=one.verified)
			rows.append(
				(
					frappe.generate_hash(length=16),
					*(now, now, user, user),
					one.identity,
					one.customer,
					one.source[:140],
					int(one.verified),
					now if one.verified else None,
					one.since or now,
				)
			)
		elif one.verified and not row.verified and row.name:
			verified.append(row.name)
	insert(DOCTYPE, COLUMNS, rows)
	if verified:
		link = DocType(DOCTYPE)
		query = (
			frappe.qb.update(link).set(link.verified, 1).set(link.verified_on, now).set(link.modified, now)
		)
		query.where(link.name.isin(verified)).run()


def end(pairs: Sequence[tuple[str, str]], ended_on: datetime, by_hand: bool = False) -> list[str]:
	"""End the links of (identity, customer) that are not ended. Returns their names."""
	wanted = set(pairs)
	names = [
		row.name
		for row in of_identities({identity for identity, _customer in wanted})
		if (row.identity, row.customer) in wanted and not row.ended_on
	]
	link = DocType(DOCTYPE)
	for start in range(0, len(names), CHUNK):
		query = (
			frappe.qb.update(link)
			.set(link.ended_on, ended_on)
			.set(link.ended_by_hand, int(by_hand))
			.set(link.modified, now_datetime())
		)
		query.where(link.name.isin(names[start : start + CHUNK])).run()
	return names


def go_on(names: Sequence[str]) -> None:
	"""Let links go on that were ended."""
	link = DocType(DOCTYPE)
	for start in range(0, len(names), CHUNK):
		query = frappe.qb.update(link).set(link.ended_on, None).set(link.modified, now_datetime())
		query.where(link.name.isin(names[start : start + CHUNK])).run()


def unverify(identity: str, customer: str) -> None:
	"""Take back that a customer has proved an identity to be theirs."""
	link = DocType(DOCTYPE)
	query = frappe.qb.update(link).set(link.verified, 0).set(link.verified_on, None)
	query.where((link.identity == identity) & (link.customer == customer) & link.ended_on.isnull()).run()


def delete_of(customer: str) -> None:
	"""Delete all links of a customer."""
	link = DocType(DOCTYPE)
	frappe.qb.from_(link).delete().where(link.customer == customer).run()


def settle(doctype: str, identities: Sequence[str]) -> None:
	"""Write the owner of each identity: its only customer, or none."""
	if not identities:
		return
	rows = frappe.db.sql(
		f"""select i.name, i.customer, i.is_shared, i.is_verified,
			count(distinct l.customer), min(l.customer), max(l.verified)
		from `tab{doctype}` i left join `tab{DOCTYPE}` l on l.identity = i.name and l.ended_on is null
		where i.name in %s group by i.name for update""",
		(tuple(identities),),
	)
	changed: dict[tuple, list[str]] = {}
	for name, customer, shared, verified, count, first, proved in rows:
		now = (first if count == 1 else None, int(count > 1), int(bool(proved and count == 1)))
		if now != (customer or None, shared, verified):
			changed.setdefault(now, []).append(name)
	identity = DocType(doctype)
	for (customer, shared, verified), names in changed.items():
		query = (
			frappe.qb.update(identity)
			.set(identity.customer, customer)
			.set(identity.is_shared, shared)
			.set(identity.is_verified, verified)
			.set(identity.modified, now_datetime())
		)
		query.where(identity.name.isin(names)).run()
