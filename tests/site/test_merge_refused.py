"""Merges that must not be, merges at the same time, and merges that die."""

import frappe
import pytest
from frappe.utils import now_datetime

from ccms_app.api import duplicates as pairs_api
from ccms_app.api import merging as api
from ccms_app.identity.store import duplicates, locks, merge_jobs, merge_records, merging, undo
from ccms_app.identity.store.rows import insert
from tests.site.factories import ABROAD, enrol, make_customer, make_program, make_sales_invoice, make_tiers
from tests.site.killing import die_at, writes
from tests.site.ledger_checks import check, membership_of, set_balance
from tests.site.merged_customers import (
	audited,
	business_rows,
	differences,
	full_of_traces,
	lots,
	merge,
	total,
)
from tests.site.own_jobs import MERGE_JOBS, run_own_jobs
from tests.site.processes import Workers, forget_jobs
from tests.site.refusals import raises_refusal
from tests.site.world import ANALYST, CASHIER, COMPANY, MANAGER, SELLER, WALK_IN, ensure, make_user


@pytest.fixture
def program():
	return make_program()


def refused(source, target, words: str) -> None:
	"""The preview says it, and both doors refuse; nothing has changed."""
	source, target = (one if isinstance(one, str) else one.name for one in (source, target))
	assert any(words in said for said in merging.refusals(source, target)), merging.refusals(source, target)
	assert merging.foresee(source, target)["refusals"]
	before = frappe.db.count(merge_records.DOCTYPE)
	with raises_refusal(words):
		merging.run(source, target)
	with raises_refusal(words):
		merge_jobs.start_merge(source, target)
	if source != target and frappe.db.exists("Customer", source):
		with raises_refusal(words):
			frappe.rename_doc("Customer", source, target, merge=True)
	assert frappe.db.count(merge_records.DOCTYPE) == before


# --- who cannot be merged ----------------------------------------------------------------------------------------


def test_a_customer_with_herself():
	customer = make_customer()
	refused(customer, customer, "with herself")


def test_in_a_circle(program):
	one, other = make_customer(program), make_customer(program)
	merge(one, other)
	refused(other, one, "was merged into")
	refused(one, other, "was merged into")


def test_somebody_who_is_not_there():
	refused("Nobody at all", make_customer(), "There is no customer")
	refused(make_customer(), "Nobody at all", "There is no customer")


def test_into_a_disabled_customer_but_not_out_of_one(program):
	active, disabled = make_customer(program), make_customer(program, disabled=1)
	refused(active, disabled, "disabled")
	merge(disabled, active)


def test_an_internal_customer():
	internal = make_customer(
		is_internal_customer=1, represents_company=ABROAD, companies=[{"company": COMPANY}]
	)
	refused(internal, make_customer(), "internal customer")
	refused(make_customer(), internal, "internal customer")


def test_a_walk_in_customer():
	refused(WALK_IN, make_customer(), "walk-in")


def test_two_customers_who_are_suppliers_too():
	one, other = linked_to_a_supplier(), linked_to_a_supplier()
	refused(one, other, "suppliers")
	free = make_customer()
	merge(one, free)
	assert frappe.db.exists("Party Link", {"secondary_party": free.name}), "one link goes along"


def linked_to_a_supplier():
	customer = make_customer()
	name = f"Supplier {frappe.generate_hash(length=6)}"
	supplier = ensure("Supplier", {"supplier_name": name}, supplier_group="All Supplier Groups")
	link = {"primary_role": "Supplier", "primary_party": supplier, "secondary_role": "Customer"}
	frappe.get_doc({"doctype": "Party Link", **link, "secondary_party": customer.name}).insert()
	return customer


def test_across_party_currencies():
	in_yuan, in_dollars = make_customer(), make_customer()
	make_sales_invoice(in_yuan)
	make_sales_invoice(in_dollars, currency="USD", debit_to="Debtors USD - CTC", conversion_rate=7)
	refused(in_yuan, in_dollars, "different currencies")


def test_a_domain_that_refuses_is_heard(monkeypatch):
	from ccms_app.privacy.store.handler import Handler

	def refuse(_handler, source, target):
		frappe.throw("an erasure is under way")

	monkeypatch.setattr(Handler, "refuse_merge", refuse)
	refused(make_customer(), make_customer(), "an erasure is under way")


