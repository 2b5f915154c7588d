"""Who is a member: resolving, enrolling, freezing, leaving and coming back."""

from __future__ import annotations

import secrets
from datetime import date

import frappe
from frappe import _
from frappe.utils import getdate, nowdate

from ccms_app.loyalty import movements, tiers
from ccms_app.loyalty.model import Program

from . import ledger, programs
from .guard import guarded

DOCTYPE = "CCMS Membership"
# what the ledger alone writes; a form's copy of it may be old
PROJECTION = (
	"status",
	"tier",
	"tier_since",
	"tier_until",
	"points_active",
	"points_pending",
	"points_held",
	"points_arrears",
	"qualifying_value",
	"qualifying_on",
	"last_activity_on",
	"last_seq",
	"last_hash",
	"chain_mac",
	"active_key",
	"merged_into",
)
STATUSES = ("Active", "Frozen", "Left")
# a status change and what the journal calls it
REASONS = {
	("Active", "Frozen"): "frozen",
	("Frozen", "Active"): "unfrozen",
	("Left", "Active"): "rejoined",
	("Active", "Left"): "left",
	("Frozen", "Left"): "left",
}


def active_key(program: str, customer: str) -> str:
	"""The text that keeps one membership per programme and customer."""
	return f"{program}::{customer}"


# --- resolving ---------------------------------------------------------------------------------------------


def default_for(customer: str, company: str) -> str | None:
	"""The membership a document counts for: the customer's oldest Active one in that company, else Frozen."""
	found = frappe.db.sql(
		"""select name from `tabCCMS Membership`
		where customer = %s and company = %s and status in ('Active', 'Frozen')
		order by status = 'Active' desc, joined_on, creation limit 1""",
		(customer, company),
	)
	return found[0][0] if found else None


def current(membership: str) -> str:
	"""The membership that carries on what this one was: itself, or what it was merged into."""
	seen = set()
	while membership not in seen:
		seen.add(membership)
		into = frappe.db.get_value(DOCTYPE, membership, "merged_into")
		if not into:
			break
		membership = into
	return membership


def carrying(membership: str, seq: int) -> str:
	"""The membership that carries on an entry. While two customers were one, the other's purchases may have been written
	into it; since they are two again, a membership of the other's own has them."""
	parted = frappe.db.get_value(
		DOCTYPE, {"parted_from": membership, "parted_after": ["<", seq], "parted_until": [">=", seq]}
	)
	return current(parted or membership)


def program_of(membership: str) -> str:
	"""The programme of a membership, or of what it was merged into."""
	return frappe.db.get_value(DOCTYPE, current(membership), "program")


def find(customer: str, program: str) -> str | None:
	"""A customer's membership in a programme, whatever its status."""
	return frappe.db.get_value(DOCTYPE, {"active_key": active_key(program, customer)})


# --- enrolling ---------------------------------------------------------------------------------------------


def enrol(
	customer: str, program: str, joined_on: date | str | None = None, member_no: str | None = None
) -> str:
	"""Make a customer a member; one who left comes back; one who is a member stays one.

	Safe for two tills at once: the second finds the membership the first has made.
	"""
	if existing := find(customer, program):
		if frappe.db.get_value(DOCTYPE, existing, "status") == "Left":
			set_status(existing, "Active")
		return existing
	doc = frappe.new_doc(DOCTYPE)
	doc.update(
		{
			"customer": customer,
			"program": program,
			"joined_on": joined_on or nowdate(),
			"member_no": member_no,
		}
	)
	point = f"ccms_enrol_{secrets.token_hex(4)}"
	frappe.db.savepoint(point)
	try:
		doc.insert(ignore_permissions=True)
	except (frappe.UniqueValidationError, frappe.DuplicateEntryError):
		frappe.db.rollback(save_point=point)
		frappe.clear_last_message()
		taken = frappe.db.sql(
			"select name from `tabCCMS Membership` where active_key = %s for update",
			(active_key(program, customer),),
		)
		if not taken:
			raise
		return taken[0][0]
	return doc.name


