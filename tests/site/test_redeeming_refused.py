"""Points that may not be used: each gets a message that says what to do, and leaves nothing behind."""

import frappe
import pytest

from ccms_app.loyalty.store import members
from tests.site import factories, world
from tests.site.clock import at, day
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice
from tests.site.ledger_checks import (  # noqa: F401 (strict is a fixture)
	check,
	membership_of,
	points_of,
	set_balance,
	snapshot,
	strict,
)


def member(points: float = 1000, **program):
	customer = make_customer(make_program(**program))
	set_balance(membership_of(customer), points)
	return customer


@pytest.fixture
def raises_refusal():
	"""`raises_refusal(message, customer, **invoice)`: inserting fails with that text, and nothing has changed."""

	def attempt(message: str, customer, **invoice):
		before, count = snapshot(), frappe.db.count("Sales Invoice")
		frappe.db.savepoint("attempt")
		with pytest.raises(frappe.ValidationError, match=message):
			make_sales_invoice(customer, **invoice)
		frappe.db.rollback(save_point="attempt")  # as the request would
		assert snapshot() == before
		assert frappe.db.count("Sales Invoice") == count

	return attempt


@pytest.mark.parametrize(
	("program", "points", "invoice", "message"),
	[
		({}, -1, {}, "Points to use must be more than zero"),
		({}, -0.5, {}, "Points to use must be more than zero"),
		({}, 0.5, {}, "Only whole points can be used"),
		({"points_precision": 1}, 0.55, {}, "at most 1 decimals"),
		({}, 1001, {"rate": 500}, "Only 1000 points can be used"),
		({}, 1001, {}, "Only 1000 points can be used"),
		({}, 301, {"rate": 30}, "300 points pay this sale in full. Use at most that many"),
		({}, 1, {"rate": 0}, "0 points pay this sale in full"),
		({"min_redeem_points": 100}, 99, {}, "Points are used from 100 on"),
		({"redeem_step": 50}, 75, {}, "Points are used in steps of 50"),
		({"max_redeem_percent": 30}, 301, {}, "At most 30% of a sale .* use at most 300 points"),
		({"max_redeem_percent": 30}, 340, {"taxes": world.VAT}, "At most 30% .* use at most 339 points"),
		(
			{"max_redeem_percent": 30, "redeem_step": 50},
			350,
			{"taxes": world.VAT},
			"At most 30% .* use at most 300 points",
		),
		({"max_redeem_amount": 25}, 251, {}, "At most .*25.00.* use at most 250 points"),
		(  # the limit is in company currency: 25 of 70
			{"max_redeem_amount": 25},
			251,
			{"rate": 10, "currency": "USD", "debit_to": "Debtors USD - CTC"},
			"At most .*25.00.* use at most 250 points",
		),
		({"from_date": 1}, 10, {}, "does not run on"),
		({"to_date": -1}, 10, {}, "does not run on"),
		({"from_date": -5}, 10, {"posting_date": -6}, "does not run on"),
		({}, 10, {"posting_date": 1}, "future posting date"),
		({}, 10, {"ccms_redeem_amount": 99}, "computed from the points"),
		({}, 0, {"ccms_redeem_amount": 5}, "computed from the points"),
		({}, 10, {"ccms_redeem_amount": -1}, "computed from the points"),
	],
)
def test_refused(raises_refusal, program, points, invoice, message):
	def dated(fields):
		days = ("from_date", "to_date", "posting_date")
		return {key: day(value) if key in days else value for key, value in fields.items()}

	customer = member(**dated(program))
	raises_refusal(message, customer, **{"ccms_redeem_points": points, **dated(invoice)})


def test_the_amount_that_the_server_would_compute_is_accepted():
	doc = make_sales_invoice(member(), ccms_redeem_points=100, ccms_redeem_amount=10)
	assert doc.grand_total == 90


