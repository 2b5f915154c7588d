"""Messages that tell customers how their orders stand: off until a manager says so, and right in both languages."""

import frappe
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.api import setup as api
from ccms_app.setup import order_messages
from tests.site.factories import make_customer
from tests.site.reach import make_contact
from tests.site.world import ANALYST, COMPANY, TEA


@pytest.fixture
def mail(monkeypatch):
	"""What would be sent, as keyword arguments of `frappe.sendmail`."""
	sent: list[dict] = []
	monkeypatch.setattr(frappe, "sendmail", lambda **given: sent.append(given))
	frappe.cache.delete_value("notifications")
	yield sent
	frappe.cache.delete_value("notifications")  # what was switched on is rolled back, not forgotten


def make_order(language: str = "en", email: str = "buyer@example.com", **fields):
	customer = make_customer(language=language, customer_name=f"王 {frappe.generate_hash(length=6)}")
	contact = make_contact(customer, emails=[email or "nobody@example.com"])
	order = frappe.get_doc(
		{
			"doctype": "Sales Order",
			"customer": customer.name,
			"company": COMPANY,
			"contact_person": contact.name,
			"contact_email": email,
			"language": language,
			"delivery_date": add_days(nowdate(), 3),
			"items": [{"item_code": TEA, "qty": 2, "rate": 40}],
			**fields,
		}
	)
	return order.insert()


def switched_on(*names: str) -> None:
	for name in names:
		api.switch_order_message(name, True)


def test_all_are_there_and_off(mail):
	assert [one["name"] for one in api.order_messages()] == list(order_messages.NAMES)
	assert not any(one["on"] for one in api.order_messages())
	make_order().submit()
	assert mail == []


def test_an_order_received_and_cancelled(mail):
	switched_on("CCMS Order Received", "CCMS Order Cancelled")
	order = make_order()
	order.submit()
	(first,) = mail
	assert first["recipients"] == ["buyer@example.com"]
	assert order.name in first["subject"]
	assert frappe.utils.formatdate(order.delivery_date) in first["message"]
	order.cancel()
	assert "cancelled" in mail[1]["subject"]


def test_goods_on_their_way_and_back(mail):
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note
	from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return

	switched_on("CCMS Order on Its Way", "CCMS Return Received")
	order = make_order()
	order.submit()
	note = make_delivery_note(order.name)
	note.update({"contact_email": order.contact_email, "lr_no": "SF-42"})
	note.insert().submit()
	(sent,) = mail
	assert "SF-42" in sent["message"] and sent["subject"] == "Your goods are on their way"
	back = make_sales_return(note.name)
	back.contact_email = order.contact_email
	back.insert().submit()
	assert mail[1]["subject"] == "Your return has arrived"


def test_nobody_to_write_to(mail):
	switched_on("CCMS Order Received")
	order = make_order(email="")
	order.contact_email = ""
	order.submit()
	assert mail == []


def test_a_manager_s_text_survives_an_upgrade():
	message = frappe.get_doc("Notification", "CCMS Order Received")
	message.subject = "Ours"
	message.save()
	order_messages.make()
	assert frappe.db.get_value("Notification", message.name, "subject") == "Ours"


def test_names_are_text(mail):
	switched_on("CCMS Order Received")
	order = make_order()
	order.customer_name = "<script>alert(1)</script>"
	message = frappe.get_doc("Notification", "CCMS Order Received")
	said = frappe.render_template(message.message, {"doc": order})
	assert "<script>" not in said and "&lt;script&gt;" in said


def test_who_may_switch(as_user):
	with as_user(ANALYST), pytest.raises(frappe.PermissionError):
		api.switch_order_message("CCMS Order Received", True)
	with pytest.raises(frappe.DoesNotExistError):
		api.switch_order_message("No Such Message", True)


# --- what really leaves --------------------------------------------------------------------------------------


@pytest.fixture
def outbox():
	"""Reads the mails that wait to be sent, as (recipient, subject, text), oldest first."""
	import email
	from email import policy

	frappe.conf.mail_server, frappe.conf.auto_email_id = "localhost", "shop@example.com"
	frappe.flags.mute_emails = False
	frappe.cache.delete_value("notifications")
	before = set(frappe.get_all("Email Queue", pluck="name"))

	def read() -> list[tuple[str, str, str]]:
		found = []
		for name in frappe.get_all("Email Queue", order_by="creation", pluck="name"):
			if name in before:
				continue
			queued = frappe.get_doc("Email Queue", name)
			mail = email.message_from_string(queued.message, policy=policy.default)
			text = mail.get_body(("html",)).get_content()
			found += [(row.recipient, mail["subject"], text) for row in queued.recipients]
		return found

	yield read
	frappe.conf.pop("mail_server"), frappe.conf.pop("auto_email_id")
	frappe.flags.mute_emails = True
	frappe.cache.delete_value("notifications")


def test_a_mail_in_the_customer_s_language_waits_to_be_sent(outbox):
	"""Nobody chose a language or a contact on the order: a shop's program made it."""
	switched_on("CCMS Order Received")
	customer = make_customer(language="zh")
	make_contact(customer, emails=["wang@mail.cn"], is_primary_contact=1)
	order = frappe.get_doc(
		{
			"doctype": "Sales Order",
			"customer": customer.name,
			"company": COMPANY,
			"delivery_date": add_days(nowdate(), 3),
			"items": [{"item_code": TEA, "qty": 1, "rate": 40}],
		}
	).insert()
	order.submit()
	((recipient, subject, text),) = outbox()
	assert recipient == "wang@mail.cn"
	assert subject == f"我们已收到您的订单 {order.name}"
	assert "感谢您的订单" in text and "Dear" not in text
	assert frappe.local.lang == "en"


