"""Invoices and ledgers go on naming an erased customer, as the law asks: to Accounts roles, until the books may forget."""

import json

import frappe
import pytest
from frappe.utils import add_years, nowdate
from frappe.utils.global_search import update_global_search

from ccms_app import hooks
from ccms_app.privacy.store import books_fence, erasing, requests
from tests.site import world
from tests.site.factories import make_customer, make_sales_invoice
from tests.site.payments import pay, pay_by_journal
from tests.site.readers import Reader, doors, through
from tests.site.world import COMPANY

pytestmark = pytest.mark.commits
NAME = f"Quillon{frappe.generate_hash(length=8)} Ferrand"
OTHER = f"Ottilie{frappe.generate_hash(length=8)} Elsewhere"
SALES, ACCOUNTS = "books.sales@ccms.test", "books.accounts@ccms.test"
# what a shop may open to its sales people, and we close again for erased customers
OPENED = ("Sales Invoice", "Payment Entry", "Journal Entry", "GL Entry", "Payment Ledger Entry")
RIGHTS = ("read", "select", "report", "export", "print", "write", "email")


def erase(customer) -> frappe._dict:
	"""The request of an erased customer, through the job that does it."""
	doc = frappe.get_doc(
		{
			"doctype": requests.DOCTYPE,
			"customer": customer.name,
			"request_type": "Erasure",
			"identity_checked": 1,
			"checked_how": "In Person",
		}
	).insert()
	doc.erase()
	frappe.db.commit()
	requests.erase_job(doc.name)
	return frappe.get_doc(requests.DOCTYPE, doc.name)


@pytest.fixture(scope="module")
def books(site):
	"""An erased customer with two paid invoices, and another customer with the same papers."""
	# so that sales people may open what ERPNext opens to Accounts alone
	for doctype in OPENED:
		for right in RIGHTS:
			frappe.permissions.add_permission(doctype, "Sales User")
			frappe.permissions.update_permission_property(doctype, "Sales User", 0, right, 1)
	world.make_user(SALES, "Sales User", "Sales Manager", "Stock User")
	world.make_user(ACCOUNTS, "Sales User", "Accounts User")
	found = {}
	for who, title in (("erased", NAME), ("other", OTHER)):
		customer = make_customer(customer_name=title)
		paid, by_journal = (make_sales_invoice(customer) for _number in range(2))
		entry, journal = pay(paid), pay_by_journal(by_journal)
		found[who] = frappe._dict(
			customer=customer,
			papers={
				"Sales Invoice": paid.name,
				"Payment Entry": entry.name,
				"Journal Entry": journal.name,
				**{
					ledger: frappe.db.get_value(ledger, {"voucher_no": paid.name, **more})
					for ledger, more in (
						("GL Entry", {"party": ["is", "not set"]}),
						("Payment Ledger Entry", {}),
					)
				},
			},
		)
	frappe.db.commit()
	found["request"] = erase(found["erased"].customer)
	yield frappe._dict(found)
	for doctype in OPENED:
		frappe.permissions.reset_perms(doctype)
	frappe.db.set_value(requests.DOCTYPE, found["request"].name, "books_forgotten_on", nowdate())
	frappe.db.commit()


def told(reader: Reader, doctype: str, name: str, customer: str) -> dict[str, int]:
	"""By which doors a paper, or the name on it, is told."""
	found = {}
	for what, method, arguments in doors(doctype, name, customer):
		if what in ("version",) or "child" in what:
			continue
		status, text = through(reader, method, arguments)
		text = text.replace(json.dumps(arguments), "")
		shown = name in text if what == "print" else f'"{name}"' in text or f"'{name}'" in text
		if status == 200 and (shown or NAME in text):
			found[what] = status
	return found


def open_doors(doctype: str) -> set[str]:
	found = {"form", "REST v1", "REST v1 row", "REST v2 row", "get_list", "list"}
	return found if doctype in books_fence.LEDGERS else found | {"print"}


@pytest.mark.parametrize("doctype", OPENED)
def test_no_door_shows_sales_people_a_paper_of_an_erased_customer(books, doctype):
	reader, name = Reader(SALES), books.erased.papers[doctype]
	assert not told(reader, doctype, name, books.request.customer)


@pytest.mark.parametrize("doctype", OPENED)
def test_papers_of_others_stay_open(books, doctype):
	reader, name = Reader(SALES), books.other.papers[doctype]
	found = told(reader, doctype, name, books.other.customer.name)
	assert open_doors(doctype) <= set(found)


