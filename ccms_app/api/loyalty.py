"""What the desk, the till and the portal ask about points. Permission first, then one call."""

from typing import Any

import frappe
from frappe import _

from ccms_app.desk import permitted as desk_permitted
from ccms_app.desk import reporting
from ccms_app.loyalty.store import adjustments, members, overview, permitted, programs

MANAGERS = ("CCMS Manager", "System Manager")
VOUCHERS = ("Sales Invoice", "POS Invoice", adjustments.DOCTYPE)


@frappe.whitelist()
def get_balance(customer: str, program: str | None = None, on: str | None = None) -> dict[str, Any]:
	"""Points of a customer: active, pending, held, arrears, spendable, value, tier, next_tier, expiring.

	Args:
		customer: whose; the caller needs read permission on that customer, a portal user is that customer.
		program: by default the programme of the membership that the customer's documents count for.
		on: a posting date; by default now.
	"""
	check_customer(customer)
	membership = _membership(customer, program)
	return overview.balance(membership, on) if membership else {"membership": None}


@frappe.whitelist()
def customer_overview(customer: str) -> dict[str, Any]:
	"""Everything the Customer tab shows about loyalty."""
	check_customer(customer)
	return overview.customer_overview(customer, permitted.sees_membership)


@frappe.whitelist(methods=["POST"])
def preview(doc: str | dict) -> dict[str, Any]:
	"""What an unsaved invoice would earn and could spend, by the server's own arithmetic. Nothing is saved."""
	fields = reporting.parsed(doc)
	if not isinstance(fields, dict) or fields.get("doctype") not in ("Sales Invoice", "POS Invoice"):
		frappe.throw(_("Points are shown on invoices only."))
	document = frappe.get_doc(fields)
	frappe.has_permission(document.doctype, "create" if document.is_new() else "read", throw=True)
	if not isinstance(document.get("customer") or "", str):
		frappe.throw(_("You may not see the points of this customer."), frappe.PermissionError)
	if not document.get("customer"):
		return {"applies": False, "member": False}
	check_customer(document.customer)
	count = len(frappe.local.message_log)
	try:
		result = overview.preview(document)
	except frappe.ValidationError as error:
		del frappe.local.message_log[count:]
		return {"applies": True, "member": False, "error": frappe.utils.strip_html(str(error))}
	if result.get("membership") and not permitted.sees_membership(result["membership"]):
		return {"applies": True, "member": False}
	return result


@frappe.whitelist()
def document_points(doctype: str, name: str) -> dict[str, Any]:
	"""What a submitted document did to points."""
	if doctype not in VOUCHERS:
		frappe.throw(_("{0} moves no points.").format(_(doctype)))
	desk_permitted.check(doctype, name)
	return overview.document_points(doctype, name)


@frappe.whitelist(methods=["POST"])
def enrol(customer: str, program: str) -> str:
	"""Make a customer a member of a programme; returns the membership."""
	check_customer(customer)
	frappe.has_permission(members.DOCTYPE, "create", throw=True)
	desk_permitted.check(programs.DOCTYPE, program)
	return members.enrol(customer, program)


@frappe.whitelist(methods=["POST"])
def set_status(membership: str, status: str, reason: str | None = None) -> None:
	"""Freeze, unfreeze, let leave or let come back."""
	frappe.get_doc(members.DOCTYPE, membership).check_permission("write")
	members.set_status(membership, status, reason or "")


@frappe.whitelist(methods=["POST"])
def create_accounts(company: str) -> dict[str, str]:
	"""Make a company's two points accounts (liability and expense) if they are not there; returns their names."""
	frappe.only_for((*MANAGERS, "Accounts Manager"))
	desk_permitted.check_choice("Company", company)
	from ccms_app.setup.accounts import create_points_accounts

	return create_points_accounts(company)


@frappe.whitelist(methods=["POST"])
def enrol_existing(program: str) -> str:
	"""Enrol, in the background, every existing customer the programme's rule covers."""
	frappe.get_doc(programs.DOCTYPE, program).check_permission("write")
	frappe.enqueue(
		"ccms_app.loyalty.store.members.enrol_existing",
		queue="long",
		job_id=f"ccms_enrol_existing::{program}",
		deduplicate=True,
		enqueue_after_commit=True,
		program=program,
	)
	return _("Enrolling in the background: {0} customers.").format(
		len(members.candidates(programs.get(program)))
	)


@frappe.whitelist(methods=["POST"])
def move_from_erpnext(customer: str, program: str) -> str | None:
	"""Take a customer's open points of ERPNext's own loyalty program over."""
	check_customer(customer)
	frappe.has_permission(adjustments.DOCTYPE, "submit", throw=True)
	desk_permitted.check(programs.DOCTYPE, program)
	return adjustments.move_from_erpnext(customer, program)


@frappe.whitelist(methods=["POST"])
def start_simulation(
	program: str, from_date: str | None = None, to_date: str | None = None, **behaviour: Any
) -> str:
	"""Replay the company's past invoices through a programme, in the background; returns the run's name."""
	frappe.get_doc(programs.DOCTYPE, program).check_permission("write")
	from ccms_app.loyalty.store import simulation

	behaviour.pop("cmd", None)
	return simulation.start(program, from_date, to_date, **behaviour)


def print_points(doc) -> dict[str, Any]:
	"""For print formats: what a receipt says about points."""
	return overview.print_points(doc)


def check_customer(customer: str, permission: str = "read") -> None:
	"""Only who may read a customer, or is that customer in the portal, learns anything about the points."""
	if frappe.session.user == "Guest":
		frappe.throw(_("Log in to see points."), frappe.PermissionError)
	if permission == "read" and customer in own_customers():
		return
	doc = customer and _customer(customer)
	if not doc or not frappe.has_permission("Customer", permission, doc=doc):
		# the same answer whether the customer exists or not
		frappe.throw(_("You may not see the points of this customer."), frappe.PermissionError)


def _customer(name: str):
	"""A customer as Frappe remembers it, for a till asks again and again; None where there is none."""
	messages = len(frappe.local.message_log)
	try:
		return frappe.get_cached_doc("Customer", name)
	except frappe.DoesNotExistError:
		del frappe.local.message_log[messages:]
		return None


def own_customers() -> set[str]:
	"""The customers a portal user is."""
	user = frappe.session.user
	if frappe.get_cached_value("User", user, "user_type") != "Website User":
		return set()
	return set(
		frappe.get_all("Portal User", filters={"user": user, "parenttype": "Customer"}, pluck="parent")
	)


def _membership(customer: str, program: str | None) -> str | None:
	if program:
		found = members.find(customer, program)
		found = found and members.current(found)
		return found if found and permitted.sees_membership(found) else None
	rows = frappe.get_all(
		members.DOCTYPE,
		filters={"customer": customer, "status": ["!=", "Left"]},
		order_by="status, joined_on, creation",
		pluck="name",
	)
	return next(filter(permitted.sees_membership, rows), None)
