"""What a Sales Invoice earns: the basis, taxes, discounts, currencies, rounding, tiers, and which ones earn nothing."""

import frappe
import pytest

from tests.site import factories, world
from tests.site.books import check_books, round_to_whole_money
from tests.site.clock import at, day
from tests.site.factories import (
	make_customer,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
	new_invoice,
)
from tests.site.ledger_checks import (  # noqa: F401 (strict is a fixture)
	check,
	check_customer,
	entries,
	membership_of,
	points_of,
	set_balance,
	strict,
)


def sell(program: dict, invoice: dict):
	"""A sale to a new member; the membership and the books are checked. Returns (invoice, the Earn entry or None)."""
	if invoice.get("disable_rounded_total") == 0:
		round_to_whole_money()
	customer = make_customer(make_program(**dated(program)))
	doc = make_sales_invoice(customer, **dated(invoice))
	check_books(doc)
	membership = membership_of(customer)
	check(membership)
	found = [entry for entry in entries(membership) if entry.entry_type == "Earn"]
	assert len(found) <= 1
	return doc, found[0] if found else None


def dated(fields: dict) -> dict:
	"""Days given as a number from today, as dates."""
	days = ("from_date", "to_date", "posting_date")
	return {
		key: day(value) if key in days and isinstance(value, int) else value for key, value in fields.items()
	}


NET, GRAND = {"earn_basis": "Net Total"}, {"earn_basis": "Grand Total"}
BASES = {
	"net of tax": (NET, {"taxes": world.VAT}, 100),
	"with tax": (GRAND, {"taxes": world.VAT}, 113),
	"net of an included tax": (NET, {"taxes": world.VAT_INCLUDED, "rate": 113}, 100),
	"with an included tax": (GRAND, {"taxes": world.VAT_INCLUDED, "rate": 113}, 113),
	"an included tax with cents": (NET, {"taxes": world.VAT_INCLUDED, "rate": 99.99}, 88.49),
	"percentage off the net total": (
		NET,
		{"apply_discount_on": "Net Total", "additional_discount_percentage": 10, "taxes": world.VAT},
		90,
	),
	"percentage off the net total, with tax": (
		GRAND,
		{"apply_discount_on": "Net Total", "additional_discount_percentage": 10, "taxes": world.VAT},
		101.7,
	),
	"percentage off the grand total": (
		NET,
		{"apply_discount_on": "Grand Total", "additional_discount_percentage": 10, "taxes": world.VAT},
		90,
	),
	"percentage off the grand total, with tax": (
		GRAND,
		{"apply_discount_on": "Grand Total", "additional_discount_percentage": 10, "taxes": world.VAT},
		101.7,
	),
	"amount off the net total": (
		NET,
		{"apply_discount_on": "Net Total", "discount_amount": 20.01, "taxes": world.VAT},
		79.99,
	),
	"amount off the grand total": (
		NET,
		{"apply_discount_on": "Grand Total", "discount_amount": 22.6, "taxes": world.VAT},
		80,
	),
	"amount off the grand total, with included tax": (
		GRAND,
		{
			"apply_discount_on": "Grand Total",
			"discount_amount": 22.6,
			"taxes": world.VAT_INCLUDED,
			"rate": 113,
		},
		90.4,
	),
	"a line with a discount": (
		NET,
		{"items": [{"item_code": world.TEA, "price_list_rate": 100, "discount_percentage": 25, "rate": 75}]},
		75,
	),
	"freight and taxes on taxes count only with tax": (GRAND, {"taxes": world.STACKED_TAXES}, 125.54),
	"freight is no net total": (NET, {"taxes": world.STACKED_TAXES}, 100),
	"rounding to whole money is not earned": (
		GRAND,
		{"taxes": world.STACKED_TAXES, "disable_rounded_total": 0},
		125.54,
	),
	"foreign currency counts in company currency": (
		NET,
		{"currency": "USD", "debit_to": world.account("Debtors USD"), "rate": 10.55},
		73.85,
	),
	"foreign currency with tax": (
		GRAND,
		{"currency": "USD", "debit_to": world.account("Debtors USD"), "rate": 10.55, "taxes": world.VAT},
		83.44,  # 10.55 + 1.37 = 11.92 at 7
	),
	"several lines": (NET, {"items": [(world.TEA, 2), (world.CUP, 3, 29.99)]}, 289.97),
}


