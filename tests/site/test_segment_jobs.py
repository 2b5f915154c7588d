"""Segments in real processes: after an invoice, two workers at once, one that is killed between any two statements."""

import frappe
import pytest
from frappe.utils import add_days, nowdate
from frappe.utils.background_jobs import get_job_status

from ccms_app import tasks
from ccms_app.scoring.store import runs
from ccms_app.segments.store import members, refresh, segments
from tests.site import factories, world
from tests.site.killing import die_at, points_of_death, writes
from tests.site.processes import Workers, forget_jobs
from tests.site.rest import Browser
from tests.site.test_segments import rule, tags_of, told
from tests.site.world import COMPANY

pytestmark = pytest.mark.commits
EAST, WEST = "Segment East", "Segment West"
TAG, HAND_TAG = "Segment Job Tag", "Segment Hand Tag"


@pytest.fixture
def place():
	"""Two territories, and a way to make what lasts; everything is removed in the end."""
	forget_jobs()
	# what a run that was stopped has left
	for name in frappe.get_all(segments.DOCTYPE, filters={"segment_name": ["like", "Job %"]}, pluck="name"):
		frappe.delete_doc(segments.DOCTYPE, name, force=True)
	frappe.db.commit()
	made: list[tuple[str, str]] = []
	for name in (EAST, WEST):
		world.ensure("Territory", name, territory_name=name, parent_territory="All Territories")

	def customer(territory: str = EAST) -> str:
		name = factories.make_customer(territory=territory).name
		made.append(("Customer", name))
		return name

	def segment(*rules: dict, **fields):
		doc = frappe.get_doc(
			{
				"doctype": segments.DOCTYPE,
				"segment_name": f"Job {frappe.generate_hash(length=8)}",
				"company": COMPANY,
				"rules": list(rules) or [rule("customer.territory", "in", [EAST])],
				**fields,
			}
		).insert()
		made.append((segments.DOCTYPE, doc.name))
		return doc

	customer.many = lambda count: [customer() for _ in range(count)]
	yield customer, segment
	frappe.db.rollback()
	for doctype, name in reversed(made):
		if doctype == segments.DOCTYPE:
			frappe.delete_doc(doctype, name, force=True)
	for doctype, name in made:
		if doctype == "Customer":
			frappe.db.set_value("Customer", name, {"territory": "All Territories", "disabled": 1})
	frappe.db.commit()
	forget_jobs()


def waiting() -> list:
	"""The site's segment jobs, in the order they were enqueued."""
	from frappe.utils.background_jobs import get_queues

	jobs = [
		job for queue in get_queues() for job in queue.jobs if job.kwargs.get("site") == frappe.local.site
	]
	found = [job for job in jobs if str(job.kwargs.get("method")).startswith("ccms_app.segments.")]
	return sorted(found, key=lambda job: job.enqueued_at)


def work_off() -> list[str]:
	"""Carry out what has been enqueued, in another process as a worker does; returns the methods."""
	done = []
	with Workers(1) as workers:
		while jobs := waiting():
			method, arguments = jobs[0].kwargs["method"], dict(jobs[0].kwargs["kwargs"])
			jobs[0].delete()
			(reply,) = workers.run(method, [arguments])
			assert "error" not in reply, reply
			done.append(method)
	frappe.db.rollback()
	return done


def within(segment) -> set[str]:
	frappe.db.rollback()
	return set(members.current([segment.name])[segment.name])


def move(names, territory: str) -> None:
	for name in names:
		frappe.db.set_value("Customer", name, "territory", territory)
	frappe.db.commit()


