"""What analysts get of reports, cards, blocks and segments: figures, pseudonyms, and no small numbers."""

import json
import re

import frappe
import pytest
from frappe.desk.query_report import run

from ccms_app.api import customer_insight, segments, workspace
from ccms_app.privacy import masks
from ccms_app.privacy.store import reading
from tests.site import shop, world
from tests.site.factories import enrol, make_customer, make_program, make_sales_invoice
from tests.site.readers import Reader, leaks
from tests.site.world import ANALYST, COMPANY, MANAGER

PSEUDONYM = re.compile(r"^C-[0-9A-F]{10}$")
OF_PERSONS = ("Customers Behind", "Churn Warnings", "Purchase Anomalies", "Returns and Complaints")
MARKER = "Zebulonmarker"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


@pytest.fixture(scope="module")
def people(company) -> list[str]:
	"""Names and ids of everybody who buys."""
	rows = frappe.get_all(
		"CCMS Customer Score", {"company": company}, ["customer", "customer_name"], distinct=True, limit=0
	)
	return sorted({value for row in rows for value in (row.customer, row.customer_name) if value})


def reports(role: str) -> list[str]:
	found = frappe.get_all("Has Role", {"parenttype": "Report", "role": role}, pluck="parent")
	return sorted(frappe.get_all("Report", {"module": "CCMS App", "name": ["in", found]}, pluck="name"))


def answer(name: str, **filters) -> str:
	try:
		found = run(name, filters=filters, ignore_prepared_report=True)
	except frappe.ValidationError as refusal:  # a filter that this report needs
		return str(refusal)
	return json.dumps(found, default=str, ensure_ascii=False)


def test_no_report_names_anybody(company, people, as_user):
	names = reports("CCMS Analyst")
	assert len(names) >= 18 and "Points Statement" not in names
	with as_user(ANALYST):
		for name in names:
			for more in ({}, {"by": "Customer"}, {"view": "Members"}, {"show": "All Open"}):
				text = answer(name, company=company, **more)
				assert not [one for one in people if f'"{one}"' in text or f">{one}<" in text], name


def test_rows_are_told_apart_by_pseudonyms(company, as_user):
	with as_user(ANALYST):
		found = run("Customers Behind", filters={"company": company}, ignore_prepared_report=True)
	fields = [column["fieldname"] for column in found["columns"]]
	assert fields[0] == "customer" and "customer_name" not in fields
	rows = [row for row in found["result"] if isinstance(row, dict)]
	told = [row["customer"] for row in rows]
	assert len(told) >= 20 and len(set(told)) == len(told)
	assert all(PSEUDONYM.match(name) for name in told)
	assert all("customer_name" not in row for row in rows)
	with as_user(MANAGER):
		clear = run("Customers Behind", filters={"company": company}, ignore_prepared_report=True)
	rows = [row for row in clear["result"] if isinstance(row, dict)]
	assert [reading.pseudonym(row["customer"]) for row in rows] == told


def test_a_list_of_fewer_than_five_is_not_shown(company, as_user):
	frappe.set_user(MANAGER)
	cells = run("RFM Segments", filters={"company": company}, ignore_prepared_report=True)["result"]
	small = [row for row in cells if isinstance(row, dict) and 0 < (row.get("customers") or 0) < 5]
	large = [row for row in cells if isinstance(row, dict) and (row.get("customers") or 0) >= 5]
	frappe.set_user("Administrator")
	assert small and large, "the shop has small and large groups"
	with as_user(ANALYST):
		found = run("RFM Segments", filters={"company": company}, ignore_prepared_report=True)
		rows = {row["label"]: row for row in found["result"] if isinstance(row, dict)}
		for row in small:
			covered = rows[row["label"]]
			assert covered["customers"] == masks.FEWER
			assert covered.get("revenue") is None and covered.get("customers_share") is None
		assert not found["chart"] and "ccms-picture" not in found["message"]
		for row in large:
			assert rows[row["label"]]["customers"] == row["customers"]
		group = {"rfm_group": small[0]["behind"]["customers"]["rfm_group"]}
		behind = run("Customers Behind", filters={"company": company, **group}, ignore_prepared_report=True)
		assert not behind["result"] and "Fewer than 5" in behind["message"]


def test_cards_and_charts_do_not_count_small_groups_out(as_user):
	program = make_program()
	for _number in range(2):
		enrol(make_customer(), program)
	found = frappe._dict()
	with as_user(ANALYST):
		found.chart = workspace.members_by_tier({"company": COMPANY})
		rows = dict(zip(found.chart["labels"], found.chart["datasets"][0]["values"], strict=True))
		assert not any(0 < value < 5 for value in rows.values())
		assert not [
			value
			for dataset in (customer_insight.funnel({"company": shop.COMPANY}) or {"datasets": []})[
				"datasets"
			]
			for value in dataset["values"]
			if 0 < value < 5
		]


