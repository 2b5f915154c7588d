"""The scheduler's list of our jobs. Frappe fills it from `hooks.py` on installing, but tidies it only at a later migrate."""

import frappe


def remove() -> None:
	"""Take our jobs off the scheduler's list."""
	frappe.db.delete("Scheduled Job Type", {"method": ("like", "ccms_app.%")})
