"""Segments on a site: what a refresh changes, what it writes about it, and what happens to rules when the world does."""

import json
from contextlib import contextmanager

import frappe
import pytest
from frappe.utils import getdate, nowdate, strip_html

from ccms_app.segments.store import changes, documents, members, refresh, segments, snapshots
from tests.site import factories
from tests.site.world import ABROAD, COMPANY

NORTH, SOUTH = "Segment North", "Segment South"
TAG = "Segment Test Tag"


@pytest.fixture(autouse=True)
def territories():
	for name in (NORTH, SOUTH):
		if not frappe.db.exists("Territory", name):
			frappe.get_doc(
				{"doctype": "Territory", "territory_name": name, "parent_territory": "All Territories"}
			).insert()


def rule(field: str, operator: str, value=None, group_no: int = 0, scope: str = "") -> dict:
	return {
		"field": field,
		"operator": operator,
		"value": json.dumps(value),
		"group_no": group_no,
		"scope": scope,
	}


@contextmanager
def refused(*words: str):
	"""The block is refused, says these words, and leaves nothing behind."""
	frappe.db.savepoint("refused")
	with pytest.raises(frappe.ValidationError) as error:
		yield
	frappe.db.rollback(save_point="refused")
	frappe.clear_messages()
	for word in words:
		assert word in strip_html(str(error.value))


def in_north(*more: dict) -> list[dict]:
	return [rule("customer.territory", "in", [NORTH]), *more]


def make(rules: list[dict] | None = None, **fields):
	"""A saved segment of the test company."""
	values = {"segment_name": f"Segment {frappe.generate_hash(length=8)}", "company": COMPANY, "enabled": 1}
	doc = frappe.get_doc({"doctype": segments.DOCTYPE, "rules": rules or [], **values, **fields})
	return doc.insert()


def customer(territory: str = NORTH, **fields) -> str:
	return factories.make_customer(territory=territory, **fields).name


def run(*named, customers=None, company: str = COMPANY):
	"""A refresh inside the test's own transaction."""
	names = [one.name for one in named] or None
	return refresh.refresh(company, only=names, customers=customers, commits=False)


def within(segment) -> set[str]:
	return set(members.current([segment.name])[segment.name])


def rows(segment, **filters) -> list[dict]:
	return frappe.get_all(
		members.DOCTYPE,
		filters={"segment": segment.name, **filters},
		fields=["customer", "cause", "left_on", "left_cause", "entered_on", "member_key", "name"],
		order_by="creation, name",
	)


def told(segment, customer_name: str) -> list[str]:
	found = frappe.get_all(
		"CCMS Customer Event",
		filters={"customer": customer_name, "event_type": ["like", "Segment %"]},
		fields=["event_type", "payload"],
		order_by="creation",
	)
	return [row.event_type for row in found if json.loads(row.payload)["segment"] == segment.name]


def tags_of(name: str) -> set[str]:
	in_field = set(filter(None, (frappe.db.get_value("Customer", name, "_user_tags") or "").split(",")))
	linked = set(
		frappe.get_all("Tag Link", filters={"document_type": "Customer", "document_name": name}, pluck="tag")
	)
	assert in_field == linked, "the customer's tags and their links differ"
	return in_field


# --- refresh -------------------------------------------------------------------------------------------------------


def test_the_first_filling_tells_nothing_and_later_movements_do():
	first = customer()
	segment = make(in_north())
	assert run(segment).moved[segment.name] == (1, 1, 0)
	assert within(segment) == {first}
	assert rows(segment)[0].cause == "First Refresh"
	assert told(segment, first) == []

	second = customer()
	frappe.db.set_value("Customer", first, "territory", SOUTH)
	assert run(segment).moved[segment.name] == (1, 1, 1)
	assert within(segment) == {second}
	assert told(segment, second) == ["Segment Entered"]
	assert told(segment, first) == ["Segment Left"]

	frappe.db.set_value("Customer", first, "territory", NORTH)
	run(segment)
	assert within(segment) == {first, second}
	assert len(rows(segment, customer=first)) == 2, "coming back is a membership of its own"
	assert told(segment, first) == ["Segment Left", "Segment Entered"]


