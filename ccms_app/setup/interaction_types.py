"""The types of interactions that come with the app: made once; what a manager changes stays."""

from __future__ import annotations

import frappe

DOCTYPE = "CCMS Interaction Type"
TRACKING = "Web Tracking"
# name: (category, channel, whether browsers may send it, purpose of consent, what it is)
TYPES = {
	"Call": ("Call", "Phone", 0, "", "A telephone call, in or out."),
	"E-mail": ("E-mail", "E-mail", 0, "", "A mail, in or out."),
	"Chat": ("Chat", "Chat", 0, "", "A conversation by chat or messenger."),
	"Visit": ("Visit", "Store", 0, "", "A visit to a branch, or of a seller to the customer."),
	"Social Like": ("Social", "Social", 0, "Profiling", "A like of something we published."),
	"Social Comment": ("Social", "Social", 0, "Profiling", "A comment on something we published."),
	"Social Share": ("Social", "Social", 0, "Profiling", "Something of ours passed on to others."),
	"Page View": ("Page View", "Web", 1, TRACKING, "A page that was looked at, with the time spent on it."),
	"Click": ("Click", "Web", 1, TRACKING, "A click on something worth knowing."),
	"Cart Add": ("Cart", "Web", 1, TRACKING, "An item put into the cart."),
	"Cart Drop": ("Cart", "Web", 1, TRACKING, "An item taken out of the cart, or a cart left behind."),
	"Cart Step": ("Cart", "Web", 1, TRACKING, "A step on the way from the cart to the order."),
	"Cart": ("Cart", "Web", 0, "", "A row of a cart that ERPNext keeps, added or dropped."),
	"App Event": ("App", "App", 1, TRACKING, "Something done in the app."),
	"Device Event": ("Device", "Device", 0, "Profiling", "Something a device of the customer reports."),
	"Return": ("Return", "Store", 0, "", "Goods that came back."),
	"Complaint": ("Complaint", "", 0, "", "A complaint."),
	"Service Request": ("Complaint", "", 0, "", "A question or request that is no complaint."),
	"Campaign": ("Campaign", "", 0, "", "A message of a campaign, sent, opened or clicked."),
	"Survey": ("Survey", "", 0, "", "An invitation to a survey, or its answer."),
	"Order": ("Order", "", 0, "", "An order, and what becomes of it."),
	"Delivery": ("Delivery", "Post", 0, "", "Goods on their way."),
	"Identify": ("App", "Web", 1, TRACKING, "A visitor says who they are; only a signed word links them."),
	"Consent": ("App", "Web", 1, "", "A person agrees to, or refuses, a use of their data."),
}


def make() -> None:
	"""Add the types that are missing."""
	there = set(frappe.get_all(DOCTYPE, pluck="name"))
	for name, (category, channel, browser, purpose, description) in TYPES.items():
		if name not in there:
			frappe.get_doc(
				{
					"doctype": DOCTYPE,
					"type_name": name,
					"category": category,
					"channel": channel,
					"is_browser_allowed": browser,
					"purpose": purpose,
					"description": description,
				}
			).insert(ignore_permissions=True)
