"""Points moved by voucher: opening balance, grant, deduction, transfer, extension of expiry."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import frappe
from frappe import _
from frappe.utils import cint, flt, getdate, nowdate

from ccms_app.loyalty import movements
from ccms_app.loyalty.model import ADJUST, OPENING, NotEnoughPoints, Program
from ccms_app.loyalty.money import dec, decimals

from . import balances, ledger, members, permitted, programs
from .refusals import plain, typed_number

DOCTYPE = "CCMS Points Adjustment"
MOST = 1e12  # what a column of the ledger holds
# what somebody else approves
DECIDED = ("adjustment_type", "membership", "to_membership", "points", "expires_on")


def complete(doc) -> None:
	"""Fill in what follows: the membership from customer and programme (enrolling if need be), and back."""
	if not doc.membership and doc.customer and doc.program:
		doc.membership = members.find(doc.customer, doc.program) or members.enrol(
			doc.customer, doc.program, joined_on=doc.posting_date
		)
	if not doc.membership:
		frappe.throw(_("Choose a membership, or a customer and a loyalty program."), frappe.MandatoryError)
	doc.membership = members.current(doc.membership)
	row = frappe.db.get_value(
		members.DOCTYPE, doc.membership, ["customer", "program", "company"], as_dict=True
	)
	if row is None:
		frappe.throw(_("Membership {0} does not exist.").format(doc.membership), frappe.DoesNotExistError)
	for name in _touched(doc):
		if not permitted.sees_membership(name):
			frappe.throw(_("You may not move points of membership {0}.").format(name), frappe.PermissionError)
	doc.update(row)
	doc.posting_date = doc.posting_date or nowdate()
	_read_points(doc)
	if doc.docstatus == 0:
		doc.approved_by = None
	_note_who_decides(doc)


def _read_points(doc) -> None:
	"""What an API sends may be text, no number at all, or more than the ledger can hold."""
	if not doc.points:
		return
	number = typed_number(doc.points)
	if number is None or abs(number) >= MOST:
		frappe.throw(
			_("{0} is not a number of points.").format(frappe.bold(frappe.utils.escape_html(str(doc.points))))
		)
	doc.points = number


def _note_who_decides(doc) -> None:
	"""Who sets what somebody else approves is the server's to say, and a later editor of the wording hides nobody."""
	draft = doc.get_doc_before_save()
	if draft is None or _decides(doc):
		doc.decided_by = frappe.session.user
	else:
		doc.decided_by = draft.decided_by


def _decides(doc) -> bool:
	return any(doc.has_value_changed(field) for field in DECIDED)


def check(doc) -> None:
	"""Refuse what could not be posted, before it is submitted."""
	program = programs.get(doc.program)
	points = dec(doc.points)
	day = getdate(doc.posting_date)
	if day > getdate(nowdate()):
		frappe.throw(_("The posting date cannot be in the future."))
	if doc.adjustment_type == "Extend Expiry":
		if not doc.expires_on:
			frappe.throw(_("Set the date to which the points are extended."), frappe.MandatoryError)
	elif points <= 0:
		frappe.throw(_("Points must be more than zero; the type says in which direction they move."))
	elif decimals(points) > program.points_precision:
		frappe.throw(_("{0} keeps points with {1} decimals.").format(doc.program, program.points_precision))
	if doc.expires_on and getdate(doc.expires_on) < day:
		frappe.throw(_("The expiry date is before the posting date."))
	if doc.adjustment_type == "Transfer":
		_check_transfer(doc)
	if doc.get("reference_name"):
		_check_reference(doc)
	if frappe.db.get_value(members.DOCTYPE, doc.membership, "status") == "Left":
		frappe.throw(_("This member has left. Let the customer come back before points are moved."))


def _check_transfer(doc) -> None:
	if not doc.to_membership:
		frappe.throw(_("Choose the membership that receives the points."), frappe.MandatoryError)
	doc.to_membership = members.current(doc.to_membership)
	other = frappe.db.get_value(members.DOCTYPE, doc.to_membership, ["program", "status"], as_dict=True)
	if doc.to_membership == doc.membership:
		frappe.throw(_("Points cannot be transferred to the same membership."))
	if other is None or other.program != doc.program:
		frappe.throw(_("Points can only be transferred within one loyalty program."))
	if other.status == "Left":
		frappe.throw(_("The receiving member has left."))


