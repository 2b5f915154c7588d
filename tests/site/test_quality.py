"""Data quality on a real site: what a run finds, what the next one leaves alone, and what stops neither."""

import json

import frappe
import pytest
from frappe.utils import add_days, add_to_date, now_datetime, nowdate

from ccms_app.identity.store import handlers, identities
from ccms_app.quality.store import findings, records, rules, runs, words
from tests.site import killing
from tests.site.factories import make_customer, make_sales_invoice
from tests.site.world import ANALYST, MANAGER, SELLER

pytestmark = pytest.mark.commits
FINDING, RULE, RUN = findings.DOCTYPE, rules.DOCTYPE, runs.DOCTYPE


@pytest.fixture
def people(site):
	"""Makes customers; they and what was found on them go when the test ends."""
	made = []

	def add(**fields) -> str:
		name = make_customer(**fields).name
		made.append(name)
		frappe.db.commit()
		return name

	yield add
	frappe.db.rollback()
	frappe.set_user("Administrator")
	for name in made:
		frappe.db.delete(FINDING, {"customer": name})
		for contact in frappe.get_all(
			"Dynamic Link", {"link_name": name, "parenttype": "Contact"}, pluck="parent"
		):
			frappe.delete_doc("Contact", contact, force=True, ignore_missing=True)
		if not frappe.db.exists("Sales Invoice", {"customer": name}):
			frappe.delete_doc("Customer", name, force=True, ignore_missing=True)
	frappe.db.delete(RUN)
	frappe.db.delete(RULE, {"name": ["like", "T-%"]})
	frappe.db.commit()


def open_of(customer: str) -> dict[str, frappe._dict]:
	fields = ["name", "rule", "kind", "status", "suggestion", "reason_values", "source", "modified"]
	rows = frappe.get_all(FINDING, {"customer": customer, "status": "Open"}, fields)
	return {row.rule: row for row in rows}


def test_the_rules_come_with_the_app(site):
	there = {row.name: row for row in frappe.get_all(RULE, fields=["name", "kind", "enabled", "weight"])}
	assert set(rules.SHIPPED) <= set(there)
	assert len(rules.enabled()) >= 12


def test_a_rule_a_manager_deleted_does_not_come_back(site):
	frappe.delete_doc(RULE, "Purchase before Joining")
	rules.make()
	assert not frappe.db.exists(RULE, "Purchase before Joining")


@pytest.mark.parametrize("bad", [{"weight": 101}, {"weight": -1}, {"parameters": "[1]"}, {"parameters": "{"}, {"parameters": '{"months": "x"}'}, {"kind": "Nonsense"}])  # fmt: skip
def test_a_rule_that_cannot_work_is_refused(site, bad):
	doc = frappe.get_doc({"doctype": RULE, "rule_name": "T-Bad", "kind": "Test Data", "weight": 5, **bad})
	with pytest.raises(frappe.ValidationError):
		doc.insert()


def test_a_run_finds_scores_and_tells_why(people):
	bad = people(email_id="fang.wang@gmial.com", ccms_birth_date=add_days(nowdate(), 5))
	good = people(mobile_no="+8613800138000")
	run = frappe.get_doc(RUN, runs.run(full=True))
	assert (run.status, run.is_full, run.checked) == ("Completed", 1, run.customers)
	found = open_of(bad)
	assert {"Mail Domain Mistyped", "Birth Date Impossible"} <= set(found)
	assert found["Mail Domain Mistyped"].suggestion == "fang.wang@gmail.com"
	assert found["Mail Domain Mistyped"].source == "Contact"
	assert "gmail.com" in words.reason("Mail Domain Mistyped", found["Mail Domain Mistyped"].reason_values)
	value, why = findings.score_of(bad)
	assert value == 100 - sum({row.rule: row.weight for row in why}.values()) < 100
	assert findings.score_of(good) == (100, [])


