"""How long events and counts live, and what is kept for good."""

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import frappe
import pytest
from frappe.utils import add_days, get_system_timezone, getdate, now_datetime, nowdate

from ccms_app.identity.store import identities
from ccms_app.interactions.store import clearing, days, marks, totals
from tests.site.events import COMPANY, DAY, EVENT, MARK, TOTAL, call, forget, phone, rows, send, server
from tests.site.factories import make_customer
from tests.site.reach import random_phone
from tests.site.test_restriction import restricted

SETTINGS = "CCMS Settings"


def at(day, hour: int = 12) -> str:
	"""A time of a day in the site's zone."""
	return datetime.combine(getdate(day), time(hour), ZoneInfo(get_system_timezone())).isoformat()


@pytest.fixture
def source():
	return server()


@pytest.fixture
def cleaning(source):
	"""For tests that clear: clearing commits."""
	yield source
	frappe.db.rollback()
	frappe.db.set_single_value(SETTINGS, "events_cleared_until", None)
	forget(source.name)


def test_frappe_clears_both_by_itself():
	from frappe.core.doctype.log_settings.log_settings import LOG_DOCTYPES, _supports_log_clearing

	found = frappe.get_hooks("default_log_clearing_doctypes")
	assert found[EVENT] == [400] and found[DAY] == [1096]
	assert _supports_log_clearing(EVENT) and _supports_log_clearing(DAY)
	assert EVENT not in LOG_DOCTYPES


def test_events_older_than_they_live_are_refused(source):
	assert send(source, call("1", occurred_at=at(add_days(nowdate(), -400), 1))) == ["stored"]
	assert send(source, call("2", occurred_at=at(add_days(nowdate(), -401), 23))) == ["too_old"]


def test_the_setting_counts(source):
	log_settings = frappe.get_doc("Log Settings")
	log_settings.set("logs_to_clear", [row for row in log_settings.logs_to_clear if row.ref_doctype != EVENT])
	log_settings.append("logs_to_clear", {"ref_doctype": EVENT, "days": 30})
	log_settings.save()
	assert send(source, call("1", occurred_at=at(add_days(nowdate(), -29)))) == ["stored"]
	assert send(source, call("2", occurred_at=at(add_days(nowdate(), -31)))) == ["too_old"]


@pytest.mark.commits
def test_clearing_takes_the_old_and_they_never_come_back(cleaning, monkeypatch):
	monkeypatch.setattr(clearing, "BATCH", 2)
	old = [call(f"old {n}", occurred_at=at(add_days(nowdate(), -60 - n))) for n in range(5)]
	young = call("young", occurred_at=at(add_days(nowdate(), -10)))
	assert send(cleaning, *old, young) == ["stored"] * 6
	frappe.get_doc("CCMS Customer Interaction", rows(cleaning, "name")[0].name).clear_old_logs(days=50)
	assert [one.event_id for one in rows(cleaning, "event_id")] == ["young"]
	# a longer life afterwards does not let them in again: they would count twice
	assert send(cleaning, *old) == ["too_old"] * 5
	assert send(cleaning, young) == ["duplicate"]


@pytest.mark.commits
def test_what_a_restricted_customer_may_need_stays_until_it_is_lifted(cleaning):
	customer, number = make_customer().name, random_phone()
	identities.link(identities.ensure("Phone", number), customer, "Import", verified=True)
	day = at(add_days(nowdate(), -60))
	mine, others = call("mine", occurred_at=day, identity=phone(number)), call("others", occurred_at=day)
	assert send(cleaning, mine, others) == ["stored"] * 2
	request = restricted(frappe.get_doc("Customer", customer))
	try:
		clearing.clear_events(50)
		assert [one.event_id for one in rows(cleaning, "event_id")] == ["mine"]
		request.lift("The address was corrected")
		clearing.clear_events(50)
		assert rows(cleaning, "event_id") == []
	finally:
		frappe.db.set_value("CCMS Privacy Request", request.name, "lifted_on", now_datetime())
		frappe.db.commit()


@pytest.mark.commits
def test_a_cleared_day_keeps_its_counts(cleaning):
	day = getdate(add_days(nowdate(), -60))
	send(cleaning, call("1", occurred_at=at(day), identity=phone()))
	days.compute(COMPANY, day)
	clearing.clear_events(50)
	marks.days(COMPANY, [day])
	days.compute_marked()
	assert frappe.db.get_value(DAY, {"company": COMPANY, "day": day}, "events") == 1
	assert not frappe.db.count(MARK, {"span": "Day"})


