"""Two customers become one, on the path of the standard dialog: points, dates, tier, card and old documents go along."""

import frappe
import pytest
from erpnext.selling.doctype.customer.customer import Customer
from frappe.model.document import execute_action
from frappe.model.rename_doc import bulk_rename, update_document_title
from frappe.utils import add_days, add_months, getdate, nowdate

from ccms_app.loyalty.store import balances, programs, rebuild
from ccms_app.loyalty.store.liability import Books
from tests.site.clock import at, day
from tests.site.factories import (
	enrol,
	make_customer,
	make_pos_invoice,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
)
from tests.site.ledger_checks import (  # noqa: F401
	check,
	check_customer,
	lots_of,
	membership_of,
	points_of,
	set_balance,
	snapshot,
	strict,
)
from tests.site.payments import pay
from tests.site.processes import forget_jobs
from tests.site.refusals import raises_refusal
from tests.site.world import COMPANY, WALK_IN


@pytest.fixture
def program():
	return make_program()


def merge(old, new) -> None:
	"""What the standard dialog calls, without a background job."""
	update_document_title(doctype="Customer", docname=old.name, name=new.name, merge=True)


def total() -> float:
	return float(frappe.db.sql("select sum(points) from `tabCCMS Points Ledger Entry`")[0][0] or 0)


def merged(old, new, program):
	"""Merge; returns (membership merged away, membership kept) after checking both and the sum of all points."""
	source, target = membership_of(old, program), membership_of(new, program)
	before = total()
	merge(old, new)
	assert total() == before
	assert not frappe.db.exists("Customer", old.name)
	left = frappe.db.get_value("CCMS Membership", source, ["status", "merged_into", "customer"], as_dict=True)
	assert (left.status, left.merged_into, left.customer) == ("Left", target, new.name)
	gone = check(source)
	assert (gone.active, gone.pending, gone.arrears) == (0, 0, 0)
	check(target)
	return source, target


# --- who is a member ---------------------------------------------------------------------------------------------


def test_both_are_members(program):
	old, new = make_customer(program), make_customer(program)
	set_balance(membership_of(old), 70, expires_on=add_days(nowdate(), 30))
	set_balance(membership_of(new), 30)
	_source, target = merged(old, new, program)
	assert check(target).active == 100
	assert sorted((lot.remaining, lot.expires_on) for lot in lots_of(target)) == [
		(30, None),
		(70, getdate(add_days(nowdate(), 30))),
	]
	assert points_of(make_pos_invoice(new, qty=1, ccms_redeem_points=100)) == {"Redeem": -100, "Earn": 90}


def test_only_the_merged_one_is_a_member(program):
	old, new = make_customer(program), make_customer()
	set_balance(membership_of(old), 70)
	membership = membership_of(old)
	merge(old, new)
	assert membership_of(new) == membership
	assert check(membership).active == 70
	assert enrol(new, program) == membership, "its key is the new customer's"


def test_only_the_kept_one_is_a_member(program):
	old, new = make_customer(), make_customer(program)
	set_balance(membership_of(new), 30)
	before = snapshot()
	merge(old, new)
	assert snapshot() == before


def test_neither_is_a_member():
	before = snapshot()
	merge(make_customer(), make_customer())
	assert snapshot() == before


def test_several_programmes_at_once(program):
	other, third = make_program(), make_program()
	old, new = make_customer(program), make_customer(program)
	for customer, one, points in ((old, other, 5), (new, other, 7), (old, third, 11)):
		enrol(customer, one)
		set_balance(membership_of(customer, one), points)
	alone = membership_of(old, third)
	merge(old, new)
	balances = {
		balance.program.name: balance for balance in check_customer(new) if balance.status == "Active"
	}
	assert {name: balance.active for name, balance in balances.items()} == {
		program.name: 0,
		other.name: 12,
		third.name: 11,
	}
	assert balances[third.name].membership == alone