@pytest.mark.parametrize(("program", "invoice", "base"), BASES.values(), ids=BASES)
def test_base(program, invoice, base):
	doc, entry = sell({"points_precision": 2, **program}, {"disable_rounded_total": 1, **invoice})
	assert float(entry.base_amount) == base
	assert float(entry.points) == base
	assert doc.ccms_points_earned == base
	assert entry.qualifying_value == entry.base_amount
	assert str(entry.posting_date) == str(doc.posting_date)


@pytest.mark.parametrize(
	("precision", "rounding", "per_point", "rate", "points"),
	[
		(0, "Down", 3, 100, 33),
		(0, "Up", 3, 100, 34),
		(0, "Nearest", 3, 100, 33),
		(0, "Nearest", 3, 100.5, 34),  # 33.5: half goes up, not to the even number
		(0, "Nearest", 3, 103.5, 35),  # 34.5 likewise
		(1, "Down", 3, 100, 33.3),
		(1, "Up", 3, 100, 33.4),
		(2, "Down", 3, 100, 33.33),
		(2, "Up", 3, 100, 33.34),
		(0, "Down", 0.01, 4.35, 435),  # 434 in floating point
		(0, "Down", 0.1, 0.3, 3),  # 2 in floating point
		(2, "Nearest", 7, 0.03, 0),
		(0, "Down", 100, 99.99, 0),
		(0, "Up", 1000, 0.01, 1),
	],
)
def test_points_are_rounded_once_and_in_decimal(precision, rounding, per_point, rate, points):
	rules = {"points_precision": precision, "rounding": rounding, "amount_per_point": per_point}
	doc, entry = sell(rules, {"rate": rate})
	assert float(entry.points) == points
	assert doc.ccms_points_earned == points


def test_rounding_happens_once_a_document_not_once_a_line():
	_doc, entry = sell({"amount_per_point": 10}, {"items": [(world.TEA, 1, 19), (world.CUP, 1, 19)]})
	assert entry.points == 3


def test_the_tier_held_before_the_document_decides():
	tiers = make_tiers(Basic=(0, 1), Gold=(500, 2.5))
	customer = make_customer(make_program(tiers=tiers))
	membership = membership_of(customer)

	first = make_sales_invoice(customer, rate=600)
	assert points_of(first)["Earn"] == 600
	assert check(membership).tier == "Gold"

	second = make_sales_invoice(customer, rate=33)
	assert points_of(second)["Earn"] == 82  # 82.5 down, once
	assert check(membership).qualifying_value == 633


def test_tiers_count_points_or_orders():
	customer = make_customer(
		make_program(tier_basis="Orders", tiers=make_tiers(New=0, Known=(2, 3)), tier_window="Lifetime")
	)
	membership = membership_of(customer)
	make_sales_invoice(customer, rate=5)
	assert check(membership).tier == "New"
	make_sales_invoice(customer, rate=5)
	assert check(membership).tier == "Known"

	customer = make_customer(
		make_program(tier_basis="Points", tiers=make_tiers(New=0, Known=(50, 3)), amount_per_point=2)
	)
	membership = membership_of(customer)
	make_sales_invoice(customer, rate=99)
	assert check(membership).tier == "New"
	make_sales_invoice(customer, rate=2)
	balance = check(membership)
	assert (balance.tier, balance.qualifying_value) == ("Known", 50)


