"""Rules about purchases on published facts: Parquet up to the night, invoices since."""

import random

import frappe
import pytest
from frappe.utils import getdate, nowdate

from ccms_app.behaviour.store import lake
from ccms_app.scoring.store import pipeline, runs
from ccms_app.segments.rules import ALL, RuleSet
from ccms_app.segments.store import registry
from ccms_app.segments.store.evaluate import Evaluator, universe
from tests.site import factories, segment_world, shop
from tests.site.test_segment_rules import draw_rule

WHAT = ("any", "item", "item_group", "brand", "branch")


@pytest.mark.commits
def test_published_facts_and_the_days_since_are_one_history():
	shop.open_shop()
	name = runs.new(shop.COMPANY)
	frappe.db.commit()
	assert pipeline.run(name), frappe.db.get_value(runs.DOCTYPE, name, "message")
	assert lake.open(shop.COMPANY).as_of == getdate(nowdate())
	sold = frappe.get_all(
		"Sales Invoice",
		filters={"company": shop.COMPANY, "docstatus": 1, "is_return": 0},
		pluck="name",
		limit=3,
	)
	# today: a sale, and a return of something that is in the files
	customer = frappe.db.get_value("Sales Invoice", sold[0], "customer")
	factories.make_sales_invoice(
		customer,
		company=shop.COMPANY,
		items=[{"item_code": "CCMS Gaiwan", "qty": 7, "rate": 50, "cost_center": shop.HARBOUR}],
	)
	everybody = {
		name: segment_world.Person(name)
		for name in frappe.get_all(
			"Sales Invoice", filters={"company": shop.COMPANY}, pluck="customer", distinct=True
		)
	}
	fields, lines = registry.fields(), segment_world.sold_lines()
	evaluator = Evaluator(shop.COMPANY, universe(shop.COMPANY), fields)
	chance, some = random.Random(5), 0
	for number in range(120):
		key = f"purchase.{WHAT[number % len(WHAT)]}"
		rules = RuleSet(ALL, (draw_rule(chance, fields, key, chance.choice(fields[key].operators)),))
		eligible = set(evaluator.every.pick(evaluator.every.eligible))
		expected = segment_world.chosen(rules, everybody, fields, lines) & eligible
		found = set(evaluator.every.pick(evaluator.rules(rules))) & set(everybody)
		assert found == expected, rules
		some += 0 < len(expected) < len(everybody)
	assert some > 60
	assert evaluator._lines._engine is not None, "the published files were read"
	frappe.db.rollback()