def test_the_list_of_today_names_nobody(company, people, as_user):
	with as_user(ANALYST):
		html = customer_insight.today_block(company)
	assert not [name for name in people if f">{name}<" in html]
	assert "/app/ccms-churn-warning/" not in html


def test_a_segment_cannot_be_asked_about_one_person(company, as_user):
	name = frappe.get_all("CCMS Customer Score", {"company": company}, pluck="customer", limit=1)[0]
	with as_user(ANALYST):
		for chosen in ({"always": json.dumps([name])}, {"never": json.dumps([name])}):
			with pytest.raises(frappe.PermissionError, match="masked"):
				segments.count(company, **chosen)
		found = segments.count(
			company,
			rules=json.dumps(
				[
					{
						"field": "profile.stage",
						"operator": "in",
						"value": json.dumps(["At Risk", "Lost", "Loyal", "Repeat"]),
					}
				]
			),
		)
		assert found["count"] and found["count"] >= 5
		assert not [row for row in found["sample"] if row["customer"] or row["customer_name"]]


@pytest.mark.commits
def test_a_prepared_report_is_its_owners(company):
	mine, theirs = (
		world.make_user(f"{who}@ccms.test", "CCMS Analyst", "Prepared Report User")
		for who in ("mine", "theirs")
	)
	doc = frappe.new_doc("Prepared Report")
	doc.update({"report_name": "Customers Behind", "filters": "{}", "status": "Completed"})
	doc.set_user_and_timestamp()
	doc.owner = mine
	doc.name = frappe.generate_hash(length=10)
	doc.db_insert()
	frappe.db.commit()
	try:
		for who, may in ((theirs, False), (mine, True)):
			reader = Reader(who)
			status, _text = reader.text("GET", f"/api/resource/Prepared Report/{doc.name}")
			assert (status == 200) is may, who
			status, text = reader.text("GET", "/api/resource/Prepared Report?limit_page_length=0")
			assert (doc.name in text) is may, who
	finally:
		frappe.db.delete("Prepared Report", {"name": doc.name})
		frappe.db.commit()


@pytest.mark.commits
@pytest.mark.parametrize("kind", ["CSV", "Excel"])
def test_an_analyst_exports_masked_and_it_is_written_down(company, people, kind):
	before = frappe.db.count("CCMS Access Log")
	status, text = Reader(ANALYST).call(
		"frappe.desk.query_report.export_query",
		report_name="Customers Behind",
		filters=json.dumps({"company": company}),
		file_format_type=kind,
		visible_idx="[]",
	)
	assert status == 200 and "C-" in text
	assert not leaks(text, *[f",{name}," for name in people], *[f"'{name}'" for name in people])
	assert frappe.db.count("CCMS Access Log") == before + 1
	log = frappe.get_last_doc("CCMS Access Log")
	assert (log.user, log.action, log.what) == (ANALYST, "Exported", "Report Customers Behind")


@pytest.mark.commits
@pytest.mark.parametrize("kind", ["CSV", "Excel"])
def test_no_cell_of_an_export_is_a_formula(kind):
	evil = '=HYPERLINK("http://evil.example","see")'
	program = make_program()
	customer = make_customer(customer_name=f"Formula {frappe.generate_hash(length=6)}")
	enrol(customer, program)
	frappe.db.set_value("CCMS Membership", {"customer": customer.name}, "customer_name", evil)
	frappe.db.commit()
	status, text = Reader(MANAGER).call(
		"frappe.desk.reportview.export_query",
		doctype="CCMS Membership",
		fields=json.dumps(["name", "customer_name", "points_active"]),
		filters=json.dumps({"customer": customer.name}),
		file_format_type=kind,
		title="Members",
	)
	assert status == 200 and "HYPERLINK" in text
	assert "'=HYPERLINK" in text
	frappe.db.set_value("CCMS Membership", {"customer": customer.name}, "customer_name", "Harmless")
	frappe.db.commit()


def test_an_analyst_has_no_role_that_reads_rows():
	for doctype in frappe.get_all("DocType", {"module": "CCMS App", "istable": 0}, pluck="name"):
		meta = frappe.get_meta(doctype)
		has_person = any(
			df.fieldtype == "Link" and df.options in ("Customer", "CCMS Identity") for df in meta.fields
		)
		for row in meta.permissions:
			if row.role == "CCMS Analyst" and has_person:
				assert not row.read and not row.select, doctype


def test_invoices_do_not_name_the_customer_either(as_user):
	program = make_program(expiry_model="Rolling", expiry_months=1)
	customer = make_customer(program, customer_name=f"{MARKER} {frappe.generate_hash(length=5)}")
	make_sales_invoice(customer)
	with as_user(ANALYST):
		for name in ("Expiring Points", "Tier Movements", "Unlinked Returns", "Points Liability"):
			for more in ({}, {"view": "Members"}):
				assert MARKER not in answer(name, company=COMPANY, program=program.name, **more), name
	with as_user(world.MANAGER):
		assert MARKER in answer("Expiring Points", company=COMPANY, program=program.name)
