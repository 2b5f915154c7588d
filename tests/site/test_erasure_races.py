"""Erasing while others are at work on the same customer, and erasing by workers that die."""

import frappe
import pytest

from ccms_app.identity.store import merging
from ccms_app.privacy.store import requests
from ccms_app.scoring.store import handler as scoring
from ccms_app.scoring.store import lock
from tests.site.dump import places
from tests.site.events import call, send, server
from tests.site.factories import COMPANY, make_customer, make_program, make_sales_invoice, new_invoice
from tests.site.killing import die_at, writes
from tests.site.ledger_checks import membership_of, set_balance
from tests.site.merged_customers import audited
from tests.site.own_jobs import run_own_jobs
from tests.site.payments import pay
from tests.site.processes import Workers
from tests.site.test_races import until_through

pytestmark = pytest.mark.commits
DOCTYPE = "CCMS Privacy Request"
RACES = "tests.site.test_erasure_races"


def marked() -> tuple[str, str]:
	"""(marker, customer): a member with points, a phone with events, a paid invoice; committed."""
	marker = f"Qz{frappe.generate_hash(length=8)}"
	program = make_program()
	number = f"+86137{int(marker[2:], 36) % 10**8:08d}"
	customer = make_customer(program, customer_name=f"{marker} Anna", mobile_no=number)
	set_balance(membership_of(customer, program), 50)
	pay(make_sales_invoice(customer))
	place = server()
	for each in range(3):
		said = call(f"{marker}{each}", identity={"kind": "Phone", "value": number}, subject=f"{marker} calls")
		assert send(place, said) == ["stored"]
	frappe.db.commit()
	return marker, customer.name


def asked(customer: str, running: bool = True) -> str:
	"""An erasure that is about to be worked off; committed."""
	doc = frappe.get_doc(
		{"doctype": DOCTYPE, "request_type": "Erasure", "customer": customer, "company": COMPANY,
		"identity_checked": 1, "checked_how": "In Person"}
	).insert()  # fmt: skip
	if running:
		doc.erase()
	frappe.db.commit()
	return doc.name


def status(name: str) -> str:
	frappe.db.rollback()
	return frappe.db.get_value(DOCTYPE, name, "status")


BOOKS = {"Sales Invoice", "GL Entry", "Payment Entry", "Payment Ledger Entry", "Version"}


def whole(marker: str, name: str) -> None:
	"""The erasure is complete, and was done once."""
	row = frappe.db.get_value(DOCTYPE, name, "*", as_dict=True)
	assert row.status == "Completed" and row.customer == row.erased_as
	assert set(places(marker)) <= BOOKS, places(marker)
	points = frappe.get_all("CCMS Points Ledger Entry", {"customer": row.erased_as}, pluck="points")
	assert points and sum(points) == 0
	assert frappe.db.count("Customer", {"name": row.erased_as}) == 1
	audited()


# --- what a worker does -------------------------------------------------------------------------------------------


def erase(name: str) -> dict:
	return until_through(lambda: requests.erase_job(name))


def merge(source: str, target: str) -> dict:
	return until_through(lambda: merging.run(source, target))


def sell(customer: str) -> dict:
	return until_through(lambda: new_invoice("Sales Invoice", customer, None, {}).submit().name)


# --- killed ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def number_of_writes(site):
	"""How many statements an erasure sends that write."""
	_marker, customer = marked()
	name = asked(customer)
	return len(writes(lambda: requests.erase_job(name)))


@pytest.mark.parametrize("share", [0.02, 0.4, 0.8, 1])
def test_an_erasure_that_was_killed_is_resumed_and_ends_complete(number_of_writes, share):
	marker, customer = marked()
	name = asked(customer)
	dies_before = min(int(number_of_writes * share), number_of_writes - 3)
	die_at(lambda: requests.erase_job(name), dies_before)
	assert status(name) == "Running"
	assert frappe.db.exists("Customer", customer), "all but events is one transaction"

	requests.resume()
	run_own_jobs("ccms_app.privacy")

	assert status(name) == "Completed"
	whole(marker, name)
	before = frappe.db.get_value(DOCTYPE, name, "result")
	requests.erase_job(name)
	assert before and frappe.db.get_value(DOCTYPE, name, "result") == before


