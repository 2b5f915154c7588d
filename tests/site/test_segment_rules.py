"""Every field and every operator against a second reading of the rules, one customer at a time."""

import random

import frappe
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.segments import rules as rules_of
from ccms_app.segments.rules import ALL, ANY, Rule, RuleSet
from ccms_app.segments.store import registry, segments
from ccms_app.segments.store.evaluate import Evaluator, universe
from tests.site import segment_world, shop

VALUES = {
	"customer.customer_group": ("All Customer Groups", shop.GUESTS, shop.REGULARS),
	"customer.territory": (shop.NORTH, shop.SOUTH, "All Territories"),
	"customer.language": ("en", "zh"),
	"customer.gender": ("Female", "Male"),
	"customer.customer_type": ("Company", "Individual"),
	"customer.ccms_preferred_channel": ("WeChat", "Post"),
	"profile.stage": segment_world.STAGES,
	"score.rfm_group": ("Champions", "Loyal", "Lost"),
	"score.value_band": ("A", "B"),
	"score.cluster": ("Big baskets", "Old"),
	"score.churn_level": ("Low", "High"),
	"score.peak_month": ("1", "12"),
	"score.favourite_group": (shop.TEAS, shop.POTS, "All Item Groups"),
	"score.home_branch": (shop.STATION, shop.HARBOUR),
	"membership.tier": segment_world.TIERS,
	"membership.status": ("Active", "Frozen", "Left"),
	"membership.program": ("P One", "P Two"),
	"tag.tag": segment_world.TAGS,
	"purchase.item": tuple(shop.ITEMS),
	"purchase.item_group": (shop.TEAS, shop.POTS, shop.SNACKS, "All Item Groups"),
	"purchase.brand": (shop.WOOD,),
	"purchase.branch": (shop.STATION, shop.HARBOUR),
}
TEXTS = ("a_b", "100%", "x.cn", "\\", "A", "138", "O'N", "back\\s", "%", "a_b@x.cn")
NUMBERS = {
	"share": (0, 25, 29, 50, 100, -50),
	"money": (0, 99.99, 100, 1000, 2500),
	"number": (0, 1, 3, 5, 120.5),
}


def draw_rule(chance: random.Random, fields, key: str, operator) -> Rule:
	return Rule(
		key,
		operator.code,
		draw_value(chance, fields[key], operator.takes),
		chance.choice((0, 0, 1, 2)),
		chance.choice(("", "", "P One")) if key.startswith("membership.") else "",
	)


def draw_value(chance: random.Random, field, takes: str):
	day = lambda: str(add_days(nowdate(), chance.choice((-720, -60, -30, -5, 0, 1, 30))))  # noqa: E731
	if takes == "many":
		names = VALUES[field.key]
		return chance.sample(names, chance.randint(1, len(names)))
	if takes == "one":
		return chance.choice(TEXTS)
	if takes in ("number", "two_numbers"):
		numbers = sorted(chance.sample(NUMBERS[field.type], 2))
		return numbers if takes == "two_numbers" else numbers[0]
	if takes == "days":
		return chance.choice((0, 1, 30, 60, 364, 365, 700))
	if takes == "date":
		return day()
	if takes == "two_dates":
		return sorted((day(), day()))
	if takes == "purchase":
		value = {
			"measure": chance.choice(("orders", "quantity", "amount")),
			"n": chance.choice((1, 2, 3, 10, 300)),
		}
		if field.column != "any":
			value["of"] = draw_value(chance, field, "many")
		window = chance.choice(("days", "dates", "open", "ever"))
		if window == "days":
			value["days"] = chance.choice((0, 3, 30, 90, 365))
		elif window != "ever":
			value |= dict(zip(("from", "to"), sorted((day(), day())), strict=True))
			if window == "open":
				value.pop(chance.choice(("from", "to")))
		return value
	return None


