"""Points Statement: opening + movements = closing, in plain words, and nobody else's."""

import random

import frappe
import pytest
from frappe.utils import add_days, add_months, getdate, nowdate

from ccms_app.loyalty.store import balances, members, statements
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
from tests.site.ledger_checks import membership_of
from tests.site.payments import pay
from tests.site.reports import Report
from tests.site.world import ANALYST, CASHIER, MANAGER, SELLER, make_user

NAME = "Points Statement"
CARD_ONLY = "card.only@ccms.test"


def state(of=None, **filters) -> Report:
	if of is not None:
		filters["customer"] = of.name
	return Report(NAME, **filters)


def test_a_life_in_plain_words():
	program = make_program(
		point_value=0.5,
		expiry_model="Rolling",
		expiry_months=12,
		tiers=make_tiers(Basic=0, Gold=(150, 2)),
	)
	with at(day(-40)):
		customer = make_customer(program)
		sale = make_sales_invoice(customer, rate=200)
	with at(day(-30)):
		make_sales_invoice(customer, rate=60, ccms_redeem_points=20)
	with at(day(-20)):
		make_return(sale, posting_date=nowdate())
	make_pos_invoice(customer)
	found = state(customer, from_date=day(-35))
	assert found.rows[0].what == "Opening balance" and found.rows[0].balance == 200
	what = [(row.what.replace("CNY", "¥"), row.points_in, row.points_out) for row in found.rows[1:-1]]
	assert what == [
		("Used to pay ¥ 10.00", None, 20),
		("Earned on ¥ 50.00 spent, as Gold", 100, None),
		("Taken back for returned goods", None, 200),
		("Earned on ¥ 100.00 spent, as Gold", 200, None),
	]
	now = balances.now(membership_of(customer))
	assert found.rows[-1].what == "Closing balance"
	assert found.rows[-1].balance == now.active == 280
	assert found.rows[1].voucher_type == "Sales Invoice" and found.rows[4].voucher_type == "POS Invoice"
	assert frappe.db.exists("CCMS Points Ledger Entry", found.rows[1].entry)
	assert found.rows[4].expires_on == getdate(add_months(nowdate(), 12))
	assert "280 points" in found.message and "200 before, 300 came in, 220 went out" in found.message
	assert "140.00" in found.message and not found.warns
	assert found.figures["Closing balance"] == "280"


@pytest.mark.parametrize("model", ["Never", "Rolling", "Fixed Date", "Inactivity"])
def test_every_stretch_of_a_real_history_ties(model):
	dice = random.Random(model)
	program = make_program(
		expiry_model=model, expiry_months=1, expiry_day_month="12-31", accrue_when="When Paid", pending_days=2
	)
	with at(day(-100)):
		customer = make_customer(program)
	membership = membership_of(customer)
	for ago in (95, 80, 60, 30, 12, 3):
		with at(day(-ago)):
			can = int(balances.now(membership).spendable)
			points = dice.randint(0, min(can, 80))
			sale = make_sales_invoice(customer, rate=dice.randint(90, 300), ccms_redeem_points=points)
			if dice.random() < 0.8:
				pay(sale)
			if dice.random() < 0.5:
				make_return(sale, posting_date=frappe.utils.nowdate(), posting_time="23:59:59")
	for _try in range(12):
		first = add_days(nowdate(), -dice.randint(0, 110))
		last = min(add_days(first, dice.randint(0, 60)), nowdate())
		found = state(customer, from_date=first, to_date=last)
		closing = balances.on_date(membership, getdate(last))
		opening = balances.on_date(membership, getdate(add_days(first, -1)))
		moved = sum((row.points_in or 0) - (row.points_out or 0) for row in found.rows)
		assert found.rows[0].balance == opening.active + opening.pending - opening.arrears
		assert found.rows[-1].balance == closing.active + closing.pending - closing.arrears
		assert found.rows[0].balance + moved == found.rows[-1].balance
		assert not found.warns


def test_pending_and_owed_stand_in_the_closing_line():
	program = make_program(accrue_when="When Paid")
	customer = make_customer(program)
	sale = make_sales_invoice(customer, rate=100)
	pay(sale)
	make_sales_invoice(customer, rate=1, ccms_redeem_points=10)
	make_sales_invoice(customer, rate=40)
	make_return(sale)
	last = state(customer).rows[-1]
	assert (last.what, last.balance) == ("Closing balance: 0 usable, 40 pending, 10 owed", 30)


def test_what_expired_is_told_though_no_job_ran():
	program = make_program(expiry_model="Rolling", expiry_months=1)
	with at(add_months(nowdate(), -2)):
		customer = make_customer(program)
		sale = make_sales_invoice(customer, rate=40)
	found = state(customer)
	gone = found.rows[-2]
	assert gone.what.startswith("Expired: ") and gone.points_out == 40
	assert (gone.voucher_no, gone.entry) == (sale.name, None)
	assert gone.posting_date == getdate(add_days(add_months(add_months(nowdate(), -2), 1), 1))
	assert found.rows[-1].balance == 0


