"""Runs that meet: two at once, somebody putting a value right meanwhile, one that fails, and the nightly one."""

import time

import frappe
import pytest
from frappe.utils.file_lock import LockTimeoutError
from frappe.utils.synchronization import filelock

from ccms_app import tasks
from ccms_app.api import quality as api
from ccms_app.quality.store import findings, fixes, records, rules, runs
from tests.site.factories import make_customer
from tests.site.own_jobs import run_own_jobs
from tests.site.processes import Workers, forget_jobs

pytestmark = pytest.mark.commits
FINDING, RUN, SETTING = findings.DOCTYPE, runs.DOCTYPE, "no_nightly_quality"
HERE = "tests.site.test_quality_runs"


@pytest.fixture
def three(site) -> list[str]:
	"""Three customers with a mistyped mail domain, and no run before."""
	frappe.db.delete(RUN)
	names = [make_customer(email_id=f"meets{letter}@gmial.com").name for letter in "abc"]
	frappe.db.commit()
	yield sorted(names)
	frappe.db.rollback()
	frappe.db.delete(RUN)
	for name in names:
		frappe.db.delete(FINDING, {"customer": name})
		frappe.db.delete(fixes.DOCTYPE, {"customer": name})
		for contact in frappe.get_all(
			"Dynamic Link", {"link_name": name, "parenttype": "Contact"}, pluck="parent"
		):
			frappe.db.set_value("Customer", name, "customer_primary_contact", None)
			frappe.delete_doc("Contact", contact, force=True)
		frappe.delete_doc("Customer", name, force=True)
	frappe.db.set_single_value("CCMS Settings", SETTING, 0)
	frappe.db.commit()


def mistyped(names: list[str]) -> list[tuple[str, str]]:
	rows = frappe.get_all(
		FINDING,
		{"customer": ["in", names], "kind": "Mail Domain Mistyped"},
		["customer", "status"],
		as_list=True,
	)
	return sorted(rows)


# --- workers -------------------------------------------------------------------------------------------------------


def hold(finding: str, seconds: float) -> str:
	"""Somebody who has a finding open for writing."""
	frappe.db.get_value(FINDING, finding, "name", for_update=True)
	time.sleep(seconds)
	return finding


def run_impatiently(after: float) -> str | None:
	"""A run that waits one second for a lock, no longer."""
	time.sleep(after)
	frappe.db.sql("set session innodb_lock_wait_timeout = 1")
	return runs.run(full=True)


# --- tests -----------------------------------------------------------------------------------------------------------


def test_two_runs_at_once_find_everything_once(three):
	with Workers(2) as workers:
		replies = workers.run("ccms_app.quality.store.runs.run", [{"full": True}] * 2)
	frappe.db.rollback()
	assert {reply.get("error") for reply in replies} <= {None, "LockTimeoutError"}
	assert any("value" in reply for reply in replies)
	assert {row.status for row in frappe.get_all(RUN, fields=["status"])} == {"Completed"}
	assert mistyped(three) == [(name, "Open") for name in three]


def test_a_run_gives_way_to_whoever_holds_a_finding(three):
	runs.look(three)
	frappe.db.set_value(
		"Contact Email",
		{"email_id": "meetsa@gmial.com"},
		"email_id",
		"meetsa@gmail.com",
		update_modified=False,
	)
	frappe.db.commit()
	email = frappe.db.get_value("Contact Email", {"email_id": "meetsa@gmail.com"}, "parent")
	(changed,) = frappe.get_all("Dynamic Link", {"parent": email, "parenttype": "Contact"}, pluck="link_name")
	held = frappe.db.get_value(FINDING, {"customer": changed, "kind": "Mail Domain Mistyped"})
	with Workers(2) as workers:
		_held, run = workers.run_mixed(
			[
				(f"{HERE}.hold", {"finding": held, "seconds": 3.2}),
				(f"{HERE}.run_impatiently", {"after": 0.8}),
			]
		)
	frappe.db.rollback()
	assert "value" in run, run["trace"]
	assert frappe.db.get_value(RUN, run["value"], "status") == "Completed"
	assert frappe.db.get_value(FINDING, held, "status") == "Fixed"