def enrol_by_rule(customer: str, company: str, on: date) -> str | None:
	"""Enrol a customer in the oldest running programme whose rule asks for it; None when none does.

	Never for a walk-in customer, an internal or disabled customer, nor for one who has left.
	"""
	for program in programs.of_company(company, running_on=on):
		if program.auto_enroll and rule_matches(program, customer):
			if not find(customer, program.name):
				return enrol(customer, program.name, joined_on=min(on, getdate(nowdate())))
	return None


def rule_matches(program: Program, customer: str) -> bool:
	"""Whether a programme's enrolment rule covers a customer."""
	row = frappe.db.get_value(
		"Customer",
		customer,
		["customer_group", "territory", "is_internal_customer", "disabled"],
		as_dict=True,
	)
	if not row or row.is_internal_customer or row.disabled or is_walk_in(customer):
		return False
	return _within("Customer Group", row.customer_group, program.customer_group) and _within(
		"Territory", row.territory, program.territory
	)


def is_walk_in(customer: str) -> bool:
	"""Whether a POS Profile uses this customer for everybody."""
	return bool(frappe.db.exists("POS Profile", {"customer": customer}))


def _within(doctype: str, node: str | None, root: str) -> bool:
	if not root or node == root:
		return True
	if not node:
		return False
	bounds = frappe.get_cached_value(doctype, root, ["lft", "rgt"])
	inner = frappe.get_cached_value(doctype, node, "lft")
	return bool(bounds and inner and bounds[0] <= inner <= bounds[1])


def candidates(program: Program) -> list[str]:
	"""Customers whom a programme's rule would enrol and who are not members yet."""
	members = set(frappe.get_all(DOCTYPE, filters={"program": program.name}, pluck="customer"))
	return [name for name in covered(program) if name not in members]


def covered(program: Program, *, even_disabled: bool = False) -> list[str]:
	"""Customers whom a programme's rule covers, oldest first; never walk-in or internal ones."""
	table = frappe.qb.DocType("Customer")
	query = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.is_internal_customer == 0)
		.orderby(table.creation)
	)
	if not even_disabled:
		query = query.where(table.disabled == 0)
	for doctype, field, root in (
		("Customer Group", table.customer_group, program.customer_group),
		("Territory", table.territory, program.territory),
	):
		if root:
			query = query.where(field.isin([root, *frappe.db.get_descendants(doctype, root)]))
	walk_ins = set(frappe.get_all("POS Profile", pluck="customer"))
	return [name for (name,) in query.run() if name not in walk_ins]


# --- the membership document -------------------------------------------------------------------------------


def prepare(doc) -> None:
	"""Before a membership is inserted: complete it and refuse what cannot be."""
	if not doc.program or not doc.customer:
		return
	program = programs.get(doc.program)
	if doc.joined_on and getdate(doc.joined_on) > getdate(nowdate()):
		frappe.throw(_("Nobody can join in the future. Set the day of joining to today."))
	if existing := find(doc.customer, doc.program):
		frappe.throw(
			_("{0} is already a member of {1}: {2}").format(
				frappe.bold(doc.customer),
				frappe.bold(doc.program),
				frappe.utils.get_link_to_form(DOCTYPE, existing),
			),
			frappe.DuplicateEntryError,
		)
	for field in PROJECTION:
		doc.set(field, None)
	doc.update(
		{
			"company": program.company,
			"status": "Active",
			"active_key": active_key(doc.program, doc.customer),
			"joined_on": doc.joined_on or nowdate(),
			"member_no": (doc.member_no or "").strip() or new_member_no(),
			**dict.fromkeys(
				(
					"points_active",
					"points_pending",
					"points_held",
					"points_arrears",
					"qualifying_value",
					"last_seq",
				),
				0,
			),
		}
	)
	_check_card(doc)
	_check_sponsor(doc)
	if own := frappe.db.get_value("Customer", doc.customer, "loyalty_program"):
		frappe.msgprint(
			_(
				"{0} still collects points in ERPNext's own loyalty program {1}. Invoices that carry those points earn"
				" none here. Use “Move from ERPNext” to take the balance over."
			).format(frappe.bold(doc.customer), frappe.bold(own)),
			indicator="orange",
			alert=True,
		)


