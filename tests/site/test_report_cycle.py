"""Purchase Cycle and Peak Times: gaps, weekdays, hours and months counted by hand."""

from collections import Counter
from itertools import pairwise
from statistics import median

import frappe
import pytest
from frappe.utils import add_months, getdate
from pytest import approx

from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import truth

NAME, BEHIND = "Purchase Cycle and Peak Times", "Customers Behind"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def gaps(found) -> dict[str, float]:
	"""customer → median days between orders, of those who came again."""
	days = {who: [order.day for order in own] for who, own in found.orders.items()}
	return {
		who: median((later - earlier).days for earlier, later in pairwise(own))
		for who, own in days.items()
		if len(own) > 1
	}


def year(found) -> list:
	since = getdate(add_months(found.as_of, -12))
	return [order for own in found.orders.values() for order in own if order.day >= since]


def test_customers_stand_in_the_band_of_their_gap(company):
	report = Report(NAME, company=company)
	found = gaps(truth())
	edges = (8, 15, 31, 61, 91, 181)
	wanted = Counter(sum(gap >= edge for edge in edges) for gap in found.values())
	assert [row.customers for row in report.rows] == [wanted[place] for place in sorted(wanted)]
	assert report.total.customers == len(found)
	middle = sorted(found.values())
	assert f"wait {round(median(middle))} days or less" in report.message
	assert report.figures["Usual days between orders"] == f"{round(median(middle), 1):g}"


def test_every_band_leads_to_its_customers(company):
	for row in Report(NAME, company=company).rows:
		assert len(Report(BEHIND, company=company, **row.behind["customers"]).rows) == row.customers


def test_weekdays_are_those_of_the_orders(company):
	found = truth()
	report = Report(NAME, company=company, show="Weekdays")
	wanted = Counter(order.day.weekday() for order in year(found))
	assert report.column("label") == list(WEEKDAYS)
	assert report.column("orders") == [wanted[day] for day in range(7)]
	assert report.total.orders == len(year(found)) and report.total.share == 100
	for row in report.rows[:2]:
		behind = Report(BEHIND, company=company, **row.behind["orders"])
		came = {order.customer for order in year(found) if order.day.weekday() == WEEKDAYS.index(row.label)}
		assert set(behind.column("customer")) == came


def test_hours_are_those_of_the_first_document_of_a_day(company):
	found = truth()
	kept = {(order.customer, order.day) for order in year(found)}
	first = {}
	for doctype in ("Sales Invoice", "POS Invoice"):
		for customer, day, at in frappe.get_all(
			doctype,
			filters={"company": company, "docstatus": 1, "is_return": 0},
			fields=["customer", "posting_date", "posting_time"],
			as_list=True,
		):
			key = customer, getdate(day)
			if key in kept:
				first[key] = min(first.get(key, at), at)
	hours = Counter(at.seconds // 3600 for at in first.values())
	report = Report(NAME, company=company, show="Weekdays")
	busiest = max(sorted(hours), key=lambda hour: hours[hour])
	assert report.total.peak == f"{busiest}–{busiest + 1} h"
	for day in range(7):
		at_that = sum(1 for key, at in first.items() if key[1].weekday() == day and at.seconds // 3600 == 16)
		if at_that:
			assert f"came={day}%7C16%7C" in report.picture


def test_last_year_stands_beside(company):
	found = truth()
	since, until = (getdate(add_months(found.as_of, -months)) for months in (24, 12))
	before = [order for own in found.orders.values() for order in own if since <= order.day < until]
	report = Report(NAME, company=company, show="Weekdays")
	assert report.total.last_year == len(before)
	ninety = Report(NAME, company=company, show="Weekdays", period="Last 90 Days")
	assert ninety.total.before and ninety.total.last_year and ninety.total.orders < report.total.orders


def test_a_month_is_weighed_by_its_days(company):
	found = truth()
	report = Report(NAME, company=company, show="Months")
	days = {day for _who, day, *_rest in found.revenue}
	span = (found.as_of - min(days)).days
	usual = sum(found.revenue.values()) / span
	total = Counter()
	for (_who, day, *_rest), net in found.revenue.items():
		total[day.month] += net
	for place, row in enumerate(report.rows, 1):
		assert row.revenue == approx(total[place], abs=0.01)
		assert row.index_revenue == approx(100 * total[place] / row.days / usual, abs=0.06)
	assert sum(report.column("days")) == span


def test_filters_narrow(company):
	whole = Report(NAME, company=company, show="Weekdays").total.orders
	north, south = (
		Report(NAME, company=company, show="Weekdays", territory=name).total.orders
		for name in (shop.NORTH, shop.SOUTH)
	)
	assert north and south and north + south == whole