def test_a_service_message_asks_for_no_consent(outbox):
	from ccms_app.privacy.store import consent

	switched_on("CCMS Order Received")
	order = make_order()
	consent.record(order.customer, "Marketing", "Withdrawn", source="Desk")
	order.submit()
	assert len(outbox()) == 1


@pytest.mark.parametrize("days", [-40, -4])
def test_what_is_written_down_afterwards_is_no_news(outbox, days):
	switched_on("CCMS Order Received", "CCMS Order on Its Way")
	order = make_order(transaction_date=add_days(nowdate(), days))
	order.submit()
	assert outbox() == []


def test_an_old_order_that_is_cancelled_is_news(outbox):
	switched_on("CCMS Order Received", "CCMS Order Cancelled")
	order = make_order(transaction_date=add_days(nowdate(), -40))
	order.submit()
	order.cancel()
	((_recipient, subject, _text),) = outbox()
	assert "cancelled" in subject


def test_an_amended_order_thanks_nobody_again(outbox):
	switched_on("CCMS Order Received")
	order = make_order()
	order.submit()
	order.cancel()
	new = frappe.copy_doc(order)
	new.amended_from = order.name
	new.insert().submit()
	assert len(outbox()) == 1


@pytest.mark.parametrize("days", [0, -40])
def test_who_heard_that_an_order_is_cancelled_hears_what_became_of_it(outbox, days):
	switched_on(*order_messages.NAMES)
	order = make_order(transaction_date=add_days(nowdate(), days))
	order.submit()
	order.cancel()
	new = frappe.copy_doc(order)
	new.amended_from = order.name
	new.insert().submit()
	*_earlier, (_to, cancelled, _text), (recipient, subject, text) = outbox()
	assert len(_earlier) == (1 if not days else 0)
	assert "cancelled" in cancelled and recipient == "buyer@example.com"
	assert subject == f"Your order {order.name} was changed"
	assert new.name in text and frappe.utils.formatdate(new.delivery_date) in text


def test_a_site_that_had_the_other_messages_gets_the_new_one_and_its_own_words_stay():
	from ccms_app.patches import order_changed

	for name in ("CCMS Order Changed", "CCMS Return Received"):
		frappe.delete_doc("Notification", name)
	message = frappe.get_doc("Notification", "CCMS Order Received")
	message.update({"condition": "doc.grand_total > 9", "enabled": 1}).save()
	frappe.db.set_value("Notification", "CCMS Order Cancelled", "condition", "doc.contact_email")
	order_changed.execute()
	ours = frappe.db.get_value("Notification", "CCMS Order Cancelled", "condition")
	assert "is_internal_customer" in ours
	assert frappe.db.get_value("Notification", "CCMS Order Changed", ["enabled", "document_type"]) == (
		0,
		"Sales Order",
	)
	assert frappe.db.get_value("Notification", message.name, "condition") == "doc.grand_total > 9"
	assert not frappe.db.exists("Notification", "CCMS Return Received")


def test_an_import_tells_nobody(outbox):
	"""Data Import mutes mails unless told otherwise."""
	switched_on("CCMS Order Received")
	order = make_order()
	frappe.flags.in_import = frappe.flags.mute_emails = True
	try:
		order.submit()
	finally:
		frappe.flags.in_import = frappe.flags.mute_emails = False
	assert outbox() == []


def test_a_delivery_that_is_a_return_is_not_on_its_way(outbox):
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note
	from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return

	switched_on("CCMS Order on Its Way")
	order = make_order()
	order.submit()
	note = make_delivery_note(order.name)
	note.contact_email = order.contact_email
	note.insert().submit()
	back = make_sales_return(note.name)
	back.contact_email = order.contact_email
	back.insert().submit()
	assert [subject for _recipient, subject, _text in outbox()] == ["Your goods are on their way"]


def test_who_cannot_be_reached_still_gets_the_goods(outbox):
	switched_on(*order_messages.NAMES)
	order = make_order()
	order.contact_email = ""
	order.save()
	order.submit()
	assert order.docstatus == 1 and outbox() == []


def test_a_message_that_breaks_does_not_stop_a_sale(outbox):
	"""What goes wrong with a mail stands in the Error Log, and the order is submitted."""
	switched_on("CCMS Order Received")
	message = frappe.get_doc("Notification", "CCMS Order Received")
	message.db_set("message", "{{ doc.no_such_thing.at_all.here }}")
	frappe.clear_document_cache("Notification", message.name)
	errors = frappe.db.count("Error Log")
	order = make_order()
	order.submit()
	assert order.docstatus == 1 and outbox() == []
	assert frappe.db.count("Error Log") > errors


def test_an_upgrade_leaves_all_of_it_alone():
	"""Text, condition, receivers, and a message that a manager has deleted."""
	from ccms_app import install

	message = frappe.get_doc("Notification", "CCMS Order Received")
	message.update({"subject": "Ours", "message": "Ours", "condition": "doc.grand_total > 9", "enabled": 1})
	message.append("recipients", {"receiver_by_role": "Sales Manager"})
	message.save()
	frappe.delete_doc("Notification", "CCMS Return Received")
	install.after_migrate()
	kept = frappe.get_doc("Notification", message.name)
	assert (kept.subject, kept.message, kept.condition, kept.enabled) == (
		"Ours",
		"Ours",
		"doc.grand_total > 9",
		1,
	)
	assert len(kept.recipients) == 2
	assert not frappe.db.exists("Notification", "CCMS Return Received")