def test_a_second_refresh_changes_nothing():
	customer()
	segment = make(in_north())
	run(segment)
	before = rows(segment)
	assert run(segment).moved[segment.name] == (1, 0, 0)
	assert rows(segment) == before


def test_size_and_day_are_kept():
	one = customer()
	segment = make(in_north())
	run(segment)
	customer()
	customer()
	frappe.db.set_value("Customer", one, "territory", SOUTH)
	run(segment)
	segment.reload()
	assert segment.size == 2 and segment.last_refreshed
	(size,) = frappe.get_all(
		"CCMS Segment Size", filters={"segment": segment.name}, fields=["date", "size", "entered", "departed"]
	)
	assert size == {"date": getdate(nowdate()), "size": 2, "entered": 2, "departed": 1}


def test_members_are_rules_and_list_without_exclusions():
	ruled, listed, excluded, both = customer(), customer(SOUTH), customer(), customer(SOUTH)
	segment = make(
		in_north(),
		static_members=[{"customer": listed}, {"customer": both}, {"customer": listed}],
		excluded_customers=[{"customer": excluded}, {"customer": both}],
	)
	assert len(segment.static_members) == 2, "a customer stands in a list once"
	run(segment)
	assert within(segment) == {ruled, listed}
	segment.reload()
	segment.append("excluded_customers", {"customer": ruled})
	segment.save()
	late = customer(SOUTH)
	segment.append("static_members", {"customer": late})
	segment.save()
	run(segment)
	assert within(segment) == {listed, late}
	assert rows(segment, customer=ruled)[0].left_cause == "Never In"
	assert rows(segment, customer=late)[0].cause == "Always In"


def test_disabled_internal_and_walk_in_customers_are_chosen_by_no_rule_but_by_a_list():
	there, gone, walk_in = customer(), customer(), customer()
	segment = make(in_north(), static_members=[{"customer": gone}])
	run(segment)
	assert within(segment) == {there, gone, walk_in}
	frappe.db.set_value("Customer", gone, "disabled", 1)
	frappe.db.set_value("Customer", walk_in, "ccms_anonymous", 1)
	run(segment)
	assert within(segment) == {there, gone}
	assert rows(segment, customer=walk_in)[0].left_cause == "Left Out"


def test_a_segment_without_rules_holds_its_list_alone():
	listed = customer()
	segment = make([], static_members=[{"customer": listed}])
	run(segment)
	assert within(segment) == {listed}


def test_segments_that_build_on_others_follow_in_one_refresh():
	one, two = customer(), customer()
	base = make(in_north(), excluded_customers=[{"customer": two}])
	above = make([rule("segment.member", "member", [base.name])])
	rest = make(in_north(rule("segment.member", "not_member", [above.name])))
	run(base)  # the two others come with it
	assert (within(base), within(above), within(rest)) == ({one}, {one}, {two})
	frappe.db.set_value("Customer", one, "territory", SOUTH)
	run()
	assert (within(base), within(above), within(rest)) == (set(), set(), {two})


def test_a_disabled_segment_keeps_its_members():
	one = customer()
	segment = make(in_north())
	run(segment)
	segment.reload()
	segment.enabled = 0
	segment.save()
	frappe.db.set_value("Customer", one, "territory", SOUTH)
	assert segment.name not in run().moved
	assert within(segment) == {one}


# --- what cannot be ----------------------------------------------------------------------------------------------------


def test_circles_are_refused_with_the_way_round():
	first = make(in_north(), segment_name="Round one")
	second = make([rule("segment.member", "member", [first.name])], segment_name="Round two")
	first.append("rules", rule("segment.member", "member", [second.name]))
	with refused("Round one → Round two → Round one"):
		first.save()
	second.append("rules", rule("segment.member", "not_member", [second.name]))
	with refused("Round two → Round two"):
		second.save()


def test_a_segment_of_another_company_is_refused():
	other = make(in_north(), company=ABROAD)
	with refused("belongs to"):
		make([rule("segment.member", "member", [other.name])])