@pytest.mark.parametrize(
	("program", "points", "invoice"),
	[
		({"min_redeem_points": 100}, 100, {}),
		({"redeem_step": 50}, 150, {}),
		({"redeem_step": 50}, 1000, {"rate": 99.99}),
		({"redeem_step": 300}, 778, {"rate": 77.77}),  # the last amount alone may break the step
		({"max_redeem_percent": 30}, 339, {"taxes": world.VAT}),
		({"max_redeem_percent": 100}, 1000, {"rate": 99.99}),
		({"max_redeem_amount": 25}, 250, {}),
	],
)
def test_exactly_at_a_limit(program, points, invoice):
	customer = member(**program)
	doc = make_sales_invoice(customer, ccms_redeem_points=points, **invoice)
	assert points_of(doc)["Redeem"] == -points
	check(membership_of(customer))


@pytest.mark.parametrize(
	("status", "message"),
	[
		("Frozen", "This membership is Frozen: its points cannot be used. Ask a manager"),
		("Left", "not a member"),
	],
)
def test_a_frozen_or_ended_membership(raises_refusal, status, message):
	customer = member()
	members.set_status(membership_of(customer), status)
	raises_refusal(message, customer, ccms_redeem_points=10)


def test_a_chosen_membership_that_has_ended(raises_refusal):
	customer = member()
	ended = membership_of(customer)
	members.set_status(ended, "Left")
	raises_refusal("This membership is Left", customer, ccms_redeem_points=10, ccms_membership=ended)


def test_another_companys_programme(raises_refusal):
	abroad = make_program(company=world.ABROAD)
	customer = member()
	membership = factories.enrol(customer, abroad)
	set_balance(membership, 500)
	raises_refusal(
		f"is a loyalty program of {world.ABROAD}. Choose a membership of {world.COMPANY}",
		customer,
		ccms_redeem_points=10,
		ccms_membership=membership,
	)


def test_a_programme_that_was_disabled(raises_refusal):
	customer = member()
	program = frappe.get_doc(
		"CCMS Loyalty Program", frappe.db.get_value(members.DOCTYPE, membership_of(customer), "program")
	)
	program.enabled = 0
	program.save()
	raises_refusal("does not run on", customer, ccms_redeem_points=10)


def test_no_member_at_all(raises_refusal):
	raises_refusal("is not a member. Enrol the customer", make_customer(), ccms_redeem_points=10)


def test_points_that_are_pending_cannot_be_used(raises_refusal):
	customer = make_customer(make_program(pending_days=5))
	make_sales_invoice(customer)
	raises_refusal("Only 0 points can be used", customer, ccms_redeem_points=10)


def test_what_is_owed_cannot_be_used(raises_refusal):
	customer = make_customer(make_program())
	sale = make_sales_invoice(customer)
	make_sales_invoice(customer, rate=10, ccms_redeem_points=100)
	make_return(sale)
	assert check(membership_of(customer)).arrears == 100
	set_balance(membership_of(customer), 150)
	raises_refusal("Only 50 points can be used", customer, ccms_redeem_points=51)


@pytest.mark.parametrize("field", ["ccms_redeem_points", "ccms_redeem_amount"])
@pytest.mark.parametrize("value", [10, -10])
def test_points_typed_on_a_return(field, value):
	sale = make_sales_invoice(member(), ccms_redeem_points=100)
	before = snapshot()
	frappe.db.savepoint("attempt")
	with pytest.raises(frappe.ValidationError, match="Points of a return are computed"):
		make_return(sale, **{field: value})
	frappe.db.rollback(save_point="attempt")
	assert snapshot() == before


# --- what changes between the draft and its submission ---------------------------------------------------------------


def submit_refused(draft, message: str) -> None:
	before = snapshot()
	frappe.db.savepoint("attempt")
	with pytest.raises(frappe.ValidationError, match=message):
		frappe.get_doc("Sales Invoice", draft.name).submit()
	frappe.db.rollback(save_point="attempt")
	assert snapshot() == before
	assert frappe.db.get_value("Sales Invoice", draft.name, "docstatus") == 0
	assert not frappe.db.exists("GL Entry", {"voucher_no": draft.name})


