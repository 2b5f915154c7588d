"""The segment form: a marketer builds rules, sees the count move, saves, and reads who is in."""

import json
import re

import frappe
import pytest
from playwright.sync_api import Page, expect

from ccms_app.segments.store import members, refresh, segments
from tests.browser.conftest import settle
from tests.site import factories
from tests.site.world import ANALYST, COMPANY, MANAGER

LAND, HILLS, COAST = "Builder Land", "Builder Hills", "Builder Coast"
TOO_WIDE = """() => [...document.querySelectorAll('.ccms-segment *')]
	.filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
	.map((element) => element.className)"""
BUILDER_RUN = "SR-BUILDER"
RULE, SIDE = ".ccms-rule", ".ccms-side"


@pytest.fixture
def people(site):
	"""Nine customers of the hills and four of the coast, ordered a while ago or lately; committed, and removed again."""
	for name, parent in ((LAND, "All Territories"), (HILLS, LAND), (COAST, LAND)):
		if not frappe.db.exists("Territory", name):
			frappe.get_doc(
				{
					"doctype": "Territory",
					"territory_name": name,
					"parent_territory": parent,
					"is_group": int(name == LAND),
				}
			).insert()
	made = []
	for number in range(13):
		customer = factories.make_customer(
			customer_name=f"Builder {number:02d} 林", territory=HILLS if number < 9 else COAST
		).name
		made.append(customer)
		frappe.db.bulk_insert(
			"CCMS Customer Profile",
			["name", "customer", "customer_name", "company", "last_order", "orders", "revenue", "stage"],
			[
				(
					frappe.generate_hash(length=10),
					customer,
					customer,
					COMPANY,
					frappe.utils.add_days(frappe.utils.nowdate(), -20 * (number + 1)),
					number + 1,
					100.5 * number,
					"Loyal" if number % 2 else "At Risk",
				)
			],
		)
	frappe.db.commit()
	yield made
	frappe.db.rollback()
	for name in frappe.get_all(
		segments.DOCTYPE, filters={"segment_name": ["like", "Builder%"]}, pluck="name"
	):
		frappe.delete_doc(segments.DOCTYPE, name, force=True)
	frappe.db.delete("CCMS Customer Profile", {"customer": ["in", made]})
	frappe.db.delete("CCMS Customer Score", {"score_run": BUILDER_RUN})
	frappe.db.delete("CCMS Score Run", {"name": BUILDER_RUN})
	for name in made:
		frappe.delete_doc("Customer", name, force=True)
	frappe.db.commit()


def new_segment(page: Page, title: str) -> None:
	page.goto(f"/app/ccms-customer-segment/new?company={COMPANY}")
	expect(page.locator(".ccms-add:visible")).to_be_visible()
	settle(page)
	page.evaluate("title => cur_frm.set_value('segment_name', title)", title)


def add_rule(page: Page, field: str, operator: str | None = None) -> None:
	page.locator(".ccms-add:visible").click()
	choose_field(page, field, operator)


def choose_field(page: Page, field: str, operator: str | None = None, number: int = -1) -> None:
	row = page.locator(f"{RULE}:visible").nth(number)
	row.get_by_label("Field").select_option(label=field)
	if operator:
		page.locator(f"{RULE}:visible").nth(number).get_by_label("Comparison").select_option(label=operator)


def pick(page: Page, label: str, *values: str, number: int = -1) -> None:
	"""Choose names in the pills of a rule, as somebody who types does."""
	for value in values:
		box = page.locator(f"{RULE}:visible").nth(number).get_by_label(label, exact=True)
		box.click()
		box.fill(value)
		page.locator(".awesomplete li:visible", has_text=value).first.click()


def counted(page: Page, count: int | str) -> None:
	expect(page.locator(f"{SIDE} .ccms-count")).to_have_text(str(count))
	expect(page.locator(f"{SIDE}.ccms-busy")).to_have_count(0)


def save(page: Page) -> str:
	page.locator(".page-head:visible .primary-action").click()
	page.wait_for_function("!cur_frm.doc.__islocal && !cur_frm.doc.__unsaved")
	settle(page)
	return page.evaluate("cur_frm.doc.name")


def open_segment(page: Page, name: str) -> None:
	page.goto(f"/app/ccms-customer-segment/{name}")
	page.wait_for_function("name => window.cur_frm?.doc?.name === name && cur_frm.builder", arg=name)
	settle(page)


