"""No DocType of ours that knows a customer is forgotten: by a merge, by its undo, by the handlers, by the checksums of tests."""

import frappe
import pytest

from ccms_app.identity.store import handlers, identities, references
from tests.site.factories import make_customer, make_program
from tests.site.merged_customers import LOGS, business_rows, differences, full_of_traces, merge, undone
from tests.site.test_timeline import by, write
from tests.site.world import COMPANY

PEOPLE = ("Customer", "CCMS Identity", "CCMS Membership")
NAMING = ("customer", "identity", "visitor", "subject_hash", "email", "phone", "mobile")
"""Columns without a link that tell of a person all the same, by what they are called."""
NOT_OF_A_PERSON = {
	"CCMS Interaction Total": "counts without a person",
	"CCMS Access Log": "who has read what, append-only for two years; the erasure changes the name in it",
}
OTHERWISE = {
	# what the whole ledger is written with, and merged by: `full_of_traces` has it
	"CCMS Membership", "CCMS Points Ledger Entry", "CCMS Points Lot", "CCMS Points Allocation", "CCMS Points Adjustment",
	# made by writing what they follow
	"CCMS Identity", "CCMS Identity Link", "CCMS Customer Interaction", "CCMS Interaction Day", "CCMS Customer Merge",
}  # fmt: skip


def ours() -> list[str]:
	modules = frappe.get_all("Module Def", {"app_name": "ccms_app"}, pluck="name")
	return frappe.get_all(
		"DocType", {"module": ["in", modules], "issingle": 0, "is_virtual": 0}, pluck="name"
	)


def personal(meta) -> list[str]:
	"""The fields of a DocType that tell whose a row is."""
	found = []
	for field in meta.fields:
		is_link = field.fieldtype == "Link" and field.options in PEOPLE
		is_reach = field.fieldtype == "Phone" or (
			field.fieldtype == "Data" and field.options in ("Phone", "Email")
		)
		is_any = field.fieldtype == "Dynamic Link" and field.fieldname in ("party", "customer", "person")
		is_named = field.fieldtype in ("Data", "Small Text") and any(
			field.fieldname == name or field.fieldname.startswith(f"{name}_") for name in NAMING
		)
		if is_link or is_reach or is_any or is_named:
			found.append(field.fieldname)
	return found


def forgotten() -> list[str]:
	answered = {doctype for handler in handlers.all().values() for doctype in handler.doctypes}
	return [
		f"{doctype}.{field}"
		for doctype in ours()
		if doctype not in answered and doctype not in NOT_OF_A_PERSON
		for field in personal(frappe.get_meta(doctype))
	]


def test_every_doctype_that_knows_a_person_has_a_handler():
	assert forgotten() == []


@pytest.mark.parametrize(
	"field",
	[
		{"fieldname": "who", "fieldtype": "Link", "options": "Customer"},
		{"fieldname": "who", "fieldtype": "Link", "options": "CCMS Identity"},
		{"fieldname": "card", "fieldtype": "Link", "options": "CCMS Membership"},
		{"fieldname": "reach", "fieldtype": "Data", "options": "Email"},
		{"fieldname": "customer_name", "fieldtype": "Data"},
		{"fieldname": "note", "fieldtype": "Data", "is_clean": True},
	],
)
def test_one_that_is_added_without_is_found(field):
	is_clean = field.get("is_clean", False)
	doctype = frappe.get_doc(
		{
			"doctype": "DocType",
			"name": "CCMS Made Up",
			"module": "CCMS App",
			"fields": [{**field, "label": "X"}],
		}
	)
	assert bool(personal(frappe.model.meta.Meta(doctype))) is not is_clean


def test_no_handler_answers_for_what_is_not_there():
	answered = {doctype for handler in handlers.all().values() for doctype in handler.doctypes}
	assert sorted(answered - set(ours())) == []
	for handler in handlers.all().values():
		for doctype, field in handler.restored:
			assert frappe.get_meta(doctype).has_field(field), (doctype, field)


