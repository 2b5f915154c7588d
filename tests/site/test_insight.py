"""What all reports on customers have in common: who may read them, whom they speak of, what they say of nothing."""

import frappe
import pytest
from frappe.desk.query_report import build_xlsx_data
from frappe.utils import nowdate

from ccms_app.api import insight as api
from ccms_app.desk import cards, insight, periods, pictures
from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import truth
from tests.site.world import ABROAD, ANALYST, COMPANY, MANAGER, SELLER

REPORTS = (
	"Customers Behind",
	"RFM Segments",
	"Lifecycle Funnel",
	"Cohort Retention",
	"Customer Value",
	"New against Repeat Revenue",
	"Churn Warnings",
	"Score Accuracy",
)
OF_CUSTOMERS = REPORTS[:-2]
"""Those whose rows count the customers of the shop."""


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def counted(report: Report) -> int:
	"""How many customers a report speaks of."""
	if report.total is None:
		return len(report.rows)
	return report.total.customers if "customers" in report.columns else report.total.new_customers


def fence(user: str, doctype: str, *names: str) -> None:
	for name in names:
		frappe.permissions.add_user_permission(doctype, name, user)
	frappe.clear_cache(user=user)


@pytest.fixture
def fenced():
	"""`fenced(user, doctype, *names)`: User Permissions that end with the test."""
	users = []

	def add(user: str, doctype: str, *names: str) -> None:
		users.append(user)
		fence(user, doctype, *names)

	yield add
	for user in users:
		frappe.cache.hdel("user_permissions", user)


# --- nothing yet ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
def test_a_company_that_was_never_scored(name, as_user):
	with as_user(MANAGER):
		report = Report(name, company=ABROAD)
	assert report.rows == [] and report.chart is None
	assert "have not been scored yet" in report.message
	assert 'class="btn btn-primary btn-sm ccms-score-now"' in report.html
	with as_user(ANALYST):
		report = Report(name, company=ABROAD)
	assert "ccms-score-now" not in report.html and "A CCMS Manager can start it" in report.message


def test_a_run_under_way_and_a_failed_one(as_user):
	from ccms_app.scoring.store import lock, runs

	name = runs.new(ABROAD)
	assert "0 % done" in Report("RFM Segments", company=ABROAD).message
	frappe.db.set_value(runs.DOCTYPE, name, {"status": "Running", "progress": 40})
	with lock.only_one(60):
		assert "40 % done" in Report("RFM Segments", company=ABROAD).message
	frappe.db.set_value(runs.DOCTYPE, name, "status", "Failed")
	report = Report("RFM Segments", company=ABROAD)
	assert name in report.message and "says why" in report.message


@pytest.mark.parametrize("status", ["Running", "Queued"])
def test_a_run_that_nobody_carries_out_any_more(status):
	from ccms_app.scoring.store import runs

	name = runs.new(ABROAD)
	yesterday = frappe.utils.add_days(frappe.utils.now(), -1)
	frappe.db.set_value(runs.DOCTYPE, name, {"status": status, "progress": 40, "creation": yesterday})
	report = Report("RFM Segments", company=ABROAD)
	assert "was stopped before it was done" in report.message and "Come back" not in report.message
	assert "ccms-score-now" in report.html


def test_scoring_is_started_by_managers_alone(as_user):
	with as_user(ANALYST), pytest.raises(frappe.PermissionError):
		api.score_now(ABROAD)
	with as_user(MANAGER):
		name = api.score_now(ABROAD)
	assert frappe.db.get_value("CCMS Score Run", name, ["company", "status"]) == (ABROAD, "Queued")


# --- who may read --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
def test_who_may_open_them(company, name, as_user):
	for user in (MANAGER, ANALYST):
		with as_user(user):
			Report(name, company=company)
	if name not in ("Customers Behind", "Churn Warnings"):
		with as_user(SELLER), pytest.raises(frappe.PermissionError):
			Report(name, company=company)


@pytest.mark.parametrize("name", OF_CUSTOMERS)
def test_only_customers_the_reader_may_see(company, name, as_user, fenced):
	found = truth()
	recent = sorted(found.orders, key=lambda who: found.first(who))[-3:]
	fenced(MANAGER, "Customer", *recent)
	filters = {"cohorts": "36 Months"} if name == "Cohort Retention" else {}
	with as_user(MANAGER):
		report = Report(name, company=company, **filters)
	assert counted(report) == 3, name
	for other in set(found.orders) - set(recent):
		assert other not in str(report.rows)


