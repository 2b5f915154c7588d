"""The Customer Insight workspace: its cards, charts and blocks, and who sees them; the glossary."""

from pathlib import Path

import frappe
import pytest
from pytest import approx

from ccms_app.api import customer_insight as api
from ccms_app.desk import glossary
from ccms_app.scoring.store import warnings
from ccms_app.setup import blocks
from tests.site import shop
from tests.site.reports import Report, plain
from tests.site.shop_truth import stages, truth
from tests.site.test_insight import fenced  # noqa: F401
from tests.site.world import ABROAD, ANALYST, MANAGER, SELLER, make_user

DOCS = Path(frappe.get_app_path("ccms_app")).parent / "docs"
CARDS = ("active", "at_risk", "revenue_at_risk", "repeat_rate")


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def test_cards_count_what_was_counted_by_hand(company):
	found = truth()
	stage = stages(found, found.as_of)
	asked = {"company": company}
	alive = sum(1 for one in stage.values() if one in ("First Purchase", "Repeat", "Loyal"))
	assert api.active(asked)["value"] == alive
	assert api.at_risk(asked)["value"] == sum(1 for one in stage.values() if one == "At Risk")
	since = frappe.utils.add_days(found.as_of, -365)
	year = [own for own in found.orders.values() if own[-1].day >= since]
	again = sum(1 for own in year if len(own) > 1)
	assert api.repeat_rate(asked)["value"] == round(100 * again / len(year))
	scores = frappe.get_all(
		"CCMS Customer Score",
		filters={
			"company": company,
			"score_run": frappe.db.get_value("CCMS Score Run", {"company": company, "is_published": 1}),
		},
		fields=["churn_probability as p", "expected_revenue as e"],
		limit=0,
	)
	at_risk = sum((row.p or 0) * (row.e or 0) for row in scores)
	assert api.revenue_at_risk(asked)["value"] == approx(at_risk, abs=1)


def test_a_card_leads_to_as_many_customers(company):
	card = api.at_risk({"company": company})
	assert card["route"] == ["query-report", "Customers Behind"]
	assert len(Report(card["route"][1], **card["route_options"]).rows) == card["value"]


def test_charts_are_those_of_the_reports(company):
	funnel = api.funnel({"company": company})
	report = Report("Lifecycle Funnel", company=company)
	assert funnel["labels"] == report.column("label")
	assert [series["values"] for series in funnel["datasets"]] == [
		report.column("customers"),
		report.column("before"),
	]
	groups = api.rfm_groups({"company": company})
	wanted = {
		row.label: row.customers for row in Report("RFM Segments", company=company).rows if row.customers
	}
	assert dict(zip(groups["labels"], groups["datasets"][0]["values"], strict=True)) == wanted


def test_the_list_of_today(company):
	frappe.db.delete(warnings.DOCTYPE, {"company": company})
	assert "Nobody to call: no customer" in api.today_block(company)
	made = warnings.refresh(company).new
	assert made
	said = plain(api.today_block(company))
	first = Report("Churn Warnings", company=company).rows[0]
	assert first.customer_name in said and first.reason.split(";")[0] in said
	warnings.assign(frappe.get_doc(warnings.DOCTYPE, first.warning), MANAGER, "Ring <b>twice</b>")
	html = api.today_block(company)
	assert "&lt;b&gt;twice" in html and f"/app/ccms-churn-warning/{first.warning}" in html


def test_nothing_scored_says_what_to_do():
	asked = {"company": ABROAD}
	for card in CARDS:
		assert getattr(api, card)(asked) == "–"
	assert api.funnel(asked) is None and api.rfm_groups(asked) is None
	for block in (api.rfm_block, api.today_block):
		assert "ccms-score-now" in block(ABROAD)


def test_only_customers_the_reader_may_see(company, as_user, fenced):  # noqa: F811
	few = sorted(truth().orders)[:4]
	fenced(MANAGER, "Customer", *few)
	with as_user(MANAGER):
		assert sum(api.funnel({"company": company})["datasets"][0]["values"]) == 4
		said = api.today_block(company)
	assert not any(other in said for other in set(truth().orders) - set(few))


def test_who_sees_them(company, as_user):
	visitor = make_user("visitor@ccms.test", user_type="Website User")
	nobody = make_user("nobody@ccms.test", "Accounts User")
	for user in (visitor, nobody):
		with as_user(user):
			for name in (*CARDS, "funnel", "rfm_groups"):
				with pytest.raises(frappe.PermissionError):
					getattr(api, name)({"company": company})
			for block in (api.rfm_block, api.today_block):
				with pytest.raises(frappe.PermissionError):
					block(company)
			with pytest.raises(frappe.PermissionError):
				api.glossary()
	with as_user(SELLER):
		assert api.rfm_block(company) == ""  # the report of it is not for sellers
		assert api.glossary()
	with as_user(ANALYST):
		names = set(frappe.get_all("Customer", pluck="customer_name")) - set(truth().orders)
		assert not any(frappe.utils.escape_html(name) in api.today_block(company) for name in names)


def test_blocks_are_on_the_site_for_those_who_read_the_workspace():
	for name, (_words, method, roles) in blocks.BLOCKS.items():
		doc = frappe.get_doc(blocks.DOCTYPE, name)
		assert method in doc.html and callable(getattr(api, method))
		assert {row.role for row in doc.roles} == set(roles) and not doc.private
	frappe.db.set_value(blocks.DOCTYPE, name, "html", "changed")
	blocks.sync()
	assert frappe.db.get_value(blocks.DOCTYPE, name, "html") != "changed"
	used = frappe.get_doc("Workspace", "Customer Insight").custom_blocks
	assert {row.custom_block_name for row in used} == set(blocks.BLOCKS)


def test_every_link_of_the_workspace_leads_somewhere():
	workspace = frappe.get_doc("Workspace", "Customer Insight")
	links = [row for row in (*workspace.links, *workspace.shortcuts) if row.get("link_to")]
	for row in links:
		assert frappe.db.exists(row.get("link_type") or row.type, row.link_to), row.link_to
	listed = {row.link_to for row in workspace.links if row.link_type == "Report"}
	ours = {
		name
		for name in frappe.get_all("Report", filters={"module": "CCMS App"}, pluck="name")
		if frappe.db.get_value("Report", name, "ref_doctype")
		in (
			"CCMS Customer Score",
			"CCMS Churn Warning",
			"CCMS Purchase Anomaly",
			"CCMS Score Run",
			"CCMS Segment Size",
			"CCMS Customer Segment",
		)
	}
	assert ours <= listed


def test_the_glossary_is_that_of_the_documentation():
	text = (DOCS / "glossary.md").read_text()
	english, chinese = text.split("# 术语表")
	for section, rows in glossary.TERMS:
		assert f"## {section}" in english
		for term, meaning in rows:
			assert f"| {term} | {meaning} |" in english
	assert chinese.count("\n| ") - 2 * len(glossary.TERMS) == sum(len(rows) for _s, rows in glossary.TERMS)
