"""The one writer of events: what it stores, what it answers, and that nothing is stored twice or changed."""

import json
import random
from datetime import datetime, timedelta, timezone

import frappe
import pytest
from frappe.utils import get_datetime

from ccms_app.identity import kinds
from ccms_app.identity.store import identities
from ccms_app.interactions.store import days, intake, marks, totals
from tests.site.events import (
	ABROAD,
	COMPANY,
	DAY,
	EVENT,
	IDENTITY,
	MARK,
	NOON,
	TOTAL,
	call,
	consent,
	forget,
	phone,
	row,
	rows,
	send,
	server,
	view,
)
from tests.site.factories import make_customer
from tests.site.processes import Workers
from tests.site.refusals import raises_refusal

NOW = datetime.now(timezone.utc)


@pytest.fixture
def source():
	return server()


# --- storing ----------------------------------------------------------------------------------------------------


def test_an_event_is_stored_with_all_it_says(source):
	frappe.get_doc({"doctype": "Branch", "branch": "Events North"}).insert()
	told = intake.write(
		[
			call(
				"a",
				identity=phone(),
				visitor="visitor-one",
				branch="Events North",
				channel="WeChat",
				direction="Out",
				subject="Opening hours",
				content="two\nlines",
				outcome="Answered",
				path="/a?b=c",
				previous_path="/",
				dwell=2.5,
				duration=61,
				item="TEA",
				amount=-12.34,
				reference_doctype="Sales Order",
				reference_name="SO-1",
				company=COMPANY,
				payload={"a": [1, "茶"]},
			)
		],
		source,
		NOW,
	)
	assert [one.as_dict() for one in told] == [
		{"index": 0, "event_id": "a", "status": "stored", "field": "", "message": ""}
	]
	doc = row(source, "a")
	assert doc.occurred_at == get_datetime(NOON.astimezone().strftime("%Y-%m-%d 12:00:00"))
	assert doc.company == COMPANY and doc.branch == "Events North" and doc.interaction_type == "Call"
	assert (doc.channel, doc.direction, doc.outcome) == ("WeChat", "Out", "Answered")
	assert (doc.subject, doc.content) == ("Opening hours", "two\nlines")
	assert (doc.path, doc.previous_path, doc.dwell, doc.duration) == ("/a?b=c", "/", 2.5, 61)
	assert (doc.item, doc.amount) == ("TEA", -12.34)
	assert (doc.reference_doctype, doc.reference_name) == ("Sales Order", "SO-1")
	assert json.loads(doc.payload) == {"a": [1, "茶"]}
	assert doc.identity == identities.find(kinds.PHONE, "+8613800138000")
	assert doc.visitor == identities.find(kinds.VISITOR, "visitor-one")


def test_the_clients_clock_is_corrected_and_what_it_said_is_kept(source):
	"""Its clock is two hours behind; it waited ten minutes before sending."""
	sent = NOW - timedelta(hours=2)
	claimed = sent - timedelta(minutes=10)
	assert send(source, call(occurred_at=claimed.isoformat()), received=NOW, sent=sent) == ["stored"]
	doc = row(source, "1")
	assert doc.received_at - doc.occurred_at == timedelta(minutes=10)
	assert doc.received_at - doc.sent_at == timedelta(hours=2)
	assert doc.received_at - doc.claimed_at == timedelta(hours=2, minutes=10)


def test_equal_events_are_duplicates_and_others_under_the_same_id_are_conflicts(source):
	assert send(source, call(amount=1)) == ["stored"]
	assert send(source, call(amount=1), call(amount=2), call("2")) == ["duplicate", "conflict", "stored"]
	assert row(source, "1").amount == 1


def test_the_first_of_a_batch_wins(source):
	assert send(source, call(amount=1), call(amount=2), call(amount=1)) == ["stored", "conflict", "duplicate"]
	assert row(source, "1").amount == 1


