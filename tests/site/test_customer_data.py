"""The figures of the Customer Data workspace: counted within the fence, and not for everybody."""

import frappe
from frappe.utils import add_days, nowdate

from ccms_app.api import customer_data as api
from ccms_app.desk import customer_data
from tests.site.factories import ABROAD, COMPANY, make_customer
from tests.site.reach import make_contact, random_phone
from tests.site.world import ANALYST, MANAGER, SELLER


def count_day(events: int, days_ago: int = 0, channel: str = "Phone", company: str = COMPANY) -> None:
	doc = frappe.new_doc("CCMS Interaction Day")
	doc.update(
		{"day": add_days(nowdate(), -days_ago), "company": company, "channel": channel, "events": events}
	)
	doc.interaction_type = "Call"
	doc.name = frappe.generate_hash(length=20)
	doc.db_insert()


def test_interactions_of_seven_days_of_one_company():
	before = customer_data.interactions(COMPANY)
	count_day(3)
	count_day(4, days_ago=6)
	count_day(100, days_ago=7)
	count_day(100, company=ABROAD)
	assert customer_data.interactions(COMPANY) == before + 7


def test_weeks_by_channel():
	count_day(1_000_000)
	count_day(7, days_ago=7, channel="Store")
	labels, channels = customer_data.by_week(COMPANY)
	assert len(labels) == 12 and next(iter(channels)) == "Phone"
	assert channels["Phone"][-1] >= 1_000_000 and channels["Store"][-2] >= 7


def test_who_is_recognised():
	before = customer_data.recognised()
	assert 0 <= before <= 100
	customer = make_customer()
	make_contact(customer, phones=[random_phone()])
	assert customer_data.recognised() >= before - 1


def test_late_requests_are_named():
	number, late = customer_data.open_requests()
	request = {"doctype": "CCMS Privacy Request", "customer": make_customer().name, "company": COMPANY}
	request |= {"request_type": "Access", "received_on": add_days(nowdate(), -60)}
	frappe.get_doc(request).insert()
	assert customer_data.open_requests() == (number + 1, late + 1)
	assert str(late + 1) in str(api.open_requests()["value"])


def test_each_role_sees_what_it_may(as_user):
	with as_user(ANALYST):
		assert api.open_requests() == api.UNKNOWN
		assert api.recognised()["route"] is None
	with as_user(MANAGER):
		assert api.interactions({"company": COMPANY})["route"] == ["query-report", "Interaction Volume"]
	with as_user(SELLER):
		assert api.open_requests() == api.UNKNOWN