@pytest.mark.parametrize("name", OF_CUSTOMERS)
def test_only_customers_of_the_readers_groups(company, name, as_user, fenced):
	found = truth()
	fenced(MANAGER, "Customer Group", shop.REGULARS)
	filters = {"cohorts": "36 Months"} if name == "Cohort Retention" else {}
	if name == "New against Repeat Revenue":
		filters = {"period": "Choose Dates", "from_date": min(day for _w, day, *_r in found.revenue)}
	with as_user(MANAGER):
		report = Report(name, company=company, **filters)
	assert counted(report) == sum(1 for group in found.group.values() if group == shop.REGULARS)


@pytest.mark.parametrize("name", OF_CUSTOMERS)
def test_only_the_readers_branches(company, name, as_user, fenced):
	everybody = counted(Report(name, company=company))
	asked = Report(name, company=company, branch=shop.HARBOUR)
	fenced(MANAGER, "Cost Center", shop.HARBOUR)
	with as_user(MANAGER):
		report = Report(name, company=company)
		assert counted(report) == counted(asked) < everybody
		assert api.branches(company) == [shop.HARBOUR]
		with pytest.raises(frappe.PermissionError):
			Report(name, company=company, branch=shop.STATION)


@pytest.mark.parametrize("name", REPORTS)
def test_another_company_is_refused(company, name, as_user, fenced):
	fenced(MANAGER, "Company", COMPANY)
	with as_user(MANAGER), pytest.raises(frappe.PermissionError, match="may not see"):
		Report(name, company=company)


def test_branches_are_not_told_to_everybody(company, as_user):
	from tests.site.world import make_user

	visitor = make_user("visitor@ccms.test", user_type="Website User")
	with as_user(ANALYST):
		assert {shop.STATION, shop.HARBOUR} <= set(api.branches(company))
		assert api.branches(company, "harb") == [shop.HARBOUR]
	with as_user(visitor), pytest.raises(frappe.PermissionError):
		api.branches(company)


def test_an_analyst_sees_no_personal_fields(company, as_user):
	with as_user(ANALYST):
		report = Report("Customers Behind", company=company)
	assert "customer_name" not in report.columns and not any(row.customer_name for row in report.rows)


# --- filters -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize(
	("field", "value"),
	[
		("company", "Nobody & Sons"),
		("branch", "Nowhere"),
		("customer_group", "<script>"),
		("territory", "Atlantis"),
		("sales_person", "Nobody"),
	],
)
def test_filters_that_name_nothing_are_refused(company, name, field, value):
	with pytest.raises(frappe.PermissionError, match="may not see"):
		Report(name, **{"company": company, field: value})


@pytest.mark.parametrize(
	("filters", "words"),
	[
		({"r": "high"}, "cannot be read"),
		({"fm": "2.5"}, "cannot be read"),
		({"cohort": "soon"}, "cannot be read"),
		({"bought": "once..twice"}, "is not a date"),
		({"last_since": "yesterday?"}, "is not a date"),
		({"chance_from": "1 or 1=1"}, "cannot be read"),
		({"sort_by": "Shoe Size"}, "must be one of"),
	],
)
def test_cells_that_cannot_be_read(company, filters, words):
	with pytest.raises(frappe.ValidationError, match=words):
		Report("Customers Behind", company=company, **filters)


def test_days_that_cannot_be(company):
	for filters in (
		{"from_date": nowdate(), "to_date": "2020-01-01"},
		{"from_date": "the first"},
	):
		with pytest.raises(frappe.ValidationError):
			Report("New against Repeat Revenue", company=company, period="Choose Dates", **filters)
	with pytest.raises(frappe.ValidationError, match="must be one of"):
		Report("Lifecycle Funnel", company=company, period="Some Time")


def test_filters_that_nobody_matches(company):
	report = Report("Customers Behind", company=company, stage="Prospect", r=5)
	assert report.rows == [] and "No customers match" in report.message
	frappe.get_doc({"doctype": "Territory", "territory_name": "CCMS Empty"}).insert()
	for name in REPORTS[:-1]:
		report = Report(name, company=company, territory="CCMS Empty")
		assert report.rows == [] and report.chart is None and report.message, name