def test_another_source_may_use_the_same_id(source):
	other = server()
	assert send(source, call()) == send(other, call()) == ["stored"]


def test_one_bad_row_never_loses_the_batch(source):
	deep = []
	for _level in range(500):
		deep = [deep]
	batch = [
		"malformed",
		None,
		call("good 1"),
		{"event_id": "no type"},
		call("huge", content="x" * 9000),
		call("deep", payload=deep),
		call("control", subject="a\0b"),
		call("half", subject="\ud800"),
		call("type", type="Nonsense"),
		call("company", company=ABROAD),
		call("future", occurred_at=(datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()),
		call("old", occurred_at="2020-01-01T00:00:00Z"),
		view("unasked"),
		call("wide", subject="👍" * 301),
		call("branch", branch="No Such Branch"),
		call("number", amount="1; drop table"),
		call("good 2"),
	]
	batch[8]["type"] = "Nonsense"
	expected = ["invalid"] * 2 + ["stored"] + ["invalid"] * 5 + ["unknown_type", "forbidden", "future"]
	expected += ["too_old", "no_consent", "invalid", "invalid", "invalid", "stored"]
	told = intake.write(batch, source)
	assert [one.status for one in told] == expected
	assert [one.index for one in told] == list(range(len(batch)))
	assert all(one.message for one in told if one.status != "stored")
	assert [found.event_id for found in rows(source, "event_id")] == ["good 1", "good 2"]


def test_right_to_left_text_and_all_signs_stay_as_they_are(source):
	text = "مرحبا \u202eabc\u202c שלום 👍🏽 'quote\" \\ %s {0} `back`; --"
	assert send(source, call(subject=text, content=text, payload={text: text})) == ["stored"]
	doc = row(source, "1")
	assert doc.subject == doc.content == text
	assert json.loads(doc.payload) == {text: text}


def test_scripts_are_stored_harmless(source):
	evil = "<script>alert(1)</script><img src=x onerror=alert(1)"
	assert send(source, call(subject=evil, content=evil, outcome=evil, item=evil, path=evil)) == ["stored"]
	stored = frappe.db.sql(f"select * from `tab{EVENT}` where event_source = %s", source.name)
	assert "<script" not in str(stored) and "<img" not in str(stored) and "&lt;script" in str(stored)


def test_values_that_look_like_commands_are_values(source):
	assert send(source, call("'; drop table x; --", outcome="@ccms_user", item="=1+1")) == ["stored"]
	assert row(source, "'; drop table x; --").outcome == "@ccms_user"


def test_names_of_people_are_kept_nowhere_but_in_the_identity_map(source):
	send(source, call(identity={"kind": "Email", "value": "Fang.Wang@Example.com"}))
	stored = frappe.db.sql(f"select * from `tab{EVENT}` where event_source = %s", source.name)
	assert "fang" not in str(stored).lower()


# --- people and consent -------------------------------------------------------------------------------------------


def test_a_visitor_without_consent_leaves_no_trace(source):
	assert send(source, view(visitor="visitor-unasked")) == ["no_consent"]
	assert not rows(source)
	assert not identities.find(kinds.VISITOR, "visitor-unasked")


def test_a_consent_counts_for_what_stands_beside_it_in_the_batch(source):
	assert send(source, view("1"), consent("2"), view("3", "visitor-two")) == [
		"stored",
		"stored",
		"no_consent",
	]
	assert send(source, consent("4", state="Withdrawn"), view("5")) == ["stored", "no_consent"]


def test_a_consent_sent_again_is_not_recorded_again(source):
	count = frappe.db.count("CCMS Consent")
	assert send(source, consent("1")) == ["stored"]
	assert send(source, consent("1")) == ["duplicate"]
	assert frappe.db.count("CCMS Consent") == count + 1


def test_a_consent_names_a_wording_of_its_purpose(source):
	marketing = frappe.db.get_value("CCMS Consent Wording", {"purpose": "Marketing"})
	assert marketing
	bad = send(source, consent("1", wording="No Such"), consent("2", wording=marketing))
	assert bad == ["invalid", "invalid"]
	assert send(source, consent("3", purpose="Marketing", wording=marketing)) == ["stored"]


def test_a_no_of_the_customer_goes_before_a_yes_of_the_browser(source):
	from ccms_app.privacy.store import consent as consents

	customer = make_customer().name
	send(source, consent("1"))
	assert send(source, view("2", identity={"kind": "Customer", "value": customer})) == ["stored"]
	consents.record(customer, "Web Tracking", "Withdrawn", source="Desk")
	assert send(source, view("3", identity={"kind": "Customer", "value": customer})) == ["no_consent"]


def test_a_customer_that_is_none_is_answered_like_one_that_is(source):
	customer = make_customer().name
	there = call("1", identity={"kind": "Customer", "value": customer})
	none = call("2", identity={"kind": "Customer", "value": "Nobody at All"})
	told = [one.as_dict() for one in intake.write([there, none], source)]
	assert [(one["status"], one["message"]) for one in told] == [("stored", "")] * 2
	assert row(source, "1").identity and not row(source, "2").identity


def test_who_was_renamed_or_merged_is_found_by_the_names_before(source):
	def named(event_id: str, customer: str) -> dict:
		return call(event_id, identity={"kind": "Customer", "value": customer})

	def whose(event_id: str) -> str | None:
		name = row(source, event_id).identity
		return identities.owners([name]).get(name)

	known, silent, stays = (make_customer().name for _each in range(3))
	send(source, named("1", known))
	for old in (known, silent):  # one that events named before, and one that none did
		frappe.rename_doc("Customer", old, f"{old} renamed", force=True)
	assert send(source, named("2", known), named("3", silent)) == ["stored"] * 2
	assert [whose(one) for one in "123"] == [f"{known} renamed", f"{known} renamed", f"{silent} renamed"]
	for old in (known, silent):
		frappe.rename_doc("Customer", f"{old} renamed", stays, merge=True, force=True)
	never = make_customer().name
	frappe.rename_doc("Customer", never, stays, merge=True, force=True)
	names = (known, f"{known} renamed", silent, f"{silent} renamed", never)
	assert send(source, *(named(f"m{n}", name) for n, name in enumerate(names))) == ["stored"] * len(names)
	assert [whose(f"m{n}") for n in range(len(names))] == [stays] * len(names)
	assert {whose(one) for one in "123"} == {stays}
	# what she says under an old name is heard, too
	asked = {"kind": "Customer", "value": never}
	said = call("k", identity=asked, state="Given") | {"type": "Consent"}
	seen = call("v", identity=asked) | {"type": "Page View"}
	assert send(source, said, seen) == ["stored"] * 2
	assert frappe.db.exists("CCMS Consent", {"customer": stays, "purpose": "Web Tracking"})


def test_a_name_that_somebody_else_got_is_hers(source):
	first, second = make_customer().name, make_customer().name
	frappe.rename_doc("Customer", first, f"{first} renamed", force=True)
	frappe.rename_doc("Customer", second, first, force=True)
	assert send(source, call(identity={"kind": "Customer", "value": first})) == ["stored"]
	assert identities.owners([row(source, "1").identity]) == {row(source, "1").identity: first}


def test_looking_at_a_batch_hears_its_consents(source):
	marketing = frappe.db.get_value("CCMS Consent Wording", {"purpose": "Marketing"})
	events = [
		view("1"),
		consent("2"),
		view("3", "visitor-two"),
		consent("4", "visitor-two", wording=marketing),
		consent("5", "visitor-three"),
		consent("6", "visitor-three", "Withdrawn", occurred_at=(NOON + timedelta(hours=1)).isoformat()),
		view("7", "visitor-three"),
	]
	looked = [told.as_dict() for told in intake.dry_run(events, source)]
	assert not rows(source)
	assert looked == [told.as_dict() for told in intake.write(events, source)]
	assert [told["status"] for told in looked] == [
		"stored",
		"stored",
		"no_consent",
		"invalid",
		"stored",
		"stored",
		"no_consent",
	]


# --- append-only ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	"write",
	[
		lambda doc: frappe.copy_doc(doc).insert(ignore_permissions=True),
		lambda doc: doc.save(ignore_permissions=True),
		lambda doc: doc.db_set("subject", "other"),
		lambda doc: doc.delete(ignore_permissions=True, force=True),
		lambda doc: frappe.delete_doc(doc.doctype, doc.name, force=True),
		lambda doc: frappe.rename_doc(doc.doctype, doc.name, "another", force=True),
	],
	ids=["insert", "save", "db_set", "delete", "delete_doc", "rename"],
)
def test_not_even_the_administrator_writes_events(source, write):
	send(source, call())
	with raises_refusal("never changed", frappe.PermissionError):
		write(row(source, "1"))