@pytest.mark.parametrize(
	("row", "words"),
	[
		(rule("customer.nonsense", "in", ["x"]), "no longer there"),
		(rule("customer.territory", "more", 3), "cannot be compared"),
		(rule("customer.territory", "in", []), "choose at least one value"),
		(rule("customer.territory", "in", ["Atlantis"]), "Atlantis is no longer there"),
		(rule("profile.last_order", "days_ago_more", -1), "number of days"),
		(rule("profile.last_order", "between_dates", ["2026-02-01", "2026-01-01"]), "first date is after"),
		(rule("profile.orders", "between", [5, 1]), "first number is greater"),
		(rule("purchase.item", "bought", {"n": 1}), "choose at least one value"),
		(rule("purchase.any", "bought", {"n": 0}), "above 0"),
		(rule("customer.territory", "in", [NORTH], scope="P"), "no loyalty program"),
	],
)
def test_a_row_that_cannot_stand_is_refused_by_its_number(row, words):
	with refused("Rule 2", words):
		make(in_north(row))


def test_two_segments_of_a_company_have_different_names():
	segment = make(in_north())
	with refused("already has a segment"):
		make(in_north(), segment_name=segment.segment_name)
	make(in_north(), segment_name=segment.segment_name, company=ABROAD)


def test_a_field_that_is_gone_makes_the_segment_invalid_and_keeps_its_members():
	one = customer()
	segment = make(in_north())
	run(segment)
	other = make(in_north())
	frappe.db.set_value("CCMS Segment Rule", segment.rules[0].name, "field", "customer.was_there_once")
	frappe.db.set_value("Customer", one, "territory", SOUTH)
	result = run()
	assert segment.name in result.invalid and other.name in result.moved
	assert within(segment) == {one}
	segment.reload()
	assert segment.status == "Invalid" and "was_there_once" in segment.reason
	notices = frappe.get_all(
		"Notification Log",
		filters={"document_name": segment.name},
		fields=["for_user", "subject"],
	)
	assert [row.for_user for row in notices] == [segment.owner]
	run()
	assert frappe.db.count("Notification Log", {"document_name": segment.name}) == 1, "the owner is told once"
	frappe.db.set_value("CCMS Segment Rule", segment.rules[0].name, "field", "customer.territory")
	run()
	segment.reload()
	assert segment.status == "Active" and not segment.reason and within(segment) == set()


# --- tags ------------------------------------------------------------------------------------------------------------------


def test_a_tag_comes_on_entry_and_goes_on_exit():
	one = customer()
	segment = make(in_north(), tag=TAG)
	run(segment)
	assert tags_of(one) == {TAG}
	frappe.db.set_value("Customer", one, "territory", SOUTH)
	run(segment)
	assert tags_of(one) == set()


def test_a_tag_set_by_hand_stays_and_other_tags_are_left_alone():
	from frappe.desk.doctype.tag.tag import add_tag

	one, two = customer(), customer()
	add_tag(TAG, "Customer", one)
	add_tag("Segment Test Other", "Customer", two)
	segment = make(in_north(), tag=TAG)
	run(segment)
	assert tags_of(one) == {TAG}
	assert tags_of(two) == {TAG, "Segment Test Other"}
	for name in (one, two):
		frappe.db.set_value("Customer", name, "territory", SOUTH)
	run(segment)
	assert tags_of(one) == {TAG}
	assert tags_of(two) == {"Segment Test Other"}


def test_a_tag_of_two_segments_goes_with_the_last():
	one = customer()
	first, second = make(in_north(), tag=TAG), make(in_north(), tag=TAG)
	run(first, second)
	first.reload()
	first.append("excluded_customers", {"customer": one})
	first.save()
	run(first)
	assert tags_of(one) == {TAG}
	frappe.db.set_value("Customer", one, "territory", SOUTH)
	run()
	assert tags_of(one) == set()


