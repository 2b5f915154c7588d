"""Probable duplicates on a real site: found, compared again when something changed, decided by people, merged."""

import frappe
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.api import duplicates as api
from ccms_app.api import merging as merging_api
from ccms_app.identity.store import (
	duplicates,
	identities,
	match_words,
	matching,
	merge_records,
	merging,
	undo,
)
from tests.site.factories import make_customer
from tests.site.own_jobs import run_own_jobs
from tests.site.processes import forget_jobs
from tests.site.refusals import raises_refusal as refused
from tests.site.world import ANALYST, MANAGER, SELLER

pytestmark = pytest.mark.commits

PAIR = duplicates.DOCTYPE
PHONE, OTHER_PHONE, MAIL = "+8613811112222", "+8613933334444", "fanghua.linghu@163.com"
BORN = "1984-03-09"


class People:
	"""Customers of one test; they go when it ends."""

	def __init__(self):
		self.made = []

	def add(self, name: str, **fields) -> str:
		customer = make_customer(customer_name=name, **fields).name
		self.made.append(customer)
		frappe.db.commit()
		return customer

	def verify(self, customer: str, kind: str, value: str) -> None:
		identities.link(identities.ensure(kind, value), customer, "Portal", verified=True)
		frappe.db.commit()

	def empty(self) -> None:
		frappe.db.rollback()
		for customer in self.made:
			for contact in frappe.get_all(
				"Dynamic Link",
				{"link_doctype": "Customer", "link_name": customer, "parenttype": "Contact"},
				pluck="parent",
			):
				frappe.delete_doc("Contact", contact, force=True, ignore_missing=True)
			frappe.delete_doc("Customer", customer, force=True, ignore_missing=True)
		frappe.db.set_single_value("CCMS Settings", "merge_duplicates_alone", 0)
		frappe.db.commit()


@pytest.fixture
def people(site):
	made = People()
	yield made
	frappe.set_user("Administrator")
	made.empty()


@pytest.fixture
def two(people) -> tuple[str, str]:
	"""One person, in characters and in pinyin."""
	return (
		people.add("令狐芳华", mobile_no="13811112222", ccms_birth_date=BORN),
		people.add("Linghu Fanghua", mobile_no="+86 138 1111 2222", ccms_birth_date=BORN),
	)


def pair_of(one: str, other: str):
	both = ["in", [one, other]]  # a merged pair names one customer twice
	filters = {"customer_a": both, "customer_b": both, "status": ["!=", "Merged"]}
	found = frappe.get_all(PAIR, filters=filters, pluck="name")
	assert len(found) < 2, "a pair must stand once"
	return frappe.get_doc(PAIR, found[0]) if found else None


def test_a_full_run_finds_a_person_written_in_characters_and_in_pinyin(two):
	result = matching.run(full=True)
	pair = pair_of(*two)
	assert (pair.status, pair.certainty) == ("Open", "Certain")
	assert result.compared == result.customers >= 2
	assert 90 < pair.score < 100
	assert "Phone" in match_words.sentence(pair.evidence)


def test_a_pair_holds_no_value_of_anybody(two):
	matching.run(full=True)
	row = frappe.db.get_value(PAIR, pair_of(*two).name, "*", as_dict=True)
	stored = frappe.as_json(
		{key: value for key, value in row.items() if key not in ("customer_a", "customer_b")}
	)
	for value in ("令狐", "Linghu", "13811112222", BORN):
		assert value not in stored


def test_the_night_compares_only_who_has_changed(two, people):
	matching.run(full=True)
	assert matching.run().compared == 0
	third = people.add("令狐芳华", mobile_no="13811112222")
	result = matching.run()
	assert 1 <= result.compared <= 3  # the two share the phone, so the map changed for them too
	assert result.customers > 2 and pair_of(two[0], third) and pair_of(two[1], third)


def test_a_phone_written_on_the_contact_later_makes_a_pair(people):
	one = people.add("令狐芳华", mobile_no="13811112222", ccms_birth_date=BORN)
	other = people.add("令狐芳華")
	matching.run(full=True)
	before = pair_of(one, other)
	assert before is None or before.certainty == "Possible"
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "芳华",
			"links": [{"link_doctype": "Customer", "link_name": other}],
		}
	)
	contact.append("phone_nos", {"phone": "13811112222", "is_primary_mobile_no": 1})
	contact.insert()
	frappe.db.commit()
	assert matching.run().compared >= 1
	assert pair_of(one, other).certainty in ("Certain", "Likely")


