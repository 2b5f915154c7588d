"""Earning for past invoices in bulk: what posting them one by one would have written."""

import frappe
import pytest
from frappe.utils import add_days, add_months, nowdate

from ccms_app.loyalty.store import backfill

from . import factories as make
from .ledger_checks import check, strict  # noqa: F401
from .payments import pay

pytestmark = pytest.mark.commits

CONTENT = [
	"seq",
	"entry_type",
	"points",
	"posting_date",
	"available_from",
	"expires_on",
	"qualifying_value",
	"qualifying_date",
	"voucher_type",
	"voucher_no",
	"tier",
	"base_amount",
	"chain_hash",
]


def journal(membership: str) -> list[dict]:
	return frappe.get_all(
		"CCMS Points Ledger Entry", filters={"membership": membership}, fields=CONTENT, order_by="seq"
	)


def run(program, **options) -> backfill.Backfill:
	job = backfill.Backfill(program.name, **options)
	assert sum(job.run()) == job.count()
	return job


def trade(customer, paid: bool = False) -> None:
	"""A customer's history: sales, partial returns of one of them, a sale at the till."""
	first = make.make_sales_invoice(customer, qty=3, posting_date=add_months(nowdate(), -5))
	if paid:
		pay(first)
	make.make_return(first, 1, posting_date=add_months(nowdate(), -4))
	make.make_sales_invoice(customer, qty=7, rate=33.33, posting_date=add_months(nowdate(), -3))
	make.make_return(first, 2, posting_date=add_months(nowdate(), -2))
	make.make_pos_invoice(customer)


@pytest.fixture
def past():
	"""A customer whose history is from before there was a programme."""
	customer = make.make_customer()
	trade(customer)
	return customer


@pytest.mark.parametrize(
	"rules",
	[
		{},
		{"expiry_model": "Rolling", "expiry_months": 4, "pending_days": 10},
		{"accrue_when": "When Paid"},
		{
			"earn_basis": "Grand Total",
			"points_precision": 2,
			"rounding": "Nearest",
			"on_shortfall": "Forgive",
		},
	],
)
def test_the_same_entries_and_hashes_as_one_by_one(rules):
	program = make.make_program(tiers=make.make_tiers(Base=0, Gold=(200, 2)), **rules)
	customer = make.make_customer(program)
	membership = frappe.db.get_value("CCMS Membership", {"customer": customer.name})
	start = frappe.db.sql("select * from `tabCCMS Membership` where name = %s", (membership,), as_dict=True)[
		0
	]
	trade(customer, paid=bool(rules.get("accrue_when")))
	one_by_one = journal(membership)
	check(membership)

	take_back_to(start)
	assert run(program).entries == len(one_by_one) - start.last_seq
	assert journal(membership) == one_by_one
	assert len(one_by_one) > 6
	check(membership)


def take_back_to(start) -> None:
	"""Put a membership back to what it was, as if none of its documents had posted."""
	frappe.db.sql(
		"delete from `tabCCMS Points Ledger Entry` where membership = %s and seq > %s",
		(start.name, start.last_seq),
	)
	for table in ("Lot", "Allocation"):
		frappe.db.sql(f"delete from `tabCCMS Points {table}` where membership = %s", (start.name,))
	frappe.db.set_value(
		"CCMS Membership",
		start.name,
		{
			key: start[key]
			for key in start
			if key.startswith(("points_", "qualifying", "last_", "tier", "chain"))
		},
		update_modified=False,
	)
	frappe.db.commit()


def test_a_second_run_writes_nothing(past):
	program = make.make_program()
	make.enrol(past, program)
	frappe.db.commit()
	first, second = run(program), run(program)
	assert first.entries > 0
	assert second.entries == 0