def test_two_drafts_of_the_same_points():
	customer = member(300)
	first = make_sales_invoice(customer, submit=False, ccms_redeem_points=200)
	second = make_sales_invoice(customer, submit=False, ccms_redeem_points=200)
	assert check(membership_of(customer)).active == 300, "drafts take nothing"
	first.submit()
	submit_refused(second, "Only 180 points can be used")


def test_frozen_since_the_draft():
	customer = member()
	draft = make_sales_invoice(customer, submit=False, ccms_redeem_points=200)
	members.set_status(membership_of(customer), "Frozen")
	submit_refused(draft, "This membership is Frozen")


def test_new_limits_since_the_draft():
	customer = member()
	draft = make_sales_invoice(customer, submit=False, ccms_redeem_points=200)
	program = frappe.get_doc(
		"CCMS Loyalty Program", frappe.db.get_value(members.DOCTYPE, membership_of(customer), "program")
	)
	program.max_redeem_percent = 10
	program.save()
	submit_refused(draft, "At most 10%")


def test_a_new_point_value_since_the_draft_is_applied():
	customer = member()
	draft = make_sales_invoice(customer, submit=False, ccms_redeem_points=200)
	program = frappe.get_doc(
		"CCMS Loyalty Program", frappe.db.get_value(members.DOCTYPE, membership_of(customer), "program")
	)
	program.point_value = 0.2
	program.save()
	doc = frappe.get_doc("Sales Invoice", draft.name).submit()
	assert (doc.ccms_redeem_amount, doc.grand_total) == (40, 60)
	check(membership_of(customer))


def test_a_later_document_has_drawn_the_points_the_draft_relied_on():
	"""The draft's first save saw 300; the adjustment has taken them before it is submitted."""
	customer = member(300)
	draft = make_sales_invoice(customer, submit=False, ccms_redeem_points=300)
	frappe.get_doc(
		{
			"doctype": "CCMS Points Adjustment",
			"membership": membership_of(customer),
			"adjustment_type": "Deduct",
			"points": 250,
			"posting_date": frappe.utils.nowdate(),
			"reason_code": "Correction",
			"reason": "test",
		}
	).insert().submit()
	submit_refused(draft, "Only 50 points")


@pytest.mark.parametrize("junk", ["ten", "1e400", float("nan"), float("inf"), [1], {"points": 1}])
def test_junk_is_no_number(raises_refusal, junk):
	raises_refusal("is not a number of points", member(), ccms_redeem_points=junk)


@pytest.mark.parametrize("text", ["100", "100.0", " 100 ", "1e2"])
def test_a_number_sent_as_text(text):
	doc = make_sales_invoice(member(), ccms_redeem_points=text)
	assert (doc.ccms_redeem_points, doc.grand_total) == (100, 90)


@pytest.mark.parametrize("huge", [1e15, 1e30, 1e300, 10**40])
def test_a_huge_number(raises_refusal, huge):
	raises_refusal("Only 1000 points can be used", member(), ccms_redeem_points=huge)


def test_points_given_back_for_days_of_grace_were_not_there_on_an_earlier_day(raises_refusal):
	"""Expired meanwhile, they stand in a lot that begins today."""
	customer = make_customer(make_program(expiry_model="Rolling", expiry_months=1, restore_grace_days=10))
	with at(day(-40)):
		set_balance(membership_of(customer), 1000)
	with at(day(-20)):
		sale = make_sales_invoice(customer, qty=2, ccms_redeem_points=500)
	sale.reload().cancel()
	raises_refusal("Only 0 points", customer, ccms_redeem_points=100, posting_date=day(-15))
	make_sales_invoice(customer, ccms_redeem_points=100)
	check(membership_of(customer))