def test_another_tag_replaces_the_first_and_deleting_the_segment_takes_it_off():
	one = customer()
	segment = make(in_north(), tag=TAG)
	run(segment)
	segment.reload()
	segment.tag = "Segment Test New"
	segment.save()
	run(segment)
	assert tags_of(one) == {"Segment Test New"}
	segment.reload()
	segment.delete()
	assert tags_of(one) == set()
	assert not frappe.db.exists(members.DOCTYPE, {"segment": segment.name})
	assert not frappe.db.exists("CCMS Segment Size", {"segment": segment.name})


def test_a_tag_that_is_no_longer_asked_for_comes_off():
	one = customer()
	segment = make(in_north(), tag=TAG)
	run(segment)
	segment.reload()
	segment.tag = ""
	segment.save()
	run(segment)
	assert tags_of(one) == set()
	segment.reload()
	assert segment.tag_in_use == ""


def test_a_segment_that_others_build_on_is_not_deleted():
	base = make(in_north())
	make([rule("segment.member", "member", [base.name])], segment_name="Built on it")
	with refused("Built on it"):
		base.delete()


# --- on change ---------------------------------------------------------------------------------------------------------------


def test_only_the_customers_and_segments_concerned_are_evaluated():
	one, two = customer(SOUTH), customer(SOUTH)
	follows = make(in_north(), refresh_mode="On Change")
	at_night = make(in_north())
	by_orders = make([rule("profile.orders", "at_least", 1)], refresh_mode="On Change")
	run()
	for name in (one, two):
		frappe.db.set_value("Customer", name, "territory", NORTH)
	refresh_before = frappe.db.get_value(segments.DOCTYPE, by_orders.name, "last_refreshed")
	_evaluate([one], ["territory"])
	assert within(follows) == {one}, "the other customer was not asked about"
	assert within(at_night) == set()
	assert frappe.db.get_value(segments.DOCTYPE, by_orders.name, "last_refreshed") == refresh_before
	follows.reload()
	assert follows.size == 1
	assert told(follows, one) == ["Segment Entered"]


def _evaluate(customers, fields):
	"""The job's work, within the test's transaction."""
	asked = frozenset(fields)
	wanted = [
		name
		for name, one in segments.load(COMPANY).items()
		if one.on_change and not one.is_new and one.asks(asked)
	]
	refresh.refresh(COMPANY, only=wanted, customers=customers, commits=False)


def test_what_segments_ask_about_is_remembered_until_one_changes():
	changes.forget_known()
	before = set(changes._on_change().get(COMPANY, ()))
	segment = make(
		in_north(rule("purchase.any", "bought", {"n": 1}), rule("membership.tier", "in", ["Gold"])),
		refresh_mode="On Change",
	)
	assert {"territory", "purchases", "tier"} <= set(changes._on_change()[COMPANY])
	segment.enabled = 0
	segment.save()
	assert set(changes._on_change().get(COMPANY, ())) == before
	changes.forget_known()


# --- renames, merges, deletion --------------------------------------------------------------------------------------------------


def test_rules_follow_a_territory_that_is_renamed():
	one = customer()
	segment = make(in_north())
	frappe.rename_doc("Territory", NORTH, "Segment Upper North")
	segment.reload()
	assert json.loads(segment.rules[0].value) == ["Segment Upper North"]
	run(segment)
	assert within(segment) == {one}


def test_a_renamed_customer_stays_a_member():
	one = customer()
	segment = make(in_north(), tag=TAG)
	run(segment)
	frappe.rename_doc("Customer", one, f"{one} renamed")
	assert run(segment).moved[segment.name] == (1, 0, 0)
	(row,) = rows(segment)
	assert row.customer == f"{one} renamed" and row.member_key == f"{segment.name}|{one} renamed"


def test_merged_customers_are_one_member():
	old, new = customer(), customer()
	segment = make(
		in_north(), tag=TAG, static_members=[{"customer": old}, {"customer": new}], excluded_customers=[]
	)
	run(segment)
	frappe.rename_doc("Customer", old, new, merge=True)
	assert run(segment).moved[segment.name] == (1, 0, 0)
	assert within(segment) == {new}
	assert sorted(row.left_cause or "" for row in rows(segment)) == ["", "Merged"]
	assert tags_of(new) == {TAG}
	segment.reload()
	assert [row.customer for row in segment.static_members] == [new]
	frappe.db.set_value("Customer", new, "territory", SOUTH)
	segment.static_members = []
	segment.save()
	run(segment)
	assert tags_of(new) == set()


