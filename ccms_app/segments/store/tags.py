"""Tags that segments set on their members: Frappe's own tags, added on entry and taken off on exit.

Each membership keeps which tag was dealt with and whether the segment set it. A tag that was there before, set by hand,
is not the segment's: it stays when the customer leaves. Work that was interrupted is found again by those marks.
"""

from __future__ import annotations

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce
from frappe.utils import now

MEMBER = "CCMS Segment Member"
BATCH = 1_000


def sync(segment: str, tag: str, done=lambda: None) -> None:
	"""Bring the tags of a segment's members to what it says."""
	remove_left(segment, done)
	_retag(segment, tag, done)


def hold(customer: str, tag: str) -> None:
	"""Make sure that a customer carries a tag once, whatever a merge has made of the field and its links."""
	(held,) = _tags([customer]).values()
	if tag.casefold() not in map(str.casefold, held):
		_write({customer: [*held, tag]})
	frappe.db.delete("Tag Link", {"document_type": "Customer", "document_name": customer, "tag": tag})
	_link([customer], tag)


def remove_left(segment: str, done=lambda: None) -> None:
	"""Take the segment's tag off everybody who has left it."""
	member = DocType(MEMBER)
	while rows := (
		frappe.qb.from_(member)
		.select(member.name, member.customer, member.tag)
		.where((member.segment == segment) & member.left_on.isnotnull() & (member.tagged == 1))
		.limit(BATCH)
		.run(as_dict=True)
	):
		_mark([row.name for row in rows], tagged=0)
		_take_off(rows)
		done()


def _retag(segment: str, tag: str, done) -> None:
	member = DocType(MEMBER)
	while rows := (
		frappe.qb.from_(member)
		.select(member.name, member.customer, member.tag, member.tagged)
		.where((member.segment == segment) & member.left_on.isnull() & (Coalesce(member.tag, "") != tag))
		.limit(BATCH)
		.run(as_dict=True)
	):
		before = [row for row in rows if row.tagged]
		_mark([row.name for row in rows], tagged=0, tag=tag)
		_take_off(before)
		if tag:
			_put_on(rows, tag)
		done()


def _put_on(rows: list, tag: str) -> None:
	"""Add the tag where it is missing. Where another segment has set it, it is this one's too."""
	by_customer = {row.customer: row.name for row in rows}
	had = {name for name, tags in _tags(by_customer).items() if tag.casefold() in map(str.casefold, tags)}
	new = sorted(by_customer.keys() - had)
	shared = _held_by_segments(sorted(had), tag)
	_mark([by_customer[name] for name in (*new, *shared)], tagged=1)
	if not new:
		return
	if not frappe.db.exists("Tag", tag):
		frappe.get_doc({"doctype": "Tag", "name": tag}).insert(ignore_permissions=True)
	_write({name: [*tags, tag] for name, tags in _tags(new).items()})
	_link(new, tag)


def _link(customers: list[str], tag: str) -> None:
	stamp, user, titles = now(), frappe.session.user, _titles(customers)
	rows = [
		(
			frappe.generate_hash(length=12), stamp, stamp, user, user,
			"Customer", name, titles.get(name) or name, tag,
		)
		for name in customers
	]  # fmt: skip
	columns = (
		"name",
		"creation",
		"modified",
		"owner",
		"modified_by",
		"document_type",
		"document_name",
		"title",
		"tag",
	)
	frappe.db.bulk_insert("Tag Link", fields=columns, values=rows)


def _take_off(rows: list) -> None:
	"""Remove each row's tag from its customer, unless another membership still holds it there."""
	by_tag: dict[str, list[str]] = {}
	for row in rows:
		by_tag.setdefault(row.tag, []).append(row.customer)
	for tag, customers in by_tag.items():
		free = sorted(set(customers) - _held_by_segments(customers, tag))
		if not free:
			continue
		fold = tag.casefold()
		_write({name: [one for one in tags if one.casefold() != fold] for name, tags in _tags(free).items()})
		link = DocType("Tag Link")
		(
			frappe.qb.from_(link)
			.delete()
			.where((link.document_type == "Customer") & link.document_name.isin(free) & (link.tag == tag))
			.run()
		)


def _held_by_segments(customers: list[str], tag: str) -> set[str]:
	"""Customers whose tag was set by a segment they are in."""
	if not customers:
		return set()
	member = DocType(MEMBER)
	rows = (
		frappe.qb.from_(member)
		.select(member.customer)
		.where(
			member.customer.isin(customers)
			& member.left_on.isnull()
			& (member.tagged == 1)
			& (member.tag == tag)
		)
		.run()
	)
	return {name for (name,) in rows}


def _tags(customers) -> dict[str, list[str]]:
	customer = DocType("Customer")
	rows = (
		frappe.qb.from_(customer)
		.select(customer.name, customer._user_tags)
		.where(customer.name.isin(list(customers)))
		.for_update()
		.run()
	)
	return {name: [tag for tag in (tags or "").split(",") if tag] for name, tags in rows}


def _titles(customers: list[str]) -> dict[str, str]:
	rows = frappe.get_all("Customer", filters={"name": ["in", customers]}, fields=["name", "customer_name"])
	return {row.name: row.customer_name for row in rows}


def _write(tags: dict[str, list[str]]) -> None:
	"""Customers that end with the same tags are written together."""
	customer = DocType("Customer")
	together: dict[str, list[str]] = {}
	for name, held in tags.items():
		together.setdefault("".join(f",{tag}" for tag in held), []).append(name)
	for text, customers in together.items():
		frappe.qb.update(customer).set(customer._user_tags, text).where(customer.name.isin(customers)).run()
	for name in tags:
		frappe.clear_document_cache("Customer", name)


def _mark(rows: list[str], tagged: int, tag: str | None = None) -> None:
	if not rows:
		return
	member = DocType(MEMBER)
	query = frappe.qb.update(member).set(member.tagged, tagged).where(member.name.isin(rows))
	if tag is not None:
		query = query.set(member.tag, tag)
	query.run()
