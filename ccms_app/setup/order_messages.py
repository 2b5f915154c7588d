"""Messages that tell a customer how an order stands: Frappe Notifications, made once, off, and a manager's to edit.

They are service messages about a sale and need no consent. Each is written in the language of the document.
"""

from __future__ import annotations

from dataclasses import dataclass

import frappe

from . import notifications

ITEMS = """\
<table border="0" cellpadding="4" cellspacing="0">
{% for row in doc.items %}
	<tr><td align="right">{{ row.get_formatted("qty") }}</td><td>{{ row.item_name | e }}</td></tr>
{% endfor %}
</table>
"""
TO_A_CUSTOMER = "doc.contact_email and not doc.get('is_internal_customer')"
IS_NEWS = "frappe.utils.date_diff(nowdate(), doc.{0}) < 4"
"""What happened days ago and is only written down now, or imported, is no news."""
GREETING = '<p>{{ _("Dear {0},", doc.language).format(doc.customer_name) | e }}</p>\n'
CLOSING = "<p>{{ doc.company | e }}</p>\n"


@dataclass(frozen=True)
class OrderMessage:
	"""One message: on which event of which document, under which condition, and what it says."""

	name: str
	document_type: str
	event: str
	condition: str
	subject: str
	text: str

	@property
	def body(self) -> str:
		"""The whole message as a template."""
		return f"{GREETING}<p>{self.text}</p>\n{ITEMS}{CLOSING}"


MESSAGES = (
	OrderMessage(
		"CCMS Order Received",
		"Sales Order",
		"Submit",
		f"{TO_A_CUSTOMER} and not doc.amended_from and {IS_NEWS.format('transaction_date')}",
		'{{ _("We have your order {0}", doc.language).format(doc.name) }}',
		'{{ _("thank you for your order {0}.", doc.language).format(doc.name) }}'
		"{% if doc.delivery_date %} "
		'{{ _("We plan to deliver it by {0}.", doc.language).format(frappe.utils.formatdate(doc.delivery_date)) }}'
		"{% endif %}",
	),
	# amending cancels the order first, which may have told that nothing will be delivered: the new one is news, however old
	OrderMessage(
		"CCMS Order Changed",
		"Sales Order",
		"Submit",
		f"{TO_A_CUSTOMER} and doc.amended_from",
		'{{ _("Your order {0} was changed", doc.language).format(doc.amended_from) }}',
		'{{ _("your order {0} was changed and goes on under the number {1}.", doc.language)'
		".format(doc.amended_from, doc.name) }}"
		"{% if doc.delivery_date %} "
		'{{ _("We plan to deliver it by {0}.", doc.language).format(frappe.utils.formatdate(doc.delivery_date)) }}'
		"{% endif %}",
	),
	OrderMessage(
		"CCMS Order Cancelled",
		"Sales Order",
		"Cancel",
		TO_A_CUSTOMER,
		'{{ _("Your order {0} is cancelled", doc.language).format(doc.name) }}',
		'{{ _("your order {0} is cancelled; nothing of it will be delivered.", doc.language).format(doc.name) }}',
	),
	OrderMessage(
		"CCMS Order on Its Way",
		"Delivery Note",
		"Submit",
		f"{TO_A_CUSTOMER} and not doc.is_return and {IS_NEWS.format('posting_date')}",
		'{{ _("Your goods are on their way", doc.language) }}',
		'{{ _("these goods have left us:", doc.language) }}'
		"{% if doc.transporter_name or doc.lr_no %} "
		'{{ _("carried by {0}.", doc.language).format([doc.transporter_name or "", doc.lr_no or ""] | join(" ") | trim) | e }}'
		"{% endif %}",
	),
	OrderMessage(
		"CCMS Return Received",
		"Delivery Note",
		"Submit",
		f"{TO_A_CUSTOMER} and doc.is_return and {IS_NEWS.format('posting_date')}",
		'{{ _("Your return has arrived", doc.language) }}',
		'{{ _("we have received these goods back:", doc.language) }}',
	),
)
NAMES = tuple(message.name for message in MESSAGES)


def make(names: tuple[str, ...] = NAMES) -> None:
	"""Create those of the messages that are missing, all of them off: mail to customers is a manager's decision."""
	for message in MESSAGES:
		if message.name in names and not frappe.db.exists("Notification", message.name):
			frappe.get_doc(
				{
					"doctype": "Notification",
					"name": message.name,
					"enabled": 0,
					"is_standard": 0,
					"channel": "Email",
					"document_type": message.document_type,
					"event": message.event,
					"condition": message.condition,
					"subject": message.subject,
					"message_type": "HTML",
					"message": message.body,
					"recipients": [{"receiver_by_document_field": "contact_email"}],
				}
			).insert(ignore_permissions=True)


def remove() -> None:
	"""Delete our messages. What a manager wrote about orders under another name is theirs and works on."""
	for name in NAMES:
		frappe.delete_doc("Notification", name, force=True, ignore_permissions=True, ignore_missing=True)


def standing() -> list[dict]:
	"""Each message that is there: whether it is on, and whether it can leave the site."""
	return [
		{
			"name": message.name,
			"document_type": message.document_type,
			"on": bool(frappe.db.get_value("Notification", message.name, "enabled")),
			"sendable": notifications.can_be_sent({"name": message.name}),
		}
		for message in MESSAGES
		if frappe.db.exists("Notification", message.name)
	]


def switch(name: str, on: bool) -> None:
	"""Switch one message on or off. Asks no permission: the caller does.

	Raises:
		frappe.DoesNotExistError: it is none of ours, or was deleted.
	"""
	if name not in NAMES:
		raise frappe.DoesNotExistError(name)
	message = frappe.get_doc("Notification", name)
	message.enabled = int(on)
	message.save(ignore_permissions=True)
