"""Score runs from real invoices: what they write, when it is seen, and what becomes of one that is killed."""

import signal
import subprocess
import sys
import threading

import frappe
import pymysql
import pytest
from frappe.utils import add_days, getdate, nowdate

from ccms_app.api import scoring as api
from ccms_app.behaviour.store import files, lake, live
from ccms_app.scoring.store import computed, lock, pipeline, profiles, runs
from ccms_app.segments.rules import Rule, RuleSet
from ccms_app.segments.store.evaluate import Evaluator, universe
from tests.site import world
from tests.site.factories import make_customer, make_return
from tests.site.scored import CHANGE, EVENT, PROFILE, RUN, SCORE, Shop, ago

pytestmark = pytest.mark.commits


@pytest.fixture
def shop():
	found = Shop()
	yield found
	found.empty()


# --- what a run writes --------------------------------------------------------------------------------------------


def test_a_run_scores_publishes_and_opens_the_lake(shop):
	regular, once = shop.buyers([100, 70, 40, 10], [300])
	run = shop.score()
	assert run.is_published and run.customers == 2 and run.rows == 5
	assert (run.progress, run.stage_changes) == (100, 0)
	assert "Computing" in run.log
	row = shop.row(regular)
	assert (row.orders, row.revenue, row.stage) == (4, 400, "Loyal")
	assert (row.first_order, row.last_order) == (ago(100), ago(10))
	assert (row.company, row.customer_name) == (shop.name, regular.customer_name)
	assert shop.row(once).stage == "Lost"
	facts = lake.open(shop.name)
	assert (facts.as_of, facts.currency, facts.run) == (getdate(nowdate()), "CNY", run.name)
	assert facts.lines.count().execute() == facts.orders.count().execute() == 5
	assert facts.daily.revenue.sum().execute() == 500


def test_what_is_not_known_is_empty_and_not_zero(shop):
	(once,) = shop.buyers([300])
	shop.score()
	row = shop.row(once)
	for field in ("gap_median", "next_purchase_on", "r", "service_cost", "margin", "cluster"):
		assert row[field] is None, field
	assert row.orders_90 == 0


def test_a_company_without_invoices_has_no_scores_and_says_so(shop):
	with pytest.raises(lake.Empty):
		lake.open(shop.name)
	run = shop.score()
	assert (run.customers, run.rows) == (0, 0)
	assert lake.open(shop.name).lines.count().execute() == 0
	assert not frappe.db.exists(SCORE, {"company": shop.name})


@pytest.mark.parametrize(
	"histories", [[[5]], [[0]], [[-3]], [[5, 5, 5]]], ids=["one", "today", "future", "one day"]
)
def test_hardly_any_data_is_no_failure(shop, histories):
	shop.buyers(*histories)
	shop.score()


def test_only_returns_make_a_prospect(shop):
	(customer,) = shop.buyers([5])
	make_return(frappe.get_last_doc("Sales Invoice", {"company": shop.name}), posting_date=ago(2))
	run = shop.score()
	assert run.customers == 1
	assert (shop.row(customer).orders, shop.row(customer).stage) == (0, "Prospect")


def test_a_walk_in_with_many_invoices_is_left_out_and_listed_and_can_be_kept(shop):
	busy, other = make_customer(), make_customer()
	for _number in range(21):
		shop.sell(busy, 3)
	shop.sell(other, 3)
	frappe.db.commit()
	run = shop.score()
	assert [(row.customer, row.reason, row.figure) for row in run.left_out] == [(busy.name, "invoices", 21)]
	assert shop.row(busy) is None and shop.profile(busy) is None
	assert shop.row(other)
	assert _chosen(shop, busy, other) == [{other.name}] * 2, "rules know nothing of whom no figures are of"
	busy.reload().update({"ccms_keep_in_figures": 1}).save()
	run = shop.score()
	assert run.left_out == [] and shop.row(busy).revenue == 2100
	assert shop.profile(busy).orders == 1
	assert _chosen(shop, busy, other) == [{busy.name, other.name}] * 2


