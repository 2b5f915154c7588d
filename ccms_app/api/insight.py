"""What the reports on customers ask of the server besides their figures."""

import frappe

from ccms_app.desk import insight, permitted, scope


@frappe.whitelist()
def branches(company: str, txt: str = "") -> list[str]:
	"""Branches to choose from, as the settings define them: those of the company that the user may see."""
	frappe.has_permission(scope.SCORE, "report", throw=True)
	permitted.check_choice("Company", company)
	return scope.branches(company, txt)


@frappe.whitelist(methods=["POST"])
def score_now(company: str) -> str:
	"""Start a scoring run in the background; returns its name."""
	frappe.only_for(insight.MANAGERS)
	permitted.check_choice("Company", company)
	from ccms_app.scoring.store import runs

	return runs.start(company)