def test_the_checksums_see_every_table_of_ours_but_journals():
	seen = set(business_rows())
	assert set(ours()) - seen <= LOGS
	journals = {"CCMS Customer Merge", "CCMS Access Log", "CCMS Points Ledger Entry", "CCMS Points Allocation", "CCMS Points Lot"}  # fmt: skip
	assert {name for name in LOGS if name.startswith("CCMS ")} == journals
	for doctype in ("CCMS Quality Finding", "CCMS Consent", "CCMS Privacy Request", "CCMS Interaction Total"):
		assert doctype in seen


def fields_of_customers() -> list[tuple[str, list[str]]]:
	"""(DocType, its fields that link to a customer) of those whose rows stand by themselves."""
	found = []
	for doctype in sorted(set(ours()) - OTHERWISE - set(NOT_OF_A_PERSON)):
		meta = frappe.get_meta(doctype)
		links = [
			field.fieldname
			for field in meta.fields
			if (field.fieldtype, field.options) == ("Link", "Customer")
		]
		if links and not meta.istable:
			found.append((doctype, links))
	return found


def put_row(doctype: str, **values) -> str:
	"""A row as bare as the domains can read it: what matters is whose it is."""
	name, day = frappe.generate_hash(length=10), "2026-01-01"
	row = {"name": name, "creation": day, "modified": day, "owner": "Administrator"}
	for field in frappe.get_meta(doctype).fields:
		if field.fieldtype == "Select" and field.options:
			row[field.fieldname] = next(filter(None, field.options.split("\n")))
		elif field.fieldtype in ("Date", "Datetime") and field.reqd:
			row[field.fieldname] = day
		elif (field.fieldtype, field.options) == ("Link", "Company"):
			row[field.fieldname] = COMPANY
	row |= values
	table = frappe.qb.DocType(doctype)
	frappe.qb.into(table).columns(*row).insert(*row.values()).run()
	return name


def naming(customer: str) -> set[str]:
	"""Tables and columns of ours in which a customer's name stands."""
	found = set()
	for doctype in ours():
		for column in frappe.db.get_table_columns(doctype):
			if frappe.db.sql(
				f"select 1 from `tab{doctype}` where cast(`{column}` as char) = %s limit 1", customer
			):
				found.add(f"{doctype}.{column}")
	return found


def test_a_merge_leaves_the_source_named_nowhere_and_its_undo_brings_every_row_back():
	program = make_program()
	source, target = full_of_traces(program), full_of_traces(program, points=30)
	for customer in (source, target):
		identities.link(
			identities.ensure("Email", f"{frappe.generate_hash(length=8)}@example.com"),
			customer.name,
			"Import",
		)
		write(by("Customer", customer.name, subject="hello"))
	places = {(place.doctype, place.field) for place in references.places()}
	rows, third = [], make_customer().name
	for doctype, (field, *others) in fields_of_customers():
		assert places >= {(doctype, one) for one in (field, *others)}, "a merge would not move it"
		for customer in (source, target):
			# one that runs bears the customer in its key, and ends beside another (test_churn_warnings.py)
			more = {"status": "Dismissed"} if doctype == "CCMS Churn Warning" else {}
			rows.append(put_row(doctype, **{field: customer.name}, **dict.fromkeys(others, third), **more))
	assert len(rows) >= 20
	before = business_rows()
	name = merge(source, target)
	assert naming(source.name) <= {"CCMS Customer Merge.source", "CCMS Customer Merge.source_title"}
	undone(name)
	assert differences(before, business_rows()) == []


def test_events_stay_as_they_are_and_show_where_the_identity_is():
	source, target = make_customer(), make_customer()
	write(by("Customer", source.name, subject="hello"))
	event = frappe.get_last_doc("CCMS Customer Interaction").as_dict()
	merge(source, target)
	assert frappe.get_doc("CCMS Customer Interaction", event.name).as_dict() == event
