"""Points moved by voucher: each type, what it refuses, whose approval it needs, and its cancelling."""

import frappe
import pytest
from frappe.utils import add_days, getdate, nowdate

from tests.site.clock import at, day
from tests.site.factories import (
	amend,
	make_customer,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
)
from tests.site.ledger_checks import (  # noqa: F401
	check,
	entries,
	lots_of,
	membership_of,
	points_of,
	snapshot,
	strict,
)
from tests.site.refusals import raises_refusal
from tests.site.world import ABROAD, MANAGER, account, make_user

DOCTYPE = "CCMS Points Adjustment"
SECOND_MANAGER = "manager.two@ccms.test"


@pytest.fixture
def program():
	return make_program()


@pytest.fixture
def member(program) -> str:
	"""A membership with 100 points."""
	membership = membership_of(make_customer(program))
	adjust(membership, 100, "Opening Balance")
	return membership


def draft(membership: str | None, points: float = 0, kind: str = "Grant", **fields):
	values = {"membership": membership, "adjustment_type": kind, "points": points, "posting_date": nowdate()}
	values |= {"reason_code": "Goodwill", "reason": "Because", "doctype": DOCTYPE}
	return frappe.get_doc({**values, **fields}).insert()


def adjust(membership: str | None, points: float = 0, kind: str = "Grant", **fields):
	return draft(membership, points, kind, **fields).submit()


def active(membership: str) -> float:
	return float(check(membership).active)


# --- each type, and its cancelling ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "entry"), [("Opening Balance", "Opening"), ("Grant", "Adjust")])
def test_points_are_given(member, kind, entry):
	voucher = adjust(member, 40, kind)
	assert points_of(voucher) == {entry: 40}
	assert (active(member), voucher.approved_by) == (140, "Administrator")
	voucher.cancel()
	assert points_of(voucher) == {entry: 40, "Cancel": -40}
	assert active(member) == 100


def test_given_points_live_as_the_programme_says_or_as_typed():
	program = make_program(expiry_model="Rolling", expiry_months=1)
	membership = membership_of(make_customer(program))
	adjust(membership, 1)
	adjust(membership, 2, expires_on=add_days(nowdate(), 5))
	assert [lot.expires_on for lot in lots_of(membership)] == [
		getdate(frappe.utils.add_months(nowdate(), 1)),
		getdate(add_days(nowdate(), 5)),
	]


def test_given_points_count_for_no_tier():
	membership = membership_of(make_customer(make_program(tiers=make_tiers(Blue=0, Gold=10))))
	adjust(membership, 1000)
	balance = check(membership)
	assert (balance.tier, balance.qualifying_value) == ("Blue", 0)


def test_given_points_pay_what_is_owed(member):
	gift = adjust(member, 50)
	adjust(member, 150, "Deduct")
	gift.cancel()
	assert check(member).arrears == 50
	adjust(member, 80)
	balance = check(member)
	assert (balance.active, balance.arrears) == (30, 0)


def test_points_are_deducted(member):
	voucher = adjust(member, 30, "Deduct")
	assert points_of(voucher) == {"Adjust": -30}
	assert active(member) == 70
	voucher.cancel()
	assert active(member) == 100
	assert [lot.remaining for lot in lots_of(member)] == [100], "they went back where they came from"


def test_no_more_is_deducted_than_there_is(member):
	with raises_refusal("Only 100 points"):
		adjust(member, 101, "Deduct")


def test_points_are_transferred_with_their_dates(member, program):
	soon = add_days(nowdate(), 10)
	adjust(member, 20, expires_on=soon)
	other = membership_of(make_customer(program))
	voucher = adjust(member, 50, "Transfer", to_membership=other)
	assert points_of(voucher) == {"Transfer Out": -50, "Transfer In": 50}
	assert (active(member), active(other)) == (70, 50)
	assert [(lot.original, lot.expires_on) for lot in lots_of(other)] == [(20, getdate(soon)), (30, None)]
	voucher.cancel()
	assert (active(member), active(other)) == (120, 0)
	assert not check(other).arrears