def test_a_marketer_builds_a_segment_and_sees_its_members(people, desk, look):
	page = desk(MANAGER)
	new_segment(page, "Builder sleepers")
	add_rule(page, "Territory", "is in … or below")
	pick(page, "Territory", LAND)
	counted(page, 13)
	add_rule(page, "Last order", "more than … days ago")
	page.get_by_label("Days").fill("100")
	counted(page, 8)
	expect(page.locator(f"{SIDE} .ccms-person")).to_have_count(8)
	page.locator(".ccms-or:visible").last.click()
	choose_field(page, "Orders", "exactly …")
	page.locator(f"{RULE}:visible").last.get_by_label("Value").fill("1")
	counted(page, 9)
	look(page, "segment-builder-desktop-en")
	name = save(page)

	frappe.db.rollback()
	doc = frappe.get_doc(segments.DOCTYPE, name)
	assert [row.sentence for row in doc.rules] == [
		f"Territory · is in {LAND} or below",
		"Last order · more than 100 days ago",
		"Orders · exactly 1",
	]
	assert [row.group_no for row in doc.rules] == [0, 1, 1]
	refresh.one(name)
	frappe.db.commit()
	open_segment(page, name)
	assert page.evaluate("cur_frm.doc.size") == 9
	page.get_by_role("button", name="Show Members").click()
	expect(page.locator(".list-row-container:visible .list-row")).to_have_count(9)
	assert len(members.current([name])[name]) == 9


def test_the_form_opens_with_the_rules_as_they_were_saved(people, desk):
	page = desk(MANAGER)
	rules = [
		("customer.territory", "in", [HILLS, COAST], 0),
		("purchase.any", "not_bought", {"from": "2025-01-01", "to": "2025-02-01"}, 1),
		("score.churn_probability", "between", [10, 50.5], 1),
		("profile.first_order", "empty", None, 0),
	]
	doc = frappe.get_doc(
		{"doctype": segments.DOCTYPE, "segment_name": "Builder saved", "company": COMPANY, "match": "Any"}
	)
	for field, operator, value, group in rules:
		doc.append(
			"rules", {"field": field, "operator": operator, "value": json.dumps(value), "group_no": group}
		)
	doc.insert()
	frappe.db.commit()
	open_segment(page, doc.name)
	assert not page.evaluate("cur_frm.is_dirty()"), "opening changes nothing"
	rows = page.evaluate("cur_frm.builder.rows()")
	assert [
		(row["field"], row["operator"], json.loads(row["value"] or "null"), row["group_no"]) for row in rows
	] == rules
	expect(page.locator(".ccms-joint:visible")).to_have_text(["OR", "AND", "OR"])


def test_what_is_wrong_is_said_beside_its_row(people, desk):
	page = desk(MANAGER)
	new_segment(page, "Builder wrong")
	add_rule(page, "Territory")
	expect(page.locator(f"{RULE} .ccms-problem")).to_contain_text("choose at least one value")
	pick(page, "Territory", HILLS)
	counted(page, 9)
	expect(page.locator(f"{RULE} .ccms-problem")).to_have_count(0)
	add_rule(page, "Revenue", "between … and …")
	last = page.locator(f"{RULE}:visible").last
	last.get_by_label("From").fill("500")
	last.get_by_label("To").fill("100")
	expect(last.locator(".ccms-problem")).to_contain_text("first number is greater")
	page.locator(".page-head:visible .primary-action").click()
	expect(page.locator(".modal.show .msgprint")).to_contain_text("Rule 2")


def test_lists_count_as_they_are_written(people, desk):
	page = desk(MANAGER)
	new_segment(page, "Builder lists")
	add_rule(page, "Territory")
	pick(page, "Territory", COAST)
	counted(page, 4)
	page.evaluate(
		"""async ([inside, outside]) => {
			for (const [table, customer] of [["static_members", inside], ["excluded_customers", outside]]) {
				const row = cur_frm.add_child(table);
				await frappe.model.set_value(row.doctype, row.name, "customer", customer);
			}
		}""",
		[people[0], people[12]],
	)
	counted(page, 4)
	page.evaluate("cur_frm.clear_table('excluded_customers'), cur_frm.trigger('company')")
	counted(page, 5)


def test_names_with_markup_are_only_text(people, desk):
	frappe.db.set_value("Customer", people[9], "customer_name", "<img src=x onerror=document.title='hit'>")
	frappe.db.set_value("CCMS Customer Profile", {"customer": people[9]}, "customer_name", "<img src=x>")
	frappe.db.commit()
	page = desk(MANAGER)
	new_segment(page, "Builder markup")
	add_rule(page, "Territory")
	pick(page, "Territory", COAST)
	counted(page, 4)
	expect(page.locator(".ccms-person", has_text="<img src=x")).to_have_count(1)
	assert page.title() != "hit"


