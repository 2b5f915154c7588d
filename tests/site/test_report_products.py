"""Product Preference and Co-purchase: what is liked and bought together, counted by hand."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import combinations

import pytest
from frappe.utils import add_months, getdate
from pytest import approx

from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_sold import bought
from tests.site.shop_truth import truth

NAME, BEHIND = "Product Preference and Co-purchase", "Customers Behind"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def lines_since(since) -> list:
	return [line for line in bought() if line.day >= since]


@pytest.mark.parametrize(("show", "by"), [("Item Groups", "group"), ("Items", "item"), ("Brands", "brand")])
def test_customers_of_each_thing(company, show, by):
	since = getdate(add_months(truth().as_of, -12))
	buyers, days = defaultdict(Counter), defaultdict(set)
	for line in lines_since(since):
		if getattr(line, by):
			days[getattr(line, by)].add((line.customer, line.day))
	for thing, visits in days.items():
		for customer, _day in visits:
			buyers[thing][customer] += 1
	everybody = len({line.customer for line in lines_since(since)})
	report = Report(NAME, company=company, show=show)
	assert {row.thing for row in report.rows} == set(buyers)
	for row in report.rows:
		own = buyers[row.thing]
		assert row.customers == len(own) and row.orders == sum(own.values())
		assert row.repeat_customers == sum(1 for number in own.values() if number > 1)
		assert row.customer_share == approx(100 * len(own) / everybody, abs=0.06)
	assert report.column("customers") == sorted(report.column("customers"), reverse=True)
	first = report.rows[0]
	behind = Report(BEHIND, company=company, **first.behind["customers"])
	assert set(behind.column("customer")) == set(buyers[first.thing])


def test_pairs_are_those_of_the_same_day(company):
	since = truth().as_of - timedelta(days=365)
	baskets = defaultdict(set)
	for line in lines_since(since):
		baskets[line.customer, line.day].add(line.item)
	held = Counter(item for basket in baskets.values() for item in basket)
	both = Counter(pair for basket in baskets.values() for pair in combinations(sorted(basket), 2))
	wanted = {
		pair: number
		for pair, number in both.items()
		if number >= 10 and all(held[item] >= 20 for item in pair)
	}
	report = Report(NAME, company=company, show="Items Bought Together")
	assert {tuple(sorted((row.first_thing, row.second_thing))) for row in report.rows} == set(wanted)
	for row in report.rows:
		support = wanted[tuple(sorted((row.first_thing, row.second_thing)))]
		assert row.support == support and row.orders_first == held[row.first_thing]
		assert row.confidence == approx(100 * support / held[row.first_thing], abs=0.06)
		assert row.lift == approx(
			support * len(baskets) / held[row.first_thing] / held[row.second_thing], rel=1e-6
		)
	assert report.column("lift") == sorted(report.column("lift"), reverse=True)


def test_an_offer_goes_to_who_has_only_the_first(company):
	since = truth().as_of - timedelta(days=365)
	row = Report(NAME, company=company, show="Items Bought Together").rows[0]
	had = {line.customer for line in bought() if line.item == row.second_thing}
	first = {line.customer for line in lines_since(since) if line.item == row.first_thing}
	behind = Report(BEHIND, company=company, **row.behind["offer"])
	assert set(behind.column("customer")) == first - had


def test_a_part_of_the_customers_has_its_own_pairs(company):
	whole = Report(NAME, company=company, show="Items Bought Together")
	part = Report(NAME, company=company, show="Items Bought Together", customer_group=shop.REGULARS)
	assert part.rows and sum(part.column("support")) < sum(whole.column("support"))


def test_nothing_sold_says_so(company):
	report = Report(
		NAME, company=company, period="Choose Dates", from_date="2015-01-01", to_date="2015-12-31"
	)
	assert "Nothing was sold" in report.message and not report.rows and not report.chart