@pytest.mark.parametrize("doctype", OPENED)
def test_accounts_read_them(books, doctype):
	found = told(Reader(ACCOUNTS), doctype, books.erased.papers[doctype], books.request.customer)
	assert open_doors(doctype) <= set(found)


def test_a_link_field_cannot_ask_past_the_fence(books):
	name = books.erased.papers["Sales Invoice"]
	asked = {"doctype": "Sales Invoice", "txt": name, "ignore_user_permissions": 1}
	for method in ("search_link", "search_widget"):
		status, text = Reader(SALES).call(f"frappe.desk.search.{method}", **asked)
		assert status == 200 and name not in text.replace(json.dumps(asked), "")
		status, text = Reader(ACCOUNTS).call(f"frappe.desk.search.{method}", **asked)
		assert name in text


def test_rows_of_a_journal_entry_are_not_listed_by_themselves(books):
	asked = {
		"doctype": "Journal Entry Account",
		"parent": "Journal Entry",
		"fields": '["parent", "party"]',
		"limit_page_length": 0,
	}
	_status, text = Reader(SALES).call("frappe.client.get_list", **asked)
	assert books.other.papers["Journal Entry"] in text
	assert books.erased.papers["Journal Entry"] not in text


def test_the_global_search_finds_them_for_accounts_alone(books):
	"""Also when the index was made anew after the erasure."""
	for who in (books.erased, books.other):
		update_global_search(frappe.get_doc("Sales Invoice", who.papers["Sales Invoice"]))
	frappe.utils.global_search.sync_global_search()
	frappe.db.commit()
	searched = {"text": NAME.split()[0], "doctype": "Sales Invoice"}
	_status, text = Reader(ACCOUNTS).call("frappe.utils.global_search.search", **searched)
	assert NAME in text
	_status, text = Reader(SALES).call("frappe.utils.global_search.search", **searched)
	assert NAME not in text
	_status, text = Reader(SALES).call(
		"frappe.utils.global_search.search", text=OTHER.split()[0], doctype="Sales Invoice"
	)
	assert books.other.papers["Sales Invoice"] in text


def test_reports_of_erpnext_do_not_tell_the_name(books, as_user):
	"""ERPNext's own reports query tables by themselves."""
	filters = {
		"tree_type": "Customer",
		"doc_type": "Sales Invoice",
		"value_quantity": "Value",
		"from_date": add_years(nowdate(), -1),
		"to_date": nowdate(),
		"company": COMPANY,
		"range": "Yearly",
	}
	for who, is_told in ((SALES, False), (ACCOUNTS, True)):
		with as_user(who):
			report = frappe.get_doc("Report", "Sales Analytics")
			found = json.dumps(report.execute_script_report(filters), default=str)
		assert books.request.customer in found and OTHER in found
		assert (NAME in found) is is_told, who


def test_nobody_changes_or_cancels_them_but_accounts(books):
	name = books.erased.papers["Sales Invoice"]
	for verb, fields in (("PUT", {"po_no": "1"}), ("DELETE", {})):
		status, _body = Reader(SALES).resource(verb, "Sales Invoice", name, **fields)
		assert status == 403


def test_when_the_books_may_forget_the_papers_open_and_name_nobody(books):
	name = books.erased.papers["Sales Invoice"]
	assert Reader(SALES).text("GET", f"/api/resource/Sales Invoice/{name}")[0] == 403
	requests.books_forget(add_years(nowdate(), erasing.YEARS + 2))
	status, text = Reader(SALES).text("GET", f"/api/resource/Sales Invoice/{name}")
	assert status == 200 and NAME not in text and books.request.customer in text
	searched = {"text": NAME.split()[0], "doctype": "Sales Invoice"}
	_status, text = Reader(ACCOUNTS).call("frappe.utils.global_search.search", **searched)
	assert NAME not in text


def test_where_nobody_was_erased_lists_stay_as_they_were(site):
	frappe.db.delete(requests.DOCTYPE, {"erased_as": [">", ""]})
	with_nobody = {doctype: books_fence.conditions(SALES, doctype) for doctype in books_fence.DOCTYPES}
	frappe.db.rollback()
	assert not any(with_nobody.values())


def test_each_document_of_the_books_is_fenced():
	assert set(hooks._BOOKS) == set(books_fence.DOCTYPES)
	from ccms_app.privacy.store import party_texts

	assert {texts.doctype for texts in party_texts.BOOKS} <= set(books_fence.DOCTYPES)