@pytest.mark.parametrize("doctype", [EVENT, DAY, TOTAL, MARK])
def test_no_role_writes_them(doctype):
	for permission in frappe.get_meta(doctype).permissions:
		assert not any(permission.get(what) for what in ("write", "create", "delete", "submit", "import"))


@pytest.mark.parametrize(
	"columns",
	[
		["identity", "occurred_at", "name"],
		["visitor", "occurred_at", "name"],
		["company", "occurred_at", "name"],
		["reference_doctype", "reference_name"],
	],
)
def test_the_database_has_the_key(columns):
	found: dict[str, list] = {}
	for key in frappe.db.sql(f"show index from `tab{EVENT}`", as_dict=True):
		found.setdefault(key.Key_name, []).append(key.Column_name)
	# the timeline's keys hold more behind these
	assert columns in [found[name][: len(columns)] for name in found]


# --- counting ---------------------------------------------------------------------------------------------------------


def counts(company: str = COMPANY) -> list[tuple]:
	fields = [
		"day",
		"identity",
		"interaction_type",
		"channel",
		"branch",
		"events",
		"dwell",
		"duration",
		"amount",
	]
	return sorted(
		frappe.get_all(DAY, {"company": company}, fields, as_list=True), key=lambda found: str(found)
	)


def world(count: int = 300) -> list[dict]:
	draw = random.Random(4)
	made = []
	for number in range(count):
		when = NOON - timedelta(hours=draw.randrange(0, 60 * 24))
		fields = {"amount": draw.randrange(100), "duration": 2, "occurred_at": when.isoformat()}
		if number % 4:
			fields["identity"] = phone(f"+86138001380{draw.randrange(20):02d}")
		else:
			fields["visitor"] = f"visitor-{draw.randrange(20)}"
		made.append(call(str(number), **fields))
	return made