def test_a_tag_by_hand_survives_a_merge_and_one_by_rule_moves_along():
	from frappe.desk.doctype.tag.tag import add_tag

	old, new = customer(), customer(SOUTH)
	segment = make(in_north(), tag=TAG)
	run(segment)
	frappe.rename_doc("Customer", old, new, merge=True)
	run(segment)
	assert within(segment) == set() and tags_of(new) == set(), "the surviving customer lives in the south"

	old, new = customer(), customer()
	add_tag(TAG, "Customer", new)
	run(segment)
	frappe.rename_doc("Customer", old, new, merge=True)
	assert tags_of(new) == {TAG}
	frappe.db.set_value("Customer", new, "territory", SOUTH)
	run(segment)
	assert tags_of(new) == {TAG}, "it was set by hand"


def test_a_deleted_customer_leaves_nothing():
	one = customer()
	segment = make(in_north(), static_members=[{"customer": one}])
	run(segment)
	frappe.delete_doc("Customer", one)
	assert not rows(segment, customer=one)
	segment.reload()
	assert segment.static_members == []
	assert run(segment).moved[segment.name][0] == 0


# --- copies -----------------------------------------------------------------------------------------------------------------------


def test_a_frozen_copy_keeps_who_was_there():
	one, two = customer(), customer()
	segment = make(in_north())
	run(segment)
	copy = frappe.get_doc(segments.DOCTYPE, snapshots.freeze(segment.name))
	assert copy.is_frozen and copy.copy_of == segment.name and copy.size == 2
	for name in (one, two):
		frappe.db.set_value("Customer", name, "territory", SOUTH)
	customer()
	run()
	assert within(copy) == {one, two}
	assert told(copy, one) == []
	copy.reload()
	copy.append("excluded_customers", {"customer": one})
	copy.save()
	run(copy)
	assert within(copy) == {two}
	copy.reload()
	copy.excluded_customers = []
	copy.save()
	run(copy)
	assert within(copy) == {one, two}
	assert snapshots.freeze(segment.name) != copy.name, "a second copy of a day gets its own name"


# --- sentences ----------------------------------------------------------------------------------------------------------------------


def test_rules_read_as_sentences():
	base = make(in_north(), segment_name="Northerners")
	segment = make(
		[
			rule("profile.last_order", "days_ago_more", 60),
			rule("score.churn_probability", "at_least", 50),
			rule("score.revenue_365", "between", [1000, 2500.5]),
			rule("customer.territory", "under", ["All Territories", NORTH]),
			rule("segment.member", "member", [base.name]),
			rule(
				"purchase.item_group",
				"bought",
				{"of": ["Products"], "n": 3, "measure": "quantity", "days": 90},
			),
			rule("purchase.any", "not_bought", {"from": "2026-01-01"}),
		]
	)
	said = [row.sentence for row in segment.rules]
	assert said[0] == "Last order · more than 60 days ago"
	assert said[1] == "Risk of leaving · at least 50 %"
	assert said[2].startswith("Revenue in 365 days · between ") and "2,500.50" in said[2]
	assert said[3] == f"Territory · is in All Territories or {NORTH} or below"
	assert said[4] == "Another segment · is in one of Northerners"
	assert said[5] == "Purchases of item groups · bought · at least 3 pieces · Products · in the last 90 days"
	assert said[6].startswith("Purchases · not bought · since ")


def test_saving_enqueues_one_refresh(monkeypatch):
	asked = []
	monkeypatch.setattr(documents, "enqueue_refresh", asked.append)
	segment = make(in_north())
	segment.description = "Only words"
	segment.save()
	assert asked == [segment.name]
	segment.tag = TAG
	segment.save()
	segment.append("excluded_customers", {"customer": customer()})
	segment.save()
	assert asked == [segment.name] * 3
