"""Invoices that do not come from the form: Data Import, the API, background submission in another process."""

import csv
import io
import json

import frappe
import pytest

from tests.site import world
from tests.site.books import check_books
from tests.site.factories import make_customer, make_program, make_sales_invoice
from tests.site.ledger_checks import (  # noqa: F401 (strict is a fixture)
	check,
	membership_of,
	points_of,
	set_balance,
	snapshot,
	strict,
)
from tests.site.processes import Workers

# --- the API -----------------------------------------------------------------------------------------------------


def as_sent(customer, **fields) -> dict:
	"""The little that a shop's program sends."""
	return {
		"doctype": "Sales Invoice",
		"customer": customer.name,
		"company": world.COMPANY,
		"items": [{"item_code": world.TEA, "qty": 2}],
		**fields,
	}


def test_inserted_and_submitted_through_the_api(as_user):
	customer = make_customer(make_program())
	membership = membership_of(customer)
	set_balance(membership, 500)
	with as_user(world.SELLER):
		sent = frappe.client.insert(json.dumps(as_sent(customer, ccms_redeem_points=300)))
		assert sent["grand_total"] == 170
		made = frappe.client.submit(json.dumps(sent, default=str))
	sale = frappe.get_doc("Sales Invoice", made["name"])
	assert points_of(sale) == {"Redeem": -300, "Earn": 170}
	check_books(sale)
	assert check(membership).active == 370


def test_what_a_client_may_not_decide():
	"""Figures of ours that it sends are the server's own afterwards."""
	customer = make_customer(make_program())
	membership = membership_of(customer)
	sent = frappe.client.insert(
		as_sent(
			customer,
			ccms_points_earned=99_999,
			ccms_points_expected=99_999,
			ccms_points_balance=99_999,
			docstatus=0,
		)
	)
	assert (sent["ccms_points_earned"], sent["ccms_points_expected"], sent["ccms_points_balance"]) == (
		0,
		200,
		0,
	)
	made = frappe.client.submit(sent)
	assert made["ccms_points_earned"] == 200
	assert check(membership).active == 200

	nobody = frappe.client.insert(as_sent(make_customer(), ccms_points_earned=99_999))
	assert frappe.client.submit(nobody)["ccms_points_earned"] == 0


def test_inserted_as_submitted_in_one_call():
	customer = make_customer(make_program())
	set_balance(membership_of(customer), 500)
	made = frappe.client.insert(as_sent(customer, ccms_redeem_points=300, docstatus=1))
	sale = frappe.get_doc("Sales Invoice", made["name"])
	assert points_of(sale) == {"Redeem": -300, "Earn": 170}
	check_books(sale)
	check(membership_of(customer))


def test_one_field_is_set_through_the_api():
	customer = make_customer(make_program())
	set_balance(membership_of(customer), 500)
	draft = frappe.client.insert(as_sent(customer))
	changed = frappe.client.set_value("Sales Invoice", draft["name"], "ccms_redeem_points", 100)
	assert changed["grand_total"] == 190
	frappe.client.set_value("Sales Invoice", draft["name"], "ccms_redeem_points", 0)
	assert frappe.db.get_value("Sales Invoice", draft["name"], "grand_total") == 200
	frappe.client.submit(frappe.get_doc("Sales Invoice", draft["name"]).as_dict())
	with pytest.raises(frappe.ValidationError):
		frappe.client.set_value("Sales Invoice", draft["name"], "ccms_redeem_points", 100)
	check(membership_of(customer))


def test_points_are_not_moved_by_writing_ledger_rows():
	customer = make_customer(make_program())
	membership = membership_of(customer)
	set_balance(membership, 500)
	lot = frappe.db.get_value("CCMS Points Lot", {"membership": membership})
	entry = frappe.db.get_value("CCMS Points Ledger Entry", {"membership": membership, "points": 500})
	before = snapshot()
	for doctype, name, field in (
		("CCMS Points Lot", lot, "remaining"),
		("CCMS Points Ledger Entry", entry, "points"),
	):
		with pytest.raises((frappe.ValidationError, frappe.PermissionError)):
			frappe.client.set_value(doctype, name, field, 9999)
		with pytest.raises((frappe.ValidationError, frappe.PermissionError)):
			frappe.client.delete(doctype, name)
		with pytest.raises((frappe.ValidationError, frappe.PermissionError)):
			frappe.client.insert({**frappe.get_doc(doctype, name).as_dict(), "name": None})
	frappe.client.set_value("CCMS Membership", membership, "points_active", 9999)
	assert snapshot() == before


# --- other processes ---------------------------------------------------------------------------------------------


@pytest.fixture
def member():
	"""A member with 500 points that other processes can see; the programme does not outlive the test."""
	program = make_program(auto_enroll=0)
	customer = make_customer(program)
	set_balance(membership_of(customer), 500)
	frappe.db.commit()
	yield customer
	frappe.db.rollback()
	program.reload()
	program.update({"enabled": 0, "auto_enroll": 0})
	program.save()
	frappe.db.commit()


