"""The one taxes row that pays with points: only the server sets it, on every sales document; copies lose it."""

import frappe
import pytest

from tests.site import world
from tests.site.books import check_books, points_row
from tests.site.clock import at
from tests.site.factories import (
	add_taxes,
	make_customer,
	make_pos_invoice,
	make_program,
	make_return,
	make_sales_invoice,
)
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


def typed(account: str = world.EXPENSE, **fields) -> dict:
	"""A taxes row as somebody would type it who wants a discount at the programme's cost."""
	return {
		"charge_type": "Actual",
		"account_head": world.account(account),
		"description": "Points",
		"tax_amount": -50,
		"cost_center": world.account("Main"),
		**fields,
	}


def sales_document(doctype: str, customer):
	"""An unsaved document of that type with one line."""
	if doctype == "Sales Invoice":
		from tests.site.factories import new_invoice

		return new_invoice(doctype, customer, None, {})
	doc = frappe.new_doc(doctype)
	doc.update({"company": world.COMPANY, "currency": "CNY", "selling_price_list": "Standard Selling"})
	if doctype == "Quotation":
		doc.update({"quotation_to": "Customer", "party_name": customer.name})
	else:
		doc.update({"customer": customer.name, "delivery_date": frappe.utils.nowdate()})
	doc.append(
		"items",
		{
			"item_code": world.BOXED_TEA if doctype == "Delivery Note" else world.TEA,
			"qty": 2,
			"rate": 100,
			"warehouse": world.account("Stores"),
			"delivery_date": frappe.utils.nowdate(),
		},
	)
	return doc


SALES = ["Quotation", "Sales Order", "Delivery Note", "Sales Invoice"]


@pytest.mark.parametrize("doctype", SALES)
@pytest.mark.parametrize("account", [world.EXPENSE, world.LIABILITY])
def test_a_typed_row_is_refused(doctype, account):
	doc = sales_document(doctype, member())
	doc.append("taxes", typed(account))
	with pytest.raises(frappe.ValidationError, match=r"Taxes row 1: .* is a points account. Delete the row"):
		doc.insert()


@pytest.mark.parametrize("doctype", SALES)
def test_a_typed_row_with_our_marker_is_removed(doctype):
	doc = sales_document(doctype, member())
	add_taxes(doc, world.VAT)
	doc.append("taxes", typed(ccms_points_row=1))
	doc.insert()
	assert [row.account_head for row in doc.taxes] == [world.account("VAT")]
	assert doc.grand_total == 226 if doctype != "Sales Invoice" else 113


def test_a_typed_row_beside_points_is_refused():
	draft = make_sales_invoice(member(), submit=False, ccms_redeem_points=100)
	draft.append("taxes", typed())
	with pytest.raises(frappe.ValidationError, match="is a points account"):
		draft.save()


def test_the_points_accounts_of_every_programme_of_the_company_are_guarded():
	make_program(expense_account=world.account("Sales Expenses"), enabled=0)
	doc = sales_document("Sales Invoice", make_customer())
	doc.append("taxes", typed("Sales Expenses"))
	with pytest.raises(frappe.ValidationError, match="is a points account"):
		doc.insert()


def test_an_invoice_that_is_older_than_the_programme_is_returned_and_amended():
	"""Its row on what has become a points account is no points row; both must go on."""
	from tests.site.factories import amend, make_return

	old = sales_document("Sales Invoice", make_customer())
	old.append("taxes", typed("Sales Expenses"))
	old.insert().submit()
	make_program(expense_account=world.account("Sales Expenses"))
	note = make_return(old)
	assert note.grand_total == -50
	note.cancel()
	assert amend(old).grand_total == 50
	new = frappe.copy_doc(old)
	with pytest.raises(frappe.ValidationError, match="is a points account"):
		new.insert()


def test_another_kind_of_charge_on_a_points_account_is_let_be():
	"""Only an Actual row can be mistaken for ours."""
	doc = sales_document("Sales Invoice", make_customer())
	make_program()
	doc.append("taxes", {**typed(), "charge_type": "On Net Total", "rate": 1, "tax_amount": 0})
	assert doc.insert().grand_total == 101