def test_three_in_a_chain(program):
	customers = [make_customer(program) for _ in range(3)]
	sales = [make_sales_invoice(customer) for customer in customers]
	first, second, third = customers
	merged(first, second, program)
	_source, target = merged(second, third, program)
	assert check(target).active == 300
	for number, sale in enumerate(sales, 1):
		back = make_return(sale.reload())
		assert points_of(back) == {"Clawback": -100}
		assert check(target).active == 300 - 100 * number
	assert not check(target).qualifying_value


# --- what goes along -----------------------------------------------------------------------------------------------


def test_pending_points_stay_pending():
	program = make_program(pending_days=14)
	old, new = make_customer(program), make_customer(program)
	make_sales_invoice(old)
	_source, target = merged(old, new, program)
	balance = check(target)
	assert (balance.active, balance.pending) == (0, 100)
	assert lots_of(target)[0].available_from == getdate(add_days(nowdate(), 14))


def in_arrears(program):
	"""A member who owes 80 points."""
	customer = make_customer(program)
	sale = make_sales_invoice(customer)
	make_sales_invoice(customer, qty=1, rate=30, ccms_redeem_points=100)
	make_return(sale)
	assert check(membership_of(customer)).arrears == 80
	return customer


def test_what_the_merged_one_owes_goes_along(program):
	old, new = in_arrears(program), make_customer(program)
	set_balance(membership_of(new), 100)
	_source, target = merged(old, new, program)
	balance = check(target)
	assert (balance.active, balance.arrears, balance.spendable) == (100, 80, 20)


def test_what_the_kept_one_owes_is_paid(program):
	old, new = make_customer(program), in_arrears(program)
	set_balance(membership_of(old), 100)
	_source, target = merged(old, new, program)
	balance = check(target)
	assert (balance.active, balance.arrears) == (20, 0)


@pytest.mark.parametrize(("theirs", "ours"), [(5, 1), (1, 5)])
def test_the_higher_tier_wins(theirs, ours):
	program = make_program(tiers=make_tiers(Blue=0, Gold=300))
	old, new = make_customer(program), make_customer(program)
	make_sales_invoice(old, qty=theirs)
	make_sales_invoice(new, qty=ours)
	_source, target = merged(old, new, program)
	balance = check(target)
	assert (balance.tier, balance.qualifying_value) == ("Gold", 600)


def test_spend_of_both_reaches_a_tier_together():
	program = make_program(tiers=make_tiers(Blue=0, Gold=300))
	old, new = make_customer(program), make_customer(program)
	for customer in (old, new):
		make_sales_invoice(customer, qty=2)
	_source, target = merged(old, new, program)
	assert check(target).tier == "Gold"


@pytest.mark.parametrize("older", ["merged", "kept"])
def test_the_older_card_wins(program, older):
	joined = {"merged": ("2024-01-01", "2025-01-01"), "kept": ("2025-01-01", "2024-01-01")}[older]
	old, new = make_customer(), make_customer()
	for customer, since in ((old, joined[0]), (new, joined[1])):
		row = {"customer": customer.name, "program": program.name, "joined_on": since}
		frappe.get_doc({"doctype": "CCMS Membership", **row}).insert()
	cards = {name: card(membership_of(name, program)) for name in (old.name, new.name)}
	source, target = merged(old, new, program)
	kept, gone = (old.name, new.name) if older == "merged" else (new.name, old.name)
	assert (card(target), card(source)) == (cards[kept], cards[gone])
	assert frappe.db.get_value("CCMS Membership", target, "joined_on") == getdate("2024-01-01")


def card(membership: str) -> str:
	return frappe.db.get_value("CCMS Membership", membership, "member_no")


@pytest.mark.parametrize(
	("theirs", "ours", "after"),
	[("Active", "Left", "Active"), ("Frozen", "Left", "Frozen"), ("Active", "Frozen", "Frozen")],
)
def test_the_points_of_a_living_membership_do_not_end_in_a_dead_one(program, theirs, ours, after):
	"""Who has left and is merged with a living member lives on; a frozen one is not thawed by a merge."""
	from ccms_app.api.loyalty import set_status

	old, new = make_customer(program), make_customer(program)
	set_balance(membership_of(old), 70)
	for customer, status in ((old, theirs), (new, ours)):
		if status != "Active":
			set_status(membership_of(customer), status)
	_source, target = merged(old, new, program)
	balance = check(target)
	assert (balance.status, balance.active) == (after, 70)