def test_a_pair_that_no_longer_agrees_goes(two):
	matching.run(full=True)
	doc = frappe.get_doc("Customer", two[1])
	for row in frappe.get_all("Contact Phone", {"parent": doc.customer_primary_contact}, pluck="parent"):
		contact = frappe.get_doc("Contact", row)
		contact.phone_nos = []
		contact.save()
	doc.reload()
	doc.update({"customer_name": "Peter Novak", "ccms_birth_date": "1991-11-27"})
	doc.save()
	frappe.db.commit()
	matching.run()
	assert pair_of(*two) is None


def test_a_run_that_dies_is_made_good_by_the_next(people):
	matching.run(full=True)
	one = people.add("令狐芳华", mobile_no="13811112222", ccms_birth_date=BORN)
	other = people.add("令狐芳華", mobile_no="13811112222", ccms_birth_date=BORN)

	def die(share: float, _text: str) -> None:
		if share >= 0.8:
			raise KeyboardInterrupt

	with pytest.raises(KeyboardInterrupt):
		matching.run(progress=die)
	frappe.db.rollback()
	assert matching.run().compared >= 2
	assert pair_of(one, other).certainty == "Certain"


def test_a_customer_knows_the_pairs_that_wait(two, as_user):
	matching.run(full=True)
	name = pair_of(*two).name
	assert api.of_customer(two[0]) == api.of_customer(two[1]) == [name]
	with as_user(ANALYST):
		assert api.of_customer(two[0]) == []
	api.not_duplicate(name)
	assert api.of_customer(two[0]) == []
	frappe.db.commit()


def test_the_job_tells_that_it_has_ended(two):
	matching.work(full=True)
	assert pair_of(*two).status == "Open"
	assert api.open_pairs()["value"] >= 1


def test_a_family_with_one_phone_is_not_proposed_as_one_person(people):
	father = people.add("令狐建国", mobile_no="13811112222", ccms_birth_date="1955-05-05")
	daughter = people.add("令狐芳华", mobile_no="13811112222", ccms_birth_date=BORN)
	stranger = people.add("Robert Greenfield", mobile_no="13811112222")
	matching.run(full=True)
	assert pair_of(father, stranger) is None and pair_of(daughter, stranger) is None
	pair = pair_of(father, daughter)
	assert pair is None or pair.certainty == "Possible"


def test_not_a_duplicate_is_remembered_through_runs_and_renaming(two, people):
	matching.run(full=True)
	api.not_duplicate(pair_of(*two).name, "mother and daughter")
	renamed = frappe.rename_doc("Customer", two[1], "Linghu F. 2", force=True)
	people.made.append(renamed)
	frappe.db.commit()
	for full in (False, True):
		matching.run(full=full)
		pair = pair_of(two[0], renamed)
		assert (pair.status, pair.note, pair.decided_by) == (
			"Not a Duplicate",
			"mother and daughter",
			"Administrator",
		)


def test_a_snoozed_pair_wakes_on_its_day(two):
	matching.run(full=True)
	name = pair_of(*two).name
	with refused("future"):
		api.snooze(name, nowdate())
	api.snooze(name, add_days(nowdate(), 3))
	frappe.db.commit()
	matching.run(full=True)
	assert pair_of(*two).status == "Snoozed"
	frappe.db.set_value(PAIR, name, "snoozed_until", nowdate())
	frappe.db.commit()
	matching.run()
	assert pair_of(*two).status == "Open"


def test_a_decision_can_be_taken_back_but_not_made_twice(two):
	matching.run(full=True)
	name = pair_of(*two).name
	api.not_duplicate(name)
	with refused("decided already"):
		api.not_duplicate(name)
	api.reopen(name)
	assert pair_of(*two).status == "Open"
	frappe.db.commit()


def test_pairs_are_not_written_or_deleted_by_hand(two):
	matching.run(full=True)
	pair = pair_of(*two)
	pair.score = 1
	with refused("by hand", frappe.PermissionError):
		pair.save()
	with refused("by hand", frappe.PermissionError):
		frappe.delete_doc(PAIR, pair.name)
	assert pair_of(*two).score > 90


def test_walk_in_and_disabled_customers_are_left_out(two):
	matching.run(full=True)
	frappe.db.set_value("Customer", two[0], "ccms_anonymous", 1)
	frappe.db.commit()
	matching.run()
	assert pair_of(*two) is None
	frappe.db.set_value("Customer", two[0], {"ccms_anonymous": 0, "disabled": 1})
	frappe.db.commit()
	matching.run(full=True)
	assert pair_of(*two) is None


def test_a_deleted_customer_takes_the_pairs_along(two):
	matching.run(full=True)
	name = pair_of(*two).name
	for contact in frappe.get_all(
		"Dynamic Link", {"link_name": two[1], "parenttype": "Contact"}, pluck="parent"
	):
		frappe.db.set_value("Customer", two[1], "customer_primary_contact", None)
		frappe.delete_doc("Contact", contact, force=True)
	frappe.delete_doc("Customer", two[1])
	frappe.db.commit()
	assert not frappe.db.exists(PAIR, name)


