"""Opening balances of a shop that moves in, by Frappe's Data Import: a real CSV file through the real importer."""

import csv
import io

import frappe
import pytest
from frappe.core.doctype.data_import.data_import import start_import
from frappe.utils import add_days, getdate, nowdate

from tests.site.factories import make_customer, make_program
from tests.site.ledger_checks import check, lots_of, membership_of
from tests.site.world import MANAGER

pytestmark = pytest.mark.commits

FIELDS = (
	"customer",
	"program",
	"adjustment_type",
	"points",
	"posting_date",
	"expires_on",
	"reason_code",
	"reason",
)


def run_import(doctype: str, fields, rows, submit: bool = True):
	"""Upload the rows as CSV under the labels of the template, and import them; returns the Data Import."""
	header = [frappe.get_meta(doctype).get_field(field).label for field in fields]
	text = io.StringIO()
	csv.writer(text).writerows([header, *rows])
	upload = frappe.get_doc(
		{"doctype": "File", "file_name": "points.csv", "content": text.getvalue(), "is_private": 1}
	)
	upload.insert(ignore_permissions=True)
	job = frappe.get_doc(
		{
			"doctype": "Data Import",
			"reference_doctype": doctype,
			"import_type": "Insert New Records",
			"submit_after_import": int(submit),
			"import_file": upload.file_url,
			"mute_emails": 1,
		}
	).insert(ignore_permissions=True)
	frappe.db.commit()
	start_import(job.name)
	return job.reload()


def log(job) -> list[bool]:
	rows = frappe.get_all(
		"Data Import Log", {"data_import": job.name}, ["success", "messages"], order_by="log_index"
	)
	return [bool(row.success) for row in rows]


@pytest.fixture
def program():
	return make_program()


def opening(customer: str, program, points: float, expires: str = "") -> tuple:
	return (
		customer,
		program.name,
		"Opening Balance",
		points,
		nowdate(),
		expires,
		"Opening",
		"Old card system",
	)


def test_balances_come_in_and_customers_become_members(program, as_user):
	customers = [make_customer().name for _ in range(3)]
	soon = add_days(nowdate(), 60)
	rows = [
		opening(customers[0], program, 120),
		opening(customers[1], program, 80, soon),
		opening(customers[0], program, 30, soon),
		opening(customers[2], program, 7),
	]
	with as_user(MANAGER):
		job = run_import("CCMS Points Adjustment", FIELDS, rows)
	assert (job.status, log(job)) == ("Success", [True] * 4)
	assert [check(membership_of(name, program)).active for name in customers] == [150, 80, 7]
	lots = lots_of(membership_of(customers[0], program))
	assert [(lot.entry_type, lot.remaining, lot.expires_on) for lot in lots] == [
		("Opening", 120, None),
		("Opening", 30, getdate(soon)),
	]


def test_a_bad_row_leaves_nothing_and_the_others_come_in(program):
	good, bad, worse = (make_customer().name for _ in range(3))
	rows = [
		opening(good, program, 10),
		opening(bad, program, -5),
		opening(worse, program, 2.5),
		opening(good, program, 20),
	]
	job = run_import("CCMS Points Adjustment", FIELDS, rows)
	assert (job.status, log(job)) == ("Partial Success", [True, False, False, True])
	assert check(membership_of(good, program)).active == 30
	assert not membership_of(bad)
	assert not membership_of(worse)


def test_drafts_move_nothing(program):
	customer = make_customer(program).name
	job = run_import("CCMS Points Adjustment", FIELDS, [opening(customer, program, 10)], submit=False)
	assert log(job) == [True]
	assert check(membership_of(customer)).active == 0


def test_members_come_in_with_their_cards(program):
	customers = [make_customer().name for _ in range(2)]
	card = frappe.generate_hash(length=10)
	fields = ("customer", "program", "member_no", "joined_on", "status", "points_active")
	rows = [(name, program.name, card, "2024-02-03", "Left", 500) for name in customers]
	job = run_import("CCMS Membership", fields, rows, submit=False)
	assert log(job) == [True, False], "a card belongs to one"
	membership = membership_of(customers[0])
	balance = check(membership)
	assert (balance.status, balance.active, balance.member_no) == ("Active", 0, card)
	assert frappe.db.get_value("CCMS Membership", membership, "joined_on") == getdate("2024-02-03")
