"""Churn warnings: made each night, worked through by people, settled by what the customers did; and their report."""

import json
from datetime import timedelta

import frappe
import pytest
from frappe.utils import add_days, getdate, nowdate
from pytest import approx

from ccms_app.api import warnings as api
from ccms_app.identity.store import merging, undo
from ccms_app.scoring.store import runs, warnings
from tests.site import shop
from tests.site.reports import Report
from tests.site.world import ANALYST, CASHIER, MANAGER, SELLER

NAME = "Churn Warnings"
AT_RISK = (0.9, 0.8, 0.7, 0.6, 0.55)


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


@pytest.fixture
def risks(company) -> list[str]:
	"""Five customers with much at risk, the most first; nobody else is at risk, nobody is warned of yet."""
	frappe.db.delete(warnings.DOCTYPE, {"company": company})
	run = runs.published(company)
	table = frappe.qb.DocType(warnings.SCORE)
	frappe.qb.update(table).set(table.churn_probability, 0.1).where(table.score_run == run).run()
	names = frappe.get_all(
		warnings.SCORE, filters={"score_run": run, "last_order": ["<", add_days(nowdate(), -40)]}, limit=5,
		fields=["name", "customer"], order_by="customer",
	)  # fmt: skip
	for row, risk in zip(names, AT_RISK, strict=True):
		frappe.db.set_value(
			warnings.SCORE,
			row.name,
			{
				"churn_probability": risk,
				"expected_revenue": 1000,
				"churn_reasons": json.dumps([{"code": "one_order", "values": {}}]),
			},
		)
	return [row.customer for row in names]


def warning_of(customer: str):
	return frappe.get_doc(warnings.DOCTYPE, {"customer": customer})


def came_back(customer: str, company: str, on: str | None = None) -> None:
	frappe.db.set_value(
		warnings.PROFILE, {"customer": customer, "company": company}, "last_order", on or nowdate()
	)


def age(customer: str, days: int) -> None:
	"""As if the warning had been made so many days ago."""
	frappe.db.set_value(warnings.DOCTYPE, {"customer": customer}, "warned_on", add_days(nowdate(), -days))


# --- each night ----------------------------------------------------------------------------------------------


def test_a_night_warns_of_those_with_most_at_risk(company, risks):
	frappe.db.set_single_value("CCMS Settings", "churn_warnings_a_day", 3)
	assert warnings.refresh(company).new == 3
	found = frappe.get_all(
		warnings.DOCTYPE,
		filters={"company": company},
		fields=["customer", "at_risk", "status"],
		order_by="at_risk desc",
	)
	assert [row.customer for row in found] == risks[:3]
	assert [row.at_risk for row in found] == approx([900, 800, 700])
	assert warnings.refresh(company).new == 0, "the same night makes no second list"
	for customer in risks[:3]:
		age(customer, 1)
	assert warnings.refresh(company).new == 2, "the next day the others follow, and nobody twice"
	assert frappe.db.count(warnings.DOCTYPE, {"company": company}) == 5


def test_the_risk_to_warn_from(company, risks):
	frappe.db.set_single_value("CCMS Settings", "churn_warning_from", 65)
	assert warnings.refresh(company).new == 3


def test_little_at_risk_is_not_worth_a_call(company, risks):
	score = {"score_run": runs.published(company), "customer": risks[0]}
	frappe.db.set_value(warnings.SCORE, score, {"expected_revenue": 1, "basket_value": 5000})
	warnings.refresh(company)
	assert not frappe.db.exists(warnings.DOCTYPE, {"customer": risks[0]})


def test_who_comes_back_is_settled(company, risks):
	warnings.refresh(company)
	age(risks[0], 5)
	came_back(risks[0], company)
	assert warnings.refresh(company).came_back == 1
	doc = warning_of(risks[0])
	assert (doc.status, str(doc.came_back_on), str(doc.closed_on)) == ("Came Back", nowdate(), nowdate())
	assert warnings.refresh(company) == warnings.Made()


def test_who_bought_since_the_cut_is_not_warned_of(company, risks):
	came_back(risks[0], company)
	warnings.refresh(company)
	assert not frappe.db.exists(warnings.DOCTYPE, {"customer": risks[0]})


