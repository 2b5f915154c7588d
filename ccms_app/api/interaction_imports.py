"""Buttons of an import of interactions."""

import frappe
from frappe.utils import cint

from ccms_app.interactions.store import imports


@frappe.whitelist(methods=["POST"])
def columns(name: str) -> list[dict[str, str]]:
	"""The columns of the attached file, with what they probably become."""
	frappe.has_permission("CCMS Interaction Import", "write", doc=name, throw=True)
	return imports.columns(name)


@frappe.whitelist(methods=["POST"])
def start(name: str, dry: int = 0) -> None:
	"""Run an import in the background, or only check its rows."""
	frappe.has_permission("CCMS Interaction Import", "write", doc=name, throw=True)
	imports.start(name, bool(cint(dry)))