def test_two_active_members_with_different_tiers_and_drafts_can_be_merged():
	program = make_program(tiers=make_tiers(Blue=0, Gold=300))
	source, target = make_customer(program), make_customer(program)
	make_sales_invoice(source, qty=4)
	draft = make_sales_invoice(source, submit=False)
	seen = merging.foresee(source.name, target.name)
	assert seen["refusals"] == []
	invoices = next(move for move in seen["moves"] if move["doctype"] == "Sales Invoice")
	assert (invoices["documents"], invoices["drafts"]) == (2, 1)
	assert any("400" in said and "Gold" in said and "Blue" in said for said in seen["says"])
	merge(source, target)
	assert draft.reload().customer == target.name
	assert check(membership_of(target)).tier == "Gold"


def test_foreseeing_changes_nothing(program):
	source, target = full_of_traces(program), make_customer(program)
	before, messages = business_rows(), len(frappe.local.message_log)
	merging.foresee(source.name, target.name)
	merging.foresee(source.name, source.name)
	assert differences(before, business_rows()) == []
	assert len(frappe.local.message_log) == messages


# --- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", [ANALYST, CASHIER, SELLER, "Guest"])
def test_others_may_not(program, as_user, user):
	source, target = make_customer(program), make_customer(program)
	name = merge(make_customer(), make_customer())
	calls = (
		lambda: api.foresee(source.name, target.name),
		lambda: api.merge(source.name, target.name),
		lambda: api.may_undo(name),
		lambda: api.undo_merge(name),
		lambda: api.status("x"),
		lambda: frappe.get_list(merge_records.DOCTYPE),
	)
	with as_user(user):
		for call in calls:
			with pytest.raises(frappe.PermissionError):
				call()


def pair(one, other) -> str:
	now, name = now_datetime(), frappe.generate_hash(length=12)
	figures = (99.0, "Certain", 0, 0, '{"swapped": false, "fields": []}')
	row = (name, now, now, "Administrator", "Administrator", *sorted([one.name, other.name]), *figures)
	insert(duplicates.DOCTYPE, duplicates.COLUMNS, [(*row, "Open", now, now)])
	return name


@pytest.mark.parametrize(
	("roles", "may"),
	[
		(["Sales Master Manager"], True),
		(["CCMS Manager", "Sales User"], True),
		(["System Manager", "Sales User"], True),
		# without write permission on customers, or without one of our roles
		(["CCMS Manager", "Sales Manager"], False),
		(["System Manager"], False),
		(["Sales User"], False),
	],
)
def test_all_doors_ask_for_the_same(as_user, monkeypatch, roles, may):
	source, target = make_customer(), make_customer()
	found, done = pair(source, target), merge(make_customer(), make_customer())
	monkeypatch.setattr(frappe, "enqueue", lambda *_args, **_more: None)
	calls = (
		lambda: api.foresee(source.name, target.name),
		lambda: api.merge(source.name, target.name),
		lambda: pairs_api.foresee(found, target.name),
		lambda: pairs_api.merge(found, target.name),
		lambda: api.may_undo(done),
		lambda: api.undo_merge(done),
		lambda: api.status("x"),
	)
	user = make_user(f"{frappe.generate_hash(length=8)}@ccms.test", *roles)
	with as_user(user):
		for call in calls:
			if may:
				call()
			else:
				with pytest.raises(frappe.PermissionError):
					call()


def test_who_is_fenced_off_a_customer_neither_merges_nor_undoes(as_user, monkeypatch):
	source, target = make_customer(), make_customer()
	for customer in (source, target):
		make_sales_invoice(customer)
	done = merge(make_customer(), target)
	monkeypatch.setattr(frappe, "enqueue", lambda *_args, **_more: None)
	frappe.db.set_single_value("CCMS Settings", "fence_customers", 1)
	user = make_user(f"{frappe.generate_hash(length=8)}@ccms.test", "Sales Master Manager")
	frappe.permissions.add_user_permission("Company", ABROAD, user)
	frappe.clear_cache(user=user)
	with as_user(user):
		for call in (lambda: api.merge(source.name, target.name), lambda: api.undo_merge(done)):
			with pytest.raises(frappe.PermissionError):
				call()
	key = api.merge(source.name, target.name)
	with as_user(user), pytest.raises(frappe.PermissionError):
		api.status(key)