def _chosen(shop, *customers) -> list[set[str]]:
	"""Whom a rule of the profile and one of the invoices choose."""
	every = universe(shop.name, [customer.name for customer in customers])
	asked = (Rule("profile.orders", "at_most", 1), Rule("purchase.any", "bought", {"n": 1}))
	return [set(every.pick(Evaluator(shop.name, every).rules(RuleSet("All", (rule,))))) for rule in asked]


def test_costs_come_from_issues_settings_and_points(shop):
	(customer,) = shop.buyers([30, 20, 10])
	frappe.get_doc(
		{
			"doctype": "Issue",
			"subject": "Cold tea",
			"customer": customer.name,
			"company": shop.name,
			"opening_date": ago(9),
		}
	).insert()
	settings = frappe.get_doc("CCMS Settings")
	settings.update({"cost_per_ticket": 7}).save()
	frappe.db.commit()
	try:
		shop.score()
		row = shop.row(customer)
		assert (row.complaints_365, row.service_cost) == (1, 7)
		assert row.points_cost is None
		assert row.historic_value == 293
	finally:
		settings.reload().update({"cost_per_ticket": 0}).save()
		frappe.db.commit()


# --- publication ------------------------------------------------------------------------------------------------------


def test_the_last_scores_stay_until_new_ones_are_complete(shop, monkeypatch):
	(customer,) = shop.buyers([30, 10])
	first = shop.score()
	shop.sell(customer, 2)
	frappe.db.commit()

	def fail(*_args, **_keywords):
		raise RuntimeError("the disk is full")

	monkeypatch.setattr(pipeline.publishing, "publish", fail)
	name = shop.new_run()
	assert not pipeline.run(name)
	failed = frappe.get_doc(RUN, name)
	assert (failed.status, failed.is_published) == ("Failed", 0)
	assert "the disk is full" in failed.message
	assert runs.published(shop.name) == first.name
	assert shop.row(customer).orders == 2
	assert lake.open(shop.name).run == first.name
	monkeypatch.undo()
	second = shop.score()
	assert runs.published(shop.name) == second.name
	assert not frappe.db.get_value(RUN, first.name, "is_published")
	assert shop.row(customer).orders == 3
	assert not frappe.db.exists(SCORE, {"score_run": name})


def test_two_older_runs_keep_their_scores(shop):
	shop.buyers([30, 10])
	made = [shop.score().name for _number in range(4)]
	assert [bool(frappe.db.exists(SCORE, {"score_run": name})) for name in made] == [False, True, True, True]
	with pytest.raises(frappe.ValidationError, match="everybody reads"):
		frappe.delete_doc(RUN, made[-1])
	frappe.delete_doc(RUN, made[1])
	assert not frappe.db.exists(SCORE, {"score_run": made[1]})


def test_a_run_is_not_written_by_hand(shop):
	run = shop.score()
	run.customers = 7
	with pytest.raises(frappe.PermissionError):
		run.save()