def test_cells_on_their_own(company):
	found = truth()
	everybody = Report("Customers Behind", company=company)
	for filters, holds in (
		({"revenue_from": 5000}, lambda row: row.revenue_365 >= 5000),
		({"chance_from": 0.5}, lambda row: (row.churn_probability or 0) >= 0.5),
		({"orders_from": 2}, lambda row: len(found.orders[row.customer]) >= 2),
		({"last_until": "2026-06-30"}, lambda row: str(row.last_order) <= "2026-06-30"),
		({"value_band": "A"}, lambda row: row.value_band == "A"),
	):
		report = Report("Customers Behind", company=company, **filters)
		assert {row.customer for row in report.rows} == {
			row.customer for row in everybody.rows if holds(row)
		}, filters


def test_the_order_of_the_list(company):
	rows = Report("Customers Behind", company=company).rows
	assert [row.revenue_365 for row in rows] == sorted((row.revenue_365 for row in rows), reverse=True)
	rows = Report("Customers Behind", company=company, sort_by="Last Order").rows
	assert [row.last_order for row in rows] == sorted((row.last_order for row in rows), reverse=True)


# --- exports -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_can_be_exported(company, name):
	from frappe.desk.query_report import run

	data = frappe._dict(run(name, filters={"company": company}))
	data.filters = {"company": company}
	table, _widths = build_xlsx_data(data, [], include_indentation=0)
	assert len(table) == len(data.result) + 1
	labels = [column["label"] for column in data["columns"] if not column.get("hidden")]
	assert [str(label) for label in table[0][: len(labels)]] == labels or set(labels) <= set(table[0])
	assert not any("<" in str(cell) for row in table for cell in row if "Tea" not in str(cell))


# --- the parts -----------------------------------------------------------------------------------------------


def test_how_figures_move():
	assert cards.change_text(112, 100) == "▲ 12 %"
	assert cards.change_text(99.5, 100) == "▼ 0.5 %"
	assert cards.change_text(100, 100) == "="
	assert cards.change_text(5, 0) == ""
	assert cards.change_text(-50, -100) == "▲ 50 %"
	assert cards.change_text(0.31, 0.28, points=True) == "▲ 3 pp"
	card = cards.count("<i>", 5, 10, good=cards.DOWN)
	assert "text-success" in card["value"] and "▼ 50 %" in card["value"]
	assert cards.percent("x", None)["value"].count("–") == 1


def test_periods_and_what_they_are_compared_with():
	as_of = frappe.utils.getdate("2026-03-31")

	def read(**filters):
		found = periods.read(frappe._dict(filters), as_of)
		return tuple(
			span and (str(span.start), str(span.last)) for span in (found.this, found.before, found.last_year)
		)

	assert read() == (("2025-03-31", "2026-03-30"), None, ("2024-03-31", "2025-03-30"))
	assert read(period="This Month") == (
		("2026-03-01", "2026-03-30"),
		("2026-02-01", "2026-02-27"),
		("2025-03-01", "2025-03-30"),
	)
	assert read(period="Last 30 Days") == (
		("2026-03-01", "2026-03-30"),
		("2026-01-30", "2026-02-28"),
		("2025-03-01", "2025-03-30"),
	)
	assert read(period="Choose Dates", from_date="2026-01-01", to_date="2027-01-01") == (
		("2026-01-01", "2026-03-30"),
		("2025-10-04", "2025-12-31"),
		("2025-01-01", "2025-03-30"),
	)


def test_pictures_escape_what_they_show():
	cell = pictures.Cell(0.5, ("<b>", "&"), 'x"y', "<i>")
	html = pictures.heat_map(["<a>"], [("<r>", [cell, pictures.Cell()])], "<c>", "<k>")
	for markup in ("<a>", "<r>", "<c>", "<k>", "<i>", 'x"y'):
		assert markup not in html
	html = pictures.bars([pictures.Bar("<l>", 5, "<t>", "", "<n>", 3, "<x>")])
	for markup in ("<l>", "<t>", "<n>", "<x>"):
		assert markup not in html
	assert pictures.bars([]) == ""


def test_a_waterfall_may_go_below_nothing():
	html = pictures.bars([pictures.Bar("a", 100, "100"), pictures.Bar("b", 150, "-150", start=-50)])
	assert "left: 33.33%; width: 66.67%" in html and "left: 0.0%; width: 100.0%" in html


def test_links_carry_the_scope():
	path = insight.report_path("Customers Behind", company="A & B", stage="At Risk", r=None, fm=0)
	assert path == "/app/query-report/Customers%20Behind?company=A+%26+B&stage=At+Risk&fm=0"