def opened(doc) -> None:
	"""After a membership is inserted: write its first entries, so that joining is in the journal too."""
	book = ledger.lock(doc.name)
	book.member.status = ""
	program = programs.get(doc.program)
	on = getdate(doc.joined_on)
	movements.set_status(book, "Active", on, "joined")
	if start := tiers.earned(program, book.member.qualifying_value):
		tiers.set_tier(book, program, start.name, on, "start")
	ledger.write([book])
	doc.update(frappe.db.get_value(DOCTYPE, doc.name, PROJECTION, as_dict=True))


def keep_projection(doc) -> None:
	"""Before a membership is saved: take what the ledger wrote, not what an open form remembers."""
	stored = frappe.db.get_value(
		DOCTYPE, doc.name, (*PROJECTION, "program", "customer", "company"), as_dict=True, for_update=True
	)
	if stored:
		doc.update(stored)
	doc.member_no = (doc.member_no or "").strip() or new_member_no()
	_check_card(doc)
	_check_sponsor(doc)


def _check_card(doc) -> None:
	other = frappe.db.get_value(
		DOCTYPE, {"member_no": doc.member_no, "name": ["!=", doc.name or ""]}, "customer"
	)
	if other:
		may_know = frappe.has_permission("Customer", "read", doc=other)
		owner = frappe.bold(other) if may_know else _("another member")
		frappe.throw(
			_("Card number {0} belongs to {1}.").format(frappe.bold(doc.member_no), owner),
			frappe.DuplicateEntryError,
		)


def _check_sponsor(doc) -> None:
	if doc.sponsor and frappe.db.get_value(DOCTYPE, doc.sponsor, "customer") == doc.customer:
		frappe.throw(_("Nobody can be their own sponsor."))


def new_member_no() -> str:
	"""A free card number: eleven random digits and a check digit (Luhn, ISO/IEC 7812-1)."""
	while True:
		digits = str(secrets.randbelow(9 * 10**10) + 10**10)
		number = digits + luhn(digits)
		if not frappe.db.exists(DOCTYPE, {"member_no": number}):
			return number


def luhn(digits: str) -> str:
	"""The Luhn check digit of a number without one."""
	total = 0
	for place, digit in enumerate(reversed(digits)):
		value = int(digit) * (2 if place % 2 == 0 else 1)
		total += value - 9 if value > 9 else value
	return str(-total % 10)


def set_status(membership: str, status: str, reason: str = "") -> None:
	"""Freeze, unfreeze, let leave or let come back; written to the journal."""
	if status not in STATUSES:
		frappe.throw(_("Status must be one of {0}.").format(", ".join(_(name) for name in STATUSES)))
	book = ledger.lock(membership)
	if frappe.db.get_value(DOCTYPE, membership, "merged_into"):
		frappe.throw(_("This membership was merged into another one and stays as it is."))
	code = reason or REASONS.get((book.member.status, status), "status")
	if movements.set_status(book, status, getdate(nowdate()), code[:140]):
		ledger.write([book])


# --- renaming ----------------------------------------------------------------------------------


def refresh_active_keys(program: str | None = None) -> None:
	"""After a programme was renamed: the key of each of its memberships follows."""
	for row in frappe.get_all(
		DOCTYPE, filters={"program": program, "merged_into": ["is", "not set"]}, fields=["name", "customer"]
	):
		_set(row.name, active_key=active_key(program, row.customer))
	programs.forget()


def _set(membership: str, **values: object) -> None:
	frappe.db.set_value(DOCTYPE, membership, values, update_modified=False)


# --- in bulk -----------------------------------------------------------------------------------------------


def enrol_existing(program: str, batch: int = 200) -> int:
	"""Enrol every customer the programme's rule covers; commits in batches, so a killed run goes on where it was.

	Who cannot be enrolled is logged and stops nobody else.
	"""
	rules = programs.get(program)
	names = candidates(rules)
	for number, customer in enumerate(names, 1):
		with guarded("enrolment", frappe._dict(doctype="Customer", name=customer)):
			enrol(customer, program)
		if number % batch == 0 or number == len(names):
			frappe.db.commit()
			_progress(number, len(names))
	return len(names)


def _progress(done: int, total: int) -> None:
	frappe.publish_progress(
		done * 100 / max(total, 1),
		title=_("Enrolling customers"),
		description=_("{0} of {1}").format(done, total),
	)
