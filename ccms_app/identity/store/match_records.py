"""Customers as the matching engine reads them: what the documents say of each, in two frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import frappe
import pandas as pd
from frappe.query_builder import DocType

from ccms_app.identity import keys, kinds
from ccms_app.identity.matching.prepare import IDENTITY_COLUMNS

from . import gathering
from .keys import site_key

CHUNK = 5_000
ADDRESS = {
	"address_line1": "street",
	"address_line2": "line_2",
	"city": "city",
	"pincode": "postcode",
	"state": "state",
}
COLUMNS = ("id", "name", "type", "gender", "birth_date", "tax_id", *ADDRESS.values())


def names() -> list[str]:
	"""All customers that are compared: walk-ins stand for many people, internal ones for a company of ours; a disabled one
	is not sold to any more."""
	customer = DocType("Customer")
	query = frappe.qb.from_(customer).select(customer.name).where(customer.disabled == 0)
	query = query.where((customer.ccms_anonymous == 0) & (customer.is_internal_customer == 0))
	return query.orderby(customer.name).run(pluck=True)


def read(customers: Sequence[str], clear: bool = False) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
	"""(records, identities) of customers, as `matching.prepare` takes them, in parts of some thousands.

	clear: for people: identities that are not phones or mailboxes come masked, instead of by their name.
	"""
	for start in range(0, len(customers), CHUNK):
		part = customers[start : start + CHUNK]
		yield _records(part), _identities(part, clear)


def _records(customers: Sequence[str]) -> pd.DataFrame:
	customer = DocType("Customer")
	fields = (customer.name, customer.customer_name, customer.customer_type, customer.gender, customer.ccms_birth_date, customer.tax_id)  # fmt: skip
	rows = frappe.qb.from_(customer).select(*fields).where(customer.name.isin(customers)).run()
	where = _addresses(customers)
	nowhere = ("",) * len(ADDRESS)
	return pd.DataFrame([(*row, *where.get(row[0], nowhere)) for row in rows], columns=COLUMNS, dtype=object)


def _addresses(customers: Sequence[str]) -> dict[str, tuple]:
	"""customer → one address: the preferred, else the newest."""
	link, address = DocType("Dynamic Link"), DocType("Address")
	rows = (
		frappe.qb.from_(link)
		.inner_join(address)
		.on((address.name == link.parent) & (link.parenttype == "Address"))
		.select(link.link_name, *(address[field] for field in ADDRESS))
		.where((link.link_doctype == "Customer") & link.link_name.isin(customers) & (address.disabled == 0))
		.orderby(address.is_primary_address)
		.orderby(address.creation)
		.run()
	)
	return {row[0]: row[1:] for row in rows}  # the last one stays


def _identities(customers: Sequence[str], for_people: bool) -> pd.DataFrame:
	"""Identities as the map has them. Phones and mailboxes come in the clear, for typing errors; others by their name."""
	key, clear = site_key(), {}
	for said in gathering.said(customers):
		if said.kind in (kinds.PHONE, kinds.EMAIL):
			clear[keys.name(said.kind, keys.index(key, said.kind, said.value))] = said.value
	link, identity = DocType("CCMS Identity Link"), DocType("CCMS Identity")
	rows = (
		frappe.qb.from_(link)
		.inner_join(identity)
		.on(identity.name == link.identity)
		.select(link.customer, identity.kind, link.identity, link.verified, identity.shown_as)
		.where(link.customer.isin(customers) & link.ended_on.isnull() & identity.kind.isin(kinds.TYPED))
		.run()
	)
	rows = [
		(customer, kind, clear.get(name, shown if for_people else name), bool(verified))
		for customer, kind, name, verified, shown in rows
	]
	return pd.DataFrame(rows, columns=list(IDENTITY_COLUMNS))


def changed_since(time) -> set[str]:
	"""Customers of whom something may be known otherwise since a time: their record, contacts, addresses, identities."""
	link, held = DocType("Dynamic Link"), DocType("CCMS Identity Link")
	found = set(frappe.get_all("Customer", filters={"modified": [">=", time]}, pluck="name"))
	for doctype in ("Contact", "Address"):
		table = DocType(doctype)
		query = frappe.qb.from_(link).inner_join(table).on(table.name == link.parent).select(link.link_name)
		where = (link.parenttype == doctype) & (link.link_doctype == "Customer") & (table.modified >= time)
		found.update(query.where(where).run(pluck=True))
	query = frappe.qb.from_(held).select(held.customer).where(held.modified >= time)
	found.update(query.run(pluck=True))
	return found
