"""Paying, in every way ERPNext knows, and opening and closing the till."""

import frappe
from frappe.utils import flt, now_datetime, nowdate

from .world import CASH, COMPANY, TILL, account


def pay(invoice, amount: float | None = None, posting_date: str | None = None):
	"""A submitted Payment Entry against the invoice, of everything outstanding unless an amount is given."""
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	entry = get_payment_entry(invoice.doctype, invoice.name, party_amount=amount)
	entry.update(
		{"posting_date": posting_date or nowdate(), "reference_no": "test", "reference_date": nowdate()}
	)
	return entry.insert().submit()


def pay_on_account(customer: str, amount: float, company: str = COMPANY):
	"""A submitted Payment Entry that is not allocated to any invoice."""
	entry = frappe.new_doc("Payment Entry")
	entry.update({"payment_type": "Receive", "party_type": "Customer", "party": customer, "company": company})
	entry.update({"paid_from": account("Debtors", company), "paid_to": account("Cash", company)})
	entry.update(
		{
			"paid_amount": amount,
			"received_amount": amount,
			"reference_no": "test",
			"reference_date": nowdate(),
		}
	)
	return entry.insert().submit()


def pay_by_journal(invoice, amount: float | None = None):
	"""A submitted Journal Entry that settles the invoice from cash."""
	amount = flt(invoice.reload().outstanding_amount if amount is None else amount)
	entry = frappe.new_doc("Journal Entry")
	entry.update({"company": invoice.company, "posting_date": nowdate()})
	debtor = {"account": invoice.debit_to, "party_type": "Customer", "party": invoice.customer}
	against = {"reference_type": invoice.doctype, "reference_name": invoice.name}
	entry.append("accounts", {**debtor, **against, "credit_in_account_currency": amount})
	entry.append(
		"accounts", {"account": account("Cash", invoice.company), "debit_in_account_currency": amount}
	)
	return entry.insert().submit()


def reconcile(customer: str, company: str = COMPANY) -> None:
	"""Allocate the customer's open payments to their open invoices, with the Payment Reconciliation tool."""
	tool = frappe.get_doc("Payment Reconciliation")
	tool.update({"company": company, "party_type": "Customer", "party": customer})
	tool.receivable_payable_account = account("Debtors", company)
	tool.get_unreconciled_entries()
	lists = {part: [row.as_dict() for row in tool.get(part)] for part in ("payments", "invoices")}
	tool.allocate_entries(frappe._dict(lists))
	tool.reconcile()


def unreconcile(payment, invoice):
	"""Take the allocation back, with the Unreconcile Payment tool."""
	undo = frappe.new_doc("Unreconcile Payment")
	undo.update({"company": payment.company, "voucher_type": payment.doctype, "voucher_no": payment.name})
	undo.add_references()
	undo.set("allocations", [row for row in undo.allocations if row.reference_name == invoice.name])
	return undo.insert().submit()


def open_till(profile: str = TILL, user: str | None = None):
	"""The till's open POS Opening Entry (that person's, when one is named), made when there is none."""
	whose = {"user": user} if user else {}
	name = frappe.db.exists(
		"POS Opening Entry", {"pos_profile": profile, "status": "Open", "docstatus": 1, **whose}
	)
	if name:
		return frappe.get_doc("POS Opening Entry", name)
	opening = frappe.new_doc("POS Opening Entry")
	company = frappe.db.get_value("POS Profile", profile, "company")
	opening.update({"pos_profile": profile, "company": company, "user": user or frappe.session.user})
	opening.update({"period_start_date": now_datetime().replace(microsecond=0), "posting_date": nowdate()})
	opening.append("balance_details", {"mode_of_payment": CASH, "opening_amount": 0})
	return opening.insert().submit()


def close_till(opening):
	"""A submitted POS Closing Entry over everything sold since the opening. ERPNext commits: mark the test `commits`."""
	from erpnext.accounts.doctype.pos_closing_entry.pos_closing_entry import make_closing_entry_from_opening

	closing = make_closing_entry_from_opening(opening)
	for row in closing.payment_reconciliation:
		row.closing_amount = row.expected_amount
	# merging moves the rows of the document in hand elsewhere
	return closing.insert().submit().reload()


def ledger(voucher) -> dict[str, float]:
	"""What a voucher did to the general ledger: debit less credit by account, without the company's suffix."""
	rows = frappe.get_all(
		"GL Entry",
		filters={"voucher_type": voucher.doctype, "voucher_no": voucher.name, "is_cancelled": 0},
		fields=["account", "debit", "credit"],
	)
	balances: dict[str, float] = {}
	for row in rows:
		name = row.account.rpartition(" - ")[0]
		balances[name] = flt(balances.get(name, 0) + row.debit - row.credit, 6)
	return {name: balance for name, balance in balances.items() if balance}


def pay_by_journal_in(currency: str, invoice):
	"""A submitted Journal Entry that settles a foreign invoice, from cash in company currency at the invoice's rate."""
	entry = frappe.new_doc("Journal Entry")
	entry.update({"company": invoice.company, "posting_date": nowdate(), "multi_currency": 1})
	amount, rate = flt(invoice.outstanding_amount), flt(invoice.conversion_rate)
	debtor = {"account": invoice.debit_to, "party_type": "Customer", "party": invoice.customer}
	against = {"reference_type": invoice.doctype, "reference_name": invoice.name}
	entry.append(
		"accounts",
		{
			**debtor,
			**against,
			"account_currency": currency,
			"exchange_rate": rate,
			"credit_in_account_currency": amount,
		},
	)
	cash = {"account": account("Cash", invoice.company), "debit_in_account_currency": amount * rate}
	entry.append("accounts", cash)
	return entry.insert().submit()
