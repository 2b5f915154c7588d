"""Counts of pages and carts: the same as the events, whichever way they came, and without persons when these go."""

import random
import statistics
from collections import Counter, defaultdict
from datetime import datetime, time
from zoneinfo import ZoneInfo

import frappe
import pytest
from frappe.utils import add_days, add_months, get_first_day, get_system_timezone, getdate, nowdate

from ccms_app.identity.store import identities
from ccms_app.interactions import dwell
from ccms_app.interactions.store import clearing, days, intake, marks, page_figures, pages, sources
from ccms_app.interactions.store.figures import Where
from ccms_app.interactions.store.handler import Handler
from ccms_app.interactions.store.page_figures import PageFigures
from tests.site import dealing_world
from tests.site.dealing_world import COMPANY, visitor
from tests.site.events import EVENT, MARK, PAGES
from tests.site.factories import make_customer
from tests.site.processes import Workers
from tests.site.world import MANAGER

NORTH, SOUTH = "Pages North", "Pages South"


@pytest.fixture(autouse=True)
def own_company():
	dealing_world.company()
	for branch in (NORTH, SOUTH):
		if not frappe.db.exists("Branch", branch):
			frappe.get_doc({"doctype": "Branch", "branch": branch}).insert()


def at(day, hour: int = 0, minute: int = 1) -> str:
	return datetime.combine(getdate(day), time(hour, minute), ZoneInfo(get_system_timezone())).isoformat()


def happened(day, **event) -> dict:
	return {
		"event_id": frappe.generate_hash(length=20),
		"type": "Page View",
		"occurred_at": at(day),
		**event,
	}


def write(*events: dict) -> None:
	told = Counter(answer.status for answer in intake.write(list(events), sources.of_site(COMPANY)))
	assert told == {"stored": len(events)}, told


def count_marked() -> None:
	"""As the jobs do, in the test's transaction and for its company."""
	mine = {"company": COMPANY}
	for day in frappe.get_all(MARK, {**mine, "span": "Day"}, pluck="day"):
		days.compute(COMPANY, day)
	for day in frappe.get_all(MARK, {**mine, "span": "Pages"}, pluck="day"):
		pages.compute(COMPANY, day)
	for month in frappe.get_all(MARK, {**mine, "span": "Pages of Month"}, pluck="day"):
		pages.add_up(COMPANY, month)
	frappe.db.delete(MARK, mine)


def counts(**filters) -> list[tuple]:
	fields = ["span", "day", "kind", "branch", "channel", "path", "next_path", "step", "place"]
	fields += ["events", "entries", "followed", "visitors", "people", "amount", "stays"]
	return sorted(frappe.get_all(PAGES, {"company": COMPANY, **filters}, fields, as_list=True), key=str)


def sweep() -> None:
	"""Delete what a test has committed."""
	frappe.db.rollback()
	people = set(frappe.get_all(EVENT, {"company": COMPANY}, pluck="visitor")) - {None}
	people |= set(frappe.get_all("CCMS Interaction Day", {"company": COMPANY}, pluck="identity")) - {None}
	frappe.db.delete("CCMS Consent", {"subject_hash": ["in", sorted(people)]})
	frappe.db.delete("CCMS Identity", {"name": ["in", sorted(people)]})
	for doctype in (EVENT, PAGES, MARK, "CCMS Interaction Day", "CCMS Interaction Total"):
		frappe.db.delete(doctype, {"company": COMPANY})
	frappe.db.commit()


def where(start, end, **more) -> Where:
	return Where(COMPANY, getdate(start), getdate(end), **more)


# --- the same as the events ------------------------------------------------------------------------------------


def traffic(count: int = 400, back: int = 100) -> list[dict]:
	"""Events of some months, today included; the same each time but for who they are of."""
	draw, people = random.Random(5), [visitor() for _number in range(12)]
	paths = ["/", "/tea", "/Tea", "/cart", "/茶", "/order/1"]
	made = []
	for _number in range(count):
		day = add_days(nowdate(), -draw.choice([0, 0, 1, *range(2, back)]))
		event = happened(day, path=draw.choice(paths), **draw.choice(people))
		event["branch"] = draw.choice([NORTH, SOUTH])
		kind = draw.random()
		if kind < 0.7:
			event["previous_path"] = draw.choice(["", *paths])
			event["dwell"] = draw.choice([0, 3.4, 59, 64, 65, 130, 5000])
		elif kind < 0.8:
			event["type"], event["amount"] = "Cart Add", 10
		elif kind < 0.9:
			event["type"], event["amount"] = "Cart Drop", draw.randrange(100)
		else:
			event["type"], event["subject"] = "Cart Step", draw.choice(["Address", "Payment"])
			event["path"] = f"/{event['subject'].lower()}"
		made.append(event)
	return made