def test_the_second_run_touches_only_what_changed(people):
	one, other = people(email_id="a.b@gmial.com"), people(email_id="c.d@gmial.com")
	runs.run(full=True)
	frappe.db.set_value(RUN, {"status": "Completed"}, "started_on", add_to_date(now_datetime(), hours=7))
	before = open_of(other)
	customer = frappe.get_doc("Customer", one)
	customer.ccms_birth_date = add_days(nowdate(), 9)
	customer.save()
	frappe.db.set_value(
		"Customer", one, "modified", add_to_date(now_datetime(), hours=2), update_modified=False
	)
	frappe.db.commit()
	run = frappe.get_doc(RUN, runs.run())
	assert (run.is_full, run.customers, run.found) == (0, 1, 1)
	assert "Birth Date Impossible" in open_of(one)
	assert open_of(other) == before


def test_what_was_put_right_is_fixed_by_the_next_look(people):
	name = people(ccms_birth_date=add_days(nowdate(), 5), mobile_no="+8613800138000")
	runs.look([name])
	assert "Birth Date Impossible" in open_of(name)
	frappe.db.set_value("Customer", name, "ccms_birth_date", "1990-01-01")
	assert runs.look([name]).resolved == 1
	assert "Birth Date Impossible" not in open_of(name)
	assert frappe.db.get_value(FINDING, {"customer": name, "status": "Fixed"}, "fixed_on")
	frappe.db.set_value("Customer", name, "ccms_birth_date", "1790-01-01")
	runs.look([name])
	assert "Birth Date Impossible" in open_of(name)
	assert frappe.db.count(FINDING, {"customer": name, "kind": "Birth Date Impossible"}) == 1


def test_what_a_person_ignored_stays_so_until_the_value_changes(people):
	name = people(ccms_birth_date=add_days(nowdate(), 5), mobile_no="+8613800138000")
	runs.look([name])
	one = open_of(name)["Birth Date Impossible"].name
	findings.ignore(one)
	runs.look([name])
	assert frappe.db.get_value(FINDING, one, "status") == "Ignored"
	assert findings.score_of(name)[0] == 100
	frappe.db.set_value("Customer", name, "ccms_birth_date", add_days(nowdate(), 6))
	runs.look([name])
	assert frappe.db.get_value(FINDING, one, "status") == "Open"


def test_a_run_that_died_goes_on_where_it_stopped(people, monkeypatch):
	names = [people(email_id=f"died{number}@gmial.com") for number in range(3)]
	monkeypatch.setattr(runs, "BATCH", 1)
	doc = runs._begin(True)
	everybody = records.names()
	frappe.db.set_value(RUN, doc.name, {"position": names[1], "checked": 7})  # as kill -9 leaves it
	frappe.db.commit()
	runs.resume()
	doc.reload()
	left = [name for name in everybody if name > names[1]]
	assert (doc.status, doc.checked, doc.position) == ("Completed", 7 + len(left), "")
	assert not open_of(names[1])
	assert all("Mail Domain Mistyped" in open_of(name) for name in names if name > names[1])


def test_a_run_that_is_killed_is_gone_on_with(people, monkeypatch):
	names = [people(email_id=f"killed{number}@gmial.com") for number in range(3)]
	monkeypatch.setattr(runs, "BATCH", 2)
	monkeypatch.setattr(records, "names", lambda: sorted(names))
	killing.die_at(lambda: runs.run(full=True), 5)
	left = frappe.get_doc(RUN, {"status": "Running"})
	runs.resume()
	left.reload()
	assert (left.status, left.checked) == ("Completed", 3)
	for name in names:
		assert frappe.db.count(FINDING, {"customer": name, "kind": "Mail Domain Mistyped"}) == 1


def test_nothing_is_resumed_when_nothing_died(people):
	frappe.db.delete(RUN)
	frappe.db.commit()
	runs.resume()
	assert not frappe.db.count(RUN)


def test_one_identifier_with_two_names(people):
	one, other = people(customer_name="Fang Wang"), people(customer_name="Peter Smithson")
	for name in (one, other):
		identities.link(identities.ensure("Phone", "+8613912345678"), name, "Import")
	runs.look([one])
	found = open_of(one)["Same Identifier, Another Name"]
	assert json.loads(found.reason_values)["other"] == other
	assert "13912345678" not in found.reason_values


