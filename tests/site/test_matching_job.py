"""The job that looks for duplicates, in a worker of the real queue: it tells how far it is, dies, goes on, and is alone."""

import contextlib
import json

import frappe
import pytest

from ccms_app.api import duplicates as api
from ccms_app.identity.store import match_memory, matching
from tests.site.own_worker import job_of, kill, status_of, wait_until, working
from tests.site.processes import forget_jobs
from tests.site.test_duplicates import pair_of, people, two  # noqa: F401

pytestmark = pytest.mark.commits


@pytest.fixture(autouse=True)
def alone(site):
	forget_jobs()
	yield
	frappe.db.rollback()
	if job := job_of(matching.JOB):
		job.delete()
	forget_jobs()


@contextlib.contextmanager
def heard():
	"""What browsers are told of matching meanwhile."""
	from frappe.utils.background_jobs import get_redis_connection_without_auth

	channel, told = get_redis_connection_without_auth().pubsub(ignore_subscribe_messages=True), []
	channel.subscribe("events")
	channel.get_message(timeout=5)
	yield told
	while message := channel.get_message(timeout=1):
		said = json.loads(message["data"])
		if said["namespace"] == frappe.local.site and said["event"] == matching.EVENT:
			told.append(said)
	channel.close()


@contextlib.contextmanager
def held_up():
	"""A run comes to where it remembers the customers, and no further."""
	conf = frappe.conf
	other = frappe.database.get_db(
		conf.db_host, conf.db_name, conf.db_password, conf.db_port, conf.db_name
	)  # fmt: skip
	other.sql(
		"select name from tabDefaultValue where parent = '__global' and defkey = %s for update",
		match_memory.TOKEN,
	)
	try:
		yield
	finally:
		other.rollback()
		other.close()


def noted(key: str) -> bool:
	"""What another process has committed, past the caches of this one."""
	return bool(frappe.db.sql("select 1 from tabDefaultValue where defkey = %s", key))


def test_the_job_finds_pairs_and_tells_how_far_it_is(two):  # noqa: F811
	assert api.look(full=1) and not pair_of(*two)
	frappe.db.commit()
	assert api.look(full=1) is False, "one waits already"
	with heard() as told:
		with working(matching.JOB):
			pass
	assert status_of(matching.JOB) == "finished"
	frappe.db.rollback()
	assert pair_of(*two)
	shares = [said["message"]["percent"] for said in told]
	assert len(shares) > 3 and shares == sorted(shares) and shares[-1] == 100
	assert {said["room"] for said in told} == {"user:Administrator"}
	assert told[-1]["message"]["ended"] and told[-1]["message"]["open"] >= 1


def test_one_that_is_killed_goes_on_within_the_hour(two):  # noqa: F811
	matching.run(full=True)
	frappe.db.delete("CCMS Duplicate Pair", {"customer_a": ["in", two]})
	frappe.db.commit()
	assert matching.run().compared == 0 and not pair_of(*two), "the night has nothing to do"
	api.look(full=1)
	frappe.db.commit()
	with held_up(), working(matching.JOB) as worker:
		wait_until(lambda: noted(matching.BEGUN))
		kill(worker)
	frappe.db.rollback()
	assert not pair_of(*two)
	job_of(matching.JOB).delete()  # as the queue itself does with those of dead workers, after some minutes
	frappe.clear_cache()
	matching.resume()
	frappe.db.commit()
	with working(matching.JOB):
		pass
	frappe.db.rollback()
	assert pair_of(*two) and not noted(matching.BEGUN)
	frappe.clear_cache()
	matching.resume()
	frappe.db.commit()
	assert status_of(matching.JOB) == "finished", "nothing is begun again"


def test_two_at_once_are_one_after_the_other_or_not_at_all(two, monkeypatch):  # noqa: F811
	matching.run(full=True)
	monkeypatch.setattr(matching, "WAIT", 0.2)
	api.look(full=1)
	frappe.db.commit()
	logs = frappe.db.count("Error Log")
	with working(matching.JOB):
		with held_up():
			wait_until(lambda: noted(matching.BEGUN))
			with pytest.raises(matching.Busy):
				matching.run()
			matching.nightly()
			with heard() as told:
				matching.work()
			assert [said for said in told if said["message"].get("busy")]
			frappe.db.commit()
			assert frappe.db.count("Error Log") == logs
	assert status_of(matching.JOB) == "finished"
	frappe.db.rollback()
	assert pair_of(*two)
	assert matching.run().compared == 0