def test_a_cancelled_transfer_whose_points_are_spent_is_owed(member, program):
	other = membership_of(make_customer(program))
	voucher = adjust(member, 50, "Transfer", to_membership=other)
	adjust(other, 40, "Deduct")
	voucher.cancel()
	assert active(member) == 100
	balance = check(other)
	assert (balance.active, balance.arrears) == (0, 40)


@pytest.mark.parametrize("mistake", ["same", "programme", "left", "missing", "too much"])
def test_a_transfer_that_cannot_be(member, program, mistake):
	from ccms_app.api.loyalty import set_status

	other = {
		"same": lambda: member,
		"programme": lambda: membership_of(make_customer(make_program())),
		"left": lambda: membership_of(make_customer(program)),
		"missing": lambda: None,
		"too much": lambda: membership_of(make_customer(program)),
	}[mistake]()
	if mistake == "left":
		set_status(other, "Left")
	says = {
		"same": "same membership",
		"programme": "within one loyalty program",
		"left": "has left",
		"missing": "receives",
		"too much": "Only 100 points",
	}
	with raises_refusal(says[mistake]):
		adjust(member, 101 if mistake == "too much" else 10, "Transfer", to_membership=other)


def test_expiry_is_extended_and_put_back(member):
	soon, later = add_days(nowdate(), 10), add_days(nowdate(), 90)
	adjust(member, 20, expires_on=soon)
	voucher = adjust(member, kind="Extend Expiry", expires_on=later)
	assert points_of(voucher) == {"Extend": 0}
	assert [lot.expires_on for lot in lots_of(member)] == [None, getdate(later)], (
		"what never expires stays so"
	)
	check(member)
	voucher.cancel()
	assert [lot.expires_on for lot in lots_of(member)] == [None, getdate(soon)]
	assert active(member) == 120


def test_a_later_extension_survives_the_cancelling_of_an_earlier_one(member):
	adjust(member, 20, expires_on=add_days(nowdate(), 10))
	first = adjust(member, kind="Extend Expiry", expires_on=add_days(nowdate(), 20))
	adjust(member, kind="Extend Expiry", expires_on=add_days(nowdate(), 30))
	first.reload().cancel()
	assert lots_of(member)[-1].expires_on == getdate(add_days(nowdate(), 30))
	check(member)


def test_cancelling_an_extension_when_the_first_date_is_over(member):
	adjust(member, 20, expires_on=add_days(nowdate(), 10))
	voucher = adjust(member, kind="Extend Expiry", expires_on=add_days(nowdate(), 90))
	with at(day(30)):
		assert active(member) == 120
		voucher.reload().cancel()
		assert float(check(member).spendable) == 100


def test_nothing_to_extend(member):
	with raises_refusal("No points of this member expire before"):
		adjust(member, kind="Extend Expiry", expires_on=add_days(nowdate(), 90))


def test_a_voucher_is_amended(member):
	voucher = adjust(member, 40)
	again = amend(voucher, points=15)
	assert points_of(again) == {"Adjust": 15}
	assert active(member) == 115


def test_cancelling_a_gift_that_is_spent_leaves_arrears(member):
	voucher = adjust(member, 40)
	adjust(member, 120, "Deduct")
	voucher.cancel()
	balance = check(member)
	assert (balance.spendable, balance.arrears - balance.active) == (0, 20)


# --- who it is for -----------------------------------------------------------------------------------------------------


def test_customer_and_programme_find_or_make_the_membership(program):
	customer = make_customer()
	first = adjust(None, 5, customer=customer.name, program=program.name)
	second = adjust(None, 5, customer=customer.name, program=program.name)
	assert first.membership == second.membership == membership_of(customer)
	assert active(first.membership) == 10


def test_the_membership_says_whose_it_is(member):
	other = make_customer()
	voucher = adjust(member, 5, customer=other.name, program=make_program().name, company=ABROAD)
	assert membership_of(voucher.customer) == member
	assert voucher.company == frappe.db.get_value("CCMS Membership", member, "company")


