"""What the settings and the program form ask while a manager sets the app up."""

import frappe

from ccms_app.setup import notifications
from ccms_app.setup import order_messages as messages
from ccms_app.setup.accounts import find_points_accounts


@frappe.whitelist()
def points_accounts(company: str | None = None) -> list[dict]:
	"""Every company the user may see, with its two points accounts where they exist."""
	frappe.has_permission("CCMS Loyalty Program", "write", throw=True)
	companies = frappe.get_list(
		"Company", filters={"name": company} if company else {}, pluck="name", order_by="lft"
	)
	return [{"company": name, **find_points_accounts(name)} for name in companies]


@frappe.whitelist()
def expiry_warnings() -> dict[str, bool]:
	"""Whether members are warned of expiring points, could be reached, and whether there is a text to edit."""
	frappe.has_permission("CCMS Settings", "read", throw=True)
	return {
		"on": notifications.expiry_warnings_are_on(),
		"sendable": notifications.expiry_warnings_can_be_sent(),
		"exists": bool(frappe.db.exists("Notification", notifications.EXPIRING)),
	}


@frappe.whitelist(methods=["POST"])
def switch_expiry_warnings(on: bool) -> dict[str, bool]:
	"""Switch the warnings on or off. The text is edited in the Notification, by System Managers."""
	frappe.has_permission("CCMS Settings", "write", throw=True)
	notifications.switch_expiry_warnings(on)
	return expiry_warnings()


@frappe.whitelist()
def order_messages() -> list[dict]:
	"""The messages on orders: which there are, which are on."""
	frappe.has_permission("CCMS Settings", "read", throw=True)
	return messages.standing()


@frappe.whitelist(methods=["POST"])
def switch_order_message(name: str, on: bool) -> list[dict]:
	"""Switch a message on orders on or off. The text is edited in the Notification."""
	frappe.has_permission("CCMS Settings", "write", throw=True)
	messages.switch(name, on)
	return messages.standing()
