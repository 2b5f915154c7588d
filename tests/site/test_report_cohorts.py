"""Cohort Retention and New against Repeat Revenue, month by month, counted by hand."""

from collections import defaultdict
from datetime import timedelta
from statistics import median

import frappe
import pytest
from frappe.utils import add_months, getdate, nowdate
from pytest import approx

from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import truth

COHORTS, NEW, BEHIND = "Cohort Retention", "New against Repeat Revenue", "Customers Behind"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def month(day) -> str:
	return f"{day:%Y-%m}"


def months_between(first: str, later: str) -> int:
	(y1, m1), (y2, m2) = (map(int, text.split("-")) for text in (first, later))
	return (y2 - y1) * 12 + m2 - m1


@pytest.mark.parametrize("group", [None, shop.REGULARS])
def test_who_came_again_in_each_month(company, group):
	found = truth()
	people = {who for who in found.orders if not group or found.group[who] == group}
	report = Report(
		COHORTS, company=company, cohorts="36 Months", **({"customer_group": group} if group else {})
	)
	by_cohort = defaultdict(set)
	for who in people:
		by_cohort[month(found.first(who))].add(who)
	assert {row.cohort: row.customers for row in report.rows} == {
		cohort: len(own) for cohort, own in by_cohort.items()
	}
	last = month(found.as_of - timedelta(days=1))
	for row in report.rows:
		own = by_cohort[row.cohort]
		for offset in range(min(12, months_between(row.cohort, last)) + 1):
			active = sum(
				1
				for who in own
				if any(months_between(row.cohort, month(order.day)) == offset for order in found.orders[who])
			)
			assert row[f"m{offset}"] == approx(100 * active / len(own), abs=0.06), (row.cohort, offset)
		net = found.earned(lambda who, day, *_rest, own=own: who in own)
		assert row.cumulative == approx(net, abs=0.01)
		assert row.each == approx(net / len(own), abs=0.01)


def test_second_purchases_and_the_days_to_them(company):
	found = truth()
	waits = [(own[1].day - own[0].day).days for own in found.orders.values() if len(own) > 1]
	begin = min(own[0].day for own in found.orders.values()).replace(day=1)
	told = [
		own
		for own in found.orders.values()
		if getdate(add_months(begin, 3)) <= own[0].day < found.as_of.replace(day=1)
	]
	assert 0 < len(told) < len(found.orders)
	report = Report(COHORTS, company=company, cohorts="36 Months")
	assert f"{len(waits)} of {len(found.orders)} customers came a second time" in report.message
	assert report.figures["Days to the second order"] == f"{median(waits):.1f}".rstrip("0").rstrip(".")
	again = 100 * sum(len(own) > 1 for own in told) / len(told)
	assert report.total.second_rate == approx(again, abs=0.06)
	assert report.figures["Came a second time"] == f"{again:.0f} %"
	worth = found.earned(lambda who, *_rest: who in found.orders and found.orders[who] in told)
	assert report.total.each == approx(worth / len(told), abs=0.01)
	had = [own for own in told if own[0].day <= found.as_of - timedelta(days=90)]
	in_time = [own for own in had if len(own) > 1 and (own[1].day - own[0].day).days <= 90]
	assert report.total.rate_within == approx(100 * len(in_time) / len(had), abs=0.06)


def test_who_was_won_in_a_year_stands_beside_those_of_the_year_before(company):
	found = truth()
	early = min(own[0].day for own in found.orders.values()).replace(day=1)
	wanted = []
	for years_ago in (0, 1):
		first, end = (add_months(found.as_of.replace(day=1), -12 * (years_ago + each)) for each in (1, 0))
		first = max(first, add_months(early, 3))
		had = [
			own
			for own in found.orders.values()
			if first <= own[0].day < end and own[0].day <= found.as_of - timedelta(days=90)
		]
		came = [own for own in had if len(own) > 1 and (own[1].day - own[0].day).days <= 90]
		wanted.append(f"{round(100 * len(came) / len(had), 1 if 10 * len(came) < len(had) else 0):g} %")
	report = Report(COHORTS, company=company)
	label = "within 90 days, won in a year"
	assert report.figures[label] == wanted[0]
	assert f"last year: {wanted[1]}" in report.cards[label]