def test_what_points_paid_for_is_not_earned_and_does_not_count_for_the_tier():
	customer = make_customer(make_program(point_value=0.1, tiers=make_tiers(Basic=0, Gold=200)))
	membership = membership_of(customer)
	make_sales_invoice(customer, rate=113)
	doc = make_sales_invoice(customer, taxes=world.VAT, ccms_redeem_points=113)  # 11.30 of 113.00
	(entry,) = (row for row in entries(membership) if row.voucher_no == doc.name and row.entry_type == "Earn")
	assert (entry.base_amount, entry.points) == (90, 90)
	assert doc.ccms_points_earned == 90
	balance = check(membership)
	assert (balance.qualifying_value, balance.tier) == (203, "Gold")


@pytest.mark.parametrize("basis", ["Net Total", "Grand Total"])
def test_the_paid_share_is_taken_off_either_basis(basis):
	customer = make_customer(make_program(earn_basis=basis, point_value=0.1, points_precision=2))
	membership = membership_of(customer)
	make_sales_invoice(customer, rate=1000)
	make_sales_invoice(
		customer, taxes=world.STACKED_TAXES, ccms_redeem_points=251.08, disable_rounded_total=1
	)
	earned = entries(membership)[-1]
	share = 25.11 / 125.54
	base = 100 if basis == "Net Total" else 125.54
	assert float(earned.points) == int(base * (1 - share) * 100 + 1e-9) / 100
	check(membership)


def test_a_base_with_many_digits_keeps_its_hash():
	"""As a float, 987654321098.765432109 is not what was hashed; nor is a tier value of more than two decimals."""
	customer = make_customer(make_program(point_value=0.01, tiers=make_tiers(Basic=0)))
	membership = membership_of(customer)
	make_sales_invoice(customer, rate=987654)
	make_sales_invoice(customer, rate=98765432.17, taxes=world.VAT, ccms_redeem_points=12345)
	base = entries(membership)[-1].base_amount
	assert base != round(base, 4)
	check(membership)


def test_a_sale_paid_wholly_with_points_earns_nothing():
	customer = make_customer(make_program())
	membership = membership_of(customer)
	make_sales_invoice(customer, rate=1000)
	doc = make_sales_invoice(customer, rate=99.99, ccms_redeem_points=1000)
	assert points_of(doc) == {"Redeem": -1000}
	assert doc.ccms_points_earned == 0
	check(membership)


def test_pending_days_and_expiry_are_set_by_the_posting_date():
	_doc, entry = sell(
		{"pending_days": 30, "expiry_model": "Rolling", "expiry_months": 1}, {"posting_date": -10}
	)
	assert str(entry.available_from) == day(20)
	assert entry.expires_on > entry.available_from


def test_a_backdated_sale_earns_on_its_day():
	customer = make_customer(make_program())
	membership = membership_of(customer)
	make_sales_invoice(customer, posting_date=day(-40))
	make_sales_invoice(customer, posting_date=day(-50))
	from ccms_app.loyalty.store import balances

	on = frappe.utils.getdate(day(-45))
	assert balances.on_date(membership, on).active == 100
	assert check(membership).active == 200


def test_points_of_a_future_posting_date_wait_for_it():
	customer = make_customer(make_program())
	membership = membership_of(customer)
	make_sales_invoice(customer)
	make_sales_invoice(customer, posting_date=day(3), due_date=day(3))
	from ccms_app.loyalty.store import balances

	balance = balances.now(membership)
	assert (balance.active, balance.pending, balance.spendable) == (100, 100, 100)
	with pytest.raises(frappe.ValidationError, match="Only 100 points can be used"):
		make_sales_invoice(customer, rate=500, ccms_redeem_points=101)
	with at(day(3)):
		assert check(membership).spendable == 200
		make_sales_invoice(customer, rate=500, ccms_redeem_points=200)
		check(membership)


# --- what earns nothing, and blocks nothing ----------------------------------------------------------------------


