"""The report Data Quality: totals by rule, source and branch, for those who know persons and those who do not."""

import frappe
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.quality.store import findings, runs
from tests.site import world
from tests.site.factories import COMPANY, make_customer
from tests.site.reports import Report

NAME = "Data Quality"


@pytest.fixture
def six(site) -> list[str]:
	"""Six customers with a mistyped domain; one of them is born tomorrow as well."""
	frappe.db.delete(findings.DOCTYPE)
	# names of letters: one that holds many digits may look like a number in the wrong field
	made = [
		make_customer(customer_name=f"Ada {letter}", email_id=f"report{letter}@gmial.com").name
		for letter in "BCDEFG"
	]
	frappe.db.set_value("Customer", made[0], "ccms_birth_date", add_days(nowdate(), 1))
	runs.look(made)
	return made


def test_totals_by_rule(six):
	report = Report(NAME, company=COMPANY)
	(domain,) = report.only(label="Mail Domain Mistyped")
	assert (domain.customers, domain.findings, domain.suggested, domain.lost) == (6, 6, 6, 10)
	(born,) = report.only(label="Birth Date Impossible")
	assert (born.customers, born.suggested) == (1, 0)
	assert "Mail Domain Mistyped" in report.message and "average score" in report.message
	assert report.chart["data"]["datasets"][0]["values"][0] == 6
	assert domain.list == {"status": "Open", "rule": "Mail Domain Mistyped"}


def test_totals_by_source_and_branch(six):
	by_source = Report(NAME, company=COMPANY, by="Source")
	(contact,) = by_source.only(label="Contact")
	assert contact.findings == 6
	(customer,) = by_source.only(label="Customer")
	assert customer.findings == 1
	(nowhere,) = Report(NAME, company=COMPANY, by="Branch").only(label="None")  # never scored
	assert (nowhere.customers, nowhere.findings, nowhere.list) == (6, 7, {})


@pytest.fixture
def branches(six) -> list[str]:
	"""The six: four of one branch, one of another, one of none; and one customer without fault in a third."""
	good = make_customer(mobile_no="+8613800138000").name
	frappe.db.set_value("CCMS Score Run", {"company": COMPANY}, "is_published", 0)
	run = _row("CCMS Score Run", company=COMPANY, is_published=1)
	homes = dict.fromkeys(six[:4], "Harbour") | {six[4]: "Station", good: "Airport"}
	for customer, branch in homes.items():
		_row("CCMS Customer Score", company=COMPANY, score_run=run, customer=customer, home_branch=branch)
	return six


def _row(doctype: str, **values) -> str:
	doc = frappe.get_doc({"doctype": doctype, "name": frappe.generate_hash(length=10), **values})
	doc.set_user_and_timestamp()
	doc.db_insert()
	return doc.name


def test_the_average_score_of_each_branch(branches):
	report = Report(NAME, company=COMPANY, by="Branch")
	told = {row.label: (row["size"], row.customers, row.score) for row in report.rows}
	# one of the four was born tomorrow: (90 + 90 + 90 + 80) / 4
	assert told["Harbour"] == (4, 4, 87.5)
	assert told["Station"] == (1, 1, 90)
	assert told["Airport"] == (1, 0, 100)
	size, customers, score = told["None"]
	# the last of the six among everybody else's customers, who are without fault; told to a tenth
	assert customers == 1 and size > 1
	assert score == pytest.approx(100 - 10 / size, abs=0.06)
	assert report.chart["data"]["labels"][0] == "Harbour"
	assert report.chart["data"]["datasets"][0]["values"][:2] == [87.5, 90]
	assert "Lowest" in report.message and "Harbour" in report.message
	everybody = sum(row["size"] for row in report.rows)
	average = sum(row["size"] * row.score for row in report.rows) / everybody
	shown = report.figures["Average score"]
	assert float(shown) == pytest.approx(average, abs=0.15)


def test_what_each_rule_and_source_take_off_the_average(six):
	for by in ("Rule", "Source"):
		report = Report(NAME, company=COMPANY, by=by)
		shown = report.figures["Average score"]
		assert 100 - sum(row.off for row in report.rows) == pytest.approx(float(shown), abs=0.1)


def test_no_score_where_only_some_findings_are_shown(six):
	for filters in ({"status": "Ignored"}, {"rule": "Birth Date Impossible"}):
		report = Report(NAME, company=COMPANY, by="Branch", **filters)
		assert not {"score", "size", "off"} & set(report.columns)
		assert not any("score" in row for row in report.rows)


def test_an_analyst_is_told_no_score_of_few(branches, as_user):
	with as_user(world.ANALYST):
		report = Report(NAME, company=COMPANY, by="Branch")
	for row in report.rows:
		if row.label in ("Harbour", "Station"):
			assert row.customers == "< 5" and row.score is None
	assert not report.chart and not report.cards


def test_a_branch_that_is_held_back_is_not_told(branches, as_user):
	user = world.make_user("quality-branch@ccms.test", "Sales Manager")
	frappe.db.set_single_value("CCMS Settings", "branch_source", "Cost Center")
	home = world.account("Main")
	frappe.db.set_value("CCMS Customer Score", {"home_branch": "Harbour"}, "home_branch", home)
	frappe.permissions.add_user_permission("Cost Center", home, user)
	frappe.clear_cache(user=user)
	with as_user(user):
		report = Report(NAME, company=COMPANY, by="Branch")
	assert {row.label for row in report.rows} <= {home, "None"}


def test_filters(six):
	assert not Report(NAME, company=COMPANY, status="Ignored").rows
	only = Report(NAME, company=COMPANY, rule="Birth Date Impossible")
	assert [row.label for row in only.rows] == ["Birth Date Impossible"]
	assert only.rows[0].list["rule"] == "Birth Date Impossible"
	with pytest.raises(frappe.ValidationError):
		Report(NAME, company=COMPANY, by="customer; drop table")


def test_an_analyst_sees_no_small_groups_and_no_list(six, as_user):
	with as_user(world.ANALYST):
		report = Report(NAME, company=COMPANY)
	(domain,) = report.only(label="Mail Domain Mistyped")
	assert not domain.list
	(born,) = report.only(label="Birth Date Impossible")
	assert born.customers == "< 5" and not born.findings
	assert not report.chart
	assert not any(name in frappe.as_json(report.rows) for name in six)


def test_who_may_run_it(six, as_user):
	for user in ("Guest", world.CASHIER):
		with as_user(user), pytest.raises(frappe.PermissionError):
			Report(NAME, company=COMPANY)


def test_customers_a_user_may_not_see_are_not_counted(six, as_user):
	user = world.make_user("quality@ccms.test", "Sales Manager")
	frappe.permissions.add_user_permission("Customer", six[0], user)
	frappe.clear_cache(user=user)
	with as_user(user):
		report = Report(NAME, company=COMPANY)
	assert {row.label: row.customers for row in report.rows}["Mail Domain Mistyped"] == 1