def test_three_shuffled_replays_leave_the_same_rows_and_counts():
	events, results = world(), []
	for seed in (1, 2, 3):
		frappe.db.savepoint("replay")
		source = server()
		source = type(source)("Replayed", source.company)  # names of rows come from the source
		shuffled, draw = list(events), random.Random(seed)
		for _time in range(3):
			draw.shuffle(shuffled)
			start = 0
			while start < len(shuffled):
				step = draw.randrange(1, 80)
				intake.write(shuffled[start : start + step], source, NOW)
				start += step
		for company, day in frappe.get_all(MARK, {"span": "Day"}, ["company", "day"], as_list=True):
			days.compute(company, day)
		for company, month in frappe.get_all(MARK, {"span": "Month"}, ["company", "day"], as_list=True):
			totals.compute(company, month)
		fields = ["name", "content_hash", "identity", "visitor", "occurred_at", "amount"]
		stored = sorted(frappe.get_all(EVENT, {"event_source": "Replayed"}, fields, as_list=True), key=str)
		kept = frappe.get_all(TOTAL, {"company": COMPANY}, ["name", "events", "amount"], as_list=True)
		results.append((stored, counts(), sorted(kept)))
		frappe.db.rollback(save_point="replay")
	assert len(results[0][0]) == 300
	assert results[0] == results[1] == results[2]
	assert sum(found[5] for found in results[0][1]) == 300
	assert sum(found[1] for found in results[0][2]) == 300


