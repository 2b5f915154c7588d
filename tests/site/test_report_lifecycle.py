"""Lifecycle Funnel: stages counted by hand on two days, and the movements that were written down."""

from collections import Counter
from datetime import timedelta

import frappe
import pytest
from frappe.utils import add_months, getdate, nowdate
from pytest import approx

from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import stages, truth

NAME, BEHIND = "Lifecycle Funnel", "Customers Behind"
AWAY = ("At Risk", "Lost")


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def test_stages_are_those_counted_by_hand(company):
	found = truth()
	today = getdate(nowdate())
	now, before = stages(found, today), stages(found, today - timedelta(days=30))
	report = Report(NAME, company=company)
	for row in report.rows:
		assert row.customers == Counter(now.values())[row.stage]
		assert row.before == Counter(before.values())[row.stage]
	assert report.total.customers == len(found.orders)
	assert report.total.year_ago == len(stages(found, getdate(add_months(today, -12))))


def test_movements_and_who_came_back(company):
	found = truth()
	today = getdate(nowdate())
	now, before = stages(found, today), stages(found, today - timedelta(days=90))
	moved = Counter(
		(before.get(who, "Prospect"), stage)
		for who, stage in now.items()
		if before.get(who, "Prospect") != stage
	)
	report = Report(NAME, company=company, period="Last 90 Days")
	for row in report.rows:
		assert row.came == sum(number for (_from, to), number in moved.items() if to == row.stage)
		assert row.went == sum(number for (start, _to), number in moved.items() if start == row.stage)
	away = [who for who, stage in before.items() if stage in AWAY]
	came = [who for who in away if found.orders[who][-1].day >= today - timedelta(days=90)]
	assert f"{len(came)} of {len(away)} who were away came back" in report.message


def test_a_stage_leads_to_its_customers(company):
	for row in Report(NAME, company=company).rows:
		if row.customers:
			behind = Report(BEHIND, company=company, stage=row.stage)
			assert len(behind.rows) == row.customers
			assert row.revenue == approx(sum(one.revenue_365 for one in behind.rows))


def write_history(company: str, days: int, *changes: tuple) -> None:
	"""As if scoring had begun so many days ago; changes: (customer, from, to, days ago, won back)."""
	frappe.get_doc(
		{
			"doctype": "CCMS Score Run",
			"company": company,
			"status": "Completed",
			"data_cut": getdate(nowdate()) - timedelta(days=days),
		}
	).db_insert()
	for customer, start, end, ago, won in changes:
		doc = frappe.new_doc("CCMS Stage Change")
		doc.update(
			{
				"customer": customer,
				"company": company,
				"from_stage": start,
				"to_stage": end,
				"changed_on": getdate(nowdate()) - timedelta(days=ago),
				"data_cut": getdate(nowdate()) - timedelta(days=ago),
				"is_won_back": won,
				"cause": "Order" if won else "Time",
			}
		)
		doc.flags.from_store = True
		doc.insert(ignore_permissions=True)


def test_what_was_written_down_counts(company):
	plain = {row.stage: row.customers for row in Report(NAME, company=company).rows}
	one, two, three = list(truth().orders)[:3]
	write_history(
		company,
		50,
		(one, "At Risk", "Loyal", 10, 1),
		(two, "Loyal", "At Risk", 20, 0),
		(three, "Lost", "Loyal", 45, 1),
	)
	report = Report(NAME, company=company, period="Last 30 Days")
	rows = {row.stage: row for row in report.rows}
	assert "told from the orders" not in report.message
	assert rows["Loyal"].before == plain["Loyal"] and rows["At Risk"].before == plain["At Risk"]
	assert (rows["Loyal"].came, rows["Loyal"].went) == (1, 1)
	away = plain["At Risk"] + plain["Lost"] + 1  # at the start, and one who went away since
	assert f"1 of {away} who were away came back" in report.message
	assert "At+Risk+%3E+Loyal" in report.picture
	behind = Report(BEHIND, company=company, **rows["Loyal"].behind["came"])
	assert [row.customer for row in behind.rows] == [one]
	won = Report(BEHIND, company=company, moved="won back")
	assert {row.customer for row in won.rows} == {one, three}


def test_what_happened_today_is_not_in_the_scores_yet(company):
	one = next(iter(truth().orders))
	plain = {row.stage: row.before for row in Report(NAME, company=company).rows}
	write_history(company, 50, (one, "At Risk", "Loyal", -1, 1))
	rows = {row.stage: row for row in Report(NAME, company=company).rows}
	assert rows["Loyal"].came == 0 and rows["Loyal"].before == rows["Loyal"].customers
	assert plain.keys() == rows.keys()


def test_only_customers_in_scope_move(company):
	found = truth()
	regular = next(who for who, group in found.group.items() if group == shop.REGULARS)
	write_history(company, 50, (regular, "At Risk", "Loyal", 10, 1))
	tourists = Report(NAME, company=company, customer_group=shop.TOURISTS)
	assert all(not row.came and not row.went for row in tourists.rows)
	assert Report(NAME, company=company, customer_group=shop.REGULARS).only(stage="Loyal")[0].came == 1