def truth(events: list[dict], start, end) -> dict:
	"""By hand: {path: (views, entries, visitors, left, median)}, {step: visitors}, {path: (drops, amount)}."""
	inside = [one for one in events if getdate(start) <= getdate(one["occurred_at"][:10]) < getdate(end)]
	views, entries, stays, followed = Counter(), Counter(), defaultdict(list), Counter()
	seen, reached, drops, amounts = defaultdict(set), defaultdict(set), Counter(), Counter()
	for one in inside:
		who = (one["visitor"], one["occurred_at"][:10], one["branch"])
		path, before = one["path"], one.get("previous_path", "")
		if one["type"] == "Page View":
			seen[path].add(who)
			reached[("Page View", "")].add(who)
			views[path] += before != path
			entries[path] += before == ""
			followed[before] += before != path
			stays[path] += [one["dwell"]] if one["dwell"] else []
		elif one["type"] == "Cart Drop":
			drops[path] += 1
			amounts[path] += one["amount"]
		else:
			reached[(one["type"], one.get("subject", ""))].add(who)
	return {
		"pages": {
			path: (number, entries[path], len(seen[path]), max(number - followed[path], 0), stays[path])
			for path, number in views.items()
			if number
		},
		"steps": {step: len(people) for step, people in reached.items()},
		"drops": (sum(drops.values()), sum(amounts.values())),
	}


def check(events: list[dict], start, end) -> None:
	wanted, found = truth(events, start, end), PageFigures(where(start, end))
	listed = {page.path: page for page in found.pages(200)}
	assert listed.keys() == wanted["pages"].keys()
	for path, (views, entries, visitors, exits, stays) in wanted["pages"].items():
		page = listed[path]
		assert (page.views, page.entries, page.visitors, page.exits) == (views, entries, visitors, exits)
		if stays:
			assert abs(page.dwell - statistics.median(map(int, stays))) <= max(stays) / 64
	steps = found.steps()
	assert {(step.kind, step.name): step.visitors for step in steps if step.visitors} == wanted["steps"]
	assert (sum(step.drops for step in steps), sum(step.dropped for step in steps)) == wanted["drops"]


def periods() -> list[tuple]:
	today, first = nowdate(), get_first_day(add_months(nowdate(), -2))
	return [
		(today, add_days(today, 1)),
		(add_days(today, -1), today),
		(add_days(today, -9), add_days(today, 1)),
		(add_days(first, -10), add_days(today, 1)),
		(first, add_months(first, 1)),
		(add_days(first, 1), add_days(first, 20)),
		(add_days(today, -400), add_days(today, 1)),
	]


def test_any_period_has_the_figures_of_its_events():
	events = traffic()
	write(*events)
	count_marked()
	for start, end in periods():
		check(events, start, end)
	spans = Counter(row[0] for row in counts())
	assert spans["Day"] > spans["Month"] > 0


def test_months_that_are_added_up_are_read_and_none_in_which_a_day_changed(monkeypatch):
	month = getdate(get_first_day(add_months(nowdate(), -2)))
	after, who = getdate(add_months(month, 1)), visitor()
	write(happened(add_days(month, 3), path="/", **who))
	count_marked()
	frappe.db.sql(f"update `tab{PAGES}` set events = 7 where company = %s and span = 'Month'", COMPANY)
	assert PageFigures(where(month, after)).views() == {"/": 7}
	assert PageFigures(where(add_days(month, 1), after)).views() == {"/": 1}
	write(happened(add_days(month, 4), path="/", **who))
	days.compute(COMPANY, getdate(add_days(month, 4)))
	assert PageFigures(where(month, after)).views() == {"/": 2}
	count_marked()
	assert PageFigures(where(month, after)).views() == {"/": 2}
	assert len(counts(span="Month", kind="Page")) == 1


def test_a_late_event_has_its_day_counted_anew():
	day, who = add_days(nowdate(), -40), visitor()
	write(happened(day, path="/tea", dwell=10, **who))
	count_marked()
	assert not page_figures.is_behind(COMPANY)
	write(happened(day, path="/tea", dwell=30, previous_path="/", **who))
	assert page_figures.is_behind(COMPANY)
	count_marked()
	(page,) = [one for one in PageFigures(where(day, add_days(day, 1))).pages(9) if one.path == "/tea"]
	assert (page.views, page.entries, page.visitors, page.dwell) == (2, 1, 1, 20)
	assert not page_figures.is_behind(COMPANY)


def test_today_is_read_from_the_events_while_they_are_few(monkeypatch):
	today, who = nowdate(), visitor()
	write(happened(today, path="/", **who))
	assert not counts() and not page_figures.is_behind(COMPANY)
	assert PageFigures(where(today, add_days(today, 1))).views() == {"/": 1}
	monkeypatch.setattr(page_figures, "RAW_MOST", 0)
	assert PageFigures(where(today, add_days(today, 1))).views() == {}
	assert page_figures.is_behind(COMPANY)
	count_marked()
	assert PageFigures(where(today, add_days(today, 1))).views() == {"/": 1}


