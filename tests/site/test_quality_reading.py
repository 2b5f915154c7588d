"""Who reads rules, findings, fixes and runs, by every door: the analyst, a seller, another company, the portal, a guest."""

import frappe
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.api import quality as api
from ccms_app.quality.store import findings, fixes, rules, runs
from tests.site import world
from tests.site.factories import ABROAD, enrol, make_customer, make_program
from tests.site.readers import Reader, doors, leaks, through
from tests.site.world import ANALYST, MANAGER, SELLER

pytestmark = pytest.mark.commits
FINDING, FIX, RULE, RUN = findings.DOCTYPE, fixes.DOCTYPE, rules.DOCTYPE, runs.DOCTYPE
PORTAL, FOREIGN = "quality-portal@ccms.test", "quality-foreign@ccms.test"
NAME, MAIL = "Quirinus Readabout", "quirinus.readabout@gmial.com"


@pytest.fixture(scope="module")
def one(site):
	"""A customer of our company with a finding and a fix, and a run."""
	world.make_user(PORTAL, "Customer", user_type="Website User")
	world.make_user(FOREIGN, "Sales Manager", "CCMS Manager", user_type="System User")
	frappe.permissions.add_user_permission("Company", ABROAD, FOREIGN)
	customer = make_customer(customer_name=NAME, email_id=MAIL, ccms_birth_date=add_days(nowdate(), 3)).name
	enrol(customer, make_program(program_name=f"Reading {frappe.generate_hash(length=6)}"))
	runs.look([customer])
	mail = frappe.db.get_value(FINDING, {"customer": customer, "rule": "Mail Domain Mistyped"})
	fix = fixes.apply(mail)
	run = runs._begin(True).name
	frappe.db.set_value(RUN, run, "status", "Completed")
	frappe.db.set_single_value("CCMS Settings", "fence_customers", 1)
	frappe.db.commit()
	yield frappe._dict(
		customer=customer, names={FINDING: mail, FIX: fix, RULE: "Mail Domain Mistyped", RUN: run}
	)
	frappe.db.rollback()
	frappe.set_user("Administrator")
	frappe.db.set_single_value("CCMS Settings", "fence_customers", 0)
	frappe.permissions.remove_user_permission("Company", ABROAD, FOREIGN)
	for doctype in (FINDING, FIX):
		frappe.db.delete(doctype, {"customer": customer})
	frappe.db.delete(RUN)
	frappe.db.set_value("Customer", customer, {"customer_name": "Read", "email_id": ""})
	frappe.db.commit()


def told(who: str | None, doctype: str, one, *secrets: str) -> list[tuple]:
	reader, found = Reader(who), []
	for what, method, arguments in doors(doctype, one.names[doctype], one.customer):
		status, text = through(reader, method, arguments)
		said = text.replace(frappe.as_json(arguments, indent=None), "")
		if status == 200 and (leaked := leaks(said, *secrets)):
			found.append((what, leaked, text[:200]))
	return found


@pytest.mark.parametrize(
	"who", [ANALYST, PORTAL, None, FOREIGN], ids=["analyst", "portal", "guest", "foreign"]
)
@pytest.mark.parametrize("doctype", [FINDING, FIX])
def test_no_door_tells_of_the_person(one, who, doctype):
	assert told(who, doctype, one, NAME, MAIL, MAIL.replace("gmial", "gmail")) == []


@pytest.mark.parametrize("who", [ANALYST, PORTAL, None, SELLER], ids=["analyst", "portal", "guest", "seller"])
def test_runs_are_for_those_who_start_them(one, who):
	for what, method, arguments in doors(RUN, one.names[RUN], one.customer):
		status, text = through(Reader(who), method, arguments)
		assert status != 200 or '"started_on"' not in text, what
		assert what not in ("form", "REST v1 row", "REST v2 row", "get") or status != 200, what


@pytest.mark.parametrize("who", [PORTAL, None], ids=["portal", "guest"])
def test_rules_are_for_the_desk(one, who):
	assert told(who, RULE, one, "one slip away", "Purchase before") == []


@pytest.mark.parametrize("who", [ANALYST, SELLER])
def test_rules_are_read_and_not_written(one, who):
	reader = Reader(who)
	row = "/api/resource/CCMS Quality Rule/Mail Domain Mistyped"
	assert reader.text("GET", row)[0] == 200
	assert reader.text("PUT", row, json={"weight": 0})[0] == 403
	assert reader.text("DELETE", row)[0] == 403
	assert frappe.db.get_value(RULE, "Mail Domain Mistyped", "weight") == 10


@pytest.mark.parametrize("doctype", [FINDING, FIX, RUN])
def test_nobody_writes_by_the_doors_of_frappe(one, doctype):
	reader, name = Reader(MANAGER), one.names[doctype]
	before = frappe.get_doc(doctype, name).as_dict()
	for verb, path, keywords in (
		("PUT", f"/api/resource/{doctype}/{name}", {"json": {"status": "Undone", "weight": 0}}),
		("DELETE", f"/api/resource/{doctype}/{name}", {}),
		("POST", f"/api/resource/{doctype}", {"json": {"customer": one.customer, "status": "Open"}}),
	):
		assert reader.text(verb, path, **keywords)[0] >= 400, verb
	value = {"doctype": doctype, "name": name, "fieldname": "status", "value": "Undone"}
	assert reader.call("frappe.client.set_value", **value)[0] >= 400
	assert frappe.get_doc(doctype, name).as_dict() == before


def test_another_companys_manager_decides_nothing_of_ours(one, as_user):
	born = frappe.db.get_value(FINDING, {"customer": one.customer, "rule": "Birth Date Impossible"})
	with as_user(FOREIGN):
		for call in (
			lambda: api.of_customer(one.customer),
			lambda: api.preview(born, "1990-01-01"),
			lambda: api.apply(born, "1990-01-01"),
			lambda: api.ignore(born),
			lambda: api.undo(one.names[FIX]),
		):
			with pytest.raises(frappe.PermissionError):
				call()
		assert "Birth Date Impossible" not in api.by_rule()
	frappe.db.rollback()


def test_a_manager_of_ours_does_read_them(one):
	assert told(MANAGER, FINDING, one, one.customer) and told(MANAGER, FIX, one, MAIL)