# --- inactivity --------------------------------------------------------------------------------------------------------


def last_activity(membership: str):
	return frappe.db.get_value("CCMS Membership", membership, "last_activity_on")


def two_buyers():
	"""Two members of a programme whose points lapse after half a year without a purchase: one came lately, one long ago."""
	program = make_program(expiry_model="Inactivity", expiry_months=6)
	old, new = make_customer(program), make_customer(program)
	make_sales_invoice(old, posting_date=day(-10))
	make_sales_invoice(new, posting_date=day(-170))
	return program, old, new


def test_what_the_merged_one_bought_counts_as_activity_when_a_later_sale_is_undone():
	program, old, new = two_buyers()
	sale = make_sales_invoice(new)
	_source, target = merged(old, new, program)
	assert last_activity(target) == getdate(nowdate())
	make_return(sale)
	assert last_activity(target) == getdate(day(-10))
	assert rebuild.rebuild(target) == 0
	assert balances.last_day(target, programs.get(program.name), getdate(nowdate())) == getdate(
		add_months(day(-10), 6)
	)
	assert check(target).active == 200


def test_undoing_the_last_purchase_of_the_merged_one_falls_back_on_the_other():
	program, old, new = two_buyers()
	last = frappe.get_last_doc("Sales Invoice", {"customer": old.name})
	_source, target = merged(old, new, program)
	last.reload().cancel()
	assert last_activity(target) == getdate(day(-170))
	assert rebuild.rebuild(target) == 0
	assert check(target).active == 100


def test_a_past_day_counts_the_activity_of_who_was_merged_by_then():
	program, old, new = two_buyers()
	names = merged(old, new, program)
	rules = programs.get(program.name)
	with at(day(60)):
		make_sales_invoice(
			make_customer(program), posting_date=nowdate()
		)  # so that the past has to be worked out
		for days, points in ((-1, 200), (0, 200), (30, 200), (59, 200)):
			on = getdate(add_days(nowdate(), days - 60))
			each = sum(balances.on_date(name, on).active for name in names)
			assert each == points, on
			assert sum(row.active for row in Books(COMPANY, on, rules.name).open()) == points, on


# --- documents of before the merge -------------------------------------------------------------------------------------


def test_returns_find_the_points_where_they_went(program):
	old, new = make_customer(program), make_customer(program)
	set_balance(membership_of(old), 100, expires_on=add_days(nowdate(), 30))
	sale = make_sales_invoice(old, qty=2, ccms_redeem_points=100)
	_source, target = merged(old, new, program)
	assert check(target).active == 190
	back = make_return(sale.reload(), 1)
	assert back.ccms_membership == target
	assert points_of(back) == {"Restore": 50, "Clawback": -95}
	assert check(target).active == 190 + 50 - 95
	assert getdate(add_days(nowdate(), 30)) in {
		lot.expires_on for lot in lots_of(target) if lot.remaining == 50
	}
	make_return(sale, 1)
	balance = check(target)
	assert (balance.active, balance.qualifying_value) == (100, 0)


def test_cancelling_a_return_of_before(program):
	old, new = make_customer(program), make_customer(program)
	sale = make_sales_invoice(old)
	back = make_return(sale)
	_source, target = merged(old, new, program)
	assert check(target).active == 0
	back.reload().cancel()
	assert check(target).active == 100
	sale.reload().cancel()
	balance = check(target)
	assert (balance.active, balance.qualifying_value) == (0, 0)


def test_cancelling_a_sale_of_before(program):
	old, new = make_customer(program), make_customer(program)
	set_balance(membership_of(old), 100)
	sale = make_pos_invoice(old, qty=2, ccms_redeem_points=100)
	_source, target = merged(old, new, program)
	sale.reload().cancel()
	balance = check(target)
	assert (balance.active, balance.qualifying_value) == (100, 0)


