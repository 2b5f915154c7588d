"""Who reads persons, and what the others see. Masking happens here, where rows leave the store."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from ccms_app.identity import masks as identity_masks
from ccms_app.identity.store import identities
from ccms_app.identity.store.keys import site_key
from ccms_app.privacy import masks

from . import access, fence

# roles of ours that work with persons though ERPNext lets them read no Customer
KNOWING = ("System Manager", "CCMS Manager", "CCMS Cashier")
SETTINGS = "CCMS Settings"
IDENTITY = "CCMS Identity"
# DocType → the fields that can be unmasked one by one, and the field that names the customer
OPENED: dict[str, tuple[str, tuple[str, ...]]] = {
	IDENTITY: ("customer", ("value",)),
	"Customer": (
		"name",
		("name", "customer_name", "mobile_no", "email_id", "tax_id", "ccms_birth_date", "ccms_occupation", "ccms_home_place", "ccms_work_place"),
	),
	"CCMS Membership": ("customer", ("customer_name", "member_no", "customer_email", "customer_mobile")),
}  # fmt: skip


def is_masked(user: str | None = None) -> bool:
	"""Whether a user sees persons only masked: whoever may read no Customer and works in no role that needs to."""
	user = user or frappe.session.user
	if user == "Administrator":
		return False
	known = getattr(frappe.local, "ccms_masked", None)
	if known is None:
		known = frappe.local.ccms_masked = {}
	if user not in known:
		known[user] = not (
			set(KNOWING) & set(frappe.get_roles(user)) or frappe.has_permission("Customer", "read", user=user)
		)
	return known[user]


def shown(kind: str, value: str | None, user: str | None = None) -> str:
	"""An identifier as a user may see it.

	Args:
		kind: one of `identity.kinds`.
		value: normalised.
	"""
	if not value:
		return ""
	return identity_masks.mask(kind, value) if is_masked(user) else value


def name_of(customer: str | None, user: str | None = None) -> str:
	"""A customer's id as a user may see it. On most sites it is the person's name, so analysts get a pseudonym."""
	if not customer:
		return ""
	return pseudonym(customer) if is_masked(user) else customer


def pseudonym(customer: str) -> str:
	"""What analysts see instead of a customer."""
	return masks.pseudonym(site_key(), customer)


def behind(pseudonym_: str) -> str | None:
	"""The customer behind a pseudonym; all customers are tried (100,000 in half a second)."""
	key = site_key()
	return next(
		(
			name
			for name in frappe.get_all("Customer", pluck="name")
			if masks.pseudonym(key, name) == pseudonym_
		),
		None,
	)


def few(number: float | int | None, user: str | None = None) -> Any:
	"""A number of persons as a user may see it: "< 5" for a small group."""
	return masks.few(number) if is_masked(user) else number


def refuse_masked(what: str = "") -> None:
	"""Refuse to filter, sort or group by what the user sees only masked: answers would tell it bit by bit.

	Raises:
		frappe.PermissionError: the user sees persons masked.
	"""
	if is_masked():
		frappe.throw(
			_("You see persons masked and cannot choose, sort or group by {0}.").format(
				what or _("Customer")
			),
			frappe.PermissionError,
		)


# --- unmasking ---------------------------------------------------------------------------------------------------


def may_unmask(user: str | None = None) -> bool:
	"""Whether a user may ask for single values: System Managers, and the role that the settings name."""
	roles = set(frappe.get_roles(user or frappe.session.user))
	chosen = frappe.db.get_single_value(SETTINGS, "unmask_role") or "CCMS Manager"
	return bool(roles & {"System Manager", chosen})


def unmask(doctype: str, name: str, field: str, reason: str) -> str:
	"""One value of one record in the clear. Permission, reason, one row in the access log.

	Args:
		doctype, field: one of `OPENED`.
		name: of the record; for a customer also the pseudonym.
		reason: at least ten characters, in the user's words.

	Raises:
		frappe.PermissionError: not for this user, or not there: the same words for both.
		frappe.ValidationError: no such field, or no reason.
	"""
	if not may_unmask():
		_refuse()
	if field not in OPENED.get(doctype, ("", ()))[1]:
		frappe.throw(_("This field cannot be unmasked."))
	reason = (reason or "").strip()
	if len(reason) < 10:
		frappe.throw(_("Say in a few words what you need it for."))
	if doctype == "Customer" and name.startswith("C-") and not frappe.db.exists("Customer", name):
		name = behind(name) or ""
	owner_field = OPENED[doctype][0]
	found = frappe.db.get_value(doctype, name, ["name", owner_field]) if name else None
	if not found:
		_refuse()
	customer = found[1] or ""
	if not _within_fence(doctype, name, customer):
		_refuse()
	value = identities.reveal(name) if doctype == IDENTITY else frappe.db.get_value(doctype, name, field)
	label = frappe.get_meta(doctype).get_label(field) if field not in ("value", "name") else field
	# on many sites a customer is called by name: the log links to the record and repeats nothing of it
	where = "" if doctype == "Customer" else f" {name}"
	access.log(access.UNMASKED, customer, f"{doctype}{where}: {label}", reason)
	return "" if value is None else str(value)


def _within_fence(doctype: str, name: str, customer: str) -> bool:
	"""Whether User Permissions leave the record, and its customer, to the user. Roles are not asked: the reason is."""
	from frappe.permissions import has_user_permission

	doc = frappe.get_doc(doctype, name)
	if not has_user_permission(doc, frappe.session.user) or (
		doctype == IDENTITY and not fence.sees_identity(doc)
	):
		return False
	if not customer:
		return True
	return fence.is_within(customer) and has_user_permission(
		frappe.get_doc("Customer", customer), frappe.session.user
	)


def _refuse() -> None:
	frappe.throw(_("You may not unmask this value."), frappe.PermissionError)