def test_a_warning_ends_with_the_days_that_scores_look_ahead(company, risks):
	warnings.refresh(company)
	age(risks[0], 90)
	age(risks[1], 89)
	made = warnings.refresh(company)
	assert made.not_back == 1 and warning_of(risks[1]).status == "Open"
	# the days are over, and the customer is still at risk: a new one is made
	statuses = frappe.get_all(warnings.DOCTYPE, filters={"customer": risks[0]}, pluck="status")
	assert sorted(statuses) == ["Not Back", "Open"]


def test_figures_follow_the_newest_scores(company, risks):
	warnings.refresh(company)
	score = {"score_run": runs.published(company), "customer": risks[0]}
	frappe.db.set_value(warnings.SCORE, score, {"churn_probability": 0.5, "expected_revenue": 100})
	warnings.refresh(company)
	doc = warning_of(risks[0])
	assert (doc.churn_probability, doc.at_risk) == (approx(50), approx(50))


def test_no_scores_no_warnings():
	assert warnings.refresh("CCMS Test Abroad") == warnings.Made()


# --- customers who become one ---------------------------------------------------------------------------------


@pytest.fixture
def two(company, risks):
	"""Two customers with running warnings: the first one's is older; the second one's is put off and somebody's task."""
	warnings.refresh(company)
	older, younger = risks[:2]
	age(older, 3)
	doc = warning_of(younger)
	warnings.assign(doc, MANAGER, "call")
	doc.reload()
	doc.note = "on holiday"
	doc.save()
	warnings.snooze(doc, add_days(nowdate(), 3))
	return older, younger


def ended(name: str) -> None:
	"""Somebody has closed it meanwhile."""
	warnings.dismiss(frappe.get_doc(warnings.DOCTYPE, name), "moved away")


@pytest.mark.parametrize("goes", [0, 1])
def test_merged_customers_have_one_running_warning_and_their_own_again_after_an_undo(company, two, goes):
	older, younger = (warning_of(customer) for customer in two)
	fields = ["customer", "status", "note", "closed_on", "active_key", "_assign"]
	was = {doc.name: frappe.db.get_value(warnings.DOCTYPE, doc.name, fields) for doc in (older, younger)}
	merge = merging.run(two[goes], two[1 - goes])
	older.reload()
	younger.reload()
	assert (older.status, older.active_key) == ("Open", f"{company}|{two[1 - goes]}")
	assert (younger.status, str(younger.closed_on)) == ("Dismissed", nowdate())
	assert younger.note == f"on holiday\nMerged: {older.name} goes on."
	assert not frappe.db.exists("ToDo", {"reference_name": younger.name, "status": "Open"})
	warnings.refresh(company)
	undo.run(merge)
	assert was == {name: frappe.db.get_value(warnings.DOCTYPE, name, fields) for name in was}
	assert frappe.db.exists("ToDo", {"reference_name": younger.name, "status": "Open"})
	warnings.refresh(company)


def test_after_an_undo_nobody_has_two_running_warnings_either(company, two):
	"""Since the merge the one that went on was closed, and months later another was made."""
	names = [warning_of(customer).name for customer in two]
	merge = merging.run(two[0], two[1])
	ended(names[0])
	doc = frappe.copy_doc(frappe.get_doc(warnings.DOCTYPE, names[0]))
	doc.status = "Open"
	warnings._keep(doc)
	undo.run(merge)
	found = {name: warning_of_name(name) for name in (*names, doc.name)}
	assert found[names[0]] == (two[0], "Dismissed")
	assert (found[names[1]], found[doc.name]) == ((two[1], "Dismissed"), (two[1], "Open"))
	warnings.refresh(company)


def warning_of_name(name: str) -> tuple:
	return frappe.db.get_value(warnings.DOCTYPE, name, ["customer", "status"])


def test_a_renamed_customer_keeps_the_warning(company, risks):
	warnings.refresh(company)
	frappe.rename_doc("Customer", risks[0], f"{risks[0]} now", force=True)
	assert warning_of(f"{risks[0]} now").active_key == f"{company}|{risks[0]} now"
	assert warnings.refresh(company) == warnings.Made()


