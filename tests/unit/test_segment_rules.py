"""Rules by themselves: brackets, what is refused and how it is said, renames, circles, order, sentences, purchases."""

from datetime import date

import pytest

from ccms_app.segments import operators, ready_made, rules, wording
from ccms_app.segments.fields import FIELDS, PERSONAL, SOURCES
from ccms_app.segments.purchases import Bought, question
from ccms_app.segments.rules import ALL, ANY, Rule, RuleSet, check, circle, levels, parse, renamed

STAGE = Rule("profile.stage", "in", ["Lost"])


def problems(*rows: Rule) -> list[str]:
	return [f"{found.row}: {found}" for found in check(RuleSet(ALL, rows), FIELDS)]


def test_every_field_has_a_known_source_type_and_operators():
	for key, field in FIELDS.items():
		assert key == field.key and field.source in SOURCES
		assert field.type in operators.TYPES and field.operators
		codes = [operator.code for operator in field.operators]
		assert len(set(codes)) == len(codes)


def test_what_names_a_person_is_marked_so():
	for column in ("customer_name", "email_id", "mobile_no", "gender"):
		assert FIELDS[f"customer.{column}"].sensitivity == PERSONAL


def test_rows_stand_alone_or_in_brackets():
	found = parse(
		"Any",
		[
			{"field": "a", "operator": "x", "value": "[1, 2]", "group_no": 0, "scope": None},
			{"field": "b", "operator": "x", "value": "", "group_no": 2},
			{"field": "c", "operator": "x", "value": "not json", "group_no": 0},
			{"field": "d", "operator": "x", "value": '{"n": 1}', "group_no": 2},
		],
	)
	assert found.match == ANY
	assert [[rule.field for rule in bracket] for bracket in found.brackets()] == [["a"], ["b", "d"], ["c"]]
	assert [rule.value for rule in found.rules] == [[1, 2], None, "not json", {"n": 1}]


@pytest.mark.parametrize(
	("rule", "words"),
	[
		(Rule("", ""), "Choose a field."),
		(Rule("customer.gone", "in", ["x"]), "The field customer.gone is no longer there."),
		(Rule("profile.stage", "", ["x"]), "Choose how Stage is compared."),
		(Rule("profile.stage", "more", 3), "Stage cannot be compared by more."),
		(Rule("profile.stage", "in", []), "Stage: choose at least one value."),
		(Rule("profile.stage", "in", "Lost"), "Stage: choose at least one value."),
		(Rule("profile.stage", "in", [1]), "Stage: choose at least one value."),
		(Rule("profile.orders", "more", "3"), "Orders: write a number."),
		(Rule("profile.orders", "more", True), "Orders: write a number."),
		(Rule("profile.orders", "more", float("inf")), "Orders: write a number."),
		(Rule("profile.orders", "more", float("nan")), "Orders: write a number."),
		(Rule("profile.orders", "between", [3]), "Orders: write two numbers."),
		(Rule("profile.orders", "between", [3, 1]), "Orders: the first number is greater than the second."),
		(
			Rule("profile.last_order", "days_ago_more", 1.5),
			"Last order: write a number of days between 0 and 36500.",
		),
		(
			Rule("profile.last_order", "days_ago_more", 40000),
			"Last order: write a number of days between 0 and 36500.",
		),
		(Rule("profile.last_order", "on", "2026-02-30"), "Last order: choose a date."),
		(Rule("profile.last_order", "between_dates", ["2026-01-01"]), "Last order: choose two dates."),
		(Rule("customer.email_id", "contains", " "), "Email: write what to compare with."),
		(Rule("purchase.any", "bought", None), "Purchases: say what was bought."),
		(Rule("purchase.item", "bought", {"of": []}), "Purchases of items: choose at least one value."),
		(
			Rule("purchase.any", "bought", {"measure": "kilos"}),
			"Purchases: count orders, quantity or amount.",
		),
		(Rule("purchase.any", "bought", {"n": 0}), "Purchases: write a number above 0."),
		(
			Rule("purchase.any", "bought", {"days": -1}),
			"Purchases: write a number of days between 0 and 36500.",
		),
		(Rule("purchase.any", "bought", {"from": "x"}), "Purchases: choose two dates."),
		(
			Rule("purchase.any", "bought", {"from": "2026-02-01", "to": "2026-01-01"}),
			"Purchases: the first date is after the second.",
		),
		(Rule("profile.stage", "in", ["Lost"], 0, "Program"), "Stage belongs to no loyalty program."),
	],
)
def test_what_cannot_stand_is_said_with_its_row(rule, words):
	assert problems(STAGE, rule) == [f"2: {words}"]


@pytest.mark.parametrize(
	"rule",
	[
		Rule("profile.last_order", "empty", "whatever was left here"),
		Rule("profile.orders", "between", [1, 1]),
		Rule("score.trend_revenue", "less", -50),
		Rule("purchase.any", "not_bought", {}),
		Rule("purchase.any", "bought", {"to": "2026-01-01"}),
		Rule("membership.tier", "in", ["Gold"], 0, "Program"),
	],
)
def test_what_can_stand(rule):
	assert not problems(rule)


