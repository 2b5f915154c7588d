"""Consent on a real site: asked, recorded, withdrawn by link, kept through merge and erasure; who is not profiled."""

import json
from urllib.parse import parse_qs, urlsplit

import frappe
import pytest
from frappe.utils import add_days, add_years, now_datetime, nowdate

from ccms_app.api import privacy as api
from ccms_app.identity.store import identities
from ccms_app.privacy import words
from ccms_app.privacy.store import access, consent, handler, profiling, reading, withdrawal, wordings
from tests.site import world
from tests.site.factories import COMPANY, make_customer, make_sales_invoice
from tests.site.readers import Reader
from tests.site.refusals import raises_refusal
from tests.site.world import ANALYST, CASHIER, MANAGER, SELLER

MARKETING, PROFILING = words.MARKETING, words.PROFILING


def give(person: str, purpose: str = MARKETING, **more) -> str:
	return consent.record(person, purpose, words.GIVEN, **{"source": "Desk", "proof": "form 1", **more})


def take(person: str, purpose: str = MARKETING, state: str = words.WITHDRAWN, **more) -> str:
	return consent.record(person, purpose, state, **{"source": "Desk", **more})


def address(customer: str, email: str | None = None) -> str:
	"""An e-mail address that is the customer's alone."""
	key = identities.ensure("Email", email or f"{frappe.generate_hash(length=10)}@example.com")
	identities.link(key, customer, "Customer")
	return key


# --- asking ------------------------------------------------------------------------------------------------------


def test_nothing_recorded_is_no_and_service_needs_nothing():
	customer = make_customer().name
	assert not any(consent.may(customer, purpose) for purpose in words.PURPOSES)
	assert consent.may(customer, "")
	assert not consent.may("nobody of that name", MARKETING)


def test_given_withdrawn_and_given_again():
	customer = make_customer().name
	give(customer)
	assert consent.may(customer, MARKETING) and consent.may(customer, MARKETING, "SMS")
	assert not consent.may(customer, PROFILING)
	take(customer, channel="SMS")
	assert consent.may(customer, MARKETING) and not consent.may(customer, MARKETING, "SMS")
	take(customer)
	assert not consent.may(customer, MARKETING)
	give(customer)
	assert consent.may(customer, MARKETING, "SMS")


def test_asked_about_the_past():
	customer = make_customer().name
	give(customer, at=add_days(now_datetime(), -10))
	take(customer, at=add_days(now_datetime(), -5))
	assert consent.may(customer, MARKETING, at=add_days(now_datetime(), -7))
	assert not consent.may(customer, MARKETING)
	assert not consent.may(customer, MARKETING, at=add_days(now_datetime(), -11))


def test_an_address_and_its_customer():
	customer = make_customer().name
	mine, other = address(customer), address(customer)
	give(customer)
	assert consent.may(mine, MARKETING) and consent.may(other, MARKETING)
	take(mine)
	assert not consent.may(mine, MARKETING) and consent.may(other, MARKETING)
	assert not consent.may(customer, MARKETING), "a no for one address is one for the whole customer"


def test_a_shared_address_speaks_for_itself_alone():
	one, two = make_customer().name, make_customer().name
	shared = address(one)
	identities.link(shared, two, "Customer")
	give(one)
	assert not consent.may(shared, MARKETING)
	take(shared)
	assert consent.may(one, MARKETING)


def test_many_are_answered_as_each_alone():
	people = [make_customer().name for _number in range(6)]
	keys = [address(name) for name in people[:3]]
	give(people[0])
	give(people[1])
	take(people[1])
	give(keys[2])
	persons = [*people, *keys]
	expected = {person for person in persons if consent.may(person, MARKETING, "E-mail")}
	assert (
		consent.may_many(persons, MARKETING, "E-mail") == expected == {people[0], keys[0], keys[2], people[2]}
	)
	assert consent.may_many(persons, "") == set(persons)