def _check_reference(doc) -> None:
	owner, company = frappe.db.get_value(doc.reference_type, doc.reference_name, ["customer", "company"]) or (
		"",
		"",
	)
	if (owner, company) != (doc.customer, doc.company):
		frappe.throw(
			_("{0} {1} is not a document of {2} in {3}.").format(
				_(doc.reference_type), doc.reference_name, frappe.bold(doc.customer), doc.company
			)
		)


def approve(doc) -> None:
	"""Above the limit somebody else than who made it submits an adjustment; who it was is the server's to say."""
	limit = flt(frappe.db.get_single_value("CCMS Settings", "approval_limit"))
	needs = limit and flt(doc.points) > limit and not doc.flags.from_erpnext
	if needs and _made_by(doc, frappe.session.user):
		frappe.throw(
			_(
				"Adjustments of more than {0} points are submitted by somebody else than who made them."
			).format(plain(dec(limit))),
			frappe.PermissionError,
			title=_("Approval Needed"),
		)
	doc.approved_by = frappe.session.user
	lock(doc)


def _made_by(doc, user: str) -> bool:
	"""Whether a user made the voucher what it is: as its owner, by what they set in it, or as its last editor."""
	draft = doc.get_doc_before_save()
	return draft is None or user in (doc.owner, draft.modified_by, draft.decided_by) or _decides(doc)


def lock(doc) -> None:
	"""Lock every membership the voucher touches."""
	ledger.lock_all(_touched(doc))


def _touched(doc) -> list[str]:
	return [name for name in (doc.membership, doc.get("to_membership")) if name]


def post(doc) -> None:
	"""Write the voucher's movements."""
	books = {book.member.name: book for book in ledger.lock_all(_touched(doc))}
	book = books[doc.membership]
	program = programs.get(doc.program)
	today, day = getdate(nowdate()), getdate(doc.posting_date)
	points = dec(doc.points)
	key = f"adjust:{doc.name}"
	voucher = {"voucher_type": DOCTYPE, "voucher_no": doc.name, "reason": _code(doc)}
	try:
		if doc.adjustment_type in ("Deduct", "Transfer") and day < today:
			_check_then(doc.membership, points, day)
		match doc.adjustment_type:
			case "Opening Balance" | "Grant":
				expires = getdate(doc.expires_on) if doc.expires_on else None
				kind = OPENING if doc.adjustment_type == "Opening Balance" else ADJUST
				movements.grant(
					book, program, kind, points, day, key, expires_on=expires, today=today, **voucher
				)
			case "Deduct":
				movements.spend(book, program, ADJUST, points, day, key, today, **voucher)
			case "Transfer":
				movements.transfer(
					book, books[doc.to_membership], program, points, day, key, today, **voucher
				)
			case "Extend Expiry":
				_extend(book, program, doc, day, today, key, voucher)
	except NotEnoughPoints as error:
		frappe.throw(_("Only {0} points can be moved.").format(plain(error.spendable)))
	ledger.write(books.values())


def _check_then(membership: str, points: Decimal, day: date) -> None:
	"""What leaves on an earlier day must have been there on that day too, whatever has come since.

	Raises:
		NotEnoughPoints: it was not.
	"""
	then = balances.on_date(membership, day).spendable
	if points > then:
		raise NotEnoughPoints(points, then)


def _extend(book: ledger.SiteBook, program: Program, doc, day, today, key: str, voucher: dict) -> None:
	until = getdate(doc.expires_on)
	moved = 0
	for lot in book.open_lots():
		if lot.expires_on and not lot.lapsed(today) and lot.expires_on < until:
			movements.extend(book, lot, until, day, f"{key}:{lot.name}", **voucher)
			moved += 1
	if not moved and program.expiry_model == "Inactivity":
		frappe.throw(
			_(
				"Points of {0} have no date of their own: they expire when the member has been inactive for {1} months. Only points"
				" that were given with a date can be extended."
			).format(frappe.bold(doc.program), program.expiry_months)
		)
	if not moved:
		frappe.throw(
			_("No points of this member expire before {0}.").format(
				frappe.format(until, {"fieldtype": "Date"})
			)
		)