def test_cancelling_a_voucher_of_before(program):
	old, new = make_customer(program), make_customer(program)
	set_balance(membership_of(old), 100)
	voucher = frappe.get_last_doc("CCMS Points Adjustment", {"customer": old.name})
	_source, target = merged(old, new, program)
	voucher.reload().cancel()
	assert check(target).active == 0


def test_a_payment_of_before_makes_the_points_active_where_they_went():
	program = make_program(accrue_when="When Paid")
	old, new = make_customer(program), make_customer(program)
	sale = make_sales_invoice(old)
	_source, target = merged(old, new, program)
	assert check(target).pending == 100
	payment = pay(sale.reload())
	assert check(target).active == 100
	payment.cancel()
	assert check(target).pending == 100


def test_drafts_are_repointed(program):
	old, new = make_customer(program), make_customer(program)
	set_balance(membership_of(old), 100)
	draft = make_sales_invoice(old, ccms_redeem_points=50, submit=False)
	till = make_pos_invoice(old, ccms_redeem_points=50, submit=False)
	voucher = frappe.get_doc(
		{
			"doctype": "CCMS Points Adjustment",
			"membership": membership_of(old),
			"adjustment_type": "Grant",
			"points": 5,
			"reason_code": "Goodwill",
			"reason": "draft",
		}
	).insert()
	_source, target = merged(old, new, program)
	for document in (draft, till):
		assert frappe.db.get_value(document.doctype, document.name, "ccms_membership") == target
		assert points_of(document.reload().submit())["Redeem"] == -50
	voucher.reload().submit()
	assert voucher.membership == target
	assert check(target).active == 100 - 100 + 95 + 95 + 5


def test_a_posted_document_keeps_its_member(program):
	old, new = make_customer(program), make_customer(program)
	sale = make_sales_invoice(old)
	source, _target = merged(old, new, program)
	assert frappe.db.get_value("Sales Invoice", sale.name, "ccms_membership") == source


# --- merges that do not happen -----------------------------------------------------------------------------------------


def test_points_are_not_merged_into_the_walk_in_customer(program):
	with raises_refusal("walk-in customer"):
		merge(make_customer(program), frappe.get_doc("Customer", WALK_IN))


def test_a_merge_that_dies_afterwards_leaves_no_trace(program, monkeypatch):
	"""Frappe deletes the old customer last of all, when our rows are written."""
	old, new = make_customer(program), make_customer(program)
	set_balance(membership_of(old), 70)

	def die(customer):
		frappe.throw("not this one")

	monkeypatch.setattr(Customer, "on_trash", die)
	with raises_refusal("not this one"):
		merge(old, new)
	assert frappe.db.exists("Customer", old.name)
	assert check(membership_of(old)).active == 70


def test_a_queued_merge_writes_nothing_before_its_job_runs(program):
	frappe.db.set_single_value("System Settings", "enable_scheduler", 1)
	old, new = make_customer(program), make_customer(program)
	set_balance(membership_of(old), 70)
	before = snapshot()
	update_document_title(doctype="Customer", docname=old.name, name=new.name, merge=True, enqueue=True)
	assert snapshot() == before
	assert frappe.db.exists("Customer", old.name)
	execute_action("Customer", old.name, "_rename", name=new.name, merge=True)
	assert sorted(balance.active for balance in check_customer(new)) == [0, 70]
	forget_jobs()


@pytest.mark.commits
def test_merging_from_a_list_goes_on_after_one_that_failed(program):
	pairs = [(make_customer(program), make_customer(program)) for _ in range(2)]
	for old, _new in pairs:
		set_balance(membership_of(old), 70)
	bad = make_customer(program)
	frappe.db.commit()
	rows = [[old.name, new.name, "1"] for old, new in pairs]
	rows.insert(1, [bad.name, WALK_IN, "1"])
	log = bulk_rename("Customer", rows)
	assert ["Failed" in line for line in log] == [False, True, False]
	assert membership_of(bad)
	for _old, new in pairs:
		assert sorted(balance.active for balance in check_customer(new)) == [0, 70]
	forget_jobs()