def test_whoever_asks_for_the_same_merge_is_told_how_far_it_is(as_user, monkeypatch):
	source, target = make_customer(), make_customer()
	found, alive = pair(source, target), {"state": None}
	monkeypatch.setattr(merge_jobs, "get_job_status", lambda _job: alive["state"])
	monkeypatch.setattr(frappe, "enqueue", lambda *_args, **_more: None)
	key = api.merge(source.name, target.name)
	alive["state"] = "started"
	with as_user(make_user(f"{frappe.generate_hash(length=8)}@ccms.test", "Sales Master Manager")):
		assert api.merge(source.name, target.name) == key
		assert pairs_api.merge(found, target.name) == key
		assert api.status(key)["state"] == "waiting"
		assert "customers" not in api.status(key)
	alive["state"] = None
	assert api.status(key)["state"] == "failed", "killed"


def test_a_manager_may_and_never_reads_the_copies(program, as_user):
	source, target = make_customer(program), make_customer(program)
	name = merge(make_customer(), make_customer())
	frappe.get_doc("User", MANAGER).add_roles("Sales Master Manager")
	with as_user(MANAGER):
		assert api.foresee(source.name, target.name)["refusals"] == []
		assert api.may_undo(name) == {"refused": ""}
		doc = frappe.get_doc(merge_records.DOCTYPE, name)
		doc.apply_fieldlevel_read_permissions()
		assert not doc.get("record")
		with pytest.raises(frappe.PermissionError):
			doc.save()
		with pytest.raises(frappe.PermissionError):
			doc.delete()


# --- at the same time -----------------------------------------------------------------------------------------------


def merge_now(source: str, target: str) -> str:
	"""Called in a worker."""
	frappe.db.rollback()
	return merging.run(source, target)


@pytest.mark.commits
@pytest.mark.parametrize("shape", ["same source", "same target", "chain", "circle"])
def test_two_merges_sharing_a_customer_at_once(program, shape):
	first, second, third = (make_customer(program) for _ in range(3))
	for customer in (first, second, third):
		set_balance(membership_of(customer), 10)
	frappe.db.commit()
	pairs = {
		"same source": ((first, second), (first, third)),
		"same target": ((first, third), (second, third)),
		"chain": ((first, second), (second, third)),
		"circle": ((first, second), (second, first)),
	}[shape]
	before = total()
	with Workers(2) as workers:
		replies = workers.run(
			"tests.site.test_merge_refused.merge_now",
			[{"source": source.name, "target": target.name} for source, target in pairs],
		)
	frappe.db.rollback()
	done = [reply for reply in replies if "value" in reply]
	assert done, replies
	for reply in replies:
		if "error" in reply:
			# refused by what the other did, or sent back by the database: never half done
			assert reply["error"] in ("ValidationError", "QueryDeadlockError", "QueryTimeoutError"), reply
	if shape == "circle":
		assert len(done) == 1, replies
	assert total() == before
	audited()
	left = [one.name for one in (first, second, third) if frappe.db.exists("Customer", one.name)]
	assert len(left) == 3 - len(done)
	members = frappe.get_all(
		"CCMS Membership", {"program": program.name, "status": "Active"}, pluck="customer"
	)
	assert sorted(members) == sorted(left)
	for name in left:
		check(membership_of_active(name, program))


def membership_of_active(customer: str, program) -> str:
	filters = {"customer": customer, "program": program.name, "status": "Active"}
	return frappe.db.get_value("CCMS Membership", filters)


def hold_and_rename(customer: str, to: str) -> str:
	"""What an erasure does: holds the customer and gives them another name."""
	import time

	frappe.db.rollback()
	locks.hold([customer])
	time.sleep(1)
	frappe.rename_doc("Customer", customer, to, force=True)
	return to