# --- rows that are computed on ours ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["On Previous Row Amount", "On Previous Row Total"])
def test_a_tax_on_the_points_row_is_refused(kind):
	draft = make_sales_invoice(member(), submit=False, taxes=world.VAT, ccms_redeem_points=100)
	draft.append(
		"taxes",
		{
			"charge_type": kind,
			"row_id": "2",
			"rate": 10,
			"account_head": world.account("VAT"),
			"description": "Levy",
		},
	)
	before = snapshot()
	with pytest.raises(frappe.ValidationError, match="Taxes row 3 is computed on the points row 2"):
		draft.save()
	assert snapshot() == before


def test_a_tax_added_after_the_points_row_is_computed_before_points():
	draft = make_sales_invoice(
		member(), submit=False, taxes=world.VAT, ccms_redeem_points=100, disable_rounded_total=1
	)
	draft.append(
		"taxes",
		{
			"charge_type": "On Previous Row Total",
			"row_id": "1",
			"rate": 10,
			"account_head": world.account("VAT"),
			"description": "Levy",
		},
	)
	draft.append("taxes", {**typed("Freight and Forwarding Charges"), "tax_amount": 5})
	draft.save()
	assert [(row.charge_type, row.tax_amount) for row in draft.taxes] == [
		("On Net Total", 13),
		("On Previous Row Total", 11.3),
		("Actual", 5),
		("Actual", -10),
	]
	assert draft.grand_total == 119.3
	check_books(draft.submit())


def test_row_ids_after_the_removed_row_are_moved_up():
	"""A row somebody drags above others: what is computed on a later row still is."""
	draft = make_sales_invoice(
		member(), submit=False, taxes=world.STACKED_TAXES, ccms_redeem_points=100, disable_rounded_total=1
	)
	ours = points_row(draft)
	others = [row for row in draft.taxes if row is not ours]
	draft.taxes = [ours, *others]
	for number, row in enumerate(draft.taxes, 1):
		row.idx = number
		if row.row_id:
			row.row_id = str(int(row.row_id) + 1)
	draft.save()
	assert [(row.charge_type, row.row_id or "") for row in draft.taxes] == [
		("Actual", ""),
		("On Net Total", ""),
		("On Previous Row Amount", "2"),
		("On Previous Row Total", "3"),
		("Actual", ""),
	]
	assert draft.grand_total == 115.54
	check_books(draft.submit())


# --- copies ------------------------------------------------------------------------------------------------------


def assert_without_points(doc, grand_total: float) -> None:
	assert points_row(doc) is None
	assert doc.grand_total == grand_total
	for field in ("ccms_redeem_points", "ccms_redeem_amount", "ccms_points_earned"):
		assert not doc.get(field)


@pytest.mark.parametrize("as_the_desk", [False, True])
@pytest.mark.parametrize("submitted", [False, True])
def test_a_copy_starts_without_points(submitted, as_the_desk):
	sale = make_sales_invoice(
		member(),
		submit=submitted,
		taxes=world.STACKED_TAXES,
		ccms_redeem_points=100,
		disable_rounded_total=1,
	)
	copy = frappe.copy_doc(sale, ignore_no_copy=not as_the_desk)
	copy.insert()
	assert_without_points(copy, 125.54)
	copy.submit()
	assert points_of(copy) == {"Earn": 100}
	check_books(copy)


@pytest.mark.parametrize("as_the_desk", [False, True])
def test_a_copy_of_a_percentage_discount(as_the_desk):
	"""The original's percentage was put aside for its points; its copy has the discount at least as an amount."""
	sale = make_sales_invoice(
		member(),
		taxes=world.VAT,
		apply_discount_on="Grand Total",
		additional_discount_percentage=10,
		ccms_redeem_points=100,
		disable_rounded_total=1,
	)
	copy = frappe.copy_doc(sale, ignore_no_copy=not as_the_desk)
	copy.insert()
	assert_without_points(copy, 101.7)


def test_points_typed_on_a_copy_before_it_is_saved():
	sale = make_sales_invoice(member(), taxes=world.VAT, ccms_redeem_points=100, disable_rounded_total=1)
	copy = frappe.copy_doc(sale, ignore_no_copy=False)
	copy.ccms_redeem_points = 200
	copy.insert()
	assert copy.grand_total == 93
	check_books(copy.submit())


def test_a_delivery_note_of_an_invoice_has_no_points():
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_delivery_note

	sale = make_sales_invoice(
		member(), item_code=world.BOXED_TEA, qty=2, rate=50, taxes=world.VAT, ccms_redeem_points=100
	)
	note = make_delivery_note(sale.name)
	note.insert()
	assert points_row(note) is None
	assert note.grand_total == 113
	note.submit()
	assert check(membership_of(sale.customer)).active == 1000 - 100 + int(100 * (1 - 10 / 113))