def test_thousands_in_a_few_queries():
	keys = [f"email-{number:032x}" for number in range(1000)]
	asked = []
	real = frappe.db.sql
	frappe.db.sql = lambda *args, **kwargs: (asked.append(args), real(*args, **kwargs))[1]
	try:
		assert consent.may_many(keys, words.WEB_TRACKING) == set()
	finally:
		frappe.db.sql = real
	assert len(asked) <= 4


def test_of_a_child_only_a_guardian_says_yes():
	customer = make_customer(ccms_birth_date=add_years(nowdate(), -10)).name
	give(customer)
	assert not consent.may(customer, MARKETING)
	give(customer, said_by=words.GUARDIAN)
	assert consent.may(customer, MARKETING)
	frappe.db.set_value("Customer", customer, "ccms_birth_date", add_years(nowdate(), -20))
	assert consent.may(customer, MARKETING)


# --- recording ---------------------------------------------------------------------------------------------------


def test_what_was_shown_is_kept():
	wording = wordings.current(MARKETING, "zh")
	row = frappe.get_doc(consent.DOCTYPE, give(make_customer().name, wording=wording.name, proof=""))
	assert (row.wording, row.wording_version, row.wording_text) == (
		wording.name,
		wording.version,
		wording.text,
	)
	assert row.recorded_by == "Administrator" and row.legal_basis == "Consent"


@pytest.mark.parametrize(
	("more", "words_of"),
	[
		({"purpose": "Love"}, "is not one of"),
		({"state": "Perhaps"}, "is not one of"),
		({"channel": "Pigeon"}, "is not one of"),
		({"source": "<img src=x onerror=alert(1)>"}, "is not one of"),
		({"proof": " "}, "needs the wording"),
		({"at": "2999-01-01"}, "cannot lie in the future"),
		({"wording": "no such"}, "not about the purpose"),
		({"person": ""}, "Choose the customer"),
	],
)
def test_nonsense_is_refused(more, words_of):
	given = {
		"person": make_customer().name,
		"purpose": MARKETING,
		"state": words.GIVEN,
		"source": "Desk",
		"proof": "x",
	}
	given |= more
	with raises_refusal(words_of):
		consent.record(given.pop("person"), given.pop("purpose"), given.pop("state"), **given)


@pytest.mark.parametrize("doctype", [consent.DOCTYPE, access.DOCTYPE])
@pytest.mark.parametrize(
	"write",
	[
		lambda doc: frappe.copy_doc(doc).insert(ignore_permissions=True),
		lambda doc: doc.save(ignore_permissions=True),
		lambda doc: doc.db_set("customer", None),
		lambda doc: frappe.delete_doc(doc.doctype, doc.name, force=True),
		lambda doc: frappe.rename_doc(doc.doctype, doc.name, "another", force=True),
	],
	ids=["insert", "save", "db_set", "delete", "rename"],
)
def test_rows_are_only_added(doctype, write):
	customer = make_customer().name
	name = give(customer) if doctype == consent.DOCTYPE else access.log(access.OPENED, customer, "Customer")
	with raises_refusal("only added to", frappe.PermissionError):
		write(frappe.get_doc(doctype, name))


def test_an_answered_wording_does_not_change():
	wording = frappe.get_doc(consent.WORDING, wordings.current(MARKETING, "en").name)
	give(make_customer().name, wording=wording.name)
	wording.text = "Something else"
	with raises_refusal("Make a new version"):
		wording.save()
	with raises_refusal("Make a new version"):
		wording.reload().delete()
	new = frappe.get_doc(
		{"doctype": consent.WORDING, "purpose": MARKETING, "language": "en", "text": "New"}
	).insert()
	assert new.version == wording.version + 1 and wordings.current(MARKETING, "en").name == new.name


def test_who_records_for_a_customer(as_user):
	customer = make_customer().name
	for user, may in ((MANAGER, True), (SELLER, True), (ANALYST, False), ("Guest", False)):
		with as_user(user):
			if may:
				found = api.record_consent(customer, MARKETING, "Given", "Till", proof="form")
				assert found["purposes"][0]["is_allowed"] and found["history"][0]["recorded_by"] == user
			else:
				with pytest.raises(frappe.PermissionError):
					api.record_consent(customer, MARKETING, "Given", "Till", proof="form")
				with pytest.raises(frappe.PermissionError):
					api.consent_of(customer)


