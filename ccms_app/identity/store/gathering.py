"""What the documents of a site say about how customers can be reached: read for many customers at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import frappe
from frappe.query_builder import DocType

from ccms_app.identity import kinds
from ccms_app.identity.normalise import email, normalise, phones

from .region import of_country, site_region

CUSTOMER, CONTACT, ADDRESS, CARD, PORTAL_USER = "Customer", "Contact", "Address", "Card", "Portal User"
SOURCES = (CUSTOMER, CONTACT, ADDRESS, CARD, PORTAL_USER)
"""Links from these follow the documents: what is no longer there ends. Best first: a link is named after the first."""


@dataclass(frozen=True)
class Said:
	"""A document says that an identifier is a customer's. `value` is normalised."""

	customer: str
	kind: str
	value: str
	source: str
	since: datetime | None = None
	verified: bool = False


def said(customers: Sequence[str]) -> Iterator[Said]:
	"""Everything documents say about these customers, but for what stands in their own table of identifiers, whose values
	are identities already (`typed`)."""
	region = site_region()
	yield from _customer_fields(customers, region)
	yield from _contacts(customers, region)
	yield from _addresses(customers, region)
	yield from _cards(customers)
	yield from _portal_users(customers)


def typed(customers: Sequence[str]) -> list[frappe._dict]:
	"""Rows of the customers' own tables of identifiers: customer, identity, since, verified. One whose identity is gone
	(the key was lost, and the map emptied) says nothing any more."""
	row, identity = DocType("CCMS Customer Identifier"), DocType("CCMS Identity")
	return (
		frappe.qb.from_(row)
		.inner_join(identity)
		.on(identity.name == row.identity)
		.select(row.parent.as_("customer"), row.identity, row.since, row.verified)
		.where(row.parent.isin(customers) & (row.parenttype == "Customer"))
		.run(as_dict=True)
	)


def _phones_and_mail(customer, source, since, region, numbers=(), address="") -> Iterator[Said]:
	for text in numbers:
		for number in phones(text, region):
			yield Said(customer, kinds.PHONE, number, source, since)
	if value := email(address):
		yield Said(customer, kinds.EMAIL, value, source, since)


def _customer_fields(customers: Sequence[str], region: str) -> Iterator[Said]:
	"""The record's own phone and mail, where no contact owns them: else the contact is newer."""
	table = DocType("Customer")
	query = frappe.qb.from_(table).select(
		table.name, table.mobile_no, table.email_id, table.creation, table.customer_primary_contact
	)
	for name, mobile, mail, since, contact in query.where(table.name.isin(customers)).run():
		if not contact:
			yield from _phones_and_mail(name, CUSTOMER, since, region, [mobile], mail)


def _contacts(customers: Sequence[str], region: str) -> Iterator[Said]:
	link = DocType("Dynamic Link")
	for doctype, field, kind in (
		("Contact Phone", "phone", kinds.PHONE),
		("Contact Email", "email_id", kinds.EMAIL),
	):
		row = DocType(doctype)
		rows = (
			frappe.qb.from_(link)
			.inner_join(row)
			.on((row.parent == link.parent) & (row.parenttype == "Contact"))
			.select(link.link_name, row[field], row.creation)
			.where(_linked(link, "Contact", customers))
			.run()
		)
		for customer, text, since in rows:
			phone, mail = ([text], "") if kind == kinds.PHONE else ((), text)
			yield from _phones_and_mail(customer, CONTACT, since, region, phone, mail)


def _addresses(customers: Sequence[str], region: str) -> Iterator[Said]:
	link, address = DocType("Dynamic Link"), DocType("Address")
	rows = (
		frappe.qb.from_(link)
		.inner_join(address)
		.on(address.name == link.parent)
		.select(link.link_name, address.phone, address.email_id, address.country, address.creation)
		.where(_linked(link, "Address", customers))
		.run()
	)
	for customer, number, mail, country, since in rows:
		where = of_country(country) or region
		yield from _phones_and_mail(customer, ADDRESS, since, where, [number], mail)


def _linked(link, parenttype: str, customers: Sequence[str]):
	return (
		(link.parenttype == parenttype) & (link.link_doctype == "Customer") & link.link_name.isin(customers)
	)


def _cards(customers: Sequence[str]) -> Iterator[Said]:
	"""Cards of other domains, by the hook `ccms_cards`: functions of customers that return rows of customer, number, and
	the time since when the card is theirs."""
	for path in frappe.get_hooks("ccms_cards"):
		for customer, number, since in frappe.get_attr(path)(customers):
			if value := normalise(kinds.CARD, number):
				yield Said(customer, kinds.CARD, value, CARD, since, verified=True)


def _portal_users(customers: Sequence[str]) -> Iterator[Said]:
	row = DocType("Portal User")
	query = frappe.qb.from_(row).select(row.parent, row.user, row.creation)
	for customer, user, since in query.where(
		row.parent.isin(customers) & (row.parenttype == "Customer")
	).run():
		yield from _phones_and_mail(customer, PORTAL_USER, since, "", address=user)