def test_nobody_in_particular(program):
	with raises_refusal("Choose a membership"):
		adjust(None, 5, program=program.name)
	with raises_refusal(error=(frappe.DoesNotExistError, frappe.LinkValidationError)):
		adjust("no such membership", 5)


def test_who_has_left_is_not_adjusted(member):
	from ccms_app.api.loyalty import set_status

	set_status(member, "Left")
	with raises_refusal("has left"):
		adjust(member, 5)


# --- bad input -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	("points", "fields", "message"),
	[
		(0, {}, "more than zero"),
		(-5, {}, "."),
		(1.5, {}, "0 decimals"),
		(5, {"posting_date": "2099-01-01"}, "future"),
		(5, {"expires_on": "2001-01-01"}, "before the posting date"),
		(5, {"reason": ""}, "reason"),
		(5, {"adjustment_type": "Bonus"}, "Adjustment Type|Type"),
		(0, {"adjustment_type": "Extend Expiry"}, "Set the date"),
	],
)
def test_bad_input(member, points, fields, message):
	error = (frappe.ValidationError, frappe.MandatoryError, frappe.NonNegativeError)
	with raises_refusal(f"(?i){message}", error):
		adjust(member, points, **fields)


def test_points_of_yesterday(member):
	adjust(member, 40, posting_date=add_days(nowdate(), -3))
	from ccms_app.loyalty.store import balances

	assert balances.on_date(member, getdate(add_days(nowdate(), -1))).active == 40
	assert active(member) == 140


@pytest.mark.parametrize("kind", ["Deduct", "Transfer"])
def test_no_more_leaves_than_there_was_on_the_posting_date(program, kind):
	"""What was spent on that day is back today, in the lot it came from: that day it could not be taken."""
	customer, other = make_customer(program), membership_of(make_customer(program))
	membership = membership_of(customer)
	adjust(membership, 100, posting_date=day(-10))
	sale = make_sales_invoice(customer, rate=9, ccms_redeem_points=90, posting_date=day(-5))
	make_return(sale, posting_date=day(-1))
	assert active(membership) == 100
	to = {"to_membership": other} if kind == "Transfer" else {}
	with raises_refusal("Only 10 points"):
		adjust(membership, 11, kind, posting_date=day(-3), **to)
	adjust(membership, 10, kind, posting_date=day(-3), **to)
	adjust(membership, 90, kind, posting_date=day(-1), **to)
	assert active(membership) == 0


# --- approval --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def second_manager(site) -> str:
	make_user(SECOND_MANAGER, "Sales Manager", "Accounts Manager", "CCMS Manager")
	frappe.db.commit()
	return SECOND_MANAGER


@pytest.fixture
def limit(second_manager):
	frappe.db.set_single_value("CCMS Settings", "approval_limit", 50)


def test_up_to_the_limit_its_owner_submits(member, limit, as_user):
	with as_user(MANAGER):
		assert adjust(member, 50).approved_by == MANAGER


def test_above_the_limit_somebody_else_submits(member, limit, as_user):
	with as_user(MANAGER):
		voucher = draft(member, 51, approved_by=SECOND_MANAGER)
		assert not voucher.approved_by
		with raises_refusal("more than 50 points", frappe.PermissionError):
			voucher.submit()
	with as_user(SECOND_MANAGER):
		voucher = frappe.get_doc(DOCTYPE, voucher.name)
		voucher.approved_by = MANAGER
		assert voucher.submit().approved_by == SECOND_MANAGER
	assert active(member) == 151


def test_it_cannot_be_inserted_as_submitted(member, limit, as_user):
	with as_user(MANAGER), raises_refusal("more than 50", frappe.PermissionError):
		values = {"adjustment_type": "Grant", "points": 51, "posting_date": nowdate(), "reason": "x"}
		values |= {"reason_code": "Goodwill", "membership": member, "docstatus": 1}
		frappe.get_doc({"doctype": DOCTYPE, **values}).insert()