@pytest.mark.commits
def test_a_merge_while_an_erasure_runs(program):
	"""Whoever comes second finds what the first has left: no half of either."""
	source, target = make_customer(program), make_customer(program)
	set_balance(membership_of(source), 10)
	frappe.db.commit()
	erased = f"erased-{frappe.generate_hash(length=10)}"
	with Workers(2) as workers:
		replies = workers.run_mixed(
			[
				("tests.site.test_merge_refused.hold_and_rename", {"customer": source.name, "to": erased}),
				("tests.site.test_merge_refused.merge_now", {"source": source.name, "target": target.name}),
			]
		)
	frappe.db.rollback()
	assert sum("value" in reply for reply in replies) == 1, replies
	assert not frappe.db.exists("Customer", source.name)
	owner = erased if "value" in replies[0] else target.name
	assert frappe.db.get_value("CCMS Points Lot", {"customer": owner, "remaining": 10})
	audited()


# --- jobs, and their deaths --------------------------------------------------------------------------------------------


@pytest.mark.commits
def test_the_jobs_merge_and_undo(program):
	source, target = full_of_traces(program), make_customer(program)
	frappe.db.commit()
	before, left = business_rows(), lots()
	key = api.merge(source.name, target.name, "one person")
	assert frappe.db.exists("Customer", source.name), "no request merges"
	frappe.db.commit()
	assert api.status(key)["state"] == "waiting"
	run_own_jobs(MERGE_JOBS)
	said = api.status(key)
	assert (said["state"], said["percent"], said["customer"]) == ("done", 100, target.name)
	frappe.db.rollback()
	assert not frappe.db.exists("Customer", source.name)
	key = api.undo_merge(said["merge"], "two after all")
	frappe.db.commit()
	run_own_jobs(MERGE_JOBS)
	assert api.status(key)["state"] == "done"
	frappe.db.rollback()
	changed = [
		line for line in differences(before, business_rows()) if not line.startswith("CCMS Customer Profile")
	]
	assert changed == []
	assert lots() == left
	row = frappe.get_doc(merge_records.DOCTYPE, said["merge"])
	assert (row.status, row.undo_reason) == ("Undone", "two after all")
	forget_jobs()


@pytest.mark.commits
def test_a_job_that_is_refused_says_why(program):
	source, target = make_customer(program), make_customer(program)
	frappe.db.commit()
	key = api.merge(source.name, target.name)
	frappe.db.set_value("Customer", target.name, "disabled", 1)
	frappe.db.commit()
	run_own_jobs(MERGE_JOBS)
	said = api.status(key)
	assert said["state"] == "refused"
	assert "disabled" in said["text"]
	frappe.db.rollback()
	assert frappe.db.exists("Customer", source.name)
	forget_jobs()


@pytest.mark.commits
def test_a_killed_merge_leaves_no_trace(program):
	source, target = full_of_traces(program), full_of_traces(program)
	enrol(source, make_program())
	frappe.db.commit()
	ledger, before = lots(), business_rows()

	def act():
		merging.run(source.name, target.name)

	for write in some_of(len(writes(act))):
		die_at(act, write)
		settled(source.name, target.name)
		assert differences(before, business_rows()) == [], f"killed before write {write}"
		assert lots() == ledger
	audited()
	merging.run(source.name, target.name)
	frappe.db.commit()
	audited()


@pytest.mark.commits
def test_a_killed_undo_leaves_the_merge(program):
	source, target = full_of_traces(program), full_of_traces(program)
	name = merging.run(source.name, target.name)
	frappe.db.commit()
	ledger, before = lots(), business_rows()

	def act():
		undo.run(name)

	for write in some_of(len(writes(act))):
		die_at(act, write)
		settled(target.name)
		assert differences(before, business_rows()) == [], f"killed before write {write}"
		assert lots() == ledger
	undo.run(name)
	frappe.db.commit()
	audited()


def some_of(count: int) -> list[int]:
	"""Some writes from the first to the commit."""
	return sorted({count * part // 6 for part in range(7)})


def settled(*customers: str) -> None:
	"""Wait until the database has rolled back what the dead process held."""
	locks.hold(customers)
	frappe.db.rollback()


def test_a_manager_merges_and_undoes_what_others_made(program, as_user):
	"""With assignments, files and comments that are not theirs."""
	source, target = full_of_traces(program), full_of_traces(program)
	before = business_rows()
	with as_user(MANAGER):
		name = merging.run(source.name, target.name)
		undo.run(name)
	assert differences(before, business_rows()) == []