# --- what people do ------------------------------------------------------------------------------------------


def test_contacted_with_an_outcome(company, risks, as_user):
	warnings.refresh(company)
	doc = warning_of(risks[0])
	with as_user(SELLER):
		api.contacted(doc.name, "Not Reached", "Twice, in the morning")
	doc.reload()
	assert (doc.status, str(doc.contacted_on), doc.note) == ("Contacted", nowdate(), "Twice, in the morning")
	assert risks[0] not in Report(NAME, company=company).column("customer")
	assert Report(NAME, company=company, show="Contacted").column("customer") == [risks[0]]


def test_an_owner_gets_a_task(company, risks, as_user):
	warnings.refresh(company)
	doc = warning_of(risks[0])
	with as_user(MANAGER):
		api.assign(doc.name, SELLER, "Call about <b>tea</b>", add_days(nowdate(), 2))
		todo = frappe.get_doc("ToDo", {"reference_name": doc.name})
		assert (todo.allocated_to, todo.status, str(todo.date)) == (SELLER, "Open", add_days(nowdate(), 2))
		row = Report(NAME, company=company).only(customer=risks[0])[0]
		assert row.owner == "Seller" and row.next_step == "Call about <b>tea</b>"
		mine = Report(NAME, company=company, owner=SELLER)
		assert mine.column("customer") == [risks[0]]
		api.assign(doc.name, MANAGER, "Take over")
		assert frappe.db.get_value("ToDo", todo.name, "status") == "Closed"
		api.dismiss(doc.name, "Moved away")
	doc.reload()
	assert doc.status == "Dismissed" and doc.note == "Moved away"
	assert not frappe.db.exists("ToDo", {"reference_name": doc.name, "status": "Open"})


def test_snoozed_until_a_day(company, risks):
	warnings.refresh(company)
	doc = warning_of(risks[0])
	api.snooze(doc.name, add_days(nowdate(), 3))
	assert risks[0] not in Report(NAME, company=company).column("customer")
	assert Report(NAME, company=company, show="Snoozed").column("customer") == [risks[0]]
	assert warnings.refresh(company).woken == 0
	frappe.db.set_value(warnings.DOCTYPE, doc.name, "snoozed_until", nowdate())
	assert warnings.refresh(company).woken == 1
	assert warning_of(risks[0]).status == "Open"
	with pytest.raises(frappe.ValidationError, match="future"):
		api.snooze(doc.name, nowdate())


def test_what_is_closed_stays_closed(company, risks):
	warnings.refresh(company)
	doc = warning_of(risks[0])
	api.dismiss(doc.name, "No")
	for action in (
		lambda: api.contacted(doc.name, "Undecided"),
		lambda: api.snooze(doc.name, add_days(nowdate(), 3)),
		lambda: api.assign(doc.name, MANAGER, "Call"),
		lambda: api.dismiss(doc.name, "Again"),
	):
		with pytest.raises(frappe.ValidationError, match="was closed on"):
			action()


def test_nobody_writes_a_warning_by_hand(company, risks, as_user):
	warnings.refresh(company)
	doc = warning_of(risks[0])
	with as_user(MANAGER):
		doc.reload()
		doc.at_risk = 1_000_000
		with pytest.raises(frappe.PermissionError, match="not changed by hand"):
			doc.save()
		doc.reload()
		doc.status = "Came Back"
		with pytest.raises(frappe.PermissionError, match="not changed by hand"):
			doc.save()
		new = frappe.copy_doc(doc)
		with pytest.raises(frappe.PermissionError):
			new.insert()
	with pytest.raises(frappe.PermissionError, match="dismissed, not deleted"):
		frappe.delete_doc(warnings.DOCTYPE, doc.name)


@pytest.mark.parametrize("user", [ANALYST, CASHIER])
def test_who_may_not_work_on_them(company, risks, as_user, user):
	warnings.refresh(company)
	name = warning_of(risks[0]).name
	if user == CASHIER:
		frappe.db.delete("Has Role", {"parent": CASHIER, "role": ["in", ("Sales User", "Sales Manager")]})
		frappe.clear_cache(user=CASHIER)
	try:
		with as_user(user), pytest.raises(frappe.PermissionError):
			api.contacted(name, "Undecided")
	finally:
		frappe.db.rollback()
		frappe.clear_cache(user=CASHIER)