# --- killed, and two at once --------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from tests.on_site import connect
connect(sys.argv[1])
from importlib import import_module
from ccms_app.scoring.store import pipeline
module, name = sys.argv[3].rsplit(".", 1)
setattr(import_module(module), name, lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL))
pipeline.run(sys.argv[2])
"""
STORE = "ccms_app.scoring.store"


def kill_before(step: str, name: str) -> None:
	"""Carry out a run in another process that is killed when it comes to a function."""
	site = frappe.local.site
	frappe.db.commit()
	done = subprocess.run([sys.executable, "-c", KILLED, site, name, step], capture_output=True, text=True)
	frappe.db.rollback()
	assert done.returncode == -signal.SIGKILL, (frappe.db.get_value(RUN, name, "message"), done.stderr)


@pytest.mark.parametrize(
	"step",
	[
		"ccms_app.behaviour.store.documents.write",
		"ccms_app.scoring.score.score",
		f"{STORE}.scores.write",
		f"{STORE}.publishing.publish",
		f"{STORE}.profiles.bring_along",
		f"{STORE}.runs.tidy",
	],
)
def test_after_a_killed_run_the_next_completes(shop, step):
	(customer,) = shop.buyers([30, 10])
	first = shop.score()
	shop.sell(customer, 2)
	killed = shop.new_run()
	kill_before(step, killed)
	was_published = step.endswith(("bring_along", "tidy"))
	assert frappe.db.get_value(RUN, killed, "status") == ("Completed" if was_published else "Running")
	assert runs.published(shop.name) == (killed if was_published else first.name)
	run = shop.score()
	assert shop.row(customer).orders == shop.profile(customer).orders == 3
	assert runs.published(shop.name) == run.name
	if not was_published:
		stopped = frappe.get_doc(RUN, killed)
		assert stopped.status == "Failed" and "was stopped while at work" in stopped.message
		assert not frappe.db.exists(SCORE, {"score_run": killed})


def test_after_a_killed_first_run_nobody_has_moved(shop):
	"""It was published, and had brought no profile along: the next one is the first that compares nothing."""
	shop.buyers([30, 20, 10], [400, 380, 360])
	kill_before(f"{STORE}.profiles.bring_along", shop.new_run())
	for doctype in (PROFILE, CHANGE, EVENT):  # what the invoices had written by themselves
		frappe.db.delete(doctype, {"company": shop.name})
	frappe.db.commit()
	run = shop.score()
	assert run.stage_changes == 0
	assert not frappe.db.exists(CHANGE, {"company": shop.name})
	assert not frappe.db.exists(EVENT, {"company": shop.name})
	assert frappe.db.count(PROFILE, {"company": shop.name}) == 2


def test_what_a_killed_run_had_computed_is_not_computed_again(shop, monkeypatch):
	(customer,) = shop.buyers([30, 10])
	kill_before(f"{STORE}.scores.write", shop.new_run())

	def fail(*_args, **_keywords):
		raise AssertionError("computed again")

	monkeypatch.setattr(computed, "_compute", fail)
	shop.score()
	assert shop.row(customer).orders == 2
	name = shop.new_run(ahead=1)
	assert not pipeline.run(name), "of another day nothing is known"


def test_of_two_runs_at_once_the_second_says_so(shop, monkeypatch):
	monkeypatch.setattr(pipeline, "PATIENCE", 0)
	shop.buyers([30, 10])
	first, second = shop.new_run(), shop.new_run()
	frappe.db.set_value(RUN, first, "status", "Running")
	frappe.db.commit()
	with lock.only_one():
		assert not pipeline.run(second)
		with pytest.raises(lock.AtWork, match=first):
			runs.start(shop.name)
	doc = frappe.get_doc(RUN, second)
	assert (doc.status, first in doc.message) == ("Failed", True)
	assert not lock.is_taken()
	shop.score()


def test_a_lock_that_no_run_holds_is_an_erasures(shop, monkeypatch):
	monkeypatch.setattr(pipeline, "PATIENCE", 0)
	shop.buyers([30, 10])
	name = shop.new_run()
	with lock.only_one():
		assert not pipeline.run(name)
		with pytest.raises(lock.AtWork, match="An erasure is at work"):
			runs.start(shop.name)
	assert "An erasure is at work" in frappe.db.get_value(RUN, name, "message")


def test_a_night_waits_longer_than_a_person(shop, monkeypatch):
	monkeypatch.setattr(pipeline, "PATIENCE", 0)
	monkeypatch.setattr(runs, "companies", lambda: [shop.name])
	shop.buyers([30, 10])
	held, let_go = threading.Event(), threading.Event()
	settings = frappe.db.get_connection_settings()

	def erase() -> None:
		connection = pymysql.connect(**settings)
		with connection.cursor() as cursor:
			cursor.execute("select get_lock(%s, 0)", (name,))
			held.set()
			let_go.wait(3)
		connection.close()

	name = lock._name()
	other = threading.Thread(target=erase)
	other.start()
	held.wait()
	pipeline.nightly()
	other.join()
	assert runs.published(shop.name)


# --- stages and events -------------------------------------------------------------------------------------------------


def test_time_moves_customers_and_an_order_wins_them_back(shop):
	regular, gone = shop.buyers([30, 20, 10], [400, 380, 360])
	shop.score()
	assert (shop.profile(regular).stage, shop.profile(gone).stage) == ("Repeat", "Lost")
	assert not frappe.db.exists(CHANGE, {"company": shop.name}), "the first run knows of no movement"
	run = shop.score(ahead=60)
	assert run.stage_changes == 1
	assert shop.profile(regular).stage == "At Risk"
	(change,) = shop.changes(regular)
	assert (change.from_stage, change.to_stage, change.cause) == ("Repeat", "At Risk", "Time")
	assert change.score_run == run.name and frappe.parse_json(change.evidence)["days_away"] == 70
	sale = shop.sell(regular, 0)
	_time, back = shop.changes(regular)
	assert (back.from_stage, back.to_stage, back.cause, back.is_won_back) == ("At Risk", "Loyal", "Order", 1)
	assert back.voucher_no == sale.name
	types = frappe.get_all(EVENT, {"customer": regular.name}, pluck="event_type", order_by="event_type")
	assert types == ["stage_changed", "stage_changed", "won_back"]
	sale.reload().cancel()
	assert [change.cause for change in shop.changes(regular)] == ["Time", "Order", "Correction"]


def test_a_run_that_finds_nothing_new_changes_nothing(shop):
	(customer,) = shop.buyers([30, 10])
	shop.score()
	before = shop.profile(customer)
	assert shop.score().stage_changes == 0
	assert shop.profile(customer) == before


# --- live and nightly ---------------------------------------------------------------------------------------------------

FACTS = ("orders", "revenue", "first_order", "last_order", "stage")


def test_live_and_nightly_agree_on_random_histories(shop):
	import random

	draw = random.Random(11)
	customers = [make_customer() for _number in range(12)]
	sales = []
	for _number in range(60):
		what = draw.random()
		if what < 0.7 or not sales:
			days = draw.choice((3, 3, 9, 40, 41, 200, 500))
			item = [{"item_code": code, "qty": draw.choice((1, 2, 3)), "rate": draw.choice((0, 10, 33.33)),
				"cost_center": shop.center} for code in draw.choice(([world.TEA], [world.TEA, world.CUP]))]  # fmt: skip
			from tests.site.factories import make_sales_invoice

			sales.append(
				make_sales_invoice(
					draw.choice(customers), company=shop.name, items=item, posting_date=ago(days)
				)
			)
		elif what < 0.9:
			sale = draw.choice(sales)
			left = {row.item_code: row.qty for row in sale.items}
			if not frappe.db.exists("Sales Invoice", {"return_against": sale.name}):
				part = {code: draw.choice((1, qty)) for code, qty in left.items()}
				make_return(sale, part, posting_date=max(sale.posting_date, ago(draw.choice((0, 2)))))
		else:
			sale = sales.pop(draw.randrange(len(sales)))
			if not frappe.db.exists("Sales Invoice", {"return_against": sale.name}):
				sale.reload().cancel()
	frappe.db.commit()
	posted = {customer.name: shop.profile(customer) for customer in customers}
	shop.score(ahead=1)
	compared = 0
	for customer in customers:
		row, before = shop.row(customer), posted[customer.name]
		if row is None:
			assert before is None or not (before.orders or before.revenue)
			continue
		compared += 1
		assert [row[field] for field in FACTS[2:4]] == [before[field] for field in FACTS[2:4]]
		assert (row.orders, row.revenue) == (before.orders, pytest.approx(before.revenue, abs=1e-6))
		live.recompute(customer.name, shop.name)
		after = shop.profile(customer)
		assert [after[field] for field in FACTS] == [
			pytest.approx(row[field]) if field == "revenue" else row[field] for field in FACTS
		]
	assert compared > 8


def test_an_invoice_during_the_run_is_not_overwritten(shop, monkeypatch):
	mine, other = shop.buyers([30, 10], [30, 10])
	real = computed.get

	def while_it_computes(*args, **keywords):
		found = real(*args, **keywords)
		shop.sell(mine, 1)
		frappe.db.commit()
		return found

	monkeypatch.setattr(computed, "get", while_it_computes)
	shop.score()
	assert shop.row(mine).orders == 2, "the run did not see it"
	assert shop.profile(mine).orders == 3
	assert shop.profile(other).orders == 2


def test_sales_of_today_are_in_the_profile_though_not_in_the_run(shop):
	(customer,) = shop.buyers([30, 10, 0])
	shop.score()
	assert shop.row(customer).orders == 2
	assert (shop.profile(customer).orders, shop.profile(customer).last_order) == (3, getdate(nowdate()))


def test_a_run_waits_for_no_invoice(shop):
	mine, other = shop.buyers([30, 10], [30, 10])
	shop.score()
	rival = frappe.database.get_db(
		frappe.conf.db_host,
		frappe.conf.db_name,
		frappe.conf.db_password,
		frappe.conf.db_port,
		frappe.conf.db_name,
	)
	rival.sql(f"select name from `tab{PROFILE}` where customer = %s for update", mine.name)
	try:
		run = shop.score(ahead=200)
	finally:
		rival.rollback()
		rival.close()
	assert run.duration < 30
	assert shop.profile(other).stage == "Lost"
	assert shop.profile(mine).stage == "Repeat", "somebody else had it"
	shop.score(ahead=200)
	assert shop.profile(mine).stage == "Lost"


def test_an_invoice_waits_for_nobody_and_is_counted_by_a_job(shop):
	from tests.site.processes import forget_jobs, run_jobs

	(customer,) = shop.buyers([30, 10])
	rival = frappe.database.get_db(
		frappe.conf.db_host,
		frappe.conf.db_name,
		frappe.conf.db_password,
		frappe.conf.db_port,
		frappe.conf.db_name,
	)
	forget_jobs()
	rival.sql(f"select name from `tab{PROFILE}` where customer = %s for update", customer.name)
	try:
		shop.sell(customer, 0)
		frappe.db.commit()
	finally:
		rival.rollback()
		rival.close()
	assert shop.profile(customer).orders == 2
	run_jobs("short")
	frappe.db.rollback()
	assert shop.profile(customer).orders == 3


def test_many_invoices_at_once_while_a_run_brings_profiles_along(shop):
	"""Nobody meets a deadlock, and in the end every profile is that of its invoices."""
	customers = shop.buyers(*[[40, 20]] * 6)
	shop.score()
	from tests.site.processes import Workers, run_jobs

	failures = []

	def score():
		try:
			frappe.init(site)
			frappe.connect()
			for ahead in (100, 0, 100, 0):
				pipeline.run(shop.new_run(ahead))
		except Exception as error:
			failures.append(error)
		finally:
			frappe.destroy()

	site = frappe.local.site
	with Workers(2) as workers:
		thread = threading.Thread(target=score)
		thread.start()
		replies = []
		for _round in range(6):
			calls = [{"company": shop.name, "center": shop.center, "customers": [c.name for c in part]}
				for part in (customers, customers[::-1])]  # fmt: skip
			replies += workers.run(f"{__name__}.sell_to_all", calls)
		thread.join()
	assert not failures and [reply for reply in replies if "error" in reply] == []
	run_jobs("short")
	frappe.db.rollback()
	shop.score()
	for customer in customers:
		assert (shop.profile(customer).orders, shop.profile(customer).revenue) == (3, 200 + 12 * 5)


def sell_to_all(company: str, center: str, customers: list[str]) -> None:
	"""One invoice for each, in one transaction."""
	from tests.site.factories import make_sales_invoice

	for customer in customers:
		item = {"item_code": world.TEA, "rate": 5, "cost_center": center}
		make_sales_invoice(customer, company=company, items=[item])


# --- between two nights -------------------------------------------------------------------------------------------------


def test_a_renamed_and_a_merged_customer_keep_their_figures(shop):
	one, other, third = shop.buyers([30, 10], [50], [70])
	shop.score()
	new = f"{one.name} renamed"
	frappe.rename_doc("Customer", one.name, new)
	one = frappe.get_doc("Customer", new)
	assert (shop.profile(one).orders, shop.row(one).orders) == (2, 2)
	shop.sell(one, 0)
	assert shop.profile(one).orders == 3
	frappe.rename_doc("Customer", one.name, other.name, merge=True)
	frappe.db.commit()
	assert shop.profile(other).orders == 4
	assert frappe.db.count(PROFILE, {"company": shop.name}) == 2
	assert frappe.db.count(SCORE, {"customer": other.name, "company": shop.name}) == 1
	shop.score()
	assert shop.profile(other).orders == 4 and shop.row(other).orders == 3
	assert shop.profile(third).orders == 1


def test_a_customer_who_never_bought_is_deleted_with_what_was_computed(shop):
	customer = make_customer()
	sale = shop.sell(customer, 3, submit=False)
	sale.submit()
	sale.reload().cancel()
	frappe.db.commit()
	shop.score()
	assert shop.profile(customer).orders == 0
	for ledger in ("GL Entry", "Payment Ledger Entry"):  # which ERPNext keeps of a cancelled invoice
		frappe.db.delete(ledger, {"party": customer.name})
	frappe.delete_doc("Sales Invoice", sale.name, force=True)
	frappe.delete_doc("Customer", customer.name)
	assert not frappe.db.exists(PROFILE, {"customer": customer.name})


def test_a_company_that_starts_anew_has_no_figures(shop):
	shop.buyers([30, 10])
	shop.score()
	record = frappe.get_doc(
		{"doctype": "Transaction Deletion Record", "company": shop.name, "process_in_single_transaction": 1}
	)
	record.insert().submit()
	record.start_deletion_tasks()
	assert record.reload().status == "Completed", record.error_log
	frappe.db.commit()
	for doctype in (PROFILE, SCORE, RUN, CHANGE, EVENT):
		assert not frappe.db.count(doctype, {"company": shop.name}), doctype
	with pytest.raises(lake.Empty):
		lake.open(shop.name)
	run = shop.score()
	assert run.rows == 0 and files.read(shop.name)["months"] == {}


def test_a_renamed_company_keeps_its_profiles(shop):
	(customer,) = shop.buyers([30, 10])
	shop.score()
	name = shop.name
	shop.name = frappe.rename_doc("Company", name, f"{name} renamed", force=True)
	frappe.db.commit()
	try:
		assert shop.profile(customer).orders == 2
		shop.sell(customer, 0)
		frappe.db.commit()
		assert frappe.db.count(PROFILE, {"customer": customer.name}) == 1
		shop.score()
		assert shop.profile(customer).orders == 3
	finally:
		shop.empty()
		shop.name = frappe.rename_doc("Company", shop.name, name, force=True)
		frappe.db.commit()
	files.tidy_strangers()
	assert not files.folder(f"{name} renamed").exists()


# --- by hand ------------------------------------------------------------------------------------------------------------


def test_the_button_queues_a_run_for_who_may(shop, as_user):
	with as_user(world.MANAGER):
		name = api.score_now(shop.name)
	assert frappe.db.get_value(RUN, name, ["status", "company"]) == ("Queued", shop.name)
	for who in (world.SELLER, world.ANALYST, world.CASHIER, "Guest"):
		with as_user(who), pytest.raises(frappe.PermissionError):
			api.score_now(shop.name)


def test_the_command_says_what_it_did(shop):
	shop.buyers([30, 10])
	site = frappe.local.site
	command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", site, "ccms-score"]
	done = subprocess.run([*command, "--company", shop.name], capture_output=True, text=True)
	assert done.returncode == 0, done.stderr
	assert "scored 1 customers from 2 invoice lines" in done.stdout
	assert "Repeat 1" in done.stdout
	done = subprocess.run([*command, "--company", "Nobody & Co"], capture_output=True, text=True)
	assert done.returncode != 0 and "There is no company Nobody & Co" in done.stderr


def test_a_night_scores_every_company_with_invoices(shop, monkeypatch):
	other = Shop(2)
	try:
		shop.buyers([30, 10])
		other.buyers([20])
		monkeypatch.setattr(runs, "companies", lambda: [shop.name, other.name])
		pipeline.nightly()
		assert runs.published(shop.name) and runs.published(other.name)
	finally:
		other.empty()


def test_profiles_are_named_so_that_two_cannot_be(shop):
	(customer,) = shop.buyers([5])
	assert shop.profile(customer).name == profiles.key(customer.name, shop.name)


def test_data_until_is_todays_start(shop):
	run = frappe.get_doc(RUN, shop.new_run())
	assert run.data_cut == getdate(add_days(nowdate(), 0))