def test_purchases_before_birth_and_the_way_to_reach(people):
	name = people(ccms_birth_date=nowdate())
	make_sales_invoice(name, posting_date=add_days(nowdate(), -3), set_posting_time=1)
	runs.look([name])
	assert {"Purchase before Birth", "No Way to Reach"} <= set(open_of(name))


def test_disabled_and_erased_customers_are_left_alone(people):
	name = people(email_id="x.y@gmial.com")
	runs.look([name])
	assert open_of(name)
	frappe.db.set_value("Customer", name, "disabled", 1)
	frappe.db.commit()
	assert name not in records.names()
	runs.run(full=True)
	assert not open_of(name)


def test_hostile_texts_and_an_unknown_rule_stop_no_run(people):
	frappe.get_doc({"doctype": RULE, "rule_name": "T-Gone", "kind": "Test Data", "weight": 1}).insert()
	frappe.db.set_value(RULE, "T-Gone", {"kind": "From Tomorrow", "parameters": "[1]"})
	hostile = people(customer_name="\u202e测试")
	frappe.db.set_value(
		"Customer", hostile, {"mobile_no": "\u202e<b>12</b>" + "9" * 100, "email_id": "a\0b@@,"}
	)
	frappe.db.commit()
	run = frappe.get_doc(RUN, runs.run(full=True))
	assert run.status == "Completed"
	found = open_of(hostile)["Phone Invalid"]
	told = words.reason("Phone Invalid", found.reason_values)
	assert "<b>12" not in told and "&lt;b&gt;" in told and "\u202e" not in told


def test_a_deleted_rule_takes_its_findings_along(people):
	frappe.get_doc(
		{"doctype": RULE, "rule_name": "T-Mail", "kind": "Mail Domain Mistyped", "weight": 3}
	).insert()
	name = people(email_id="rule.gone@gmial.com")
	runs.look([name])
	assert "T-Mail" in open_of(name)
	rule = frappe.get_doc(RULE, "T-Mail")
	rule.weight = 4
	rule.save()
	assert frappe.db.get_value(FINDING, {"customer": name, "rule": "T-Mail"}, "weight") == 4
	frappe.delete_doc(RULE, "T-Mail")
	assert "T-Mail" not in open_of(name)
	runs.look([name])
	assert "Mail Domain Mistyped" in open_of(name)


def test_findings_do_not_hold_a_customer(people):
	name = people(ccms_birth_date=add_days(nowdate(), 5))
	runs.look([name])
	frappe.delete_doc("Customer", name)
	assert not frappe.db.exists("Customer", name)


def test_the_handler_exports_and_erases(people):
	name = people(ccms_birth_date=add_days(nowdate(), 5))
	runs.look([name])
	(handler,) = [one for one in handlers.all().values() if FINDING in one.doctypes]
	assert any(row["kind"] == "Birth Date Impossible" for row in handler.export(name)[FINDING])
	assert handler.erase(name, "erased-x")[FINDING] >= 1
	assert handler.erase(name, "erased-x") == {}
	assert not open_of(name)


def test_findings_are_not_written_by_hand(people):
	name = people(ccms_birth_date=add_days(nowdate(), 5))
	runs.look([name])
	doc = frappe.get_doc(FINDING, open_of(name)["Birth Date Impossible"].name)
	doc.weight = 0
	with pytest.raises(frappe.PermissionError):
		doc.save()


def test_who_may_decide_and_read(people, as_user):
	name = people(ccms_birth_date=add_days(nowdate(), 5))
	runs.look([name])
	one = open_of(name)["Birth Date Impossible"].name
	for user in (ANALYST, "Guest"):
		with as_user(user), pytest.raises(frappe.PermissionError):
			findings.ignore(one)
		assert not frappe.has_permission(FINDING, "read", doc=one, user=user)
	with as_user(SELLER), pytest.raises(frappe.PermissionError):
		findings.ignore(one)
	with as_user(MANAGER):
		findings.ignore(one)
	assert frappe.db.get_value(FINDING, one, "decided_by") == MANAGER