def test_an_invoice_moves_its_customer_within_the_minute(place):
	customer, segment = place
	buyer, other = customer(WEST), customer(WEST)
	bought = segment(
		rule("purchase.item", "bought", {"of": [world.TEA], "n": 2, "measure": "quantity", "days": 30}),
		rule("customer.territory", "in", [WEST]),
		refresh_mode="On Change",
	)
	by_orders = segment(
		rule("profile.orders", "at_least", 1),
		rule("customer.territory", "in", [WEST]),
		refresh_mode="On Change",
	)
	at_night = segment(rule("profile.orders", "at_least", 1), rule("customer.territory", "in", [WEST]))
	frappe.db.commit()
	assert work_off() == ["ccms_app.segments.store.refresh.one"] * 3, "the first filling, after saving"
	assert (within(bought), within(by_orders), within(at_night)) == (set(), set(), set())
	invoice = factories.make_sales_invoice(buyer, qty=3)
	frappe.db.commit()
	work_off()
	assert within(bought) == {buyer}
	assert within(by_orders) == {buyer}
	assert within(at_night) == set()
	assert told(bought, buyer) == ["Segment Entered"]
	factories.make_return(invoice, 2)
	frappe.db.commit()
	work_off()
	assert within(bought) == set(), "one is kept of three"
	assert within(by_orders) == {buyer}
	frappe.get_doc("Customer", other).update({"territory": EAST}).save()
	frappe.db.commit()
	work_off()
	refresh.refresh(COMPANY, only=[at_night.name])
	assert within(at_night) == {buyer}


def test_a_change_that_concerns_no_segment_enqueues_nothing(place):
	customer, segment = place
	name = customer()
	segment(rule("profile.orders", "at_least", 1), refresh_mode="On Change")
	frappe.db.commit()
	work_off()
	frappe.get_doc("Customer", name).update({"website": "https://example.com"}).save()
	frappe.db.commit()
	assert not waiting()
	frappe.get_doc("Customer", name).update({"territory": WEST}).save()
	frappe.db.commit()
	assert not waiting(), "territories are nobody's question"


def test_a_tag_set_or_taken_off_by_hand_moves_its_customer_within_the_minute(place):
	customer, segment = place
	name = customer()
	asks = segment(rule("tag.tag", "has_any", [HAND_TAG]), refresh_mode="On Change")
	deaf = segment(rule("customer.territory", "in", [WEST]), refresh_mode="On Change")
	frappe.db.commit()
	work_off()
	by_hand("add_tag", name)
	assert work_off() == ["ccms_app.segments.store.changes.evaluate"]
	assert within(asks) == {name} and told(asks, name) == ["Segment Entered"]
	by_hand("remove_tag", name)
	assert work_off() == ["ccms_app.segments.store.changes.evaluate"]
	assert within(asks) == set() and told(asks, name) == ["Segment Entered", "Segment Left"]
	asks.reload()
	asks.enabled = 0
	asks.save()
	frappe.db.commit()
	by_hand("add_tag", name)
	assert not waiting(), f"tags are no question of {deaf.name}"


def by_hand(what: str, customer: str) -> None:
	"""What the form's tag editor sends."""
	method = f"frappe.desk.doctype.tag.tag.{what}"
	status, body = Browser(world.CASHIER).post(method, tag=HAND_TAG, dt="Customer", dn=customer)
	assert status == 200, body


def test_two_workers_make_one_member_of_each(place):
	customer, segment = place
	names = customer.many(40)
	both = segment(tag=TAG)
	frappe.db.commit()
	refresh.refresh(COMPANY, only=[both.name])
	move(names[:20], WEST)
	later = customer.many(10)
	frappe.db.commit()
	with Workers(2) as workers:
		replies = workers.run("ccms_app.segments.store.refresh.one", [{"segment": both.name}] * 2)
	assert not [reply for reply in replies if "error" in reply], replies
	expected = {*names[20:], *later}
	assert within(both) == expected
	rows = frappe.get_all(members.DOCTYPE, filters={"segment": both.name}, fields=["customer", "left_on"])
	assert len(rows) == 50 and sum(row.left_on is None for row in rows) == 30
	for name in names[:20]:
		assert told(both, name) == ["Segment Left"] and tags_of(name) == set()
	for name in later:
		assert told(both, name) == ["Segment Entered"] and tags_of(name) == {TAG}


def test_a_nightly_run_and_a_change_at_once(place):
	customer, segment = place
	names = customer.many(20)
	one = segment(refresh_mode="On Change")
	frappe.db.commit()
	refresh.refresh(COMPANY, only=[one.name])
	move(names[:5], WEST)
	with Workers(2) as workers:
		replies = workers.run_mixed(
			[
				("ccms_app.segments.store.refresh.nightly", {"company": COMPANY}),
				(
					"ccms_app.segments.store.changes.evaluate",
					{"company": COMPANY, "customers": names[:5], "fields": ["territory"]},
				),
			]
		)
	assert not [reply for reply in replies if "error" in reply], replies
	assert within(one) == set(names[5:])
	for name in names[:5]:
		assert told(one, name) == ["Segment Left"]


