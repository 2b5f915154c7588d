"""The messages that a manager may edit: made once, never overwritten."""

from __future__ import annotations

import frappe

EXPIRING = "CCMS Points Expiring"
EXPIRING_EVENT = {"document_type": "CCMS Membership", "event": "Method", "method": "points_expiring"}

SUBJECT = '{{ _("Your points expire soon") }}'

MESSAGE = """\
<p>{{ _("Dear {0},").format(doc.customer_name) }}</p>
<p>{{ _("these points of your {0} membership are waiting to be used:").format(doc.program) }}</p>
<table border="0" cellpadding="6" cellspacing="0">
{% for batch in doc.expiring %}
	<tr>
		<td align="right"><b>{{ frappe.utils.fmt_money(batch.points, precision=0 if batch.points == batch.points|int else 2) }}</b></td>
		<td>{{ _("until {0}").format(frappe.utils.formatdate(batch.date)) }}</td>
	</tr>
{% endfor %}
</table>
<p>{{ _("Use them with your next purchase. Your member number is {0}.").format(doc.member_no) }}</p>
<p>{{ doc.company }}</p>
"""


TIER_ENDING = "CCMS Tier Ending"
TIER_ENDING_EVENT = {"document_type": "CCMS Membership", "event": "Method", "method": "tier_ending"}

TIER_SUBJECT = '{{ _("Keep your {0} status").format(doc.tier) }}'

TIER_MESSAGE = """\
<p>{{ _("Dear {0},").format(doc.customer_name) }}</p>
<p>{{ _("your {0} status of {1} ends on {2}. {3} more keep it.").format(
	doc.tier, doc.program, frappe.utils.formatdate(doc.tier_ends_on), frappe.utils.fmt_money(doc.tier_missing, precision=2)) }}</p>
<p>{{ doc.company }}</p>
"""


def make() -> None:
	"""Create the notifications that are missing.

	Not standard ones: Frappe lets nobody edit those outside developer mode. The warnings start disabled, as mail to
	all customers is a manager's decision.
	"""
	_make(EXPIRING, SUBJECT, MESSAGE, EXPIRING_EVENT)
	_make(TIER_ENDING, TIER_SUBJECT, TIER_MESSAGE, TIER_ENDING_EVENT)


def _make(name: str, subject: str, message: str, event: dict[str, str]) -> None:
	if frappe.db.exists("Notification", name):
		return
	frappe.get_doc(
		{
			"doctype": "Notification",
			"name": name,
			"subject": subject,
			"channel": "Email",
			"enabled": 0,
			"is_standard": 0,
			"message_type": "HTML",
			"message": message,
			"recipients": [{"receiver_by_document_field": "customer_email"}],
			**event,
		}
	).insert(ignore_permissions=True)


def remove() -> None:
	"""Delete every notification about the app's DocTypes, a manager's copies too: nothing could send them."""
	for name in frappe.get_all("Notification", filters={"document_type": ["like", "CCMS %"]}, pluck="name"):
		frappe.delete_doc("Notification", name, force=True, ignore_permissions=True)


def expiry_warnings_are_on() -> bool:
	"""Whether anything is sent to members whose points expire."""
	return bool(frappe.db.exists("Notification", {**EXPIRING_EVENT, "enabled": 1}))


def expiry_warnings_can_be_sent() -> bool:
	"""Whether a warning of expiry is on and can leave the site."""
	return can_be_sent(EXPIRING_EVENT)


def can_be_sent(event: dict[str, str]) -> bool:
	"""Whether a notification of an event is on and, if all are mails, the site has an account to send them from."""
	channels = set(frappe.get_all("Notification", filters={**event, "enabled": 1}, pluck="channel"))
	if channels == {"Email"}:
		from frappe.email.doctype.email_account.email_account import EmailAccount

		return bool(EmailAccount.find_default_outgoing())
	return bool(channels)


def switch_expiry_warnings(on: bool) -> None:
	"""Enable or disable our own notification. Asks no permission: the caller does."""
	notification = frappe.get_doc("Notification", EXPIRING)
	notification.enabled = int(on)
	notification.save(ignore_permissions=True)