def test_a_run_and_somebody_who_puts_right_meanwhile(three):
	runs.look(three)
	frappe.db.commit()
	wanted = [
		frappe.db.get_value(FINDING, {"customer": name, "kind": "Mail Domain Mistyped"}) for name in three
	]
	with Workers(4) as workers:
		replies = workers.run_mixed(
			[
				("ccms_app.quality.store.runs.run", {"full": True}),
				*(("ccms_app.quality.store.fixes.apply", {"finding": finding}) for finding in wanted),
			]
		)
	frappe.db.rollback()
	assert "value" in replies[0], replies[0]
	assert [reply for reply in replies[1:] if "value" not in reply] == []
	runs.look(three)
	assert mistyped(three) == [(name, "Fixed") for name in three]


def test_two_people_put_the_same_value_right(three):
	runs.look(three)
	frappe.db.commit()
	finding = frappe.db.get_value(FINDING, {"customer": three[0], "kind": "Mail Domain Mistyped"})
	with Workers(2) as workers:
		replies = workers.run("ccms_app.quality.store.fixes.apply", [{"finding": finding}] * 2)
	frappe.db.rollback()
	assert sorted("value" in reply for reply in replies) == [False, True]
	(refused,) = [reply for reply in replies if "value" not in reply]
	assert refused["error"] == "ValidationError" and "Fixed" in refused["message"], refused
	assert frappe.db.count(fixes.DOCTYPE, {"customer": three[0]}) == 1


def test_while_one_runs_the_nightly_one_does_not(three):
	with filelock(runs.JOB):
		runs.nightly()
		with pytest.raises(LockTimeoutError):
			runs.run()
	assert not frappe.db.count(RUN)


def test_the_nightly_run_can_be_switched_off(three):
	frappe.db.set_single_value("CCMS Settings", SETTING, 1)
	runs.nightly()
	assert not frappe.db.count(RUN)
	frappe.db.set_single_value("CCMS Settings", SETTING, 0)
	runs.nightly()
	assert frappe.db.count(RUN, {"status": "Completed"}) == 1


def test_what_was_killed_is_gone_on_with_though_the_nightly_run_is_off(three):
	frappe.db.set_single_value("CCMS Settings", SETTING, 1)
	doc = runs._begin(True)
	runs.resume()
	assert frappe.db.get_value(RUN, doc.name, "status") == "Completed"


def test_a_rule_that_is_off_looks_at_nobody(three):
	frappe.db.set_value(rules.DOCTYPE, "Mail Domain Mistyped", "enabled", 0)
	try:
		runs.look(three)
		assert not mistyped(three)
	finally:
		frappe.db.rollback()
	runs.look(three)
	rule = frappe.get_doc(rules.DOCTYPE, "Mail Domain Mistyped")
	rule.enabled = 0
	rule.save()
	assert not mistyped(three), "what it found goes when it is switched off"
	frappe.db.rollback()


def test_a_run_that_fails_says_so_and_where_to_read_why(three, monkeypatch):
	def broken(_customers):
		raise ZeroDivisionError("this is the reason")

	monkeypatch.setattr(records, "read", broken)
	with pytest.raises(ZeroDivisionError):
		runs.run(full=True)
	frappe.db.rollback()
	(run,) = frappe.get_all(RUN, fields=["name", "status", "ended_on", "position"])
	assert (run.status, run.position) == ("Failed", "") and run.ended_on
	(why,) = frappe.get_all(
		"Error Log", {"reference_doctype": RUN, "reference_name": run.name}, ["name", "error"]
	)
	assert "this is the reason" in why.error
	frappe.delete_doc("Error Log", why.name, force=True)
	monkeypatch.undo()
	# the next one looks at everybody, and goes well
	assert frappe.db.get_value(RUN, runs.run(), ["status", "is_full"]) == ("Completed", 1)


def test_the_button_starts_a_run_in_the_background_once(three):
	forget_jobs()
	assert api.check_now(full=1) is True
	frappe.db.commit()
	assert api.check_now(full=1) is False
	assert run_own_jobs("ccms_app.quality") == 1
	frappe.db.rollback()
	(run,) = frappe.get_all(RUN, fields=["status", "is_full", "checked", "customers"])
	assert (run.status, run.is_full, run.checked) == ("Completed", 1, run.customers)
	assert mistyped(three) == [(name, "Open") for name in three]


def test_each_night_and_each_hour_put_their_jobs_into_the_long_queue(three):
	forget_jobs()
	tasks.daily_long()
	tasks.hourly_long()
	from frappe.utils.background_jobs import get_jobs

	waiting = get_jobs(site=frappe.local.site, queue="long")[frappe.local.site]
	assert {"ccms_app.quality.store.runs.nightly", "ccms_app.quality.store.runs.resume"} <= set(waiting)
	forget_jobs()