def crowd(day, count: int, kind: str = "Call", start: int = 0) -> list[dict]:
	made = []
	for number in range(start, start + count):
		who = {"kind": "Card", "value": f"CARD{number:05d}"}
		made.append(
			call(f"{kind} {day} {number}", occurred_at=at(day), identity=who, amount=2) | {"type": kind}
		)
	return made


def kept(first) -> list[tuple]:
	fields = ["span", "day", "interaction_type", "events", "amount"]
	found = frappe.get_all(TOTAL, {"company": COMPANY, "day": [">=", first]}, fields, as_list=True)
	return sorted(((*row[:2], row[2] or "", *row[3:]) for row in found), key=str)


def test_totals_know_no_person_and_no_small_group(source):
	first = getdate(add_days(nowdate(), -40)).replace(day=1)
	one, two = add_days(first, 3), add_days(first, 5)
	send(source, *crowd(one, 12), *crowd(one, 11, "Chat"), *crowd(one, 4, "Visit"))
	send(source, *crowd(two, 6), *crowd(add_days(first, 7), 6, start=4))
	for day in (one, two, add_days(first, 7)):
		days.compute(COMPANY, day)
	totals.compute(COMPANY, first)
	assert kept(first) == [
		("Day", one, "", 15, 30.0),  # the visits took the chats with them
		("Day", one, "Call", 12, 24.0),
		("Month", first, "", 12, 24.0),
	]
	assert not frappe.get_meta(TOTAL).has_field("identity")


def test_a_quiet_year_goes_to_its_year(source):
	first = getdate(add_days(nowdate(), -100)).replace(day=1)
	year = first.replace(month=1)
	send(source, *crowd(add_days(first, 1), 6))
	days.compute(COMPANY, add_days(first, 1))
	totals.compute(COMPANY, first)
	assert kept(year) == []
	send(source, *crowd(add_days(first, 2), 3, start=6))
	days.compute(COMPANY, add_days(first, 2))
	totals.compute(COMPANY, first)
	assert kept(year) == []
	send(source, *crowd(add_days(first, 2), 2, start=20))
	days.compute(COMPANY, add_days(first, 2))
	totals.compute(COMPANY, first)
	assert [row[:1] + row[2:4] for row in kept(year)] == [("Month", "", 11)]


@pytest.mark.commits
def test_counts_of_people_go_after_36_months_and_totals_stay(cleaning, monkeypatch):
	day = getdate(add_days(nowdate(), -90))
	send(cleaning, *crowd(day, 12))
	totals.compute_marked()
	monkeypatch.setattr(clearing, "oldest_day", lambda today: getdate(add_days(today, 400)))
	clearing.clear_days(days=20)
	assert not frappe.db.count(DAY, {"company": COMPANY, "day": day})
	assert frappe.db.get_value(TOTAL, {"company": COMPANY, "day": day}, "events") == 12


@pytest.mark.commits
def test_a_late_event_destroys_no_total_though_counts_live_shorter_than_events(cleaning):
	first = getdate(add_days(nowdate(), -120)).replace(day=1)
	send(cleaning, *crowd(add_days(first, 3), 12))
	clearing.clear_days(days=20)
	send(cleaning, *crowd(add_days(first, 9), 1, start=90))
	totals.compute_marked()
	assert [row[:2] + row[3:4] for row in kept(first)] == [("Day", add_days(first, 3), 12)]


def test_counts_of_people_are_forgotten_with_them(source):
	day = getdate(add_days(nowdate(), -3))
	send(source, *crowd(day, 2))
	days.compute(COMPANY, day)
	mine, other = frappe.get_all(EVENT, {"event_source": source.name}, pluck="identity", distinct=True)
	assert days.forget([mine]) == 1 and days.forget([]) == 0
	assert not frappe.db.count(DAY, {"company": COMPANY, "day": day, "identity": mine})
	assert frappe.db.count(DAY, {"company": COMPANY, "day": day, "identity": other}) == 1


def test_times_of_the_future_by_the_servers_clock_are_none(source):
	ahead = (datetime.now(timezone.utc) + timedelta(minutes=10)).isoformat()
	assert send(source, call(occurred_at=ahead)) == ["future"]


def test_quiet_months_become_their_year(source):
	year = getdate(f"{getdate(add_days(nowdate(), -120)).year}-01-01")
	months = sorted({getdate(add_days(nowdate(), -back)).replace(day=1) for back in range(1, 390)})
	months = [month for month in months if month.year == year.year][:2]
	for number, month in enumerate(months):
		send(source, *crowd(month, 6, start=number * 6))
		days.compute(COMPANY, month)
		totals.compute(COMPANY, month)
	assert [(row[0], row[1], row[3]) for row in kept(year)] == [("Year", year, 12)]