def test_an_order_becomes_an_invoice_that_takes_points():
	from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice as map_invoice

	customer = member()
	order = sales_document("Sales Order", customer)
	add_taxes(order, world.VAT)
	order.insert().submit()
	invoice = map_invoice(order.name)
	invoice.ccms_redeem_points = 260
	invoice.disable_rounded_total = 1
	invoice.insert().submit()
	assert invoice.grand_total == 200
	check_books(invoice)
	order.reload()
	assert (order.per_billed, order.billing_status) == (100, "Fully Billed")


@pytest.fixture
def auto_repeat_allowed():
	frappe.make_property_setter(
		{
			"doctype": "Sales Invoice",
			"doctype_or_field": "DocType",
			"property": "allow_auto_repeat",
			"value": 1,
			"property_type": "Check",
		},
		validate_fields_for_doctype=False,
	)
	frappe.clear_cache(doctype="Sales Invoice")
	yield
	frappe.db.rollback()
	frappe.clear_cache(doctype="Sales Invoice")


def test_auto_repeat_makes_invoices_without_points(auto_repeat_allowed):
	from frappe.automation.doctype.auto_repeat.auto_repeat import make_auto_repeat

	customer = member()
	sale = make_sales_invoice(customer, taxes=world.VAT, ccms_redeem_points=100, disable_rounded_total=1)
	repeat = make_auto_repeat(
		"Sales Invoice", sale.name, frequency="Daily", start_date=frappe.utils.nowdate()
	)
	made = repeat.make_new_document()
	assert_without_points(made, 113)
	made.due_date = made.posting_date
	with at(made.posting_date):
		made.submit()
		assert points_of(made) == {"Earn": 100}
		check(membership_of(customer))


def test_a_debit_note_against_an_invoice_has_no_points():
	customer = member()
	sale = make_sales_invoice(customer, taxes=world.VAT, ccms_redeem_points=100)
	note = frappe.copy_doc(sale)
	note.update({"is_debit_note": 1, "return_against": sale.name})
	note.insert().submit()
	assert not points_of(note)
	assert points_row(note) is None


# --- after submission --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	"change",
	[
		{"tax_amount": -99},
		{"account_head": "Loyalty Liability - CTC"},
		{"charge_type": "On Net Total"},
		{"base_tax_amount": -99},
		{"cost_center": None},
		{"ccms_points_row": 0},
	],
)
def test_the_row_of_a_submitted_invoice_is_not_changed(change):
	sale = make_sales_invoice(member(), ccms_redeem_points=100)
	sale = frappe.get_doc("Sales Invoice", sale.name)
	points_row(sale).update(change)
	with pytest.raises(frappe.ValidationError):
		sale.save()


@pytest.mark.parametrize("field", ["ccms_redeem_points", "ccms_redeem_amount", "ccms_membership"])
def test_the_points_of_a_submitted_invoice_are_not_changed(field):
	customer = member()
	sale = make_sales_invoice(customer, ccms_redeem_points=100)
	sale = frappe.get_doc("Sales Invoice", sale.name)
	sale.set(field, "x" if field == "ccms_membership" else 5)
	with pytest.raises(frappe.ValidationError):
		sale.save()
	assert sale.get_doc_before_save().ccms_redeem_points == 100


def test_a_row_added_after_submission_is_refused():
	sale = frappe.get_doc("Sales Invoice", make_sales_invoice(member(), ccms_redeem_points=100).name)
	sale.append("taxes", typed(ccms_points_row=1))
	with pytest.raises(frappe.ValidationError):
		sale.save()


def test_an_allowed_change_after_submission_goes_through():
	customer = member()
	sale = frappe.get_doc("Sales Invoice", make_sales_invoice(customer, ccms_redeem_points=100).name)
	before = snapshot()
	sale.from_date = frappe.utils.nowdate()
	sale.items[0].cost_center = world.account("Main")
	sale.save()
	assert snapshot() == before
	check_books(sale)


# --- editing the draft -------------------------------------------------------------------------------------------