def test_a_page_is_what_its_address_says_to_the_letter():
	day, who = add_days(nowdate(), -1), visitor()
	write(*(happened(day, path=path, **who) for path in ("/Tea", "/tea", "/tea ", "/téa", "/tea")))
	count_marked()
	assert PageFigures(where(day, nowdate())).views() == {"/tea": 2, "/Tea": 1, "/tea ": 1, "/téa": 1}


def test_the_most_viewed_are_found_though_only_today_shows_them(monkeypatch):
	monkeypatch.setattr(page_figures, "RANKED", 2)
	day, who = add_days(nowdate(), -1), visitor()
	write(*(happened(day, path=path, **who) for path in ("/a", "/a", "/a", "/b", "/b", "/c")))
	count_marked()
	write(*(happened(nowdate(), path="/c", **who) for _view in range(4)))
	found = PageFigures(where(day, add_days(nowdate(), 1))).pages(1)
	assert [(page.path, page.views) for page in found] == [("/c", 5)]


def test_three_shuffled_replays_leave_the_same_counts():
	events, results = traffic(150), []
	for seed in (1, 2, 3):
		frappe.db.savepoint("replay")
		shuffled, draw = list(events), random.Random(seed)
		for _time in range(3):
			draw.shuffle(shuffled)
			start = 0
			while start < len(shuffled):
				step = draw.randrange(1, 60)
				intake.write(shuffled[start : start + step], sources.of_site(COMPANY))
				start += step
			if draw.random() < 0.5:
				count_marked()
		count_marked()
		results.append(counts())
		frappe.db.rollback(save_point="replay")
	assert results[0] == results[1] == results[2] and len(results[0]) > 100


# --- who reads -------------------------------------------------------------------------------------------------


def test_filters_and_the_fence_narrow_counts_and_today_alike(as_user):
	who = visitor()
	for day in (add_days(nowdate(), -1), nowdate()):
		write(happened(day, path="/north", branch=NORTH, **who))
		write(happened(day, path="/south", branch=SOUTH, channel="App", **who))
	count_marked()
	span = (add_days(nowdate(), -1), add_days(nowdate(), 1))
	assert PageFigures(where(*span, branch=NORTH)).views() == {"/north": 2}
	assert PageFigures(where(*span, channel="App")).views() == {"/south": 2}
	frappe.permissions.add_user_permission("Branch", NORTH, MANAGER)
	frappe.clear_cache(user=MANAGER)
	with as_user(MANAGER):
		assert PageFigures(where(*span)).views() == {"/north": 2}


# --- when persons go ---------------------------------------------------------------------------------------------


def person() -> tuple[str, dict]:
	"""A customer, and who their events are of."""
	customer, who = make_customer().name, visitor()
	identities.recognise(identities.ensure("Visitor", who["visitor"]), customer, "Web")
	return customer, who


def test_erasing_takes_what_only_this_person_did_at_once_and_the_rest_when_counted():
	customer, who = person()
	other, day = visitor(), add_days(nowdate(), -40)
	crowd = [visitor() for _number in range(11)]
	write(*(happened(day, path="/", **one) for one in (who, other, *crowd)))
	write(happened(day, path="/order/77", previous_path="/", **who), happened(day, path="/tea", **other))
	write(happened(day, type="Cart Step", subject="Ship to Anna", path="/x", **who))
	count_marked()
	assert "/order/77" in str(counts()) and "Anna" in str(counts())
	Handler().erase(customer, "erased-1")
	left = str(counts())
	assert "/order/77" not in left and "Anna" not in left
	assert len(counts(span="Day", kind="Page", path="/")) == 1, (
		"a count of many stays until it is counted anew"
	)
	assert not PageFigures(where(get_first_day(day), add_months(get_first_day(day), 1)))._months()
	count_marked()
	found = {page.path: page for page in PageFigures(where(day, add_days(day, 1))).pages(9)}
	assert {path: page.views for path, page in found.items()} == {"/": 12, "/tea": 1}
	assert found["/"].exits == 12


def test_erasing_ahead_takes_them_with_the_first_events():
	customer, who = person()
	day = add_days(nowdate(), -5)
	write(happened(day, path="/order/78", **who))
	count_marked()
	assert sum(Handler().ahead(customer)) == 1
	assert "/order/78" not in str(counts())


