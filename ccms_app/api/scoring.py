"""Score runs, called from the desk."""

import frappe
from frappe.utils import cint

from ccms_app.desk import permitted
from ccms_app.scoring.store import runs


@frappe.whitelist(methods=["POST"])
def score_now(company: str, full: bool | int | str = 0) -> str:
	"""Queue a score run of a company; returns its name."""
	frappe.has_permission(runs.DOCTYPE, "create", throw=True)
	permitted.check_choice("Company", company)
	return runs.start(company, bool(cint(full)))
