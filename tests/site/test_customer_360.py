"""The 360 screen's answers: who, points, consent, orders and tickets, for who may see them, in pages by key."""

import json

import frappe
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.api import customer_360 as api
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice
from tests.site.reach import add_identifier, make_contact, random_phone
from tests.site.test_timeline import by, write
from tests.site.world import ANALYST, make_user

SELLER = "seller@view.test"


@pytest.fixture
def customer():
	return make_customer(make_program())


def make_issue(customer, subject: str, **fields):
	return frappe.get_doc(
		{
			"doctype": "Issue",
			"subject": subject,
			"customer": customer.name,
			"raised_by": "x@example.com",
			**fields,
		}
	).insert()


def all_pages(call, **asked) -> list[str]:
	names, before = [], None
	while True:
		page = call(before=before, **asked)
		names += [row["name"] for row in page["rows"]]
		before = page["next"]
		if not before:
			return names


def test_who_with_sources(customer):
	number = random_phone()
	make_contact(customer, phones=[number])
	doc = add_identifier(customer, "WeChat", "wang_fang_88", verified=1)
	doc.update({"ccms_birth_date": add_days(nowdate(), -400), "ccms_preferred_channel": "WeChat"})
	doc.save()
	answer = api.opened(customer.name)
	who = answer["who"]
	assert [(row.kind, row.shown_as) for row in who["identifiers"]][:2] == [
		("Phone", f"+86 ··· ··· {number[-4:]}"),
		("Card", who["identifiers"][1].shown_as),
	]
	assert {row.kind: (row.source, row.verified) for row in who["identifiers"]} == {
		"Phone": ("Contact", 0),
		"Card": ("Card", 1),
		"WeChat": ("Customer", 1),
	}
	facts = {fact["fact"]: fact for fact in who["facts"]}
	assert "(1 years)" in facts["ccms_birth_date"]["value"]
	assert facts["ccms_preferred_channel"]["source"] == "Staff"
	assert number[-8:] not in frappe.as_json(answer)
	assert [one["program"] for one in answer["points"]]
	assert {row["purpose"] for row in answer["consent"]} >= {"Marketing", "Profiling"}


def test_orders_in_one_list_with_what_became_of_the_goods(customer):
	sale = make_sales_invoice(customer, update_stock=1)
	back = make_return(sale)
	rows = {row["name"]: row for row in api.orders(customer.name)["rows"]}
	assert rows[sale.name]["delivery"] == "Handed over"
	assert rows[back.name]["delivery"] == "Brought back"
	assert all_pages(lambda **asked: api.orders(customer.name, kind="Returns", **asked)) == [back.name]
	assert all_pages(lambda **asked: api.orders(customer.name, kind="Invoices", **asked)) == [sale.name]
	assert all_pages(lambda **asked: api.orders(customer.name, kind="Orders", **asked)) == []


def test_pages_show_each_document_once_though_new_ones_come(customer):
	made = [make_sales_invoice(customer).name for _number in range(5)]
	first = api.orders(customer.name, limit=2)
	late = make_sales_invoice(customer).name
	rest = []
	before = first["next"]
	while before:
		page = api.orders(customer.name, limit=2, before=before)
		rest += [row["name"] for row in page["rows"]]
		before = page["next"]
	assert sorted([row["name"] for row in first["rows"]] + rest) == sorted(made)
	assert late not in rest
	assert all_pages(lambda **asked: api.orders(customer.name, limit=1, **asked))[0] == late


def test_tickets(customer):
	old = make_issue(customer, "Cup was broken", opening_date=add_days(nowdate(), -5))
	new = make_issue(customer, "Tea <img src=x onerror=alert(1)> was cold")
	make_issue(make_customer(), "somebody else's")
	assert all_pages(lambda **asked: api.tickets(customer.name, limit=1, **asked)) == [new.name, old.name]
	old.reload()
	old.status = "Closed"
	old.save()
	assert all_pages(lambda **asked: api.tickets(customer.name, is_open=True, **asked)) == [new.name]


@pytest.mark.parametrize(
	"key",
	[
		"x",
		"[]",
		"[1,2]",
		'["2026-01-01"]',
		"{}",
		'["a","b","c"]',
		"9" * 10_000,
		'["\\u0000","x","y"]',
		"null",
	],
)
def test_a_broken_key_is_refused(customer, key):
	with pytest.raises(frappe.ValidationError):
		api.orders(customer.name, before=key)