def test_a_run_that_was_stopped_goes_on(monkeypatch):
	customers = sorted((make.make_customer() for _number in range(3)), key=lambda customer: customer.name)
	for customer in customers:
		make.make_sales_invoice(customer, posting_date=add_days(nowdate(), -9))
	program = make.make_program()
	members = [make.enrol(customer, program) for customer in customers]
	frappe.db.commit()
	monkeypatch.setattr(backfill, "BATCH", 1)
	steps = backfill.Backfill(program.name).run()
	while not frappe.db.count("CCMS Points Ledger Entry", {"membership": members[0], "entry_type": "Earn"}):
		next(steps)
	steps.close()
	frappe.db.rollback()
	run(program)
	for membership in members:
		assert (
			frappe.db.count("CCMS Points Ledger Entry", {"membership": membership, "entry_type": "Earn"}) == 1
		)


def test_only_the_asked_dates_and_only_members_earn(past):
	program = make.make_program()
	make.enrol(past, program)
	stranger = make.make_customer()
	make.make_sales_invoice(stranger, posting_date=add_days(nowdate(), -3))
	frappe.db.commit()
	job = run(program, from_date=add_months(nowdate(), -3), to_date=add_months(nowdate(), -3))
	assert job.entries == 1
	assert not frappe.db.exists("CCMS Membership", {"customer": stranger.name, "program": program.name})


def test_enrolling_makes_members_from_their_first_invoice_on(past):
	group = frappe.get_doc(
		{"doctype": "Customer Group", "customer_group_name": frappe.generate_hash(length=8)}
	).insert()
	frappe.db.set_value("Customer", past.name, "customer_group", group.name)
	program = make.make_program(auto_enroll=1, customer_group=group.name)
	frappe.db.commit()
	run(program, enrol=True)
	row = frappe.db.get_value(
		"CCMS Membership",
		{"customer": past.name, "program": program.name},
		["name", "joined_on"],
		as_dict=True,
	)
	assert str(row.joined_on) == add_months(nowdate(), -5)
	check(row.name)


def test_returns_in_windows_claw_back_as_much_as_in_one():
	customer = make.make_customer()
	sale = make.make_sales_invoice(customer, qty=4, posting_date=add_days(nowdate(), -60))
	make.make_return(sale, 1, posting_date=add_days(nowdate(), -50))
	make.make_return(sale, 2, posting_date=add_days(nowdate(), -20))
	program = make.make_program()
	membership = make.enrol(customer, program)
	frappe.db.commit()
	for first, last in ((-70, -30), (-29, 0)):
		run(program, from_date=add_days(nowdate(), first), to_date=add_days(nowdate(), last))
	assert check(membership).active == 100


def test_an_invoice_earns_in_one_programme_only():
	"""The programme it earned in stays its own, whether the invoice says so or, from the till, only the journal."""
	first = make.make_program()
	customer = make.make_customer(first)
	sale = make.make_sales_invoice(customer, qty=2)
	make.make_return(sale, 1)
	till = make.make_pos_invoice(customer)
	unpaid = make.make_sales_invoice(make.make_customer(), posting_date=add_days(nowdate(), -9))
	second = make.make_program()
	membership, other = make.enrol(customer, second), make.enrol(unpaid.customer, second)
	frappe.db.set_value("POS Invoice", till.name, "ccms_membership", None)
	frappe.db.commit()
	run(second)
	assert check(membership).active == 0
	assert check(other).active == 100, "the others of that run earn all the same"


def test_what_was_earned_before_a_merge_is_found():
	"""The documents of the merged customer are the other's now; they have earned, and are returned, where they stand."""
	program = make.make_program()
	gone, stays = make.make_customer(program), make.make_customer(program)
	sale = make.make_sales_invoice(gone, qty=4, posting_date=add_days(nowdate(), -60))
	make.make_return(sale, 1, posting_date=add_days(nowdate(), -50))
	late = make.make_return(sale, 2, posting_date=add_days(nowdate(), -20), submit=False)
	frappe.rename_doc("Customer", gone.name, stays.name, merge=True)
	membership = frappe.db.get_value("CCMS Membership", {"customer": stays.name, "status": "Active"})
	# as one that was submitted before the program came to know its customer
	frappe.db.set_value("Sales Invoice", late.name, "docstatus", 1)
	frappe.db.sql("update `tabSales Invoice Item` set docstatus = 1 where parent = %s", late.name)
	frappe.db.commit()
	assert check(membership).active == 300
	run(program)
	assert check(membership).active == 100
	assert run(program).entries == 0