@pytest.mark.parametrize(
	("program", "invoice"),
	[
		({}, {"rate": 0}),
		({}, {"items": [(world.TEA, 1, 0), (world.CUP, 2, 0)]}),
		({}, {"apply_discount_on": "Net Total", "additional_discount_percentage": 100}),
		({"from_date": 1}, {}),
		({"to_date": -1}, {}),
		({"from_date": -5}, {"posting_date": -6}),
		({}, {"is_debit_note": 1}),
	],
	ids=["free", "free lines", "all discounted", "not yet", "no more", "before its start", "debit note"],
)
def test_nothing_is_earned(program, invoice):
	doc, entry = sell(program, invoice)
	assert entry is None
	assert doc.docstatus == 1
	assert not points_of(doc)
	assert doc.ccms_points_earned == 0


@pytest.mark.parametrize("program", [{"from_date": 0}, {"to_date": 0}, {"from_date": 0, "to_date": 0}])
def test_the_first_and_the_last_day_count(program):
	_doc, entry = sell(program, {})
	assert entry.points == 100


def test_a_disabled_programme_earns_nothing():
	program = make_program()
	customer = make_customer(program)
	program.enabled = 0
	program.save()
	doc = make_sales_invoice(customer)
	assert not points_of(doc)
	check(membership_of(customer))


def test_a_company_without_programmes_and_a_customer_who_is_no_member():
	elsewhere = make_customer(make_program())
	doc = make_sales_invoice(elsewhere, company=world.ABROAD)
	assert not doc.ccms_membership
	assert not points_of(doc)
	assert not points_of(make_sales_invoice(make_customer()))
	check_customer(elsewhere)


def test_a_membership_whose_programme_is_gone_blocks_nothing():
	"""Links keep this from happening on the desk; a database that was meddled with must still sell."""
	frappe.flags.ccms_raise_errors = False
	program = make_program()
	customer = make_customer(program)
	frappe.db.delete("CCMS Loyalty Program", program.name)
	frappe.clear_document_cache("CCMS Loyalty Program", program.name)
	frappe.cache.delete_value("ccms_programs")
	doc = make_sales_invoice(customer)
	assert doc.docstatus == 1
	assert not points_of(doc)


def test_an_opening_invoice_earns_nothing():
	customer = make_customer(make_program())
	doc = make_sales_invoice(
		customer,
		is_opening="Yes",
		items=[{"item_code": world.TEA, "rate": 100, "income_account": world.account("Temporary Opening")}],
	)
	assert doc.docstatus == 1
	assert not points_of(doc)
	check(membership_of(customer))


def test_an_internal_customer_earns_nothing():
	program = make_program(auto_enroll=1)
	customer = make_customer()
	customer.update({"is_internal_customer": 1, "represents_company": world.ABROAD})
	customer.append("companies", {"company": world.COMPANY})
	customer.save()
	doc = make_sales_invoice(customer)
	assert doc.is_internal_customer
	assert not points_of(doc)
	assert not membership_of(customer)
	factories.enrol(customer, program)
	assert not points_of(make_sales_invoice(customer))


# --- ERPNext's own programme -------------------------------------------------------------------------------------


def own_program() -> str:
	return (
		frappe.get_doc(
			{
				"doctype": "Loyalty Program",
				"loyalty_program_name": f"Own {frappe.generate_hash(length=6)}",
				"loyalty_program_type": "Single Tier Program",
				"from_date": day(-100),
				"company": world.COMPANY,
				"expiry_duration": 365,
				"conversion_factor": 1,
				"expense_account": world.account(world.EXPENSE),
				"cost_center": world.account("Main"),
				"collection_rules": [{"tier_name": "One", "collection_factor": 1, "min_spent": 0}],
			}
		)
		.insert()
		.name
	)


def test_points_never_double_with_erpnexts_own_programme():
	customer = make_customer(make_program())
	customer.loyalty_program = own_program()
	customer.save()

	doc = make_sales_invoice(customer)
	assert doc.loyalty_program
	assert frappe.db.count("Loyalty Point Entry", {"invoice": doc.name}) == 1
	assert not points_of(doc)

	customer.reload().loyalty_program = None
	customer.save()
	assert points_of(make_sales_invoice(customer)) == {"Earn": 100}
	check_customer(customer)