def test_nobody_at_a_desk_writes_as_a_merge_or_an_import(as_user):
	customer = make_customer().name
	with as_user(MANAGER), raises_refusal("Say where"):
		api.record_consent(customer, MARKETING, "Given", words.MERGE, proof="x")


# --- by link -----------------------------------------------------------------------------------------------------


def path(link: str) -> str:
	parts = urlsplit(link)
	return f"{parts.path}?{parts.query}"


@pytest.fixture
def mailed():
	customer = make_customer().name
	key = address(customer)
	give(customer)
	frappe.db.commit()
	yield frappe._dict(customer=customer, key=key, link=withdrawal.link(key, MARKETING, "E-mail"))


@pytest.mark.commits
def test_reading_changes_nothing_and_pressing_withdraws(mailed):
	guest = Reader()
	assert "@" not in mailed.link and mailed.customer not in mailed.link
	for _scan in range(2):
		status, html = guest.text("GET", path(mailed.link))
		assert status == 200 and "<button" in html and mailed.customer not in html
	guest.text("HEAD", path(mailed.link))
	assert consent.may(mailed.key, MARKETING, "E-mail")
	status, html = guest.text("POST", path(mailed.link), data={})
	assert status == 200 and "Your consent is withdrawn" in html
	assert not consent.may(mailed.key, MARKETING, "E-mail")
	assert consent.may(mailed.key, MARKETING, "SMS")
	guest.text("POST", path(mailed.link), data={})
	assert frappe.db.count(consent.DOCTYPE, {"subject_hash": mailed.key}) == 1
	guest.text("POST", path(mailed.link), data={"every": "1"})
	assert not consent.may(mailed.key, MARKETING, "SMS")


@pytest.mark.commits
def test_a_mail_programs_own_button_withdraws(mailed):
	guest = Reader()
	status, _html = guest.text("POST", path(mailed.link), data={"List-Unsubscribe": "One-Click"})
	assert status == 200 and not consent.may(mailed.key, MARKETING, "E-mail")


@pytest.mark.commits
def test_who_is_logged_in_withdraws_too_and_only_with_the_pages_own_button(mailed):
	seller = Reader(SELLER)
	_status, html = seller.text("GET", path(mailed.link))
	assert 'name="csrf_token"' in html
	status, _html = seller.text("POST", path(mailed.link), data={})
	assert status == 200 and not consent.may(mailed.key, MARKETING, "E-mail")


@pytest.mark.commits
def test_the_page_does_not_tell_whether_somebody_is_there(mailed):
	nobody = withdrawal.link("email-" + "0" * 32, MARKETING, "E-mail")
	guest = Reader()
	for verb, extra in (("GET", {}), ("POST", {"data": {}})):
		one = guest.text(verb, path(mailed.link), **extra)
		other = guest.text(verb, path(nobody), **extra)
		tokens = [parse_qs(urlsplit(link).query)["t"][0] for link in (mailed.link, nobody)]
		assert one[1].replace(tokens[0], "T") == other[1].replace(tokens[1], "T")
	assert not consent.may("email-" + "0" * 32, MARKETING, "E-mail")
	frappe.db.delete(consent.DOCTYPE, {"subject_hash": "email-" + "0" * 32})
	frappe.db.commit()


@pytest.mark.commits
@pytest.mark.parametrize(
	"token", ["", "x", "a.b", "<script>alert(1)</script>", "\u202etxt.nekot", "A" * 5000]
)
def test_a_forged_link_withdraws_nothing(mailed, token):
	guest = Reader()
	before = frappe.db.count(consent.DOCTYPE)
	for verb in ("GET", "POST"):
		status, html = guest.text(verb, "/withdraw-consent", query_string={"t": token})
		assert status == 200 and "not complete" in html and "<script>alert" not in html
	assert frappe.db.count(consent.DOCTYPE) == before


