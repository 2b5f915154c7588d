"""Desk records of the app that carry no module, so that Frappe leaves them behind when it uninstalls."""

from __future__ import annotations

import frappe

APP_DOCTYPES = "CCMS %"


def remove() -> None:
	"""Delete onboarding steps, and what users saved about the app's DocTypes and workspace."""
	onboardings = frappe.get_all("Module Onboarding", filters={"module": "CCMS App"}, pluck="name")
	steps = frappe.get_all("Onboarding Step Map", filters={"parent": ["in", onboardings]}, pluck="step")
	frappe.db.delete("Onboarding Step", {"name": ["in", steps]})
	frappe.db.delete("Custom DocPerm", {"parent": ["like", APP_DOCTYPES]})
	frappe.db.delete("Property Setter", {"doc_type": ["like", APP_DOCTYPES]})
	frappe.db.delete("User Permission", {"allow": ["like", APP_DOCTYPES]})
	frappe.db.delete("List View Settings", {"name": ["like", APP_DOCTYPES]})