def test_tier_and_status_on_demand():
	program = make_program(tiers=make_tiers(Basic=0, Gold=50))
	customer = make_customer(program)
	make_sales_invoice(customer, rate=60)
	members.set_status(membership_of(customer), "Frozen")
	assert len(state(customer).rows) == 3
	what = state(customer, show_changes=1).column("what")
	assert what[1:-1] == [
		"Joined",
		"Starts as Basic",
		what[3],
		"From Basic to Gold",
		"Frozen: points are kept, not used",
	]


def test_adjustments_and_a_merge():
	program = make_program()
	one, two = make_customer(program), make_customer(program)
	make_sales_invoice(one, rate=30)
	grant = frappe.get_doc(
		{
			"doctype": "CCMS Points Adjustment",
			"membership": membership_of(two),
			"adjustment_type": "Grant",
			"points": 7,
			"reason_code": "Goodwill",
			"reason": "sorry",
		}
	)
	grant.insert().submit()
	source = membership_of(one)
	frappe.rename_doc("Customer", one.name, two.name, merge=True, show_alert=False)
	found = state(two)
	what = found.column("what")
	assert "Granted by hand: Goodwill" in what and "Moved here from a customer who was merged" in what
	assert found.rows[-1].balance == 37
	merged = state(membership=source)
	assert "merged into another one" in merged.message and merged.rows[-1].balance == 0


def test_which_membership():
	customer = make_customer()
	assert state().rows == [] and "Choose a customer" in state().message
	assert "is not a member" in state(customer).message
	one, two = make_program(), make_program()
	enrol(customer, one)
	enrol(customer, two)
	make_sales_invoice(customer, rate=50)
	assert state(customer).rows[-1].balance == 50
	assert state(customer, program=two.name).rows[-1].balance == 0
	assert state(membership=members.find(customer.name, one.name)).rows[-1].balance == 50
	with pytest.raises(frappe.ValidationError, match="one of"):
		state(customer, program=two.name, membership=members.find(customer.name, one.name))
	with pytest.raises(frappe.ValidationError, match="is after"):
		state(customer, from_date=nowdate(), to_date=day(-3))


def test_a_future_end_is_today():
	program = make_program()
	customer = make_customer(program)
	make_sales_invoice(customer, rate=50)
	assert state(customer, to_date=day(400)).rows[-1].posting_date == getdate()


def test_the_oldest_active_membership_comes_first():
	customer = make_customer()
	one, two = make_program(), make_program()
	enrol(customer, one)
	enrol(customer, two)
	members.set_status(members.find(customer.name, one.name), "Left")
	assert statements.choose(None, customer.name, None) == members.find(customer.name, two.name)


# --- who sees what -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def people(site) -> None:
	make_user(CARD_ONLY, "CCMS Cashier")
	frappe.db.commit()


@pytest.mark.parametrize("who", [MANAGER, SELLER, CASHIER])
def test_people_of_the_shop_read_it(as_user, who):
	program = make_program()
	customer = make_customer(program)
	make_sales_invoice(customer, rate=50)
	with as_user(who):
		assert state(customer).rows[-1].balance == 50


@pytest.mark.parametrize("who", [CARD_ONLY])
def test_by_card_for_whom_customers_are_closed(as_user, who):
	program = make_program()
	customer = make_customer(program)
	make_sales_invoice(customer, rate=50)
	with as_user(who):
		found = state(membership=membership_of(customer))
		assert found.rows[-1].balance == 50
		assert found.columns["entry"]["fieldtype"] == "Data"


def test_a_statement_is_about_a_person_and_not_for_analysts(as_user):
	customer = make_customer(make_program())
	with as_user(ANALYST), pytest.raises(frappe.PermissionError):
		state(membership=membership_of(customer))


@pytest.mark.parametrize("who", [MANAGER, SELLER])
def test_nobody_elses(as_user, who):
	program = make_program()
	mine, theirs = make_customer(program), make_customer(program)
	make_sales_invoice(theirs, rate=50)
	frappe.permissions.add_user_permission("Customer", mine.name, who)
	frappe.clear_cache(user=who)
	try:
		with as_user(who):
			for filters in (
				{"customer": theirs.name},
				{"membership": membership_of(theirs)},
				{"customer": "No Such Customer"},
			):
				with pytest.raises(frappe.PermissionError, match="may not see"):
					state(**filters)
			assert state(membership=membership_of(mine)).rows[-1].balance == 0
	finally:
		frappe.cache.hdel("user_permissions", who)


def test_a_territory_that_is_closed(as_user):
	program = make_program()
	elsewhere = make_customer(program, territory="Rest Of The World")
	home = make_customer(program, territory="China")
	frappe.permissions.add_user_permission("Territory", "China", SELLER)
	frappe.clear_cache(user=SELLER)
	try:
		with as_user(SELLER):
			assert len(state(home).rows) == 2
			with pytest.raises(frappe.PermissionError):
				state(membership=membership_of(elsewhere))
	finally:
		frappe.cache.hdel("user_permissions", SELLER)