def test_the_running_month_is_hatched_and_the_first_ones_flagged(company):
	report = Report(COHORTS, company=company, cohorts="36 Months")
	assert report.picture.count("ccms-hatched") == sum(
		1
		for row in report.rows
		if months_between(row.cohort, month(getdate(nowdate()) - timedelta(days=1))) <= 12
	)
	assert sum(row.label.endswith("*") for row in report.rows) in (1, 2, 3)
	assert "first three months" in report.message


def test_a_branch_that_opened_later_has_no_first_months_of_the_data(company):
	"""Its first customers are new to everybody, not from before the data."""
	from ccms_app.behaviour import cohorts
	from ccms_app.behaviour.store import lake

	known = lake.open(company)
	later = known.orders.filter(known.orders.day >= add_months(known.as_of, -4))
	daily = known.daily.filter(known.daily.day >= add_months(known.as_of, -4))
	begin = min(own[0].day for own in truth().orders.values())
	assert not cohorts.retention(later, daily, known.as_of, begin).early.any()
	assert not cohorts.second_purchase(later, known.as_of, begin=begin).early.any()
	shown = Report(COHORTS, company=company, cohorts="36 Months", branch=shop.STATION)
	first = f"{add_months(begin.replace(day=1), 3):%Y-%m}"
	assert all(row.label.endswith("*") == (row.cohort < first) for row in shown.rows)


def test_revenue_and_value_by_month_since(company):
	found = truth()
	revenue = Report(COHORTS, company=company, measure="Revenue", cohorts="24 Months")
	value = Report(COHORTS, company=company, measure="Value So Far, Each", cohorts="24 Months")
	for row, worth in zip(revenue.rows, value.rows, strict=True):
		own = {who for who in found.orders if month(found.first(who)) == row.cohort}
		# what was sold and brought back before the first order that stands belongs to no cohort
		first = found.earned(
			lambda who, day, *_rest, own=own, row=row: (
				who in own and month(day) == row.cohort and day >= found.first(who)
			)
		)
		assert row.m0 == approx(first, abs=0.01)
		assert worth.m0 == approx(first / len(own), abs=0.01)
	assert revenue.total.m0 == approx(sum(row.m0 for row in revenue.rows))


def test_a_cell_leads_to_who_came_in_that_month(company):
	found = truth()
	for row in Report(COHORTS, company=company).rows[:4]:
		behind = Report(BEHIND, company=company, **row.behind["m1"])
		assert {one.customer for one in behind.rows} == {
			who
			for who, own in found.orders.items()
			if month(own[0].day) == row.cohort
			and any(months_between(row.cohort, month(order.day)) == 1 for order in own)
		}


@pytest.fixture
def at_home_elsewhere(company):
	"""Most customers mostly buy at the harbour, wherever they have bought."""
	score = frappe.qb.DocType("CCMS Customer Score")
	frappe.qb.update(score).set(score.home_branch, shop.HARBOUR).where(score.company == company).run()


@pytest.mark.usefixtures("at_home_elsewhere")
def test_a_cell_of_a_branch_leads_to_who_was_won_there(company):
	station = {"company": company, "branch": shop.STATION}
	rows = Report(COHORTS, **station, cohorts="36 Months").rows
	assert rows
	for row in rows[-4:]:
		assert len(Report(BEHIND, **station, **row.behind["customers"]).rows) == row.customers
		if row.get("m1"):
			behind = Report(BEHIND, **station, **row.behind["m1"]).rows
			assert len(behind) == approx(row.m1 * row.customers / 100, abs=0.01)