# --- the report ----------------------------------------------------------------------------------------------


def test_the_list_of_today(company, risks):
	frappe.db.set_single_value("CCMS Settings", "churn_warnings_a_day", 2)
	warnings.refresh(company)
	for customer in risks[:2]:
		age(customer, 1)
	warnings.refresh(company)
	report = Report(NAME, company=company)
	assert report.column("customer") == risks[:2]
	assert report.rows[0].reason == "Has ordered only once"
	assert report.rows[0].churn == approx(90)
	assert (
		"4 customers may be leaving" in report.message and "holds the 2 with most at risk" in report.message
	)
	assert report.figures["Revenue at risk"].replace("¥", "CNY") == "CNY 3,000"
	assert Report(NAME, company=company, show="All Open").column("customer") == risks[:4]


def test_who_came_this_morning_is_not_called(company, risks):
	warnings.refresh(company)
	came_back(risks[0], company)
	assert risks[0] not in Report(NAME, company=company).column("customer")


def test_came_back_of_contacted_and_not(company, risks):
	frappe.db.set_single_value("CCMS Settings", "churn_warnings_a_day", 5)
	warnings.refresh(company)
	assert Report(NAME, company=company).picture == "", "nothing to compare before the days are over"
	for customer in risks[:2]:
		api.contacted(warning_of(customer).name, "Undecided")
	for customer in risks:
		age(customer, 60)
	came_back(risks[0], company)
	came_back(risks[4], company)
	warnings.refresh(company)
	for customer in risks:
		age(customer, 90)
	picture = Report(NAME, company=company).picture
	assert "1 of 2" in picture and "1 of 3" in picture and "50 %" in picture and "33 %" in picture
	assert "no proof" in picture
	# nobody looked whether a customer came whose warning was dismissed
	frappe.db.set_value(warnings.DOCTYPE, {"customer": risks[3]}, "status", "Dismissed")
	assert Report(NAME, company=company).picture.count("1 of 2") == 2


def test_the_report_in_scope(company, risks, as_user):
	warnings.refresh(company)
	score = {"score_run": runs.published(company), "customer": risks[0]}
	group = frappe.db.get_value(warnings.SCORE, score, "customer_group")
	report = Report(NAME, company=company, customer_group=group)
	assert risks[0] in report.column("customer")
	other = shop.TOURISTS if group == shop.REGULARS else shop.REGULARS
	assert risks[0] not in Report(NAME, company=company, customer_group=other).column("customer")
	frappe.permissions.add_user_permission("Customer", risks[1], SELLER)
	frappe.clear_cache(user=SELLER)
	try:
		with as_user(SELLER):
			found = Report(NAME, company=company)
			assert found.column("customer") == [risks[1]]
			assert "One customer may be leaving" in found.message
			with pytest.raises(frappe.PermissionError):
				api.contacted(warning_of(risks[0]).name, "Undecided")
	finally:
		frappe.cache.hdel("user_permissions", SELLER)


def test_an_analyst_reads_without_names_and_without_buttons(company, risks, as_user):
	warnings.refresh(company)
	with as_user(ANALYST):
		report = Report(NAME, company=company)
	assert "work" not in report.columns and "customer_name" not in report.columns
	assert all(row.customer_name is None for row in report.rows)
	with as_user(MANAGER):
		assert {"work", "customer_name"} <= set(Report(NAME, company=company).columns)


def test_deltas_of_the_last_month(company, risks):
	frappe.db.set_single_value("CCMS Settings", "churn_warnings_a_day", 5)
	warnings.refresh(company)
	age(risks[0], 45)
	report = Report(NAME, company=company)
	assert report.figures["Warned in 30 days"] == "4"
	assert "before: 1" in report.cards["Warned in 30 days"]
	assert getdate(nowdate()) - timedelta(days=45) == warning_of(risks[0]).warned_on
