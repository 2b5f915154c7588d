"""Erasing a customer, in two dates: now, all that no law requires; names in the books when `books_retention_years` are over.

The one eraser: it asks every domain's handler, the last of the hook first, so that figures go before the identities that
they are found by, and the customer's own record changes its name at the very end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Sum
from frappe.utils import flt, fmt_money, getdate, nowdate

from ccms_app.identity.store import handlers, locks
from ccms_app.privacy import words

from . import access, party_handler, party_texts, restriction, traces, trails

Told = Callable[[float, str], None]
JOURNAL = "Journal Entry"
YEARS = 10
"""What a company keeps its books for when nothing else is set."""


class Gone(frappe.ValidationError):
	"""The customer was merged or deleted meanwhile: people look again."""


def new_name() -> str:
	"""A name for an erased customer, of which nothing leads back."""
	return f"{words.ERASED_PREFIX}{frappe.generate_hash(length=16)}"


def is_erased(customer: str) -> bool:
	"""Whether this is the name of a customer who was erased."""
	return customer.startswith(words.ERASED_PREFIX)


def refuse_rename(customer: str) -> None:
	"""An erased customer keeps the name: by it the books are closed to others, and forget in their time.

	Raises:
		frappe.ValidationError: the customer is erased.
	"""
	if is_erased(customer):
		frappe.throw(_("{0} is erased: it is neither renamed nor merged.").format(frappe.bold(customer)))


# --- what must wait ----------------------------------------------------------------------------------------------


def waits_for(customer: str) -> list[str]:
	"""What an erasure waits for, in sentences; empty: nothing. Only reads."""
	said = []
	if frappe.db.exists("POS Profile", {"customer": customer}):
		said.append(_("It is the walk-in customer of a POS Profile: choose another one there first."))
	if frappe.db.get_value("Customer", customer, "is_internal_customer"):
		said.append(_("It is an internal customer and stands for a company of yours."))
	if restriction.since([customer]):
		said.append(_("Its processing is restricted: lift the restriction first."))
	for doctype in ("Sales Invoice", "POS Invoice", "Sales Order", "Delivery Note"):
		drafts = frappe.get_all(doctype, {"customer": customer, "docstatus": 0}, pluck="name", limit=5)
		if drafts:
			said.append(_("{0} not submitted: {1}").format(_(doctype), ", ".join(drafts)))
	of_party = {"party_type": "Customer", "party": customer, "docstatus": 0}
	for doctype, held_in in (("Payment Entry", "Payment Entry"), (JOURNAL, f"{JOURNAL} Account")):
		name = "name" if doctype == held_in else "parent"
		if drafts := frappe.get_all(held_in, of_party, pluck=name, distinct=True, limit=5):
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
	unbilled = {"customer": customer, "docstatus": 1, "status": ["in", ("To Bill", "Partially Billed")]}
	for name in frappe.get_all("Delivery Note", unbilled, pluck="name", limit=5):
		said.append(
			_("{0} {1} is not billed: make its invoice or close it.").format(_("Delivery Note"), name)
		)
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
	called = party_handler.names_of(customer)
	told(2, _("Events"))
	ahead = 0
	for handler in domains.values():
		for count in handler.ahead(customer):
			ahead += count
			frappe.db.commit()
			told(min(50, 5 + ahead / 1_000), _("Events"))
			_held(customer, erased_as)
	done: dict[str, int] = {}
	beside = traces.rows_about(customer)
	for number, handler in enumerate(reversed(domains.values()), 1):
		told(50 + 40 * number / len(domains), _("Profile, points and documents"))
		_add(done, handler.erase(customer, erased_as))
	told(92, _("Mails, logs and files"))
	_add(done, traces.forget(said, beside))
	for handler in domains.values():
		_add(done, handler.forget_files(called, erased_as))
	_add(done, {"CCMS Customer Interaction": ahead} if ahead else {})
	access.log(access.ERASED, erased_as, ", ".join(f"{doctype} {count}" for doctype, count in done.items()))
	return done


def _add(done: dict[str, int], more: dict[str, int]) -> None:
	for doctype, count in more.items():
		done[doctype] = done.get(doctype, 0) + count


@contextmanager
def still() -> Iterator[None]:
	"""Within it no figures are computed that would bring an erased customer back; until the erasure is committed.

	Raises:
		frappe.ValidationError: they are being computed, and for long.
	"""
	with ExitStack() as held:
		for handler in handlers.all().values():
			held.enter_context(handler.still())
		yield


def _held(customer: str, erased_as: str) -> bool:
	"""Hold the customer until the transaction ends, so that nobody merges it meanwhile. False: it is erased already."""
	there = locks.hold([customer, erased_as])
	if customer not in there:
		if erased_as in there:
			return False
		frappe.throw(_("There is no customer {0} any more.").format(customer), Gone, title=_("Not erased"))
	if said := waits_for(customer):
		frappe.throw("<br>".join(said), title=_("Erasure waits"))
	return True


# --- when the books may forget -----------------------------------------------------------------------------------


def books_forget_on(erased_as: str) -> date | None:
	"""The first day on which the last of the books may forget; None: no books name this customer."""
	days = [
		date(row.day.year + years_of(row.company) + 1, 1, 1)
		for texts in party_texts.BOOKS
		for row in party_texts.dated(texts, erased_as)
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
			for row in party_texts.dated(texts, erased_as)
			if today >= date(row.day.year + years_of(row.company) + 1, 1, 1)
		]
		if not names:
			continue
		party_texts.wipe(texts, names, erased_as)
		trails.clear(texts.doctype, names)
		trails.forget_search(texts.doctype, names)
		if texts.doctype in party_texts.VOUCHERS:
			_ledger(texts.doctype, names, erased_as)
		done += len(names)
	return done


def _ledger(doctype: str, names: list[str], erased_as: str) -> None:
	entry = DocType("GL Entry")
	for start in range(0, len(names), 1_000):
		part = names[start : start + 1_000]
		mine = (entry.voucher_type == doctype) & entry.voucher_no.isin(part)
		frappe.qb.update(entry).set(entry.remarks, "").where(mine).run()
		# a journal's remark stands in the other parties' rows, too
		owed = DocType("Payment Ledger Entry")
		of_them = (owed.voucher_type == doctype) & owed.voucher_no.isin(part)
		frappe.qb.update(owed).set(owed.remarks, "").where(of_them).run()
		# of the row that names the party, `against` lists accounts; of the others it names the party
		if doctype == JOURNAL:
			continue
		frappe.qb.update(entry).set(entry.against, erased_as).where(
			mine & (entry.party.isnull() | (entry.party == ""))
		).run()
	for name in names if doctype == JOURNAL else ():
		_name_sides_anew(name)


def _name_sides_anew(journal: str) -> None:
	"""Each row of a journal names the other side's parties or accounts: as they are called by now, in it and in the ledger."""
	doc, entry = frappe.get_doc(JOURNAL, journal), DocType("GL Entry")
	doc.set_against_account()
	for row in doc.accounts:
		row.db_set("against_account", row.against_account, update_modified=False)
		mine = (
			(entry.voucher_type == JOURNAL) & (entry.voucher_no == journal) & (entry.account == row.account)
		)
		mine &= entry.party == row.party if row.party else entry.party.isnull() | (entry.party == "")
		frappe.qb.update(entry).set(entry.against, row.against_account).where(mine).run()
