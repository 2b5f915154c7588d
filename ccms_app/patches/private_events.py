"""The words of private calendar events, which were told before: only that they happened, when and how long is kept."""

import frappe


def execute() -> None:
	frappe.db.sql(
		"update `tabCCMS Customer Interaction` told join `tabEvent` event on event.`name` = told.`reference_name`"
		" set told.`subject` = null, told.`content` = null, told.`outcome` = null"
		" where told.`reference_doctype` = 'Event' and event.`event_type` != 'Public'"
	)
