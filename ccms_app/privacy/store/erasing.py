"""Erasing a customer, in two dates: now, all that no law requires; names in the books when `books_retention_years` are over.

The one eraser: it asks every domain's handler, the last of the hook first, so that figures go before the identities that
they are found by, and the customer's own record changes its name at the very end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Sum
from frappe.utils import flt, fmt_money, getdate, nowdate

from ccms_app.identity.store import handlers, locks
from ccms_app.privacy import words

from . import access, party_handler, party_texts, trails

Told = Callable[[float, str], None]
YEARS = 10
"""What a company keeps its books for when nothing else is set."""


def new_name() -> str:
	"""A name for an erased customer, of which nothing leads back."""
	return f"{words.ERASED_PREFIX}{frappe.generate_hash(length=16)}"


# --- what must wait ----------------------------------------------------------------------------------------------


def waits_for(customer: str) -> list[str]:
	"""What an erasure waits for, in sentences; empty: nothing. Only reads."""
	said = []
	if frappe.db.exists("POS Profile", {"customer": customer}):
		said.append(_("It is the walk-in customer of a POS Profile: choose another one there first."))
	if frappe.db.get_value("Customer", customer, "is_internal_customer"):
		said.append(_("It is an internal customer and stands for a company of yours."))
	for doctype in ("Sales Invoice", "POS Invoice", "Sales Order", "Delivery Note"):
		drafts = frappe.get_all(doctype, {"customer": customer, "docstatus": 0}, pluck="name", limit=5)
		if drafts:
			said.append(_("{0} not submitted: {1}").format(_(doctype), ", ".join(drafts)))
	unpaid = {"customer": customer, "docstatus": 1, "outstanding_amount": ["!=", 0]}
	for doctype in ("Sales Invoice", "POS Invoice"):
		for row in frappe.get_all(doctype, unpaid, ["name", "outstanding_amount", "currency"], limit=5):
			amount = fmt_money(row.outstanding_amount, currency=row.currency)
			said.append(_("{0} {1} is open: {2}").format(_(doctype), row.name, amount))
	# ERPNext still makes a Sales Invoice of it, and for a customer who is disabled it makes none
	at_the_till = {"customer": customer, "docstatus": 1, "consolidated_invoice": ["is", "not set"]}
	for name in frappe.get_all("POS Invoice", at_the_till, pluck="name", limit=5):
		said.append(_("{0} {1} waits for its till to be closed.").format(_("POS Invoice"), name))
	done = ("Completed", "Closed", "Cancelled")
	open_orders = {"customer": customer, "docstatus": 1, "status": ["not in", done]}
	for name in frappe.get_all("Sales Order", open_orders, pluck="name", limit=5):
		said.append(_("{0} {1} is not finished.").format(_("Sales Order"), name))
	advance = {"party_type": "Customer", "party": customer, "docstatus": 1, "unallocated_amount": [">", 0]}
	for row in frappe.get_all("Payment Entry", advance, ["name", "unallocated_amount"], limit=5):
		amount = fmt_money(row.unallocated_amount)
		said.append(_("Payment {0} has a credit of {1}.").format(row.name, amount))
	if not said:
		said += [
			_("The books of {0} show a balance of {1}.").format(company, fmt_money(amount))
			for company, amount in _balances(customer)
			if abs(flt(amount, 2)) >= 0.01
		]
	return said


def _balances(customer: str) -> list[tuple[str, float]]:
	entry = DocType("Payment Ledger Entry")
	return (
		frappe.qb.from_(entry)
		.select(entry.company, Sum(entry.amount))
		.where((entry.party_type == "Customer") & (entry.party == customer) & (entry.delinked == 0))
		.groupby(entry.company)
		.run()
	)


# --- now ---------------------------------------------------------------------------------------------------------


def now(customer: str, erased_as: str, told: Told | None = None) -> dict[str, int]:
	"""Erase everything that no law requires. Commits while it deletes events, then does all the rest in one transaction,
	which the caller commits: what was interrupted is simply started again with the same names.

	Returns: counts by DocType.

	Raises:
		frappe.ValidationError: it has to wait; nothing but events is gone.
	"""
	told = told or (lambda percent, text: None)
	if not _held(customer, erased_as):
		return {}
	domains = handlers.all()
	said = party_handler.personal_words(customer)  # while there is somebody to ask
	told(2, _("Events"))
	ahead = 0
	for handler in domains.values():
		for count in handler.ahead(customer):
			ahead += count
			frappe.db.commit()
			told(min(50, 5 + ahead / 1_000), _("Events"))
			_held(customer, erased_as)
	done: dict[str, int] = {}
	for number, handler in enumerate(reversed(domains.values()), 1):
		told(50 + 45 * number / len(domains), _("Profile, points and documents"))
		for doctype, count in handler.erase(customer, erased_as).items():
			done[doctype] = done.get(doctype, 0) + count
	trails.scrub_logs(said, keep_versions_of=tuple(texts.doctype for texts in party_texts.BOOKS))
	if ahead:
		done["CCMS Customer Interaction"] = done.get("CCMS Customer Interaction", 0) + ahead
	access.log(access.ERASED, erased_as, ", ".join(f"{doctype} {count}" for doctype, count in done.items()))
	return done


def _held(customer: str, erased_as: str) -> bool:
	"""Hold the customer until the transaction ends, so that nobody merges it meanwhile. False: it is erased already."""
	there = locks.hold([customer, erased_as])
	if customer not in there:
		if erased_as in there:
			return False
		frappe.throw(_("There is no customer {0} any more.").format(customer), title=_("Not erased"))
	if said := waits_for(customer):
		frappe.throw("<br>".join(said), title=_("Erasure waits"))
	return True


# --- when the books may forget -----------------------------------------------------------------------------------


def books_forget_on(erased_as: str) -> date | None:
	"""The first day on which the last of the books may forget; None: no books name this customer."""
	days = []
	for texts in party_texts.BOOKS:
		table = DocType(texts.doctype)
		query = frappe.qb.from_(table).select(table.company, table[texts.day])
		query = query.where(table[texts.party] == erased_as)
		if texts.kind:
			query = query.where(table[texts.kind] == "Customer")
		days += [
			date(day.year + years_of(company) + 1, 1, 1) for company, day in query.distinct().run() if day
		]
	return max(days, default=None)


def years_of(company: str | None) -> int:
	"""For how many years after the year of a document a company keeps its books."""
	kept = frappe.get_cached_value("Company", company, "ccms_books_retention_years") if company else None
	return int(kept or YEARS)


def books(erased_as: str, on: str | date | None = None) -> int:
	"""Take the name out of those books whose time is over, in the caller's transaction. Idempotent. Returns documents."""
	today, done = getdate(on or nowdate()), 0
	for texts in party_texts.BOOKS:
		names = [
			row.name
			for row in frappe.get_all(
				texts.doctype,
				{texts.party: erased_as, **({texts.kind: "Customer"} if texts.kind else {})},
				["name", "company", f"{texts.day} as day"],
			)
			if row.day and today >= date(row.day.year + years_of(row.company) + 1, 1, 1)
		]
		if not names:
			continue
		party_texts.wipe(texts, names, erased_as)
		trails.clear(texts.doctype, names)
		if texts.doctype in party_texts.VOUCHERS:
			_ledger(texts.doctype, names, erased_as)
		done += len(names)
	return done


def _ledger(doctype: str, names: list[str], erased_as: str) -> None:
	entry = DocType("GL Entry")
	for start in range(0, len(names), 1_000):
		mine = (entry.voucher_type == doctype) & entry.voucher_no.isin(names[start : start + 1_000])
		frappe.qb.update(entry).set(entry.remarks, "").where(mine).run()
		# of the row that names the party, `against` lists accounts; of the others it names the party
		frappe.qb.update(entry).set(entry.against, erased_as).where(
			mine & (entry.party.isnull() | (entry.party == ""))
		).run()