# --- profiling ---------------------------------------------------------------------------------------------------


def test_who_objects_leaves_the_figures_at_once():
	customer = make_customer().name
	make_sales_invoice(customer)
	assert frappe.db.exists("CCMS Customer Profile", {"customer": customer})
	take(customer, PROFILING, words.OBJECTED)
	assert profiling.not_profiled([customer]) == {customer: "objected"}
	assert not frappe.db.exists("CCMS Customer Profile", {"customer": customer})
	make_sales_invoice(customer)
	assert not frappe.db.exists("CCMS Customer Profile", {"customer": customer})
	assert customer in profiling.not_profiled()
	give(customer, PROFILING)
	assert customer not in profiling.not_profiled()


def test_an_address_that_objected_comes_back_to_a_new_customer():
	key = address(make_customer().name, "back@example.com")
	take(key, PROFILING, words.OBJECTED)
	other = make_customer().name
	frappe.db.delete("CCMS Identity Link", {"identity": key})
	identities.settle([key])
	identities.link(key, other, "Import")
	assert other in profiling.not_profiled()


def test_a_child_is_profiled_only_with_a_guardians_consent():
	customer = make_customer(ccms_birth_date=add_years(nowdate(), -9)).name
	assert profiling.not_profiled([customer]) == {customer: "child"}
	make_sales_invoice(customer)
	assert not frappe.db.exists("CCMS Customer Profile", {"customer": customer})
	give(customer, PROFILING, said_by=words.GUARDIAN)
	assert profiling.not_profiled([customer]) == {}


def test_who_objected_is_in_no_segment_not_even_by_hand():
	from ccms_app.segments.store import refresh, segments

	customers = [make_customer().name for _number in range(2)]
	doc = frappe.new_doc(segments.DOCTYPE)
	doc.update({"segment_name": f"By hand {frappe.generate_hash(length=6)}", "company": COMPANY})
	for name in customers:
		doc.append("static_members", {"customer": name})
	doc.insert()
	refresh.refresh(COMPANY, only=[doc.name], commits=False)
	inside = {"segment": doc.name, "left_on": ["is", "not set"]}
	assert set(frappe.get_all("CCMS Segment Member", inside, pluck="customer")) == set(customers)
	take(customers[0], PROFILING, words.OBJECTED)
	refresh.refresh(COMPANY, customers=[customers[0]], commits=False)
	assert frappe.get_all("CCMS Segment Member", inside, pluck="customer") == [customers[1]]
	left = frappe.get_all(
		"CCMS Segment Member", {"segment": doc.name, "customer": customers[0]}, pluck="left_cause"
	)
	assert left == ["Left Out"]


@pytest.mark.commits
def test_a_run_leaves_out_who_objected_and_says_so():
	from tests.site.scored import RUN, SCORE, Shop

	shop = Shop()
	(one,), (other,) = shop.buyers([30, 10]), shop.buyers([40, 5])
	take(one.name, PROFILING, words.OBJECTED)
	frappe.db.commit()
	try:
		run = shop.score()
		scored = frappe.get_all(SCORE, {"score_run": run.name}, pluck="customer")
		assert other.name in scored and one.name not in scored
		left = {row.customer: row.reason for row in frappe.get_doc(RUN, run.name).left_out}
		assert left == {one.name: "objected"}
	finally:
		give(one.name, PROFILING)
		shop.empty()


# --- merge and erasure -------------------------------------------------------------------------------------------


def test_a_withdrawal_holds_through_a_merge_and_leaves_with_its_undo():
	source, target = make_customer().name, make_customer().name
	take(source, at=add_days(now_datetime(), -9))
	give(target, at=add_days(now_datetime(), -1))
	before = frappe.db.count(consent.DOCTYPE)
	own = handler.Handler()
	kept = json.loads(json.dumps(own.before_merge(source, target)))
	moved = frappe.get_all(consent.DOCTYPE, {"customer": source}, pluck="name")
	frappe.db.set_value(consent.DOCTYPE, {"name": ["in", moved]}, "customer", target)
	own.merged(source, target)
	assert not consent.may(target, MARKETING)
	frappe.db.set_value(consent.DOCTYPE, {"name": ["in", moved]}, "customer", source)
	assert own.unmerge(source, target, kept) == []
	assert frappe.db.count(consent.DOCTYPE) == before
	assert consent.may(target, MARKETING) and not consent.may(source, MARKETING)