@pytest.mark.commits
def test_small_counts_are_added_up_before_their_events_go():
	old, young = add_days(nowdate(), -60), add_days(nowdate(), -10)
	crowd = [visitor() for _number in range(12)]
	try:
		events = [happened(old, path="/", dwell=9, **who) for who in crowd]
		events += [happened(old, path=f"/order/{number}", **who) for number, who in enumerate(crowd)]
		events += [happened(old, path="/few", previous_path="/", **crowd[0])]
		events += [happened(old, type="Cart Drop", path="/rare", amount=5, **crowd[1])]
		events += [happened(young, path="/order/young", **crowd[2])]
		write(*events)
		count_marked()
		frappe.db.commit()
		clearing.clear_events(50)
		cells = {(row[2], row[5]): row for row in counts(span="Day", day=old)}
		assert cells.keys() == {("Page", "/"), ("Page", ""), ("Looked", "")}
		assert cells[("Page", "")][9] == 13 and cells[("Page", "")][13] == 12
		assert cells[("Page", "/")][11] == 1, "that a page followed is kept, which one is not"
		count_marked()
		assert "/order/1" not in str(counts()).replace("/order/young", "")
		assert "/order/young" in str(counts(span="Day"))
		assert PageFigures(where(old, add_days(old, 1))).pages(9)[0].views == 12
		# a mark that comes late counts nothing away
		marks.pages(COMPANY, [getdate(old)])
		count_marked()
		assert len(counts(span="Day", day=old)) == 3
	finally:
		frappe.db.rollback()
		frappe.db.set_single_value("CCMS Settings", "events_cleared_until", None)
		frappe.db.commit()
		sweep()


# --- filling ----------------------------------------------------------------------------------------------------


@pytest.mark.commits
def test_filling_goes_on_where_it_was_stopped(monkeypatch):
	who = visitor()
	try:
		write(*(happened(add_days(nowdate(), -back), path="/", **who) for back in (3, 20, 90)))
		frappe.db.delete(MARK, {"company": COMPANY})
		pages.mark_all()
		frappe.db.commit()
		assert pages.marked() >= 3
		compute, seen = pages.compute, []

		def stop(company, day):
			if company == COMPANY and seen:
				raise InterruptedError
			compute(company, day)
			seen.extend([day] * (company == COMPANY))

		with monkeypatch.context() as patched, pytest.raises(InterruptedError):
			patched.setattr(pages, "compute", stop)
			pages.compute_marked()
		frappe.db.rollback()
		assert len(counts(kind="Page")) == 1
		told = []
		assert pages.compute_marked(told.append) == len(told) >= 2  # other companies may have days, too
		assert len(counts(kind="Page")) == 3 and pages.marked() == 0
	finally:
		sweep()


def test_stays_without_a_length_are_none():
	day, who = add_days(nowdate(), -1), visitor()
	write(*(happened(day, path="/", dwell=seconds, **who) for seconds in (None, 20, 40)))
	count_marked()
	assert PageFigures(where(day, nowdate())).pages(1)[0].dwell == 30
	assert dwell.read(counts(kind="Page")[0][15]) == {20: 1, 40: 1}


# --- two at once --------------------------------------------------------------------------------------------------


def send(events: list[dict], seed: int) -> dict[str, int]:
	"""Send events in an order of one's own, some of them twice; called in another process."""
	draw, found = random.Random(seed), Counter()
	mine = [*events, *draw.sample(events, len(events) // 3)]
	draw.shuffle(mine)
	for start in range(0, len(mine), 40):
		found.update(one.status for one in intake.take(mine[start : start + 40], sources.of_site(COMPANY)))
	return found


def count_while_they_come(times: int) -> int:
	"""Count marked days over and over, as the hourly round does; called in another process."""
	return sum(days.compute_marked() for _time in range(times))


@pytest.mark.commits
def test_processes_that_send_overlapping_batches_while_days_are_counted_leave_the_counts_of_one():
	events = traffic(240, back=30)
	start, end = add_days(nowdate(), -40), add_days(nowdate(), 1)
	sources.of_site(COMPANY)
	frappe.db.commit()
	try:
		with Workers(3) as workers:
			replies = workers.run_mixed(
				[
					(f"{__name__}.send", {"events": events[:180], "seed": 1}),
					(f"{__name__}.send", {"events": events[60:], "seed": 2}),
					(f"{__name__}.count_while_they_come", {"times": 4}),
				]
			)
		assert not [reply for reply in replies if "error" in reply], replies
		first, second = replies[0]["value"], replies[1]["value"]
		assert first["stored"] + second["stored"] == 240
		assert first["duplicate"] + second["duplicate"] == 2 * (180 + 60) - 240
		days.compute_marked()
		pages.add_up_marked()
		check(events, start, end)
		left = counts()
		frappe.db.delete(PAGES, {"company": COMPANY})
		marks.days(COMPANY, {getdate(one["occurred_at"][:10]) for one in events})
		days.compute_marked()
		pages.add_up_marked()
		assert counts() == left
	finally:
		sweep()