def test_a_night_leaves_companies_to_the_run_that_scored_them(place):
	"""A run that ends has its company's segments refreshed; whoever was not scored today is done by the night itself."""
	customer, segment = place
	names = customer.many(2)
	one = segment()
	run = frappe.get_doc({"doctype": runs.DOCTYPE, "company": COMPANY, "data_cut": nowdate(), "horizon": 90})
	run.flags.from_scoring = True
	run.insert()
	others = frappe.get_all(runs.DOCTYPE, {"company": COMPANY, "is_published": 1}, pluck="name")

	def with_run(published: int, ended_on: str | None) -> set[str]:
		for name in others:
			frappe.db.set_value(runs.DOCTYPE, name, "is_published", 0)
		fields = {"is_published": published, "ended_on": ended_on}
		frappe.db.set_value(runs.DOCTYPE, run.name, fields)
		frappe.db.commit()
		return set(refresh.nightly())

	try:
		assert COMPANY not in with_run(1, f"{nowdate()} 00:00:01")
		assert within(one) == set()
		assert COMPANY in with_run(1, f"{add_days(nowdate(), -1)} 23:59:59"), "last night's run failed"
		assert within(one) == set(names)
		assert COMPANY in with_run(1, None), "the run was killed before it told"
		assert COMPANY in with_run(0, f"{nowdate()} 00:00:01"), "that run came to nothing"
	finally:
		frappe.db.delete(runs.DOCTYPE, {"name": run.name})
		for name in others:
			frappe.db.set_value(runs.DOCTYPE, name, "is_published", 1)
		frappe.db.commit()


def test_segments_are_refreshed_when_nightly_scoring_is_switched_off(place):
	was = frappe.db.get_single_value("CCMS Settings", "no_nightly_scoring")
	try:
		for off in (0, 1):
			forget_jobs()
			frappe.db.set_single_value("CCMS Settings", "no_nightly_scoring", off)
			tasks.daily_long()
			assert (get_job_status("ccms_nightly_scores") is None) == bool(off)
			assert get_job_status("ccms_nightly_segments") == "queued"
	finally:
		frappe.db.set_single_value("CCMS Settings", "no_nightly_scoring", was)
		frappe.db.commit()


def test_killed_anywhere_the_next_refresh_finishes_the_work(place, monkeypatch):
	customer, segment = place
	monkeypatch.setattr(members, "BATCH", 2)
	stay, leave, come = customer.many(2), customer.many(3), [customer(WEST) for _ in range(3)]
	one = segment(tag=TAG)
	frappe.db.commit()

	def start_over():
		"""The state before the night, told and tagged as it was."""
		move([*stay, *leave], EAST)
		move(come, WEST)
		for doctype in (members.DOCTYPE, "CCMS Segment Size"):
			frappe.db.delete(doctype, {"segment": one.name})
		for name in (*stay, *leave, *come):
			frappe.db.delete("CCMS Customer Event", {"customer": name})
			frappe.db.delete("Tag Link", {"document_name": name})
			frappe.db.set_value("Customer", name, "_user_tags", "")
		frappe.db.set_value(segments.DOCTYPE, one.name, "last_refreshed", None)
		frappe.db.commit()
		refresh.refresh(COMPANY, only=[one.name])
		move(leave, WEST)
		move(come, EAST)

	action = lambda: refresh.refresh(COMPANY, only=[one.name])  # noqa: E731
	start_over()
	sent = writes(action)
	start_over()
	deaths = points_of_death(sent, stride=3)
	assert len(deaths) > 12
	for death in deaths[::2]:
		die_at(action, death)
		action()
		_finished(one, stay, leave, come)
		start_over()


def _finished(one, stay, leave, come) -> None:
	assert within(one) == {*stay, *come}
	for name in leave:
		assert told(one, name) == ["Segment Left"] and tags_of(name) == set()
	for name in come:
		assert told(one, name) == ["Segment Entered"] and tags_of(name) == {TAG}
	for name in stay:
		assert told(one, name) == [] and tags_of(name) == {TAG}
	size = frappe.get_all(
		"CCMS Segment Size", filters={"segment": one.name}, fields=["size", "entered", "departed"]
	)
	assert [tuple(row.values()) for row in size] == [(5, 3, 3)]