@pytest.mark.commits
def test_submitted_in_the_background(member):
	good = make_sales_invoice(member, submit=False, qty=2, ccms_redeem_points=300)
	more = make_sales_invoice(member, submit=False, qty=2, ccms_redeem_points=300)
	frappe.db.commit()
	for draft in (good, more):
		draft.lock()  # as queue_action does
	with Workers(1) as workers:
		for draft in (good, more):
			(reply,) = workers.run(
				"frappe.model.document.execute_action",
				[{"__doctype": draft.doctype, "__name": draft.name, "__action": "_submit"}],
			)
			assert "error" not in reply, reply
	frappe.db.rollback()
	assert [frappe.db.get_value("Sales Invoice", draft.name, "docstatus") for draft in (good, more)] == [1, 1]
	assert points_of(good) == {"Redeem": -300, "Earn": 170}
	assert check(membership_of(member)).active == 500 - 600 + 340


@pytest.mark.commits
def test_refused_in_the_background(member):
	drafts = [make_sales_invoice(member, submit=False, rate=30, ccms_redeem_points=300) for _ in range(2)]
	frappe.db.commit()
	with Workers(1) as workers:
		for draft in drafts:
			draft.lock()
			(reply,) = workers.run(
				"frappe.model.document.execute_action",
				[{"__doctype": draft.doctype, "__name": draft.name, "__action": "_submit"}],
			)
			assert "error" not in reply, reply
	frappe.db.rollback()
	assert [frappe.db.get_value("Sales Invoice", draft.name, "docstatus") for draft in drafts] == [1, 0]
	said = frappe.get_all(
		"Comment", {"reference_name": drafts[1].name, "comment_type": "Comment"}, pluck="content"
	)
	assert any("Only 200 points can be used" in line for line in said)
	assert not points_of(drafts[1])
	assert check(membership_of(member)).active == 200


# --- Data Import -------------------------------------------------------------------------------------------------

HEADER = (
	"customer",
	"company",
	"set_posting_time",
	"posting_date",
	"due_date",
	"currency",
	"debit_to",
	"ccms_redeem_points",
	"items.item_code",
	"items.item_name",
	"items.uom",
	"items.qty",
	"items.rate",
	"items.income_account",
	"items.cost_center",
)


def sheet(rows: list[tuple]) -> str:
	"""A CSV file of invoices with one line each: (customer, points, quantity, rate)."""
	out = io.StringIO()
	write = csv.writer(out).writerow
	write(HEADER)
	today = frappe.utils.nowdate()
	for customer, points, qty, rate in rows:
		write(
			(
				customer,
				world.COMPANY,
				1,
				today,
				today,
				"CNY",
				world.account("Debtors"),
				points,
				world.TEA,
				world.TEA,
				"Nos",
				qty,
				rate,
				world.account("Sales"),
				world.account("Main"),
			)
		)
	return out.getvalue()


def import_invoices(rows: list[tuple]):
	from frappe.core.doctype.data_import.importer import Importer

	data_import = frappe.get_doc(
		{
			"doctype": "Data Import",
			"reference_doctype": "Sales Invoice",
			"import_type": "Insert New Records",
			"submit_after_import": 1,
			"mute_emails": 1,
		}
	).insert()
	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": f"invoices-{frappe.generate_hash(length=6)}.csv",
			"attached_to_doctype": "Data Import",
			"attached_to_name": data_import.name,
			"content": sheet(rows),
			"is_private": 1,
		}
	).insert()
	data_import.import_file = file.file_url
	data_import.save()
	frappe.flags.ccms_raise_errors = False
	Importer("Sales Invoice", data_import=data_import).import_data()
	return frappe.get_all(
		"Data Import Log",
		{"data_import": data_import.name},
		["success", "docname", "messages"],
		order_by="log_index",
	)


@pytest.mark.commits
def test_invoices_are_imported(member):
	"""Two that earn, one that spends, one that spends too much, one of who is no member."""
	stranger = make_customer()
	frappe.db.commit()
	log = import_invoices(
		[
			(member.name, 0, 1, 100),
			(member.name, 0, 2, 50),
			(member.name, 200, 1, 100),
			(member.name, 9000, 10, 100),
			(stranger.name, 0, 1, 100),
		]
	)
	assert [row.success for row in log] == [1, 1, 1, 0, 1]
	assert "points can be used" in log[3].messages
	made = [frappe.get_doc("Sales Invoice", row.docname) for row in log if row.success]
	assert [doc.docstatus for doc in made] == [1] * 4
	assert [points_of(doc) for doc in made] == [
		{"Earn": 100},
		{"Earn": 100},
		{"Redeem": -200, "Earn": 80},
		{},
	]
	for doc in made:
		check_books(doc)
	assert check(membership_of(member)).active == 580


@pytest.mark.commits
def test_an_import_enrols(member):
	program = frappe.get_doc(
		"CCMS Loyalty Program",
		frappe.db.get_value("CCMS Membership", membership_of(member), "program"),
	)
	program.auto_enroll = 1
	program.save()
	stranger = make_customer()
	frappe.db.commit()
	log = import_invoices([(stranger.name, 0, 1, 100), (stranger.name, 0, 1, 50)])
	assert [row.success for row in log] == [1, 1]
	assert check(membership_of(stranger)).active == 150
