"""Customers as the rules look at them, read in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Max, Min
from frappe.utils import getdate

from ccms_app.identity import kinds
from ccms_app.identity.store import match_records
from ccms_app.identity.store.region import of_country, site_region
from ccms_app.quality.record import Namesake, Place, Record, Text

REACHED_BY = (kinds.PHONE, kinds.EMAIL, kinds.WECHAT, kinds.SOCIAL)
ERASED = "erased-"
MOST_SAME = 20
"""Of the customers with one identifier, so many are compared: a shop's own number stands at thousands."""
LINK = "CCMS Identity Link"


def names() -> list[str]:
	"""All customers that are looked at, in the order of their names: no walk-ins, internal, disabled or erased ones."""
	return sorted(name for name in match_records.names() if not name.startswith(ERASED))


def is_looked_at(name: str) -> bool:
	"""Whether a customer is among `names`."""
	fields = {"disabled": 0, "ccms_anonymous": 0, "is_internal_customer": 0, "name": name}
	return not name.startswith(ERASED) and bool(frappe.db.exists("Customer", fields))


def read(customers: Sequence[str]) -> list[Record]:
	"""The records of these customers, those that are there."""
	table = DocType("Customer")
	fields = ("name", "customer_name", "customer_type", "mobile_no", "email_id", "customer_primary_contact", "ccms_birth_date", "creation")  # fmt: skip
	query = frappe.qb.from_(table).select(*(table[field] for field in fields))
	region, found = site_region(), {}
	for row in query.where(table.name.isin(customers)).orderby(table.name).run(as_dict=True):
		record = Record(row.name, row.customer_name or "", birth_date=row.ccms_birth_date)
		record.is_company = row.customer_type == "Company"
		record.confirmed = getdate(row.creation)
		_add(
			record.names, row.customer_name, Place("Customer", row.name, "customer_name"), "Customer", region
		)
		if not row.customer_primary_contact:  # else the contact is newer
			_add(record.phones, row.mobile_no, Place("Customer", row.name, "mobile_no"), "Customer", region)
			_add(record.emails, row.email_id, Place("Customer", row.name, "email_id"), "Customer", region)
		found[row.name] = record
	if found:
		there = list(found)
		_contacts(found, there, region)
		_addresses(found, there, region)
		_dates(found, there)
		_identifiers(found, there)
		_same(found, there)
	return list(found.values())


def _add(texts: list[Text], value: str | None, place: Place, source: str, region: str) -> None:
	if value and value.strip():
		texts.append(Text(value, place, source, region))


def _linked(link, parenttype: str, customers: Sequence[str]):
	return (
		(link.parenttype == parenttype) & (link.link_doctype == "Customer") & link.link_name.isin(customers)
	)


def _contacts(found: dict[str, Record], customers: Sequence[str], region: str) -> None:
	link, contact = DocType("Dynamic Link"), DocType("Contact")
	query = frappe.qb.from_(link).inner_join(contact).on(contact.name == link.parent)
	query = query.select(link.link_name, contact.name, contact.first_name, contact.last_name)
	for customer, name, first, last in query.where(_linked(link, "Contact", customers)).run():
		for field, value in (("first_name", first), ("last_name", last)):
			_add(found[customer].names, value, Place("Contact", name, field), "Contact", region)
	for doctype, field, into in (
		("Contact Phone", "phone", "phones"),
		("Contact Email", "email_id", "emails"),
	):
		row = DocType(doctype)
		query = frappe.qb.from_(link).inner_join(row)
		query = query.on((row.parent == link.parent) & (row.parenttype == "Contact"))
		query = query.select(link.link_name, row.parent, row.name, row[field])
		for customer, name, row_name, value in query.where(_linked(link, "Contact", customers)).run():
			place = Place("Contact", name, field, doctype, row_name)
			_add(getattr(found[customer], into), value, place, "Contact", region)


