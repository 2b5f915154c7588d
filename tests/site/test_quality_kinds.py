"""A manager's own rule of each kind on real documents: whom it finds, whom it leaves alone, and what is refused with what to do."""

import json

import frappe
import pytest
from frappe.utils import add_days, add_months, now_datetime, nowdate

from ccms_app.identity.store import identities
from ccms_app.quality.rules import KINDS
from ccms_app.quality.store import findings, rules, runs
from tests.site.factories import enrol, make_customer, make_program, make_sales_invoice
from tests.site.reach import make_address, make_contact, random_phone
from tests.site.refusals import raises_refusal
from tests.site.world import MANAGER

FINDING, RULE = findings.DOCTYPE, rules.DOCTYPE
PHONE = "+8613912345678"


def person(name: str = "", **fields) -> str:
	letters = "".join(chr(ord("a") + int(digit, 16)) for digit in frappe.generate_hash(length=8))
	return make_customer(customer_name=name or f"Ada {letters.title()}", **fields).name


def reached(phones=(), emails=(), country: str = "", **fields) -> str:
	"""A customer with a contact, and an address in a country."""
	customer = person(**fields)
	contact = make_contact(customer, first_name="Ada")
	# past the contact's own checks: an import or a till did not know them
	for table, field, values in (("phone_nos", "phone", phones), ("email_ids", "email_id", emails)):
		for value in values:
			contact.append(table, {field: value}).db_insert()
	if country:
		make_address(customer, country=country)
	return customer


def set_on(customer: str, **values) -> str:
	frappe.db.set_value("Customer", customer, values)
	return customer


def unconfirmed(months: int) -> str:
	customer = person(mobile_no=PHONE)
	then = add_months(now_datetime(), -months)
	frappe.db.set_value("Customer", customer, "creation", then, update_modified=False)
	frappe.db.delete("CCMS Fact Source", {"parent": customer})
	links = frappe.get_all("CCMS Identity Link", {"customer": customer}, pluck="name")
	for link in links:
		frappe.db.set_value("CCMS Identity Link", link, {"since": then, "verified_on": None})
	return customer


def sold(days_ago: int, **fields) -> str:
	customer = person(**fields)
	make_sales_invoice(customer, posting_date=add_days(nowdate(), -days_ago), set_posting_time=1)
	return customer


def joined(days_after_buying: int) -> str:
	customer = sold(40)
	membership = enrol(customer, make_program())
	frappe.db.set_value(
		"CCMS Membership", membership, "joined_on", add_days(nowdate(), days_after_buying - 40)
	)
	return customer


def sharing(one: str, other: str) -> str:
	names, phone = [person(one), person(other)], random_phone()
	for name in names:
		identities.link(identities.ensure("Phone", phone), name, "Import")
	return names[0]


# kind → (parameters, found on, left alone)
CASES = {
	"Phone Invalid": (
		{},
		[lambda: reached(["12345"]), lambda: reached(["打电话给王芳"])],
		[lambda: reached(["138 0013 8000"]), lambda: reached(["+86 10 6552 9988 转 8001"])],
	),
	"E-mail Invalid": (
		{},
		[lambda: reached(emails=["fang@163，com"]), lambda: reached(emails=["王芳"])],
		[lambda: reached(emails=["fang@163.com"]), lambda: reached(emails=["ｆａｎｇ＠qq.com"])],
	),
	"Mail Domain Mistyped": (
		{"domains": ["our-shop.com"]},
		[lambda domain=domain: reached(emails=[f"fang@{domain}"]) for domain in ("qq.con", "gmial.com", "163.con", "our-shpo.com")],
		[lambda domain=domain: reached(emails=[f"fang@{domain}"]) for domain in ("qq.com", "vip.163.com", "our-shop.com", "acme.cn")],
	),
	"Test Data": (
		{"words": ["演示"]},
		[lambda name=name: person(name) for name in ("张三", "测试", "Test 1", "演示")],
		[lambda name=name: person(name) for name in ("张三丰", "王芳", "Testarossa")],
	),
	"Birth Date Impossible": (
		{"years": 100},
		[lambda: person(ccms_birth_date=add_days(nowdate(), 1)), lambda: set_on(person(), ccms_birth_date="1915-01-01")],
		[lambda: person(ccms_birth_date=nowdate()), lambda: person(ccms_birth_date="1960-02-29"), lambda: person()],
	),
	"Purchase before Birth": (
		{},
		[lambda: sold(3, ccms_birth_date=add_days(nowdate(), -2))],
		[lambda: sold(2, ccms_birth_date=add_days(nowdate(), -2)), lambda: sold(3)],
	),
	"Purchase before Joining": (
		{"days": 10},
		[lambda: joined(11)],
		[lambda: joined(10), lambda: joined(-5)],
	),
	"Phone Country Differs": (
		{},
		[lambda: reached(["+86 138 0013 8000"], country="Germany"), lambda: reached(["+49 30 901820"], country="China")],
		[lambda: reached(["+86 138 0013 8000"], country="China"), lambda: reached(["+49 30 901820"])],
	),
	"No Way to Reach": (
		{"post_counts": 0},
		[lambda: reached(country="China"), lambda: reached(["12345"], ["王芳"])],
		[lambda: reached(["138 0013 8000"]), lambda: reached(emails=["fang@163.com"])],
	),
	"Not Confirmed": (
		{"months": 6},
		[lambda: unconfirmed(7)],
		[lambda: unconfirmed(5)],
	),
	"Same Identifier, Another Name": (
		{},
		[lambda: sharing("王芳", "Peter Smithson"), lambda: sharing("王芳", "李娜")],
		[lambda: sharing("王芳", "Wang Fang"), lambda: sharing("張偉", "张伟")],
	),
	"Name in Wrong Field": (
		{},
		[lambda: person("138 0013 8000"), lambda: person("fang@163.com")],
		[lambda: person("1号茶馆"), lambda: person("3M")],
	),
}  # fmt: skip


