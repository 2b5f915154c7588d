"""The rules of data quality on made customers: what each finds, what it leaves alone, and that nothing breaks it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.quality import domains, names, parameters
from ccms_app.quality.check import MOST_OF_A_RULE, check, score
from ccms_app.quality.record import Namesake, Place, Record, Text
from ccms_app.quality.rules import KINDS, SHORT, Rule, months_before

TODAY = date(2026, 11, 22)
HOSTILE = [
	"\0",
	"a\0b@example.com",
	"\u202e\u200fמשה",
	"x" * 100_000,
	"",
	"   ",
	"=cmd|'/c calc'!A1",
	"<script>",
	"１２３",
]


def text(value: str, fieldname: str = "email_id", region: str = "CN") -> Text:
	return Text(value, Place("Contact", "C1", fieldname, "", value[:20]), "Contact", region)


def found(kind: str, record: Record, **parameters) -> list:
	return [one.found for one in check(record, [Rule(kind, kind, 10, parameters)], TODAY)]


@pytest.mark.parametrize(("number", "bad"), [("13800138000", False), ("+49 30 901820", False), ("123", True), ("call Wang", True), ("13800138000 / 13900139000", False)])  # fmt: skip
def test_phones(number, bad):
	assert bool(found("Phone Invalid", Record("A", phones=[text(number)]))) is bad


def test_an_invalid_mail_address_is_repaired_where_it_can_be():
	(one,) = found("E-mail Invalid", Record("A", emails=[text("fang @163,com")]))
	assert one.suggestion == "fang@163.com"
	(one,) = found("E-mail Invalid", Record("A", emails=[text("nobody")]))
	assert one.suggestion == ""
	assert not found("E-mail Invalid", Record("A", emails=[text("fang@163.com")]))


@pytest.mark.parametrize(("domain", "meant"), [("gmial.com", "gmail.com"), ("gmail.con", "gmail.com"), ("hotmal.com", "hotmail.com"), ("gmail.com", ""), ("mail.com", ""), ("162.com", ""), ("acme.com", ""), ("yahoo.ca", ""), ("ggmail.com", "gmail.com"), ("qq.con", "qq.com"), ("qq.cm", "qq.com"), ("163.con", "163.com"), ("163.om", "163.com"), ("126.cpm", "126.com"), ("foxmial.com", "foxmail.com"), ("sian.com", "sina.com"), ("qq.com", ""), ("163.com", ""), ("126.com", ""), ("vip.163.com", ""), ("188.com", ""), ("136.com", ""), ("张三.com", "")])  # fmt: skip
def test_mail_domains(domain, meant):
	assert domains.suggestion(domain) == meant


def test_a_mistyped_domain_comes_with_the_address_that_was_meant():
	(one,) = found("Mail Domain Mistyped", Record("A", emails=[text("Fang.Wang@gmial.com")]))
	assert one.suggestion == "fang.wang@gmail.com"
	assert one.values["meant"] == "gmail.com"
	own = Record("A", emails=[text("a@our-shpo.com")])
	assert not found("Mail Domain Mistyped", own)
	assert (
		found("Mail Domain Mistyped", own, domains=["our-shop.com", 7, None])[0].suggestion
		== "a@our-shop.com"
	)


@pytest.mark.parametrize(("name", "bad"), [("Test", True), ("test 12", True), ("asdfgh", True), ("测试", True), ("Tester Müller", False), ("Testarossa", False), ("王芳", False), ("张三", True), ("張三", True), ("李四", True), ("王五 2", True), ("Zhang San", True), ("测试客户", True), ("无名氏", True), ("散客", True), ("ｔｅｓｔ", True), ("张三丰", False), ("李四光", False), ("张思德", False), ("无锡茶行", False), ("客户服务公司", False)])  # fmt: skip
def test_test_names(name, bad):
	assert bool(found("Test Data", Record("A", names=[text(name, "customer_name")]))) is bad


def test_words_of_a_manager_are_test_names_as_well():
	record = Record("A", names=[text("演示", "customer_name"), text("Trial", "customer_name")])
	assert not found("Test Data", record)
	assert len(found("Test Data", record, words=["演示", " TRIAL "])) == 2
	assert not found("Test Data", record, words="演示")


def test_test_addresses_and_numbers():
	assert found("Test Data", Record("A", emails=[text("me@example.com")]))
	assert found("Test Data", Record("A", phones=[text("13888888888")]))
	assert not found(
		"Test Data", Record("A", phones=[text("13800138000")], emails=[text("testa.rossa@web.de")])
	)


@pytest.mark.parametrize(("born", "bad"), [(date(2026, 11, 23), True), (date(2026, 11, 22), False), (date(1905, 1, 1), True), (date(1906, 1, 1), False), (None, False)])  # fmt: skip
def test_birth_dates(born, bad):
	assert bool(found("Birth Date Impossible", Record("A", birth_date=born))) is bad


def test_purchases_before_birth_and_joining():
	record = Record(
		"A", birth_date=date(2020, 1, 1), joined=date(2021, 1, 1), first_purchase=date(2019, 12, 31)
	)
	assert found("Purchase before Birth", record)
	assert found("Purchase before Joining", record)
	assert not found("Purchase before Joining", record, days=400)
	record.first_purchase = date(2021, 1, 1)
	assert not found("Purchase before Birth", record) and not found("Purchase before Joining", record)


def test_phone_and_address_of_two_countries():
	record = Record("A", phones=[text("+49 30 901820")], countries={"CN"})
	(one,) = found("Phone Country Differs", record)
	assert (one.values["country"], one.values["address"]) == ("DE", "CN")
	for number, countries, other in (
		("13800138000", {"CN"}, False),
		("+86 138 0013 8000", {"CN"}, False),
		("0086 138 0013 8000", {"CN"}, False),
		("+86 138 0013 8000", {"DE"}, True),
		("+852 5123 4567", {"CN"}, True),
		("+852 5123 4567", {"CN", "HK"}, False),
	):
		one = Record("A", phones=[text(number)], countries=countries)
		assert bool(found("Phone Country Differs", one)) is other, (number, countries)
	record.countries.add("DE")
	assert not found("Phone Country Differs", record)
	assert not found("Phone Country Differs", Record("A", phones=[text("+49 30 901820")]))


def test_no_way_to_reach():
	assert found("No Way to Reach", Record("A"))
	assert found("No Way to Reach", Record("A", phones=[text("12")], emails=[text("x")]))
	assert not found("No Way to Reach", Record("A", phones=[text("13800138000")]))
	assert not found("No Way to Reach", Record("A", has_address=True))
	assert found("No Way to Reach", Record("A", has_address=True), post_counts=0)


def test_not_confirmed_for_months():
	assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
	assert months_before(TODAY, 24) == date(2024, 11, 22)
	assert found("Not Confirmed", Record("A", confirmed=date(2024, 11, 21)))
	assert not found("Not Confirmed", Record("A", confirmed=date(2024, 11, 22)))
	for nonsense in ("nonsense", None, 0, -3, 10**9, 1.5, [24]):
		assert found("Not Confirmed", Record("A", confirmed=date(2024, 11, 21)), months=nonsense)
	assert not found("Not Confirmed", Record("A", confirmed=date(2024, 11, 21)), months=36)


@pytest.mark.parametrize(("one", "other", "two"), [("张伟", "Zhang Wei", False), ("Wei Zhang", "ZHANG, Wei", False), ("Fang Wang", "Peter Smith", True), ("王芳", "李娜", True), ("張偉", "张伟", False), ("欧阳娜娜", "Ouyang Nana", False), ("王小明", "王明", False), ("上海茶行", "Peter Smith", True), ("", "Peter", False)])  # fmt: skip
def test_same_identifier_with_another_name(one, other, two):
	assert names.differ(one, other) is two
	record = Record("A", name=one, same=[Namesake("B", other, "Phone", "+86 ··· 1234")])
	assert bool(found("Same Identifier, Another Name", record)) is two


@pytest.mark.parametrize(("name", "what"), [("13800138000", "Phone"), ("fang@163.com", "E-mail"), ("12 34", "Number"), ("+86 138 0013 8000", "Phone"), ("１３８００１３８０００", "Phone"), ("fang＠163.com", "E-mail"), ("3M", ""), ("王芳", ""), ("1号茶馆", ""), ("七匹狼", "")])  # fmt: skip
def test_names_that_are_none(name, what):
	told = found("Name in Wrong Field", Record("A", names=[text(name, "customer_name")]))
	assert [one.values["what"] for one in told] == ([what] if what else [])


def test_the_score_takes_each_rule_once():
	assert score([]) == 100
	assert score([("a", 10), ("a", 10), ("b", 2.5)]) == 87.5
	assert score([("a", 80), ("b", 80)]) == 0


@pytest.mark.parametrize(("kind", "given", "name"), [("Not Confirmed", {"months": 24}, None), ("Not Confirmed", {"months": 0}, "months"), ("Not Confirmed", {"months": "24"}, "months"), ("Not Confirmed", {"monts": 24}, "monts"), ("Test Data", {"words": ["演示"]}, None), ("Test Data", {"words": "演示"}, "words"), ("Test Data", {"words": [""]}, "words"), ("Test Data", {"words": ["x"] * 201}, "words"), ("Mail Domain Mistyped", {"domains": ["our-shop.com"]}, None), ("Mail Domain Mistyped", {"domains": ["a@our-shop.com"]}, "domains"), ("Mail Domain Mistyped", {"domains": ["shop"]}, "domains"), ("No Way to Reach", {"post_counts": False}, None), ("No Way to Reach", {"post_counts": 2}, "post_counts"), ("Phone Invalid", {"months": 24}, "months"), ("Phone Invalid", {}, None), ("Nonsense", {"x": 1}, "x")])  # fmt: skip
def test_parameters_that_cannot_be_worked_with(kind, given, name):
	told = parameters.wrong(kind, given)
	assert (told and told[0]) == name
	assert not told or (told[1] is None) == (name not in parameters.KNOWN.get(kind, {}))


def test_every_parameter_is_of_a_kind_there_is():
	assert set(parameters.KNOWN) <= set(KINDS)


def test_an_unknown_kind_finds_nothing_and_stops_nothing():
	rules = [Rule("gone", "No Such Kind", 10), Rule("reach", "No Way to Reach", 10)]
	assert [one.rule.name for one in check(Record("A"), rules, TODAY)] == ["reach"]


def test_a_hundred_bad_numbers_make_no_hundred_findings():
	record = Record("A", phones=[text(f"bad {number}") for number in range(100)])
	assert len(found("Phone Invalid", record)) == MOST_OF_A_RULE


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_texts_break_nothing(kind, value):
	texts = [text(value)]
	record = Record(value, value, texts, texts, texts, {"CN", ""}, same=[Namesake("B", value, "Phone", "")])
	for one in found(kind, record, months=value, domains=value, years=value):
		told = str(one.values.get("value", ""))
		assert len(told) <= SHORT and "\0" not in told and "\u202e" not in told


@given(st.text(max_size=60))
def test_any_text_breaks_nothing(value):
	texts = [text(value)]
	record = Record("A", value, texts, texts, texts, {"CN"})
	check(record, [Rule(kind, kind) for kind in KINDS], TODAY)
