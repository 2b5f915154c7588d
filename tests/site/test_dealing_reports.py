"""Channel Mix, Interaction Volume, Path and Dwell: against events counted by hand, and for whoever asks."""

import csv
import io

import frappe
import pytest
from frappe.utils import add_days, nowdate

from tests.site import dealing_world
from tests.site.dealing_world import COMPANY, happen, person, visitor, walk
from tests.site.reports import Report
from tests.site.world import ABROAD, ANALYST, CASHIER, MANAGER, SELLER

REPORTS = ("Channel Mix", "Interaction Volume", "Path and Dwell")


@pytest.fixture(autouse=True)
def own_company():
	dealing_world.company()


def report(name: str, **filters) -> Report:
	return Report(name, company=COMPANY, **filters)


def test_nothing_yet_says_what_to_do():
	for name in REPORTS:
		found = report(name)
		assert found.rows == [] and "Mails, calls" in found.message


def test_channels_of_two_periods():
	wang, li = person(), person()
	happen(
		*[{"type": "Call", "duration": 1800, **wang}] * 0,
		*({"type": "Call", "duration": 1800, **wang} for _n in range(3)),
	)
	happen({"type": "Chat", **li})
	happen({"type": "E-mail", **wang}, {"type": "Call", **li}, days_ago=35)
	found = report("Channel Mix")
	call, chat, mail = (found.only(channel=name)[0] for name in ("Phone", "Chat", "E-mail"))
	assert (call.events, call.share, call.events_before, call.share_before) == (3, 75.0, 1, 50.0)
	assert (call.change, call.customers, call.hours) == (200.0, 1, 1.5)
	assert (chat.events, chat.change) == (1, None)
	assert (mail.events, mail.events_before, mail.change) == (0, 1, -100.0)
	assert (found.total.events, found.total.events_before) == (4, 2)
	assert "75 % of 4 interactions came by Phone" in found.message
	assert "E-mail lost 50 points" in found.message
	assert found.chart["data"]["datasets"][0]["values"] == [3, 1, 0]
	split = report("Channel Mix", show="Channels and Types")
	assert split.only(channel="Phone")[0].interaction_type == "Call"
	assert "occurred_at" in call.href["events"] and "channel=Phone" in call.href["events"]


def test_each_filter_narrows():
	wang = person()
	happen({"type": "Call", **wang}, {"type": "Chat", "channel": "WeChat", **wang})
	assert report("Channel Mix", channel="WeChat").column("channel") == ["WeChat"]
	assert report("Interaction Volume", interaction_type="Call").column("thing") == ["Call"]
	days = {
		"period": "Choose Dates",
		"from_date": add_days(nowdate(), -60),
		"to_date": add_days(nowdate(), -40),
	}
	assert report("Interaction Volume", **days).rows == []
	branch = "CCMS Branch"
	if not frappe.db.exists("Branch", branch):
		frappe.get_doc({"doctype": "Branch", "branch": branch}).insert()
	happen({"type": "Visit", "branch": branch, **wang})
	assert report("Interaction Volume", branch=branch).column("thing") == ["Visit"]
	assert report("Interaction Volume", by="Branch").column("events") == [2, 1]
	for wrong in (
		{"channel": "Smoke"},
		{"interaction_type": "Nothing"},
		{"branch": "No such"},
		{"period": "Ever"},
	):
		with pytest.raises((frappe.ValidationError, frappe.PermissionError)):
			report("Interaction Volume", **wrong)


def test_volume_beside_the_period_before():
	wang = person()
	happen(*({"type": "Call", "duration": 120, **wang} for _number in range(4)))
	happen(*({"type": "Call", **wang} for _number in range(5)), days_ago=31)
	found = report("Interaction Volume")
	(row,) = found.rows
	assert (row.events, row.events_before, row.change, row.minutes) == (4, 5, -20.0, 2.0)
	assert "4 interactions, 20 % fewer than before" in found.message
	now, before = found.chart["data"]["datasets"]
	assert sum(now["values"]) == 4 and sum(before["values"]) == 5
	for period, most in (("Last 90 Days", 18), ("Last 12 Months", 13)):
		chart = report("Interaction Volume", period=period).chart["data"]
		assert len(chart["labels"]) <= most and sum(chart["datasets"][0]["values"]) == 9
	by_day = report("Interaction Volume", by="Day")
	assert {str(row.thing): row.events for row in by_day.rows if row.events} == {add_days(nowdate(), -1): 4}
	assert sum(row.events_before for row in by_day.rows) == 5


