"""Putting a value right: previewed, saved through the document, logged, and undone from the log."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from ccms_app.identity.normalise import MOST

from . import findings, runs

DOCTYPE = "CCMS Quality Fix"
APPLIED, UNDONE = "Applied", "Undone"
FIXABLE = {
	"Customer": ("customer_name", "mobile_no", "email_id", "ccms_birth_date"),
	"Contact": ("first_name", "last_name"),
	"Address": ("phone", "email_id"),
	"Contact Phone": ("phone",),
	"Contact Email": ("email_id",),
}
"""DocType (of the row, where a value stands in a table) → fields that a fix may write."""


def can_fix(finding) -> bool:
	"""Whether what a finding is about is a value that a fix may write. `finding`: a document or row of one."""
	return finding.fieldname in FIXABLE.get(finding.row_doctype or finding.reference_doctype, ())


def may_fix(finding) -> bool:
	"""Whether the user in session may put right what a finding or a fix is about: `can_fix`, and may write the document."""
	kind, name = finding.reference_doctype, finding.reference_name
	if not can_fix(finding) or not frappe.db.exists(kind, name):
		return False
	return bool(frappe.has_permission(kind, "write", doc=name))


@dataclass(frozen=True)
class Preview:
	"""What a fix would do."""

	doctype: str
	name: str
	label: str
	old: str
	new: str
	score: float
	score_after: float
	is_date: bool


def preview(finding: str, value: str | None = None) -> dict[str, Any]:
	"""What would be written where, and the score before and after. Writes nothing.

	Args:
		value: to be written; by default the suggestion.

	Raises:
		frappe.PermissionError: the user may not write this finding, or the document.
		frappe.ValidationError: nothing is suggested, or it cannot be fixed here.
	"""
	doc = _open(finding)
	target, holder = _place(doc)
	new = _new(doc, value)
	score, rows = findings.score_of(doc.customer)
	after = findings.score((row.rule, row.weight) for row in rows if row.name != doc.name)
	label = _(holder.meta.get_label(doc.fieldname))
	old = _text(holder.get(doc.fieldname))
	is_date = holder.meta.get_field(doc.fieldname).fieldtype == "Date"
	return asdict(Preview(_(target.doctype), target.name, label, old, new, score, after, is_date))


def apply(finding: str, value: str | None = None, seen: str | None = None) -> str:
	"""Write a value through `doc.save` and log it; the customer is looked at again. Returns the fix's name.

	Args:
		value: to be written; by default the suggestion.
		seen: the old value as the user saw it in the preview: refused when another stands there now.

	Raises: as `preview` does, and whatever the document itself refuses.
	"""
	doc = _open(finding, for_update=True)
	target, holder = _place(doc, for_update=True)
	new, old = _new(doc, value), _text(holder.get(doc.fieldname))
	if seen is not None and seen != old:
		frappe.throw(_("The value has changed meanwhile. Look at the finding again."))
	if new == old:
		frappe.throw(_("This value stands there already."))
	holder.set(doc.fieldname, new)
	target.save()
	_fetch_again(doc.customer, target)
	kept = _text(holder.get(doc.fieldname))
	fix = frappe.new_doc(DOCTYPE)
	fix.update({field: doc.get(field) for field in ("customer", "rule", *findings.PLACE)})
	fix.update({"finding": doc.name, "status": APPLIED, "old_value": old, "new_value": kept})
	fix.update({"applied_by": frappe.session.user, "applied_on": now_datetime()})
	fix.flags.from_quality = True
	fix.insert(ignore_permissions=True)
	runs.look([doc.customer])
	return fix.name


def undo(name: str) -> None:
	"""Write the old value back, through `doc.save`.

	Raises:
		frappe.PermissionError: the user may not write the fix, or the document.
		frappe.ValidationError: it is undone already, or the value was changed or deleted since: nothing is written then.
	"""
	fix = frappe.get_doc(DOCTYPE, name, for_update=True)
	fix.check_permission("write")
	if fix.status != APPLIED:
		frappe.throw(_("This fix is undone already."))
	target, holder = _place(fix, for_update=True)
	now = _text(holder.get(fix.fieldname))
	if now != (fix.new_value or ""):
		frappe.throw(
			_("{0} was changed since to {1}. It stays as it is.").format(
				_(holder.meta.get_label(fix.fieldname)), frappe.bold(frappe.utils.escape_html(now) or "—")
			),
			title=_("Changed Since"),
		)
	holder.set(fix.fieldname, fix.old_value or None)
	target.save()
	_fetch_again(fix.customer, target)
	fix.update({"status": UNDONE, "undone_by": frappe.session.user, "undone_on": now_datetime()})
	fix.flags.from_quality = True
	fix.save()
	runs.look([fix.customer])


def _open(finding: str, for_update: bool = False):
	doc = frappe.get_doc(findings.DOCTYPE, finding, for_update=for_update)
	doc.check_permission("write")
	if doc.status != findings.OPEN:
		frappe.throw(_("This finding is {0}.").format(_(doc.status)))
	return doc


def _place(doc, for_update: bool = False):
	"""(the document to be saved, the row or document that holds the field)."""
	kind = doc.row_doctype or doc.reference_doctype
	if not can_fix(doc):
		frappe.throw(_("This cannot be put right here. Open the customer."))
	if not frappe.db.exists(doc.reference_doctype, doc.reference_name):
		frappe.throw(_("{0} {1} is no longer there.").format(_(doc.reference_doctype), doc.reference_name))
	target = frappe.get_doc(doc.reference_doctype, doc.reference_name, for_update=for_update)
	target.check_permission("write")
	if not doc.row_doctype:
		return target, target
	rows = [row for row in target.get_all_children() if row.doctype == kind and row.name == doc.row_name]
	if not rows:
		frappe.throw(_("The row that held the value is no longer there."))
	return target, rows[0]


def _fetch_again(customer: str, target) -> None:
	"""The customer shows phone and mail of the primary contact, as of when the customer was saved last: save it again.

	Whoever may write the contact need not be allowed to write the customer, which only shows it.
	"""
	if target.doctype != "Contact":
		return
	if frappe.db.get_value("Customer", customer, "customer_primary_contact") == target.name:
		frappe.get_doc("Customer", customer).save(ignore_permissions=True)


def _new(doc, value: str | None) -> str:
	new = (value if value is not None else doc.suggestion or "").strip()
	if value is None and not new:
		frappe.throw(_("Nothing is suggested for this finding. Type the right value."))
	if len(new) > MOST or "\0" in new:
		frappe.throw(_("This value cannot be stored."))
	return new


def _text(value: Any) -> str:
	return "" if value is None else str(value)