def test_every_kind_has_its_cases():
	assert set(CASES) == set(KINDS) == set(rules.SHIPPED)


@pytest.mark.parametrize("kind", CASES)
def test_a_managers_own_rule_finds_whom_it_should(as_user, kind):
	parameters, bad, good = CASES[kind]
	frappe.db.set_value(RULE, {"kind": kind}, "enabled", 0)
	with as_user(MANAGER):
		doc = {
			"doctype": RULE,
			"rule_name": "Ours",
			"kind": kind,
			"weight": 7,
			"parameters": json.dumps(parameters),
		}
		frappe.get_doc(doc).insert()
	found, left = [make() for make in bad], [make() for make in good]
	runs.look([*found, *left])
	of_ours = set(frappe.get_all(FINDING, {"rule": "Ours", "status": "Open"}, pluck="customer"))
	assert of_ours >= set(found)
	assert not of_ours & set(left)
	for name in found:
		score, why = findings.score_of(name)
		assert score <= 93 and any(row.rule == "Ours" and row.weight == 7 for row in why)


@pytest.mark.parametrize(
	("kind", "parameters", "told"),
	[
		("Not Confirmed", '{"months": "two"}', "whole number from 1 to 1200"),
		("Not Confirmed", '{"months": 0}', "whole number from 1 to 1200"),
		("Not Confirmed", '{"monts": 24}', "It has: months"),
		("Birth Date Impossible", '{"years": 1e99}', "whole number from 1 to 200"),
		("Test Data", '{"words": "演示"}', "a list"),
		("Mail Domain Mistyped", '{"domains": ["@"]}', "a list"),
		("Phone Invalid", '{"<b>x</b>": 1}', "&lt;b&gt;"),
		("Phone Invalid", "[1]", "or leave them empty"),
		("Phone Invalid", "{", "or leave them empty"),
		("Phone Invalid", "[" * 100_000, "or leave them empty"),
		("No Such Kind", "{}", "Choose what the rule looks for|What It Looks For"),
	],
)
def test_a_rule_that_cannot_work_is_refused_with_what_to_do(as_user, kind, parameters, told):
	with as_user(MANAGER), pytest.raises(frappe.ValidationError, match=told):
		frappe.get_doc(
			{"doctype": RULE, "rule_name": "Bad", "kind": kind, "weight": 5, "parameters": parameters}
		).insert()


@pytest.mark.parametrize("weight", [-1, 100.5, "nan"])
def test_a_weight_out_of_range_is_refused(weight):
	with raises_refusal("from 0 to 100"):
		frappe.get_doc({"doctype": RULE, "rule_name": "Bad", "kind": "Test Data", "weight": weight}).insert()


def test_two_rules_of_one_name_are_refused():
	with pytest.raises(frappe.DuplicateEntryError):
		frappe.get_doc({"doctype": RULE, "rule_name": "Test Data", "kind": "Test Data", "weight": 5}).insert()
