"""Customer Value: the bridge adds up, the bands hold whom they should, the best are as good as counted by hand."""

import math
from datetime import timedelta

import frappe
import pytest
from pytest import approx

from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import truth

NAME, BEHIND = "Customer Value", "Customers Behind"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def test_bands_by_net_revenue_of_a_year(company):
	found = truth()
	year = {who: found.year(who) for who in found.orders}
	report = Report(NAME, company=company)
	assert [row.value_band for row in report.rows] == ["A", "B", "C", "D", None]
	since = found.as_of - timedelta(days=365)
	active = [who for who, own in found.orders.items() if own[-1].day >= since]
	assert report.rows[-1].customers == len(year) - len(active)
	assert report.total.year == approx(sum(year.values()), abs=0.01)
	assert report.total.customers == len(year) and report.total.year_share == approx(100)
	ranked = sorted(year.values(), reverse=True)
	top = math.ceil(0.05 * len(active))
	assert report.rows[0].customers == top
	assert report.rows[0].year == approx(sum(ranked[:top]), abs=0.01)
	for row in report.rows[:-1]:
		behind = Report(BEHIND, company=company, **row.behind["customers"])
		assert len(behind.rows) == row.customers
		assert sum(year[one.customer] for one in behind.rows) == approx(row.year, abs=0.01)
		orders = sum(one.orders_365 for one in behind.rows)
		assert row.orders == orders
		assert row.per_order == approx(row.year / orders) and row.frequency == approx(orders / row.customers)
		assert row.per_customer == approx(row.year / row.customers)


def test_the_year_before_stands_beside(company):
	found = truth()
	end = found.as_of - timedelta(days=365)
	start = end - timedelta(days=365)
	revenue = found.earned(lambda _who, day, *_: start <= day < end)
	orders = [order for own in found.orders.values() for order in own if start <= order.day < end]
	known = [who for who in found.orders if found.first(who) < end]
	cards = Report(NAME, company=company).cards
	assert f"last year: {len(known)}<" in cards["Customers"]
	for label, of in (("Revenue of a year, each", known), ("Mean order", orders)):
		shown = frappe.utils.fmt_money(
			revenue / len(of), precision=0 if revenue / len(of) >= 1000 else None, currency="CNY"
		)
		assert f"last year: {shown}" in cards[label], label
	part = Report(NAME, company=company, customer_group=shop.REGULARS)
	assert f"last year: {len(known)}<" not in part.cards["Customers"]


def test_concentration(company):
	found = truth()
	year = sorted((net for who in found.orders if (net := found.year(who)) > 0), reverse=True)
	best = year[: math.ceil(len(year) / 10)]
	report = Report(NAME, company=company)
	share = 100 * sum(best) / sum(year)
	assert f"bring {share:.0f} % of the revenue" in report.message
	curve = report.chart["data"]["datasets"][0]["values"]
	assert curve[0] == 0 and curve[-1] == 100 and curve == sorted(curve)
	assert curve[2] == approx(share, abs=0.06)


def test_the_bridge_adds_up(company):
	score = frappe.qb.DocType("CCMS Customer Score")
	frappe.qb.update(score).set(score.points_cost, 12).set(score.service_cost, 5).set(
		score.historic_value, score.historic_value - 17
	).where(score.company == company).run()
	report = Report(NAME, company=company)
	bridge, _found, _rest = report.picture.partition("</section>")
	amounts = [
		float(
			part.partition("</td>")[0].rpartition(">")[2].replace("CNY", "").replace("¥", "").replace(",", "")
		)
		for part in bridge.split('aria-hidden="true"')[1:]
		for part in [part.partition("</td><td>")[2]]
	]
	assert len(amounts) >= 4 and sum(amounts[:-1]) == approx(amounts[-1], abs=2)
	assert "Points redeemed" in bridge and "Acquisition" not in bridge


def test_the_discounts_are_those_of_a_year(company):
	score = frappe.qb.DocType("CCMS Customer Score")
	frappe.qb.update(score).set(score.discounts, 0).where(score.company == company).run()
	frappe.db.set_value("CCMS Customer Score", {"company": company}, "discounts", 4321)
	assert "Discounts (of the last 365 days:" in Report(NAME, company=company).picture


def test_unknown_costs_are_named(company):
	score = frappe.qb.DocType("CCMS Customer Score")
	frappe.qb.update(score).set(score.missing_costs, "service, goods").where(score.company == company).run()
	report = Report(NAME, company=company)
	assert "Goods, Service" in report.message
