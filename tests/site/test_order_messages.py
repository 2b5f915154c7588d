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