def _addresses(found: dict[str, Record], customers: Sequence[str], region: str) -> None:
	link, address = DocType("Dynamic Link"), DocType("Address")
	query = frappe.qb.from_(link).inner_join(address).on(address.name == link.parent)
	query = query.select(
		link.link_name, address.name, address.phone, address.email_id, address.country, address.address_line1
	)
	where = _linked(link, "Address", customers) & (address.disabled == 0)
	for customer, name, phone, mail, country, street in query.where(where).run():
		record, code = found[customer], of_country(country)
		record.has_address = record.has_address or bool(street)
		if code:
			record.countries.add(code)
		_add(record.phones, phone, Place("Address", name, "phone"), "Address", code or region)
		_add(record.emails, mail, Place("Address", name, "email_id"), "Address", region)


def _dates(found: dict[str, Record], customers: Sequence[str]) -> None:
	for doctype in ("Sales Invoice", "POS Invoice"):
		invoice = DocType(doctype)
		query = frappe.qb.from_(invoice).select(invoice.customer, Min(invoice.posting_date))
		query = query.where(
			invoice.customer.isin(customers) & (invoice.docstatus == 1) & (invoice.is_return == 0)
		)
		for customer, day in query.groupby(invoice.customer).run():
			record = found[customer]
			record.first_purchase = min(record.first_purchase or day, day)
	membership = DocType("CCMS Membership")
	query = frappe.qb.from_(membership).select(membership.customer, Min(membership.joined_on))
	for customer, day in query.where(membership.customer.isin(customers)).groupby(membership.customer).run():
		found[customer].joined = getdate(day) if day else None
	for customer, day in confirmed(customers).items():
		found[customer].confirmed = max(found[customer].confirmed or day, day)


def confirmed(customers: Sequence[str] | None = None) -> dict[str, date]:
	"""customer → when something about them was last noted or verified, other than by making the record."""
	source, link = DocType("CCMS Fact Source"), DocType(LINK)
	newest: dict[str, datetime] = {}
	queries = [
		(frappe.qb.from_(source).where(source.parenttype == "Customer"), source.parent, source.noted_on),
		(frappe.qb.from_(link), link.customer, link.since),
		(frappe.qb.from_(link), link.customer, link.verified_on),
	]
	for query, customer, time in queries:
		if customers is not None:
			query = query.where(customer.isin(customers))
		for name, value in query.select(customer, Max(time)).where(time.isnotnull()).groupby(customer).run():
			newest[name] = max(newest.get(name, value), value)
	return {name: getdate(value) for name, value in newest.items()}


def _identifiers(found: dict[str, Record], customers: Sequence[str]) -> None:
	row = DocType("CCMS Customer Identifier")
	query = frappe.qb.from_(row).select(row.parent).distinct()
	where = (row.parenttype == "Customer") & row.parent.isin(customers) & row.kind.isin(REACHED_BY)
	for (customer,) in query.where(where).run():
		found[customer].has_other_reach = True


def _same(found: dict[str, Record], customers: Sequence[str]) -> None:
	"""Others with an identifier of these customers."""
	mine, link, identity, customer = DocType(LINK), DocType(LINK).as_("held"), DocType("CCMS Identity"), DocType("Customer")  # fmt: skip
	held = frappe.qb.from_(mine).select(mine.identity)
	held = held.where(mine.customer.isin(customers) & mine.ended_on.isnull())
	query = (
		frappe.qb.from_(link)
		.inner_join(identity)
		.on(identity.name == link.identity)
		.inner_join(customer)
		.on(customer.name == link.customer)
		.select(link.identity, link.customer, customer.customer_name, identity.kind, identity.shown_as)
		.where(link.identity.isin(held) & link.ended_on.isnull() & identity.kind.isin(kinds.TYPED))
		.where((customer.disabled == 0) & (customer.ccms_anonymous == 0))
		.orderby(link.customer)
	)
	owners: dict[str, list[Namesake]] = defaultdict(list)
	for name, owner, called, kind, shown in query.run():
		owners[name].append(Namesake(owner, called or "", kind, shown or ""))
	for together in owners.values():
		for one in together:
			if one.customer in found:
				others = (other for other in together if other.customer != one.customer)
				found[one.customer].same += [
					other for other, _place in zip(others, range(MOST_SAME), strict=False)
				]