def test_the_owner_cannot_name_another_owner(member, limit, as_user):
	with as_user(MANAGER):
		voucher = draft(member, 51, owner=SECOND_MANAGER)
		assert voucher.owner == MANAGER
		for act in ("save", "submit"):
			voucher.reload().owner = SECOND_MANAGER
			with raises_refusal(error=(frappe.CannotChangeConstantError, frappe.PermissionError)):
				getattr(voucher, act)()


def test_who_changed_it_does_not_approve_it(member, limit, as_user):
	"""A small draft of somebody else's is no way around the second pair of eyes."""
	with as_user(SECOND_MANAGER):
		voucher = draft(member, 5)
	with as_user(MANAGER):
		mine = frappe.get_doc(DOCTYPE, voucher.name)
		mine.points = 5000
		with raises_refusal("more than 50", frappe.PermissionError):
			mine.submit()
		mine = frappe.get_doc(DOCTYPE, voucher.name)
		mine.points = 5000
		mine.save()
		with raises_refusal("more than 50", frappe.PermissionError):
			mine.submit()


def test_who_approves_may_mend_the_wording(member, limit, as_user):
	with as_user(SECOND_MANAGER):
		voucher = draft(member, 60)
	with as_user(MANAGER):
		voucher = frappe.get_doc(DOCTYPE, voucher.name)
		voucher.reason = "Because, as the shop has confirmed"
		assert voucher.submit().approved_by == MANAGER


def test_a_third_hand_on_the_wording_hides_nobody(member, limit, as_user):
	with as_user(SECOND_MANAGER):
		voucher = draft(member, 5, decided_by=MANAGER)
		assert voucher.decided_by == SECOND_MANAGER
	with as_user(MANAGER):
		frappe.get_doc(DOCTYPE, voucher.name).update({"points": 5000}).save()
	with as_user(SECOND_MANAGER):
		frappe.get_doc(DOCTYPE, voucher.name).update({"reason": "typo", "decided_by": SECOND_MANAGER}).save()
	for user in (MANAGER, SECOND_MANAGER):
		with as_user(user), raises_refusal("more than 50", frappe.PermissionError):
			frappe.get_doc(DOCTYPE, voucher.name).submit()
	assert frappe.get_doc(DOCTYPE, voucher.name).submit().approved_by == "Administrator"


def test_approved_by_stays_what_it_was(member, limit, as_user):
	voucher = adjust(member, 5)
	voucher.approved_by = MANAGER
	with raises_refusal(error=frappe.UpdateAfterSubmitError):
		voucher.save()


def test_the_limit_holds_for_what_is_taken_and_moved_too(member, program, limit, as_user):
	other = membership_of(make_customer(program))
	with as_user(MANAGER):
		for kind, fields in (("Deduct", {}), ("Transfer", {"to_membership": other})):
			with raises_refusal("more than 50", frappe.PermissionError):
				adjust(member, 60, kind, **fields)


def test_points_of_another_company():
	program = make_program(
		company=ABROAD,
		expense_account=account("Loyalty Expense", ABROAD),
		liability_account=account("Loyalty Liability", ABROAD),
	)
	membership = membership_of(make_customer(program))
	assert adjust(membership, 5).company == ABROAD
	assert (
		make_sales_invoice(frappe.db.get_value("CCMS Membership", membership, "customer")).ccms_membership
		is None
	)


@pytest.mark.parametrize("points", ["abc", [5], float("nan"), float("inf"), 1e30])
def test_what_is_no_number_of_points(member, points):
	with raises_refusal("is not a number of points"):
		adjust(member, points)


def test_points_sent_as_text(member):
	adjust(member, "1,000")
	assert active(member) == 1100


def test_points_without_a_date_are_not_extended():
	customer = make_customer(make_program(expiry_model="Inactivity", expiry_months=6))
	make_sales_invoice(customer)
	with raises_refusal("have no date of their own"):
		adjust(membership_of(customer), 0, "Extend Expiry", expires_on=day(400))