def test_only_a_field_that_is_gone_makes_a_segment_invalid():
	gone = check(RuleSet(ALL, (Rule("customer.gone", "in", ["x"]), Rule("profile.stage", "in", []))), FIELDS)
	assert [found.gone for found in gone] == [True, False]


def test_a_hundred_rules_are_enough():
	assert problems(*[STAGE] * 100) == []
	assert problems(*[STAGE] * 101) == ["0: A segment has at most 100 rules."]


def test_renaming_reaches_every_place_a_name_stands_in():
	before = RuleSet(
		ALL,
		(
			Rule("customer.territory", "under", ["North", "South"]),
			Rule("purchase.item_group", "bought", {"of": ["North"], "n": 1}),
			Rule("customer.customer_name", "is", "North"),
			Rule("membership.tier", "in", ["North"], 0, "North"),
		),
	)
	territory = renamed(before, FIELDS, "Territory", "North", "South")
	assert [rule.value for rule in territory.rules] == [
		["South"],
		{"of": ["North"], "n": 1},
		"North",
		["North"],
	]
	group = renamed(before, FIELDS, "Item Group", "North", "Up")
	assert group.rules[1].value == {"of": ["Up"], "n": 1} and group.rules[0] == before.rules[0]
	program = renamed(before, FIELDS, "CCMS Loyalty Program", "North", "Up")
	assert program.rules[3].scope == "Up" and program.rules[3].value == ["North"]
	assert renamed(before, FIELDS, "Brand", "North", "Up") == before


def test_circles_are_found_with_their_way():
	names = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": set()}
	assert circle(names, "a") == ["a", "b", "c", "a"]
	assert circle(names, "d") == []
	assert circle({"a": {"a"}}, "a") == ["a", "a"]
	assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}, "a") == [], "a circle further on is not this one's"


def test_segments_come_after_those_they_build_on():
	assert levels({"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": {"gone"}}) == [["c", "d"], ["b"], ["a"]]
	assert [one for level in levels({"a": {"b"}, "b": {"a"}, "c": {"a"}}) for one in level] == ["a", "b", "c"]


def test_sentences_have_a_place_for_every_value():
	values = {
		"nothing": None,
		"one": "x",
		"many": ["x", "y"],
		"number": 1,
		"two_numbers": [1, 2],
		"days": 3,
		"date": "2026-01-01",
		"two_dates": ["2026-01-01", "2026-01-02"],
		"purchase": {"of": ["x"], "n": 2, "measure": "amount", "days": 30},
	}
	for field in FIELDS.values():
		for operator in field.operators:
			rule = Rule(field.key, operator.code, values[operator.takes])
			assert not problems(rule), rule
			for part in wording.phrases(rule, field):
				assert part.words.count("{") == len(part.values), part
	words = wording.phrases(Rule("purchase.item", "bought", values["purchase"]), FIELDS["purchase.item"])
	assert [part.words for part in words] == [
		"Purchases of items",
		"bought",
		"for at least {0}",
		"{0}",
		"in the last {0} days",
	]


def test_the_question_behind_a_purchase():
	today = date(2026, 3, 10)
	assert question("item", "bought", {"n": 3, "measure": "quantity", "days": 0}, ("a",), today) == Bought(
		"item", ("a",), "quantity", 3, today, None
	)
	assert question(
		"any", "not_bought", {"n": 9, "measure": "amount", "to": "2026-01-01"}, (), today
	) == Bought("any", (), "orders", 1, None, date(2026, 1, 1))


def test_ready_made_segments_can_stand():
	made = [*ready_made.possible(FIELDS, None), ready_made.birthday("customer.creation")]
	assert len(made) == len(ready_made.READY_MADE) + 1
	for one in made:
		assert not check(RuleSet(one.match, one.rules), FIELDS), one.code
	assert len({one.code for one in made}) == len(made) == len({one.title for one in made})
	some = [key for key in FIELDS if not key.startswith("score.")]
	assert {one.code for one in ready_made.possible(some, None)} == {"new", "one_time", "lost", "prospects"}


def test_a_birthday_is_known_by_its_name():
	assert ready_made.looks_like_birthday("customer.custom_date_of_birth", "Date")
	assert ready_made.looks_like_birthday("customer.x", "客户生日")
	assert not ready_made.looks_like_birthday("customer.joined_on", "Joined On")


def test_rules_know_which_segments_they_build_on():
	rows = (
		Rule("segment.member", "member", ["S1", "S2"]),
		Rule("segment.member", "not_member", ["S3"]),
		STAGE,
	)
	assert rules.segments_named(RuleSet(ALL, rows)) == {"S1", "S2", "S3"}