def test_points_are_spent_on_an_invoice_that_collects_erpnexts_own():
	customer = make_customer(make_program())
	make_sales_invoice(customer)
	customer.loyalty_program = own_program()
	customer.save()
	doc = make_sales_invoice(customer, ccms_redeem_points=50)
	assert points_of(doc) == {"Redeem": -50}
	check_books(doc)
	make_return(doc)
	assert check(membership_of(customer)).active == 100


# --- who earns ---------------------------------------------------------------------------------------------------


def test_a_frozen_member_earns_and_one_who_left_does_not():
	from ccms_app.loyalty.store import members

	customer = make_customer(make_program())
	membership = membership_of(customer)
	members.set_status(membership, "Frozen")
	frozen = make_sales_invoice(customer)
	assert points_of(frozen) == {"Earn": 100}
	assert frozen.ccms_points_earned == 100

	members.set_status(membership, "Left")
	gone = make_sales_invoice(customer)
	assert not gone.ccms_membership
	assert not points_of(gone)
	assert check(membership).active == 100

	members.set_status(membership, "Active")
	assert points_of(make_sales_invoice(customer)) == {"Earn": 100}
	check(membership)


def test_a_chosen_membership_that_left_earns_nothing():
	from ccms_app.loyalty.store import members

	first, second = make_program(), make_program()
	customer = make_customer(first)
	factories.enrol(customer, second)
	gone = membership_of(customer, second)
	members.set_status(gone, "Left")
	doc = make_sales_invoice(customer, ccms_membership=gone)
	assert not points_of(doc)
	check_customer(customer)


def test_the_oldest_active_membership_counts_unless_another_is_chosen():
	from ccms_app.loyalty.store import members

	programs = [make_program(), make_program(amount_per_point=2)]
	customer = make_customer(programs[0])
	factories.enrol(customer, programs[1])
	first, second = (membership_of(customer, program) for program in programs)

	assert make_sales_invoice(customer).ccms_membership == first
	chosen = make_sales_invoice(customer, ccms_membership=second)
	assert (chosen.ccms_membership, points_of(chosen)) == (second, {"Earn": 50})

	members.set_status(first, "Frozen")
	assert make_sales_invoice(customer).ccms_membership == second
	members.set_status(second, "Frozen")
	assert make_sales_invoice(customer).ccms_membership == first
	check_customer(customer)


def test_somebody_elses_membership_is_not_taken():
	program = make_program()
	mine, theirs = make_customer(program), make_customer(program)
	doc = make_sales_invoice(mine, ccms_membership=membership_of(theirs))
	assert doc.ccms_membership == membership_of(mine)
	assert check(membership_of(theirs)).active == 0


def test_a_change_of_customer_on_the_draft_changes_the_membership():
	program = make_program()
	first, second = make_customer(program), make_customer(program)
	draft = make_sales_invoice(first, submit=False)
	draft.customer = second.name
	draft.customer_name = draft.customer_address = None
	draft.save()
	draft.submit()
	assert check(membership_of(first)).active == 0
	assert check(membership_of(second)).active == 100


def test_the_figures_of_a_document_are_the_servers():
	"""Also of one that is inserted as submitted, or submitted with other figures than it was saved with."""
	customer = make_customer(make_program())
	set_balance(membership_of(customer), 50)
	sent = {"ccms_points_earned": 9999, "ccms_points_balance": 9999, "ccms_points_expected": 9999}
	at_once = new_invoice("Sales Invoice", customer, None, dict(sent, docstatus=1)).insert()
	saved = make_sales_invoice(customer, submit=False).update(sent)
	balances = (50, 150)
	for doc, balance in zip((at_once, saved.submit()), balances, strict=True):
		assert (doc.ccms_points_balance, doc.ccms_points_earned, doc.ccms_points_expected) == (
			balance,
			100,
			100,
		)