# --- at once --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_source", [True, False])
def test_erasing_and_merging_at_once_ends_as_one_of_them(as_source):
	for _round in range(2):
		marker, customer = marked()
		other = make_customer().name
		name = asked(customer, running=False)
		doc = frappe.get_doc(DOCTYPE, name)
		frappe.db.set_value(DOCTYPE, name, {"status": "Running", "erased_as": f"erased-{doc.name}"})
		frappe.db.commit()
		pair = (customer, other) if as_source else (other, customer)
		with Workers(2) as workers:
			erased, merged = workers.run_mixed(
				[
					(f"{RACES}.erase", {"name": name}),
					(f"{RACES}.merge", dict(zip(("source", "target"), pair, strict=True))),
				]
			)
		assert "error" not in erased and "error" not in merged, (erased, merged)
		frappe.db.rollback()
		assert "refused" in merged["value"], "a customer whose erasure is at work is not merged"
		assert "eras" in merged["value"]["refused"] or "no customer" in merged["value"]["refused"]
		whole(marker, name)
		assert frappe.db.exists("Customer", other)


@pytest.mark.parametrize("as_source", [True, False])
def test_an_erasure_is_not_started_while_a_merge_runs(as_source):
	"""The merge holds both customers when somebody presses Erase: nobody has said yes to erasing who they become."""
	_marker, customer = marked()
	other = make_customer().name
	name = asked(customer, running=False)
	source, target = (customer, other) if as_source else (other, customer)
	with Workers(2) as workers:
		merged, started = workers.run_mixed(
			[
				(f"{RACES}.merge_and_wait", {"source": source, "target": target}),
				(f"{RACES}.start", {"name": name}),
			]
		)
	assert "done" in merged.get("value", {}), merged
	assert started.get("error") == "ValidationError" and "at work" in started["message"], started
	assert status(name) == "Open"
	assert frappe.db.get_value(DOCTYPE, name, "customer") == target
	assert frappe.db.exists("Customer", target) and not frappe.db.exists("Customer", source)


def merge_and_wait(source: str, target: str) -> dict:
	from time import sleep

	def act():
		merging.run(source, target)
		sleep(4)

	return until_through(act)


def start(name: str) -> None:
	from time import sleep

	sleep(2)  # the merge is at work
	frappe.get_doc(DOCTYPE, name).erase()


def test_erasing_and_selling_at_once_leaves_no_sale_of_nobody():
	for _round in range(3):
		marker, customer = marked()
		name = asked(customer)
		with Workers(3) as workers:
			erased, *sold = workers.run_mixed(
				[(f"{RACES}.erase", {"name": name}), *[(f"{RACES}.sell", {"customer": customer})] * 2]
			)
		assert "error" not in erased, erased
		frappe.db.rollback()
		there = bool(frappe.db.exists("Customer", customer))
		for answer in sold:
			if "error" in answer or "refused" in answer["value"]:
				assert not there, answer
			else:
				assert there, "who has bought something that is not paid is not erased"
		assert (status(name) == "Waiting") == there
		assert not frappe.db.exists("Sales Invoice", {"customer": customer}) or there
		if not there:
			whole(marker, name)


def test_erasing_twice_at_once_is_erasing_once():
	marker, customer = marked()
	one, same = asked(customer), asked(customer)
	with Workers(3) as workers:
		replies = workers.run(f"{RACES}.erase", [{"name": one}, {"name": one}, {"name": same}])
	assert all("error" not in reply for reply in replies), replies
	assert {status(one), status(same)} == {"Completed"}
	done = one if frappe.db.get_value(DOCTYPE, one, "erased_as") else same
	whole(marker, done)
	assert frappe.db.get_value(DOCTYPE, done, "result")


def test_an_erasure_waits_for_the_figures_that_are_being_computed(monkeypatch):
	monkeypatch.setattr(scoring, "WAIT", 0)
	_marker, customer = marked()
	name = asked(customer)
	with lock.only_one():
		requests.erase_job(name)
	row = frappe.db.get_value(DOCTYPE, name, ["status", "waits_for"])
	assert row[0] == "Waiting" and "computed" in row[1]
	requests.resume()
	run_own_jobs("ccms_app.privacy")
	assert status(name) == "Completed"