def test_names_in_keys_are_values(customer):
	make_sales_invoice(customer)
	key = json.dumps([add_days(nowdate(), 1), "2030-01-01 00:00:00", "' or 1=1 --"])
	assert len(api.orders(customer.name, before=key)["rows"]) == 1


def test_interactions_by_page_and_filter(customer):
	number = random_phone()
	make_contact(customer, phones=[number])
	write(
		*(by("Phone", number, subject=str(at)) for at in range(5)),
		by("Phone", number, type="Call", subject="call"),
	)
	names = all_pages(lambda **asked: api.interactions(customer.name, limit=2, **asked))
	assert len(names) == len(set(names)) == 6
	(row,) = api.interactions(customer.name, category="Call")["rows"]
	assert row["subject"] == "call"
	assert api.interactions(customer.name, until="2001-01-01")["rows"] == []
	for broken in ({"before": "x"}, {"since": "no day"}, {"text": "x" * 1000}):
		with pytest.raises(frappe.ValidationError):
			api.interactions(customer.name, **broken)


def test_only_who_may_read_the_customer(customer, as_user):
	make_user(SELLER, "Sales User")
	for user in (ANALYST, "Guest"):
		with as_user(user):
			for call in (api.opened, api.orders, api.tickets, api.interactions):
				with pytest.raises(frappe.PermissionError):
					call(customer.name)
	for name in ("", "No Such Customer", "<script>"):
		with pytest.raises(frappe.PermissionError):
			api.opened(name)
	make_issue(customer, "A secret")
	with as_user(SELLER):
		assert api.opened(customer.name)["tickets"] is None
		with pytest.raises(frappe.PermissionError):
			api.tickets(customer.name)


def test_documents_of_other_companies_stay_hidden(customer, as_user):
	from tests.site.world import ABROAD, COMPANY

	make_user(SELLER, "Sales User", "Accounts User")
	here = make_sales_invoice(customer)
	there = make_sales_invoice(customer, company=ABROAD)
	assert {row["name"] for row in api.orders(customer.name)["rows"]} == {here.name, there.name}
	frappe.get_doc(
		{"doctype": "User Permission", "user": SELLER, "allow": "Company", "for_value": COMPANY}
	).insert()
	with as_user(SELLER):
		assert {row["name"] for row in api.orders(customer.name)["rows"]} == {here.name}


def test_opening_is_written_down(customer):
	before = frappe.db.count("CCMS Access Log", {"customer": customer.name})
	api.opened(customer.name)
	assert frappe.db.count("CCMS Access Log", {"customer": customer.name}) == before + 1


def test_what_roles_hide_is_named(customer, as_user):
	"""ERPNext lets a Sales User read no Sales Invoice: an empty list is not to pass for "no orders"."""
	make_sales_invoice(customer)
	make_user(SELLER, "Sales User")
	with as_user(SELLER):
		answer = api.orders(customer.name)
		assert answer["rows"] == [] and "Sales Invoice" in answer["hidden"]
		assert api.orders(customer.name, kind="Orders")["hidden"] == []
	assert api.orders(customer.name)["hidden"] == []


def test_a_search_says_how_far_it_has_looked(customer, monkeypatch):
	from ccms_app.interactions.store import timeline

	number = random_phone()
	make_contact(customer, phones=[number])
	write(*(by("Phone", number, subject="needle" if at == 5 else "hay") for at in range(6)))
	monkeypatch.setattr(timeline, "SLICE", 2)
	monkeypatch.setattr(timeline, "SEARCH_SECONDS", 0)
	first = api.interactions(customer.name, text="needle")
	assert first["rows"] == [] and first["next"] and first["read_until"]
	found, before = [], None
	while True:
		page = api.interactions(customer.name, text="needle", before=before)
		found += page["rows"]
		before = page["next"]
		if not before:
			break
	assert [row.subject for row in found] == ["needle"]


def test_a_customer_who_was_merged_away_leads_to_where_she_is(as_user):
	from ccms_app.api.forms import getdoc
	from ccms_app.identity.store import merging

	gone, kept = make_customer(), make_customer()
	make_user(SELLER, "Sales User")
	merging.run(gone.name, kept.name)
	frappe.clear_messages()
	with as_user(SELLER):
		assert getdoc("Customer", gone.name) == []
		(said,) = frappe.local.message_log
		assert kept.name in str(said)
		frappe.clear_messages()
		getdoc("Customer", "Nobody at all")
		assert not frappe.local.message_log
	with as_user(ANALYST), pytest.raises(frappe.PermissionError):
		getdoc("Customer", gone.name)
	assert kept.name not in str(frappe.local.message_log)