def test_an_analyst_reads_rules_and_figures_without_names(people, desk, look):
	doc = frappe.get_doc({"doctype": segments.DOCTYPE, "segment_name": "Builder read", "company": COMPANY})
	doc.append("rules", {"field": "customer.territory", "operator": "in", "value": json.dumps([COAST])})
	doc.insert()
	frappe.db.commit()
	refresh.one(doc.name)
	frappe.db.commit()
	page = desk(ANALYST)
	open_segment(page, doc.name)
	expect(page.locator(".ccms-sentence")).to_have_text(f"Territory · is one of {COAST}")
	counted(page, "< 5")
	expect(page.locator(".ccms-person")).to_have_count(0)
	assert "NaN" not in page.locator(SIDE).inner_text()
	assert "Builder 0" not in page.locator(SIDE).inner_text()
	expect(page.locator(".ccms-add")).to_have_count(0)


@pytest.mark.parametrize(("language", "device"), [("en", "phone"), ("zh", "desktop"), ("zh", "phone")])
def test_it_reads_well(people, desk, look, language, device):
	page = desk(MANAGER, language, device)
	doc = frappe.get_doc(
		{
			"doctype": segments.DOCTYPE,
			"segment_name": f"Builder {language} {device}",
			"company": COMPANY,
			"tag": "Builder",
		}
	)
	for field, operator, value, group in (
		("customer.territory", "under", [LAND], 0),
		("profile.last_order", "days_ago_more", 60, 0),
		("purchase.item_group", "bought", {"of": ["Products"], "n": 3, "measure": "quantity", "days": 90}, 1),
		("profile.stage", "in", ["At Risk", "Lost"], 1),
	):
		doc.append(
			"rules", {"field": field, "operator": operator, "value": json.dumps(value), "group_no": group}
		)
	doc.insert()
	frappe.db.commit()
	refresh.one(doc.name)
	past(doc.name, people)
	frappe.db.commit()
	open_segment(page, doc.name)
	expect(page.locator(f"{SIDE} .ccms-count")).to_be_visible()
	look(page, f"segment-builder-{device}-{language}")
	assert page.evaluate(TOO_WIDE) == [], "nothing of ours is wider than the screen"
	page.locator(".form-tabs .nav-link:visible", has_text=re.compile("Insight|洞察|Size")).first.click()
	settle(page)
	expect(page.locator(".ccms-trait").first).to_be_visible()
	expect(page.locator(".ccms-means tr")).to_have_count(7)
	page.wait_for_timeout(1200)  # the chart draws itself
	look(page, f"segment-insight-{device}-{language}")
	assert page.evaluate(TOO_WIDE.replace(".ccms-segment", ".ccms-shared")) == []


def past(segment: str, people: list[str]) -> None:
	"""A month of sizes, and scores of everybody."""
	for ago in range(1, 30):
		day = frappe.utils.add_days(frappe.utils.nowdate(), -ago)
		frappe.db.bulk_insert(
			"CCMS Segment Size",
			["name", "segment", "date", "size", "entered", "departed"],
			[(f"{segment}-{day}", segment, day, 3 + ago % 7, 1, 0)],
		)
	frappe.db.set_value("CCMS Score Run", {"company": COMPANY}, "is_published", 0)
	frappe.db.delete("CCMS Score Run", {"name": BUILDER_RUN})
	frappe.db.bulk_insert(
		"CCMS Score Run",
		["name", "company", "status", "is_published", "data_cut"],
		[(BUILDER_RUN, COMPANY, "Completed", 1, frappe.utils.nowdate())],
	)
	frappe.db.bulk_insert(
		"CCMS Customer Score",
		[
			"name", "customer", "company", "score_run", "stage", "rfm_group", "value_band", "orders_365", "revenue_365",
			"basket_value", "own_cycle", "churn_probability", "return_rate", "customer_group",
		],
		[
			(
				frappe.generate_hash(length=12), name, COMPANY, BUILDER_RUN, "Loyal" if number % 2 else "At Risk",
				"Champions" if number % 3 else "Lost", "A" if number < 6 else "B", number, 150.75 * number,
				80.5 + number, 20 + number, number / 20, 0.02 * number, "Individual",
			)
			for number, name in enumerate(people)
		],
	)  # fmt: skip