ASKED = (
	*(f"profile.{name}" for name in ("stage", "last_order", "first_order", "orders", "revenue", "stage_since")),
	*(
		f"score.{name}"
		for name in (
			"rfm_group", "r", "value_band", "cluster", "churn_probability", "churn_level", "revenue_365", "high_value",
			"peak_month", "trend_revenue", "next_purchase_on", "favourite_group", "home_branch",
		)
	),
	*(
		f"customer.{name}"
		for name in (
			"customer_group", "territory", "language", "gender", "customer_name", "email_id", "mobile_no", "creation",
			"is_frozen", "customer_type", "ccms_birth_date", "ccms_home_place", "ccms_preferred_channel",
		)
	),
	*(f"membership.{name}" for name in ("program", "tier", "points_active", "status", "joined_on")),
	*(f"purchase.{name}" for name in ("any", "item", "item_group", "brand", "branch")),
	"tag.tag",
)  # fmt: skip


@pytest.fixture
def shop_people():
	shop.open_shop()
	return segment_world.people()


def asked(rules: RuleSet, evaluator: Evaluator, everybody) -> set[str]:
	return set(evaluator.every.pick(evaluator.rules(rules))) & set(everybody)


@pytest.mark.parametrize("customers", ["all", "few"])
def test_each_operator_of_each_field(shop_people, customers):
	chance = random.Random(3)
	fields, lines = registry.fields(), segment_world.sold_lines()
	some = shop_people if customers == "all" else dict(list(shop_people.items())[::4])
	evaluator = Evaluator(
		shop.COMPANY, universe(shop.COMPANY, None if customers == "all" else list(some)), fields
	)
	found_some = found_all = 0
	for key in ASKED:
		for operator in fields[key].operators:
			for _ in range(4 if customers == "all" else 1):
				rules = RuleSet(ALL, (draw_rule(chance, fields, key, operator),))
				assert not rules_of.check(rules, fields), rules
				expected = segment_world.chosen(rules, some, fields, lines)
				assert asked(rules, evaluator, some) == expected, rules
				found_some += bool(expected)
				found_all += len(expected) == len(some)
	assert found_some > 150 or customers == "few", "the draws choose too few customers to prove anything"
	assert found_all < found_some / 3


@pytest.mark.parametrize("seed", range(6))
def test_random_rules_with_brackets(shop_people, seed):
	chance = random.Random(seed)
	fields, lines = registry.fields(), segment_world.sold_lines()
	evaluator = Evaluator(shop.COMPANY, universe(shop.COMPANY), fields)
	for _ in range(60):
		drawn = []
		for _ in range(chance.randint(1, 5)):
			key = chance.choice(ASKED)
			drawn.append(draw_rule(chance, fields, key, chance.choice(fields[key].operators)))
		rules = RuleSet(chance.choice((ALL, ANY)), tuple(drawn))
		assert asked(rules, evaluator, shop_people) == segment_world.chosen(
			rules, shop_people, fields, lines
		), rules


def test_no_rules_choose_nobody(shop_people):
	evaluator = Evaluator(shop.COMPANY, universe(shop.COMPANY))
	assert not asked(RuleSet(), evaluator, shop_people)


def test_every_field_is_asked_by_these_tests_or_like_one_of_them():
	fields = registry.fields()
	asked_kinds = {(fields[key].source, fields[key].type) for key in ASKED}
	own = {field.key for field in fields.values() if field.key.startswith("customer.")}
	for field in fields.values():
		if field.source != "segment" and field.key not in own:
			kinds = {kind for _source, kind in asked_kinds}
			assert (field.source, field.type) in asked_kinds or field.type in kinds, field.key


def test_a_rule_that_names_what_is_gone(shop_people):
	fields = registry.fields()
	rules = RuleSet(ALL, (Rule("customer.territory", "in", [shop.NORTH, "Atlantis"]),))
	(found,) = segments.problems(rules, fields)
	assert found.gone and found.row == 1 and "Atlantis" in str(found)
	assert not segments.problems(RuleSet(ALL, (Rule("customer.territory", "in", [shop.NORTH]),)), fields)


def test_a_hostile_value_is_only_a_value(shop_people):
	fields = registry.fields()
	evaluator = Evaluator(shop.COMPANY, universe(shop.COMPANY), fields)
	for text in ("' or '1'='1", '"; drop table `tabCustomer`; --', "%(x)s", "%s", "{0}", "\x1f"):
		rules = RuleSet(ALL, (Rule("customer.customer_name", "is", text),))
		assert not asked(rules, evaluator, shop_people)
	assert frappe.db.count("Customer") >= len(shop_people)
