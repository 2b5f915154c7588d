"""Who is kept to one branch sees nothing that is known of another branch's customers, and works with the own ones."""

import frappe
import pytest
from frappe.utils import nowdate

from ccms_app.api import behaviour, scoring, segments, warnings
from ccms_app.privacy.store import branch_fence
from ccms_app.scoring.store import anomalies, runs
from ccms_app.scoring.store import warnings as warned
from ccms_app.segments.store import refresh
from tests.site import shop, world
from tests.site.reports import Report

PROFILE, SCORE, MEMBER, SEGMENT = (
	branch_fence.DOCTYPES[0],
	branch_fence.SCORE,
	branch_fence.MEMBER,
	branch_fence.SEGMENT,
)
KEPT = "kept-to-station@ccms.test"
IN_HARBOUR = {"field": "score.home_branch", "operator": "in", "value": [shop.HARBOUR], "group_no": 0}
EVERYBODY = {"field": "profile.orders", "operator": "at_least", "value": 1, "group_no": 0}


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


@pytest.fixture
def branches(company) -> tuple[set[str], set[str]]:
	"""The scored customers of Station and of Harbour; both have warnings, findings, stage changes, events, memberships."""
	run = runs.published(company)
	found = [
		set(frappe.get_all(SCORE, {"score_run": run, "home_branch": name}, pluck="customer"))
		for name in (shop.STATION, shop.HARBOUR)
	]
	for doctype in (*branch_fence.DOCTYPES[1:5],):
		frappe.db.delete(doctype, {"company": company})
	segment = make_segment(company, EVERYBODY)
	refresh.refresh(company, only=[segment], commits=False)
	for customers in found:
		for customer in sorted(customers)[:2]:
			for doctype in branch_fence.DOCTYPES[1:5]:
				frappe.get_doc(
					{"doctype": doctype, "name": f"RS {doctype[-5:]} {customer}", "customer": customer,
					"company": company, "status": {warned.DOCTYPE: "Open", anomalies.DOCTYPE: "New"}.get(doctype),
					"warned_on": nowdate(), "active_key": customer, "event_key": customer}
				).db_insert()  # fmt: skip
	return found[0], found[1]


@pytest.fixture
def station(branches, as_user):
	"""`with station(): …` as a manager who is kept to Station."""
	frappe.db.set_single_value("CCMS Settings", "branch_source", "Cost Center")
	world.make_user(KEPT, "CCMS Manager", "Sales Manager")
	frappe.permissions.add_user_permission("Cost Center", shop.STATION, KEPT)
	frappe.clear_cache(user=KEPT)
	yield lambda: as_user(KEPT)
	frappe.clear_cache(user=KEPT)


def make_segment(company: str, *rules: dict) -> str:
	rows = [rule | {"value": frappe.as_json(rule["value"])} for rule in rules]
	doc = frappe.get_doc(
		{
			"doctype": SEGMENT,
			"segment_name": f"Fence {frappe.generate_hash(length=6)}",
			"company": company,
			"rules": rows,
		}
	)
	return doc.insert().name


@pytest.mark.parametrize("doctype", branch_fence.DOCTYPES)
def test_lists_forms_and_queries_leave_the_other_branch_out(doctype, branches, station):
	ours, theirs = branches
	every = frappe.get_all(
		doctype, fields=["name", "customer"], filters={"customer": ["in", [*ours, *theirs]]}
	)
	mine = {row.name for row in every if row.customer in ours}
	others = {row.name for row in every if row.customer in theirs}
	assert mine and others
	names = {"name": ["in", [*mine, *others]]}
	assert set(frappe.get_list(doctype, names, pluck="name", limit=0)) == mine | others
	with station():
		assert set(frappe.get_list(doctype, names, pluck="name", limit=0)) == mine
		for name in (sorted(mine)[0], sorted(others)[0]):
			assert frappe.has_permission(doctype, "read", doc=frappe.get_doc(doctype, name)) == (name in mine)


def test_who_has_no_score_or_no_branch_is_everybodys(company, branches, station):
	_ours, theirs = branches
	one, two = sorted(theirs)[:2]
	frappe.db.set_value(SCORE, {"customer": one, "company": company}, "home_branch", "")
	frappe.db.delete(SCORE, {"customer": two, "company": company})
	with station():
		listed = frappe.get_list(PROFILE, {"customer": ["in", list(theirs)]}, ["name", "customer"])
		assert {row.customer for row in listed} == {one, two}
		for row in listed:
			assert frappe.has_permission(PROFILE, "read", doc=frappe.get_doc(PROFILE, row.name))


def test_the_form_tells_of_the_own_customers_alone(branches, station):
	ours, theirs = (sorted(names)[0] for names in branches)
	with station():
		assert behaviour.of_customer(ours)["companies"]
		other = behaviour.of_customer(theirs)
		assert other == {"companies": [], "message": "No orders that you may see."}
		assert segments.of_customer(ours) and not segments.of_customer(theirs)


def test_another_branchs_warning_is_not_worked_on(branches, station):
	ours, theirs = (
		frappe.db.get_value(warned.DOCTYPE, {"customer": ["in", list(names)]}) for names in branches
	)
	with station():
		with pytest.raises(frappe.PermissionError):
			warnings.dismiss(theirs, "nothing to do")
		warnings.dismiss(ours, "nothing to do")


def test_rules_are_written_and_count_the_own_customers_alone(company, branches, station):
	_ours, theirs = branches
	with station():
		assert segments.fields(company)
		found = segments.count(company, "All", [EVERYBODY])
		assert found["count"] and not {row["customer"] for row in found["sample"]} & theirs
		assert segments.count(company, "All", [IN_HARBOUR])["count"] == 0
		assert make_segment(company, EVERYBODY)
		assert scoring.score_now(company)
	assert segments.count(company, "All", [IN_HARBOUR])["count"] == len(theirs)


def test_an_analyst_of_a_branch_counts_its_members_alone(company, branches, as_user):
	frappe.db.set_single_value("CCMS Settings", "branch_source", "Cost Center")
	frappe.permissions.add_user_permission("Cost Center", shop.STATION, world.ANALYST)
	frappe.clear_cache(user=world.ANALYST)
	segment = make_segment(company, IN_HARBOUR, EVERYBODY)
	refresh.refresh(company, only=[segment], commits=False)
	with as_user(world.ANALYST):
		assert segments.what_they_share(segment)["size"] == 0, "nobody of the analyst's branch is in it"
	frappe.clear_cache(user=world.ANALYST)


def test_reports_agree_with_the_lists(company, branches, station):
	with station():
		rows = Report("Churn Warnings", company=company, show="All Open").rows
		assert {row.customer for row in rows} == set(
			frappe.get_list(warned.DOCTYPE, {"company": company}, pluck="customer")
		)