def test_what_was_withdrawn_after_a_merge_holds_for_both():
	source, target = make_customer().name, make_customer().name
	give(source)
	give(target)
	own = handler.Handler()
	kept = own.before_merge(source, target)
	own.merged(source, target)
	take(target)
	said = own.unmerge(source, target, kept)
	assert len(said) == 1 and "Marketing" in said[0]
	assert not consent.may(source, MARKETING) and not consent.may(target, MARKETING)


def test_the_standard_merge_keeps_the_withdrawal():
	source, target = make_customer().name, make_customer().name
	take(source, at=add_days(now_datetime(), -9))
	give(target, at=add_days(now_datetime(), -1))
	frappe.rename_doc("Customer", source, target, merge=True, force=True)
	assert not consent.may(target, MARKETING)


def test_a_withdrawal_survives_erasure_and_import():
	email = f"{frappe.generate_hash(length=8)}@example.com"
	customer = make_customer().name
	key = address(customer, email)
	give(customer, PROFILING, proof="told by Zebulonmarker")
	take(customer, proof="told by Zebulonmarker")
	access.log(access.OPENED, customer, "Customer", "asked by Zebulonmarker")
	handler.Handler().erase(customer, "erased-1")
	handler.Handler().erase(customer, "erased-1")
	rows = frappe.get_all(consent.DOCTYPE, {"subject_hash": key}, ["*"])
	assert [(row.state, row.customer, row.identity) for row in rows] == [("Withdrawn", None, None)]
	assert "Zebulonmarker" not in json.dumps(rows, default=str)
	assert not frappe.db.exists(consent.DOCTYPE, {"customer": customer})
	assert not frappe.db.exists(access.DOCTYPE, {"customer": customer, "reason": ["like", "%Zebulon%"]})
	frappe.db.delete("CCMS Identity Link", {"identity": key})
	frappe.db.delete("CCMS Identity", {"name": key})
	again = make_customer().name
	assert address(again, email) == key, "the same hash"
	give(again, source=words.IMPORT)
	assert not consent.may(key, MARKETING) and not consent.may(again, MARKETING)
	give(again)
	assert consent.may(key, MARKETING), "what they say themselves counts again"


def test_a_deleted_customer_leaves_a_withdrawal_and_no_name():
	customer = make_customer()
	key = address(customer.name)
	take(customer.name)
	log = access.log(access.OPENED, customer.name, "Customer")
	frappe.delete_doc("Customer", customer.name)
	assert not consent.may(key, MARKETING)
	assert frappe.get_all(consent.DOCTYPE, {"subject_hash": key}, pluck="state") == ["Withdrawn"]
	assert not frappe.db.exists(consent.DOCTYPE, {"customer": customer.name})
	assert frappe.db.get_value(access.DOCTYPE, log, "customer") == reading.pseudonym(customer.name)


def test_everything_said_is_exported():
	customer = make_customer().name
	give(customer)
	take(address(customer))
	found = handler.Handler().export(customer)
	assert [row["state"] for row in found[consent.DOCTYPE]] == ["Given", "Withdrawn"]


# --- unmasking and the log -----------------------------------------------------------------------------------------