def test_the_comparison_shows_both_with_what_agrees(two):
	matching.run(full=True)
	found = api.compare(pair_of(*two).name)
	rows = {row["label"]: row for row in found["rows"]}
	assert rows["Phone"]["values"] == [PHONE, PHONE]
	assert (rows["Phone"]["words"], rows["Phone"]["tone"]) == ("shared", "same")
	assert rows["Birth date"]["tone"] == "same"
	assert set(rows["Name"]["values"]) == {"令狐芳华", "Linghu Fanghua"}
	assert {customer["name"] for customer in found["customers"]} == set(two)


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_a_user_sees_only_pairs_of_customers_they_may_see(two, as_user):
	matching.run(full=True)
	name = pair_of(*two).name
	with as_user(SELLER):
		assert name in frappe.get_list(PAIR, pluck="name")
	permission = frappe.get_doc(
		{"doctype": "User Permission", "user": SELLER, "allow": "Customer", "for_value": two[0]}
	).insert()
	frappe.db.commit()
	try:
		with as_user(SELLER):
			assert name not in frappe.get_list(PAIR, pluck="name")
			with pytest.raises(frappe.PermissionError):
				api.compare(name)
			assert api.open_pairs()["value"] == 0
	finally:
		permission.delete()
		frappe.db.commit()


def test_who_may_only_read_decides_nothing(two, as_user):
	matching.run(full=True)
	name = pair_of(*two).name
	with as_user(SELLER):
		assert api.compare(name)["rows"]
		for act in (
			lambda: api.not_duplicate(name),
			lambda: api.snooze(name, add_days(nowdate(), 3)),
			lambda: api.merge(name, two[0]),
			lambda: api.look(),
		):
			with pytest.raises(frappe.PermissionError):
				act()


def test_an_analyst_reads_pairs_in_the_report_alone_and_masked(two, as_user):
	matching.run(full=True)
	name = pair_of(*two).name
	with as_user(ANALYST):
		for act in (
			lambda: frappe.get_list(PAIR, fields=["customer_a"]),
			lambda: api.compare(name),
			lambda: frappe.get_doc(PAIR, name).check_permission("read"),
		):
			with pytest.raises(frappe.PermissionError):
				act()
		from frappe.desk.query_report import run

		answer = str(run("Probable Duplicates", filters={}))
	assert "C-" in answer and "Birth date" in answer
	for value in (*two, name, "13811112222", "令狐"):
		assert value not in answer
	with as_user(MANAGER):
		assert two[0] in str(run("Probable Duplicates", filters={}))


# --- merging ---------------------------------------------------------------------------------------------------------


def test_merging_a_pair_joins_its_customers_and_their_other_pairs(two, people):
	third = people.add("令狐芳華", mobile_no="13811112222", ccms_birth_date=BORN)
	matching.run(full=True)
	merged, other = pair_of(*two).name, pair_of(two[1], third).name
	api.not_duplicate(other, "checked")
	frappe.db.commit()
	assert duplicates.foresee(merged, two[0])["refusals"] == []
	forget_jobs()
	key = api.merge(merged, two[0], "the same woman")
	frappe.db.commit()
	assert merging_api.status(key)["state"] == "waiting"
	run_own_jobs(duplicates.__name__)
	said = merging_api.status(key)
	assert (said["state"], said["customer"]) == ("done", two[0])
	assert frappe.db.get_value(merge_records.DOCTYPE, said["merge"], "reason") == "the same woman"
	forget_jobs()
	assert not frappe.db.exists("Customer", two[1])
	assert frappe.db.get_value(PAIR, merged, "status") == "Merged"
	assert pair_of(two[0], third).status == "Not a Duplicate"
	matching.run()
	assert pair_of(two[0], third).status == "Not a Duplicate"


def test_undoing_a_merge_brings_the_pairs_back(two, people):
	third = people.add("令狐芳華", mobile_no="13811112222", ccms_birth_date=BORN)
	matching.run(full=True)
	api.not_duplicate(pair_of(two[1], third).name, "checked")
	frappe.db.commit()
	before = rows_of(*two, third)
	merge = duplicates.merge_now(pair_of(*two).name, two[1], two[0])
	undo.run(merge)
	frappe.db.commit()
	assert rows_of(*two, third) == before


def rows_of(*customers: str) -> list:
	fields = [
		"name",
		"customer_a",
		"customer_b",
		"status",
		"note",
		"score",
		"certainty",
		"is_stale",
		"decided_by",
	]
	return frappe.get_all(PAIR, filters={"customer_a": ["in", customers]}, fields=fields, order_by="name")