def test_a_draft_follows_each_edit():
	customer = member()
	draft = make_sales_invoice(
		customer, submit=False, taxes=world.VAT, ccms_redeem_points=100, disable_rounded_total=1
	)
	assert (draft.grand_total, draft.ccms_redeem_amount) == (103, 10)

	draft.append("items", {"item_code": world.CUP, "qty": 1, "rate": 30})
	draft.save()
	assert draft.grand_total == 136.9

	draft.ccms_redeem_points = 300
	draft.save()
	assert (draft.grand_total, draft.ccms_redeem_amount) == (116.9, 30)
	assert len([row for row in draft.taxes if row.ccms_points_row]) == 1

	draft.taxes = [row for row in draft.taxes if not row.ccms_points_row]  # deleted in the grid: set again
	draft.save()
	assert draft.grand_total == 116.9

	points_row(draft).tax_amount = -999  # changed in the grid: put right
	draft.save()
	assert draft.grand_total == 116.9

	draft.ccms_redeem_points = 0
	draft.save()
	assert_without_points(draft, 146.9)

	draft.ccms_redeem_points = 1000
	draft.save()
	draft.submit()
	check_books(draft)
	assert check(membership_of(customer)).active == int(130 * (1 - 100 / 146.9))


def test_points_that_pay_more_than_the_edited_draft_are_refused():
	customer = member()
	draft = make_sales_invoice(customer, submit=False, qty=10, ccms_redeem_points=1000)
	draft.items[0].qty = 0.5
	draft.items[0].item_code = world.TEA
	with pytest.raises(frappe.ValidationError, match=r"500 points pay this sale in full|fraction"):
		draft.save()


def test_the_template_is_changed_under_the_points():
	draft = make_sales_invoice(
		member(), submit=False, taxes=world.VAT, ccms_redeem_points=100, disable_rounded_total=1
	)
	draft.set("taxes", [])
	add_taxes(draft, world.STACKED_TAXES)
	draft.save()
	assert draft.grand_total == 115.54
	check_books(draft.submit())


def test_the_currency_is_changed_under_the_points():
	draft = make_sales_invoice(member(), submit=False, ccms_redeem_points=700, disable_rounded_total=1)
	draft.update({"currency": "USD", "conversion_rate": 7, "debit_to": world.account("Debtors USD")})
	draft.save()
	assert (draft.grand_total, draft.ccms_redeem_amount) == (90, 70)
	check_books(draft.submit())


# --- an invoice that says a closing has made it ------------------------------------------------------------------


def test_a_request_cannot_say_that_its_invoice_is_consolidated():
	customer = member()
	draft = make_sales_invoice(customer, submit=False)
	till = make_pos_invoice(customer)
	for claim in ({}, {"pos_invoice": till.name}, {"pos_invoice": till.name, "pos_invoice_item": "none"}):
		doc = frappe.get_doc("Sales Invoice", draft.name).update({"is_consolidated": 1})
		doc.items[0].update(claim)
		doc.append("taxes", typed())
		with pytest.raises(frappe.ValidationError, match="is a points account"):
			doc.save()
	doc = frappe.get_doc("Sales Invoice", draft.name).update({"is_consolidated": 1}).save().submit()
	assert (doc.is_consolidated, points_of(doc)) == (0, {"Earn": 100})


def test_a_till_sale_lends_its_lines_to_no_discount():
	"""Even the very lines of a till sale that waits for its closing bear out no row that the sale did not have."""
	customer = member()
	till = make_pos_invoice(customer)
	doc = sales_document("Sales Invoice", customer).update({"is_consolidated": 1})
	doc.items[0].update({"pos_invoice": till.name, "pos_invoice_item": till.items[0].name})
	doc.append("taxes", typed())
	with pytest.raises(frappe.ValidationError, match="is a points account"):
		doc.insert()


@pytest.mark.parametrize("make", [make_sales_invoice, make_pos_invoice])
def test_a_return_that_says_it_is_consolidated_pays_no_points_out(make):
	customer = member()
	sale = make(customer, qty=2, ccms_redeem_points=1000)
	back = make_return(sale, submit=False, is_consolidated=1).submit()
	assert (back.grand_total, points_of(back)) == (-100, {"Restore": 1000, "Clawback": -100})
	check(membership_of(customer))


def test_a_cancel_that_says_it_is_consolidated_takes_points_back():
	"""A request may send the whole document along."""
	customer = member()
	sale = make_sales_invoice(customer).reload()
	sale.is_consolidated = 1
	sale.docstatus = 2
	sale.save()
	assert check(membership_of(customer)).active == 1000