@pytest.mark.usefixtures("at_home_elsewhere")
def test_a_month_of_a_branch_leads_to_who_bought_there(company):
	found = truth()
	last = found.as_of - timedelta(days=1)
	for branch in (shop.STATION, None):
		chosen = {"company": company, **({"branch": branch} if branch else {})}
		report = Report(NEW, **chosen)
		for row in (report.rows[0], report.rows[-2], report.rows[-1]):
			assert len(Report(BEHIND, **chosen, **row.behind["new_customers"]).rows) == row.new_customers
			start, end = (getdate(day) for day in row.behind["orders"]["bought"].split(".."))
			assert end <= last
			there = {
				who
				for who, own in found.orders.items()
				for order in own
				if start <= order.day <= end
				and (not branch or max(order.amounts, key=lambda name: order.amounts[name]) == branch)
			}
			assert {one.customer for one in Report(BEHIND, **chosen, **row.behind["orders"]).rows} == there


# --- new against repeat --------------------------------------------------------------------------------------


def split(found, first, last, branch=None) -> dict:
	"""What a span of days brought, by hand."""
	sums = {"new": 0.0, "repeat": 0.0}
	for (who, day, where, _group), net in found.revenue.items():
		if first <= day <= last and (not branch or where == branch):
			sums["new" if who in found.orders and day == found.first(who) else "repeat"] += net
	orders = [
		(who, place, order)
		for who, own in found.orders.items()
		for place, order in enumerate(own)
		if first <= order.day <= last
		and (not branch or max(order.amounts, key=lambda name: order.amounts[name]) == branch)
	]
	return {
		"new_revenue": approx(sums["new"], abs=0.01),
		"repeat_revenue": approx(sums["repeat"], abs=0.01),
		"new_customers": sum(1 for _who, place, _order in orders if not place),
		"repeat_customers": len({who for who, place, _order in orders if place}),
		"orders": len(orders),
	}


@pytest.mark.parametrize("branch", [None, shop.STATION, shop.HARBOUR])
def test_new_and_repeat_month_by_month(company, branch):
	found = truth()
	last = found.as_of - timedelta(days=1)
	start = getdate(add_months(found.as_of, -12))
	report = Report(NEW, company=company, **({"branch": branch} if branch else {}))
	assert len(report.rows) in (12, 13)
	for row in report.rows:
		first = getdate(f"{row.month}-01")
		wanted = split(
			found, max(first, start), min(getdate(add_months(first, 1)) - timedelta(days=1), last), branch
		)
		assert {name: row[name] for name in wanted} == wanted, row.month
	wanted = split(found, start, last, branch)
	assert {name: report.total[name] for name in wanted} == wanted
	assert len(report.chart["data"]["labels"]) == len(report.rows)


def test_the_same_days_of_last_year_stand_beside(company):
	found = truth()
	start, last = (
		getdate(add_months(found.as_of, -24)),
		getdate(add_months(found.as_of, -12)) - timedelta(days=1),
	)
	wanted = split(found, start, last)
	report = Report(NEW, company=company)
	assert report.total.last_year == approx(
		wanted["new_revenue"].expected + wanted["repeat_revenue"].expected, abs=0.02
	)
	assert "last year" in report.cards["Revenue"] and "before" not in report.cards["Revenue"]
	days = Report(NEW, company=company, period="Last 30 Days")
	assert "before" in days.cards["Revenue"] and "last year" in days.cards["Revenue"]


def test_days_that_were_chosen(company):
	found = truth()
	first, last = found.as_of - timedelta(days=200), found.as_of - timedelta(days=100)
	report = Report(NEW, company=company, period="Choose Dates", from_date=first, to_date=last)
	wanted = split(found, first, last)
	assert {name: report.total[name] for name in wanted} == wanted
	behind = Report(BEHIND, company=company, **report.rows[1].behind["orders"])
	inside = {
		who
		for who, own in found.orders.items()
		if any(month(order.day) == report.rows[1].month for order in own)
	}
	assert {row.customer for row in behind.rows} == inside


def test_days_without_sales_say_so(company):
	report = Report(NEW, company=company, period="Choose Dates", from_date="2015-01-01", to_date="2015-02-01")
	assert report.rows == [] and report.chart is None and "Nothing was sold" in report.message