def test_a_late_event_has_its_day_counted_anew(source):
	send(source, call("1", identity=phone(), amount=5))
	day = row(source, "1").occurred_at.date()
	days.compute(COMPANY, day)
	mine = {"company": COMPANY, "day": day, "identity": identities.find("Phone", "+8613800138000")}
	assert frappe.db.get_value(DAY, mine, ["events", "amount"]) == (1, 5)
	assert not frappe.db.exists(MARK, {"span": "Day", "day": day, "state": "Taken"})
	send(source, call("2", identity=phone(), amount=7))
	assert frappe.db.exists(MARK, {"span": "Day", "company": COMPANY, "day": day, "state": "Open"})
	days.compute(COMPANY, day)
	assert frappe.db.get_value(DAY, mine, ["events", "amount"]) == (2, 12)


def test_a_replay_opens_no_mark(source):
	send(source, call("1"))
	frappe.db.delete(MARK)
	assert send(source, call("1")) == ["duplicate"]
	assert not frappe.db.count(MARK)


def test_days_are_those_of_the_sites_own_zone(source):
	"""23:30 in London is the next morning in Shanghai."""
	late = NOON.replace(hour=23, minute=30)
	send(source, call("1", occurred_at=late.isoformat()))
	days.compute(COMPANY, (late + timedelta(days=1)).date())
	assert frappe.db.get_value(DAY, {"company": COMPANY, "day": (late + timedelta(days=1)).date()}, "events")


@pytest.mark.commits
def test_a_worker_that_dies_while_counting_leaves_the_day_to_the_next(source):
	try:
		send(source, call("1"))
		frappe.db.commit()
		assert (COMPANY, row(source, "1").occurred_at.date()) in marks.take(marks.DAY)  # and dies here
		assert days.compute_marked() >= 1
		assert frappe.db.count(DAY, {"company": COMPANY})
		assert not frappe.db.count(MARK, {"span": "Day"})
	finally:
		forget(source.name)


# --- two at once --------------------------------------------------------------------------------------------------------


def take(source: str, seed: int) -> dict[str, int]:
	"""Send the same events as everybody else, in an order of one's own; called in another process."""
	from ccms_app.interactions.store import sources

	events = world(400)
	random.Random(seed).shuffle(events)
	found: dict[str, int] = {}
	for start in range(0, 400, 100):
		for one in intake.take(events[start : start + 100], sources.load(source), NOW):
			found[one.status] = found.get(one.status, 0) + 1
	return found


@pytest.mark.commits
def test_processes_that_send_the_same_batch_at_once_store_it_once(source):
	frappe.db.commit()
	try:
		with Workers(4) as workers:
			replies = workers.run(
				f"{__name__}.take", [{"source": source.name, "seed": n % 2} for n in range(4)]
			)
		assert not [reply for reply in replies if "error" in reply], replies
		found = [reply["value"] for reply in replies]
		assert sum(one.get("stored", 0) for one in found) == 400
		assert sum(one.get("duplicate", 0) for one in found) == 1200
		frappe.db.rollback()
		assert frappe.db.count(EVENT, {"event_source": source.name}) == 400
		wanted = {f"+86138001380{number:02d}" for number in range(20)}
		assert all(identities.find("Phone", number) for number in wanted)
		assert frappe.db.count(IDENTITY, {"kind": "Visitor"}) >= 20
	finally:
		forget(source.name)
