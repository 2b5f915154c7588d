"""That the books agree with a document, to the cent: general ledger, payment ledger, schedule, outstanding, totals."""

import frappe
from frappe.utils import cint, flt

CENT = 0.0001  # floats are compared to less than a cent


def check_books(doc) -> None:
	"""Assert that a submitted invoice's own figures and everything it posted agree."""
	doc = frappe.get_doc(doc.doctype, doc.name)
	totals_add_up(doc)
	points_row_is_last_and_promised(doc)
	if doc.doctype == "Sales Invoice" and doc.docstatus == 1:
		general_ledger_agrees(doc)
		outstanding_agrees(doc)
		schedule_adds_up(doc)


def due(doc) -> float:
	"""What a document asks for, in its own currency."""
	return flt(doc.rounded_total) or flt(doc.grand_total)


def round_to_whole_money(currency: str = "CNY") -> None:
	"""As in a country without small coins: from here on totals are rounded to 1."""
	frappe.db.set_value("Currency", currency, "smallest_currency_fraction_value", 1)


def points_row(doc):
	return next((row for row in doc.taxes if row.ccms_points_row), None)


def same(one: float, other: float) -> bool:
	return abs(flt(one) - flt(other)) < CENT


def totals_add_up(doc) -> None:
	exclusive = [row for row in doc.taxes if not cint(row.included_in_print_rate)]
	inclusive = len(exclusive) < len(doc.taxes)
	after = sum(flt(row.tax_amount_after_discount_amount) for row in doc.taxes)
	# ERPNext itself lets inclusive taxes and discounts differ by some cents, which it adds to the total
	tolerance = 0.05 if inclusive or flt(doc.discount_amount) else CENT
	if not (doc.get("is_cash_or_non_trade_discount") and flt(doc.discount_amount)):
		assert abs(flt(doc.net_total + after - doc.grand_total)) <= tolerance
	assert same(doc.net_total, sum(flt(row.net_amount) for row in doc.items))
	assert abs(flt(doc.grand_total * doc.conversion_rate) - flt(doc.base_grand_total)) <= 0.01
	if doc.rounded_total:
		assert same(doc.rounded_total, doc.grand_total + doc.rounding_adjustment)


def points_row_is_last_and_promised(doc) -> None:
	rows = [row for row in doc.taxes if row.ccms_points_row]
	assert len(rows) <= 1
	assert [row.idx for row in doc.taxes] == list(range(1, len(doc.taxes) + 1))
	if rows:
		row = rows[0]
		assert row.charge_type == "Actual"
		assert row is doc.taxes[-1]
		assert same(row.tax_amount, row.tax_amount_after_discount_amount)
		if not doc.is_return:
			assert row.tax_amount < 0
			assert same(-row.base_tax_amount, doc.ccms_redeem_amount)
	elif not doc.is_return:
		assert not flt(doc.ccms_redeem_points)
		assert not flt(doc.ccms_redeem_amount)


def gl_rows(doc) -> list:
	return frappe.get_all(
		"GL Entry",
		filters={"voucher_type": doc.doctype, "voucher_no": doc.name, "is_cancelled": 0},
		fields=[
			"account",
			"party",
			"debit",
			"credit",
			"debit_in_account_currency",
			"credit_in_account_currency",
			"against_voucher",
		],
	)


def general_ledger_agrees(doc) -> None:
	rows = gl_rows(doc)
	assert same(sum(row.debit for row in rows), sum(row.credit for row in rows))
	net = {}
	for row in rows:
		net[row.account] = net.get(row.account, 0) + row.debit - row.credit
	if (paid := points_row(doc)) is not None:
		assert same(net.get(paid.account_head, 0), -flt(paid.base_tax_amount)), (
			"the points account takes what points paid"
		)
	owed = sum(row.debit - row.credit for row in rows if row.party)
	expected = flt(doc.base_rounded_total) or flt(doc.base_grand_total)
	if cint(doc.is_pos):
		expected -= flt(doc.base_paid_amount) - flt(doc.base_change_amount)
	expected -= flt(doc.base_write_off_amount)
	assert abs(owed - expected) < CENT, f"{owed} on the customer's account, {expected} due"


def outstanding_agrees(doc) -> None:
	rows = frappe.get_all(
		"Payment Ledger Entry",
		filters={"against_voucher_type": doc.doctype, "against_voucher_no": doc.name, "delinked": 0},
		fields=["amount_in_account_currency as amount"],
	)
	if not rows and abs(doc.outstanding_amount * doc.conversion_rate) < 0.005:
		return  # less than a cent of the company's currency: ERPNext posts nothing
	assert same(sum(row.amount for row in rows), doc.outstanding_amount)


def schedule_adds_up(doc) -> None:
	if not doc.payment_schedule or cint(doc.is_return):
		return
	asked = sum(flt(row.payment_amount) for row in doc.payment_schedule)
	expected = due(doc) - flt(doc.write_off_amount)
	if doc.party_account_currency == doc.currency:
		expected -= flt(doc.total_advance)
	assert same(asked, expected), f"instalments of {asked} for {expected}"
	assert same(
		sum(flt(row.base_payment_amount) for row in doc.payment_schedule),
		(flt(doc.base_rounded_total) or flt(doc.base_grand_total)) - flt(doc.base_write_off_amount),
	) or flt(doc.total_advance)
	assert abs(sum(flt(row.invoice_portion) for row in doc.payment_schedule) - 100) < 0.01


def income(doc) -> float:
	"""What a document posted to income, net of the points account."""
	rows = gl_rows(doc)
	paid = points_row(doc)
	skip = {paid.account_head} if paid is not None else set()
	kinds = {row.account: frappe.get_cached_value("Account", row.account, "root_type") for row in rows}
	return sum(
		row.credit - row.debit for row in rows if kinds[row.account] == "Income" and row.account not in skip
	)