def test_pages_as_they_were_walked():
	first, second, third = visitor(), visitor(), visitor()
	happen(*walk(first, "/", "/tea", "/cart", dwell=10))
	happen(*walk(second, "/", "/tea", dwell=20))
	happen(*walk(third, "/tea", dwell=60))
	# the third comes back to the tab: a stay, not a view
	happen({"type": "Page View", "path": "/tea", "previous_path": "/tea", "dwell": 90, **third})
	found = report("Path and Dwell")
	tea, home, cart = (found.only(path=path)[0] for path in ("/tea", "/", "/cart"))
	assert (tea.views, tea.customers, tea.entries, tea.next, tea.next_share) == (3, 3, 1, "/cart", 33.3)
	assert tea.exit_rate == 66.7 and tea.dwell == 40.0  # of 10, 20, 60, 90
	assert (home.views, home.entries, home.exit_rate, home.next, home.next_share) == (
		2,
		2,
		0.0,
		"/tea",
		100.0,
	)
	assert (cart.views, cart.exit_rate, cart.entries) == (1, 100.0, 0)
	assert "66.7 % of visits begin at /" in found.message
	assert found.only(path="/tea")[0].href["views"].startswith("/app/ccms-customer-interaction?")


def test_carts_step_by_step():
	people = [visitor() for _number in range(10)]
	for place, who in enumerate(people):
		happen(*walk(who, "/tea"))
		if place < 8:
			happen({"type": "Cart Add", "item": "Tea", "amount": 100, "path": "/tea", **who})
		for name, until in (("Address", 6), ("Payment", 2)):
			if place < until:
				happen({"type": "Cart Step", "subject": name, "path": f"/{name.lower()}", **who})
	happen({"type": "Cart Drop", "item": "Tea", "amount": 100, "path": "/address", **people[3]})
	happen({"type": "Cart Drop", "item": "Tea", "amount": 50, "path": "/elsewhere", **people[4]})
	found = report("Path and Dwell", show="Cart by Step")
	assert found.column("step") == ["Looked at a page", "Put something into the cart", "Address", "Payment"]
	assert found.column("customers") == [10, 8, 6, 2]
	assert found.column("left") == [None, 20.0, 25.0, 66.7]
	assert found.column("drops") == [0, 1, 1, 0] and found.column("dropped") == [0, 50, 100, 0]
	assert "before “Payment”: 4 of 6 visitors" in found.message


# --- who reads -----------------------------------------------------------------------------------------------
def test_an_analyst_reads_sums_and_no_small_group(as_user):
	people = [person() for _number in range(6)]
	happen(*({"type": "Call", **who} for who in people), {"type": "Chat", **people[0]})
	with as_user(ANALYST):
		found = report("Channel Mix")
		rows = {row.channel: row for row in found.rows}
		assert rows["Chat"].customers == "< 5"
		assert not any(row.get("href") for row in found.rows)
		assert report("Path and Dwell").rows == []


def test_who_may_not(as_user):
	for user in (CASHIER, SELLER, "Guest"):
		with as_user(user):
			for name in REPORTS:
				with pytest.raises(frappe.PermissionError):
					report(name)


def test_another_company_is_beyond_the_fence(as_user):
	happen({"type": "Call", **person()})
	frappe.permissions.add_user_permission("Company", ABROAD, MANAGER)
	with as_user(MANAGER), pytest.raises(frappe.PermissionError):
		report("Channel Mix")


def test_what_comes_from_outside_is_text():
	hostile = '/"><img src=x onerror=alert(1)>'
	who = visitor()
	happen(*walk(who, hostile, "/=cmd()|' /C calc'!A0", "=HYPERLINK(1)"))
	happen(
		{"type": "Cart Step", "subject": '"><svg onload=alert(1)>', "path": "/x", **who},
		{"type": "Cart Add", **who},
	)
	for filters in ({}, {"show": "Cart by Step"}):
		found = report("Path and Dwell", **filters)
		assert "<img" not in found.html and "<svg" not in found.html
		labels = "".join(found.chart["data"]["labels"]) if found.chart else ""
		assert "<img" not in labels and "<svg" not in labels


def test_an_export_holds_no_formula():
	from frappe.desk.query_report import export_query

	happen(*walk(visitor(), "=cmd()", "+cmd()", "@SUM(A1)"))
	frappe.local.form_dict = frappe._dict(
		report_name="Path and Dwell",
		filters=frappe.as_json({"company": COMPANY}),
		file_format_type="CSV",
		visible_idx="[0, 1, 2]",
		csv_delimiter=",",
		csv_quoting=2,
	)
	from ccms_app.privacy.store import exports

	with exports.of_report("Path and Dwell"):
		export_query()
	content = frappe.response["filecontent"]
	text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
	cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
	assert any("cmd()" in cell for cell in cells)
	assert [cell for cell in cells if cell[:1] in ("=", "@", "+")] == []
