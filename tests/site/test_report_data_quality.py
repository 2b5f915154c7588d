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
	made = [make_customer(customer_name=f"Ada {letter}", email_id=f"report{letter}@gmial.com").name for letter in "BCDEFG"]
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
	(nowhere,) = Report(NAME, company=COMPANY, by="Branch").rows  # never scored
	assert (nowhere.customers, nowhere.findings, nowhere.list) == (6, 7, {})


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