def test_unmasking_takes_leave_a_reason_and_leaves_a_row(as_user):
	customer = make_customer(customer_name="Zebulon Person")
	with as_user(ANALYST), pytest.raises(frappe.PermissionError):
		api.unmask("Customer", customer.name, "customer_name", "a complaint of theirs")
	with as_user(MANAGER):
		with raises_refusal("what you need it for"):
			api.unmask("Customer", customer.name, "customer_name", " ")
		with raises_refusal("cannot be unmasked"):
			api.unmask("Customer", customer.name, "owner", "a complaint of theirs")
		told = reading.pseudonym(customer.name)
		assert api.unmask("Customer", told, "customer_name", "a complaint of theirs") == "Zebulon Person"
	row = frappe.get_last_doc(access.DOCTYPE)
	assert (row.user, row.action, row.customer) == (MANAGER, "Unmasked", customer.name)
	assert row.reason == "a complaint of theirs" and "Zebulon" not in row.what


def test_an_address_is_unmasked_one_by_one(as_user):
	customer = make_customer()
	key = address(customer.name, "one-by-one@example.com")
	with as_user(MANAGER):
		assert api.unmask("CCMS Identity", key, "value", "to call them back") == "one-by-one@example.com"
	assert "one-by-one" not in json.dumps(frappe.get_last_doc(access.DOCTYPE).as_dict(), default=str)


def test_the_settings_say_who_unmasks(as_user):
	customer = make_customer()
	frappe.db.set_single_value("CCMS Settings", "unmask_role", "CCMS Analyst")
	with as_user(ANALYST):
		told = reading.pseudonym(customer.name)
		assert api.unmask("Customer", told, "name", "chosen for the prize") == customer.name
	frappe.db.set_single_value("CCMS Settings", "unmask_role", "")


def test_unmasking_keeps_to_the_fence(as_user):
	customer, other = make_customer(), make_customer()
	user = world.make_user("fenced-unmask@ccms.test", "CCMS Manager")
	frappe.permissions.add_user_permission("Customer", other.name, user)
	with as_user(user), pytest.raises(frappe.PermissionError):
		api.unmask("Customer", customer.name, "customer_name", "just to see it")


def test_who_is_masked():
	masked = {
		user: reading.is_masked(user)
		for user in (ANALYST, MANAGER, CASHIER, SELLER, "Administrator", "Guest")
	}
	assert masked == {
		ANALYST: True,
		MANAGER: False,
		CASHIER: False,
		SELLER: False,
		"Administrator": False,
		"Guest": True,
	}
	assert reading.shown("Phone", "+8613800131234", ANALYST) == "+86 ··· ··· 1234"
	assert reading.shown("Phone", "+8613800131234", MANAGER) == "+8613800131234"


@pytest.mark.commits
def test_the_log_is_kept_for_two_years():
	customer = make_customer().name
	old, young = (access.log(access.OPENED, customer, "Customer") for _number in range(2))
	frappe.db.set_value(
		access.DOCTYPE, old, "accessed_at", add_days(now_datetime(), -740), update_modified=False
	)
	frappe.db.commit()
	frappe.get_attr("ccms_app.ccms_app.doctype.ccms_access_log.ccms_access_log.CCMSAccessLog").clear_old_logs(
		30
	)
	assert not frappe.db.exists(access.DOCTYPE, old) and frappe.db.exists(access.DOCTYPE, young)


def test_a_withdrawal_by_a_link_to_the_customer_holds_for_every_address_and_outlives_erasure():
	from ccms_app.privacy.store import erasing

	customer = make_customer().name
	email = f"{frappe.generate_hash(length=10)}@example.com"
	mail = address(customer, email)
	give(customer)
	asked = withdrawal.asked(parse_qs(urlsplit(withdrawal.link(customer, MARKETING)).query)["t"][0])
	assert consent.may(mail, MARKETING, "E-mail")
	withdrawal.withdraw(asked)
	assert not consent.may(customer, MARKETING) and not consent.may(asked.key, MARKETING)
	assert not consent.may(mail, MARKETING, "E-mail"), (
		"what was said about the record is said of the whole customer"
	)
	assert withdrawal.is_withdrawn(asked)

	erasing.now(customer, erasing.new_name())
	again = make_customer().name
	assert address(again, email) == mail
	assert not consent.may(again, MARKETING) and not consent.may(mail, MARKETING)
	give(again)
	assert consent.may(again, MARKETING) and consent.may(mail, MARKETING), "and a later yes counts again"