def reverse(doc) -> None:
	"""Undo what the voucher still holds."""
	today = getdate(nowdate())
	names = sorted({members.current(name) for name in _touched(doc)})
	books = ledger.lock_all(names)
	for book in sorted(books, key=lambda book: book.member.name != doc.get("to_membership")):
		program = programs.get(book.member.program)
		own = [
			entry
			for entry in book.entries_of(DOCTYPE, doc.name)
			if members.current(entry.membership) == book.member.name
		]
		movements.cancel(book, program, own, max(today, getdate(doc.posting_date)), today)
		ledger.write([book])


def _code(doc) -> str:
	return (doc.get("reason_code") or doc.adjustment_type or "")[:140]


# --- moving out of ERPNext's own programme -----------------------------------------------------------------


def move_from_erpnext(customer: str, program: str) -> str | None:
	"""Take a customer's open points of ERPNext's own programme over as an Opening Balance.

	The balance is ERPNext's own figure for today; each part keeps its expiry date. The field on the customer is
	cleared, so that ERPNext collects no more. Safe to repeat: a second call finds nothing to move.

	Returns:
		the last adjustment's name, or None when there was no balance.
	"""
	own = frappe.db.get_value("Customer", customer, "loyalty_program", for_update=True)
	if not own:
		frappe.throw(_("{0} is in no loyalty program of ERPNext.").format(frappe.bold(customer)))
	rules = programs.get(program)
	theirs = frappe.get_cached_doc("Loyalty Program", own)
	if theirs.company and theirs.company != rules.company:
		frappe.throw(
			_(
				"{0} is a loyalty program of {1}. Move its points to a loyalty program of that company."
			).format(frappe.bold(own), frappe.bold(theirs.company))
		)
	found = open_erpnext_points(customer, own, rules.company)
	frappe.db.set_value("Customer", customer, {"loyalty_program": None, "loyalty_program_tier": None})
	membership = members.enrol(customer, program)
	made = None
	for expires_on, points in found:
		made = frappe.get_doc(
			{
				"doctype": DOCTYPE,
				"membership": membership,
				"adjustment_type": "Opening Balance",
				"points": points,
				"posting_date": nowdate(),
				"expires_on": expires_on,
				"reason_code": "Opening",
				"reason": _("Taken over from ERPNext's loyalty program {0}").format(own),
			}
		)
		made.flags.from_erpnext = True
		made.insert()
		made.submit()
	if theirs.auto_opt_in:
		frappe.msgprint(
			_(
				"ERPNext's loyalty program {0} takes customers in by itself and would take this one back: switch its “Auto"
				" Opt In” off."
			).format(frappe.utils.get_link_to_form("Loyalty Program", own)),
			indicator="orange",
		)
	return made.name if made else None


def open_erpnext_points(customer: str, own_program: str, company: str) -> list[tuple[object, float]]:
	"""[(expiry date, points)] that add up to the balance ERPNext shows today for its own programme."""
	rows = frappe.get_all(
		"Loyalty Point Entry",
		filters={
			"customer": customer,
			"loyalty_program": own_program,
			"company": company,
			"posting_date": ["<=", nowdate()],
			"expiry_date": [">=", nowdate()],
		},
		fields=["expiry_date", "loyalty_points"],
		order_by="expiry_date, posting_date, creation",
	)
	spent = -sum(cint(row.loyalty_points) for row in rows if cint(row.loyalty_points) < 0)
	open_parts: dict[object, float] = {}
	for row in rows:
		points = max(cint(row.loyalty_points), 0)
		used = min(points, spent)
		spent -= used
		if points > used:
			open_parts[row.expiry_date] = open_parts.get(row.expiry_date, 0) + points - used
	return list(open_parts.items())