def test_a_merge_that_is_refused_changes_nothing(two):
	matching.run(full=True)
	name = pair_of(*two).name
	frappe.db.set_value("Customer", two[0], "is_internal_customer", 1, update_modified=False)
	frappe.db.commit()
	with refused("internal"):
		api.merge(name, two[0])
	with refused("internal"):
		duplicates.merge_now(name, two[1], two[0])
	frappe.db.rollback()
	assert pair_of(*two).status == "Open"
	frappe.db.set_value("Customer", two[0], "is_internal_customer", 0, update_modified=False)
	frappe.db.commit()


def verified_two(people, **more) -> tuple[str, str]:
	one = people.add("令狐芳华", mobile_no="13811112222", email_id=MAIL, ccms_birth_date=BORN)
	other = people.add("Linghu Fanghua", mobile_no="13811112222", email_id=MAIL, **more)
	for customer in (one, other):
		people.verify(customer, "Phone", PHONE)
		people.verify(customer, "Email", MAIL)
	return one, other


def test_nothing_is_merged_by_itself_unless_the_settings_say_so(people):
	one, other = verified_two(people)
	assert matching.run(full=True).merged == 0
	assert pair_of(one, other).merges_alone
	frappe.db.set_single_value("CCMS Settings", "merge_duplicates_alone", 1)
	frappe.db.commit()
	assert matching.run().merged == 1
	assert frappe.db.exists("Customer", one) and not frappe.db.exists(
		"Customer", other
	)  # the older one stays


@pytest.mark.parametrize(
	"more", [{"ccms_birth_date": "1991-11-27"}, {"gender": "Male"}, {"tax_id": "52440300Z"}]
)
def test_a_contradiction_is_never_merged_by_itself(people, more):
	one, other = verified_two(people, **more)
	frappe.db.set_value("Customer", one, {"gender": "Female", "tax_id": "91310000A"})
	frappe.db.set_single_value("CCMS Settings", "merge_duplicates_alone", 1)
	frappe.db.commit()
	assert matching.run(full=True).merged == 0
	assert frappe.db.exists("Customer", one) and frappe.db.exists("Customer", other)


def test_one_verified_identifier_is_not_enough(people):
	one, other = verified_two(people)
	identities.unverify(identities.find("Email", MAIL), other)
	frappe.db.set_single_value("CCMS Settings", "merge_duplicates_alone", 1)
	frappe.db.commit()
	assert matching.run(full=True).merged == 0
	assert pair_of(one, other).certainty == "Certain"


@pytest.mark.parametrize("since", ["nothing", "renamed", "merged on"])
def test_an_undone_merge_is_never_merged_again_by_itself(people, since):
	one, other = verified_two(people)
	frappe.db.set_single_value("CCMS Settings", "merge_duplicates_alone", 1)
	frappe.db.commit()
	assert matching.run(full=True).merged == 1
	undo.run(merge_records.of([one])[-1].name, "mother and daughter")
	frappe.db.commit()
	if since == "renamed":
		other = frappe.rename_doc("Customer", other, f"{other} again")
		people.made.append(other)
	elif since == "merged on":
		third = people.add("Linghu Fanghua zwei")
		merging.run(other, third)
		other = third
	frappe.db.set_value("Customer", other, "customer_name", "Linghu Fanghua")
	frappe.db.commit()
	assert matching.run(full=True).merged == 0
	assert pair_of(one, other).merges_alone, "they look as alike as before"
	assert merging.foresee(other, one)["refusals"] == [], "people still may"


def test_one_merge_that_fails_leaves_the_others_to_be_merged(people, monkeypatch):
	_one, other = verified_two(people)
	odd = [people.add("欧阳修远", mobile_no="13822223333", email_id="ouyang.xiuyuan@163.com") for _ in (1, 2)]
	for customer in odd:
		people.verify(customer, "Phone", "+8613822223333")
		people.verify(customer, "Email", "ouyang.xiuyuan@163.com")
	matching.run(full=True)
	real = merging.run

	def run(source, *args, **more):
		if source in odd:
			raise RuntimeError("one odd customer")
		return real(source, *args, **more)

	monkeypatch.setattr(merging, "run", run)
	frappe.db.set_single_value("CCMS Settings", "merge_duplicates_alone", 1)
	frappe.db.set_value(PAIR, pair_of(*odd).name, "score", 99.99)  # its turn comes first
	frappe.db.commit()
	assert duplicates.merge_alone() == 1
	assert not frappe.db.exists("Customer", other)
	left = pair_of(*odd)
	assert (left.status, left.merges_alone) == ("Open", 0) and "Error Log" in left.note
	assert frappe.db.exists("Error Log", {"reference_name": left.name})
	frappe.db.delete("Error Log", {"reference_name": left.name})
	frappe.db.commit()
