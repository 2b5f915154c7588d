"""Nobody writes the ledger over the network, and guests learn nothing: real requests of real people."""

import frappe
import pytest

from tests.site.factories import make_customer, make_program, make_sales_invoice
from tests.site.ledger_checks import check, membership_of, snapshot
from tests.site.rest import Browser
from tests.site.world import ANALYST, CASHIER, MANAGER, SELLER, make_user

pytestmark = pytest.mark.commits

ADMIN = "admin@ccms.test"
ACCOUNTANT = "accountant@ccms.test"
PEOPLE = {
	ADMIN: ("System Manager",),
	MANAGER: (),
	ANALYST: (),
	CASHIER: (),
	SELLER: (),
	ACCOUNTANT: ("Accounts User", "Accounts Manager"),
}
LEDGER = {
	"CCMS Points Ledger Entry": ("points", 999),
	"CCMS Points Lot": ("remaining", 999),
	"CCMS Points Allocation": ("points", 999),
}
API = "ccms_app.api.loyalty."


@pytest.fixture(scope="module")
def shop(site) -> dict:
	"""One member with a sale and a redemption, and the names of their rows."""
	for email, roles in PEOPLE.items():
		if roles:
			make_user(email, *roles)
	customer = make_customer(make_program())
	make_sales_invoice(customer)
	invoice = make_sales_invoice(customer, ccms_redeem_points=50)
	membership = membership_of(customer)
	rows = {doctype: frappe.get_all(doctype, {"membership": membership}, pluck="name") for doctype in LEDGER}
	frappe.db.commit()
	return frappe._dict(customer=customer.name, invoice=invoice.name, membership=membership, rows=rows)


@pytest.mark.parametrize("who", [*PEOPLE, None])
def test_nobody_writes_the_ledger(shop, who):
	before = snapshot()
	browser = Browser(who)
	for doctype, (field, value) in LEDGER.items():
		name = shop.rows[doctype][0]
		copied = {"doctype": doctype, "membership": shop.membership, field: value}
		attempts = {
			"POST resource": browser.resource("POST", doctype, **copied),
			"PUT resource": browser.resource("PUT", doctype, name, **{field: value}),
			"DELETE resource": browser.resource("DELETE", doctype, name),
			"insert": browser.post("frappe.client.insert", doc=copied),
			"insert_many": browser.post("frappe.client.insert_many", docs=[copied]),
			"set_value": browser.post(
				"frappe.client.set_value", doctype=doctype, name=name, fieldname=field, value=value
			),
			"save": browser.post("frappe.client.save", doc={**copied, "name": name}),
			"submit": browser.post("frappe.client.submit", doc={**copied, "name": name}),
			"delete": browser.post("frappe.client.delete", doctype=doctype, name=name),
			"rename": browser.post("frappe.client.rename_doc", doctype=doctype, old_name=name, new_name="x"),
			"form": browser.post(
				"frappe.desk.form.save.savedocs", doc=frappe.as_json({**copied, "name": name}), action="Save"
			),
		}
		written = {what: status for what, (status, _body) in attempts.items() if status < 400}
		assert not written, f"{who} on {doctype}"
		browser.post(
			"frappe.client.bulk_update",
			docs=frappe.as_json([{"doctype": doctype, "docname": name, field: value}]),
		)
		browser.post("frappe.desk.reportview.delete_items", doctype=doctype, items=frappe.as_json([name]))
		browser.post(
			"frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs",
			doctype=doctype,
			docnames=[name],
			action="update",
			data=frappe.as_json({field: value}),
		)
	assert snapshot() == before
	check(shop.membership)


@pytest.mark.parametrize("who", [ADMIN, MANAGER])
def test_nobody_writes_the_figures_of_a_membership(shop, who):
	before = snapshot()
	browser = Browser(who)
	forged = {
		"points_active": 1e6,
		"status": "Left",
		"tier": "Gold",
		"last_seq": 0,
		"last_hash": "",
		"chain_mac": "",
	}
	browser.resource("PUT", "CCMS Membership", shop.membership, **forged)
	for field, value in forged.items():
		browser.post(
			"frappe.client.set_value",
			doctype="CCMS Membership",
			name=shop.membership,
			fieldname=field,
			value=value,
		)
	assert browser.resource("DELETE", "CCMS Membership", shop.membership)[0] >= 400
	assert snapshot() == before
	check(shop.membership)


@pytest.mark.parametrize("who", [SELLER, CASHIER, ANALYST, ACCOUNTANT, None])
def test_only_managers_change_members_programmes_and_vouchers(shop, who):
	before = snapshot()
	browser = Browser(who)
	program = frappe.db.get_value("CCMS Membership", shop.membership, "program")
	voucher = {"membership": shop.membership, "adjustment_type": "Grant", "points": 5, "reason": "x"}
	refused = {
		"adjustment": browser.resource("POST", "CCMS Points Adjustment", **voucher),
		"membership": browser.resource("PUT", "CCMS Membership", shop.membership, member_no="1"),
		"program": browser.resource("PUT", "CCMS Loyalty Program", program, point_value=100),
		"settings": browser.resource("PUT", "CCMS Settings", "CCMS Settings", approval_limit=0),
		"enrol": browser.post(f"{API}enrol", customer=make_committed_customer(), program=program),
		"set_status": browser.post(f"{API}set_status", membership=shop.membership, status="Frozen"),
		"enrol_existing": browser.post(f"{API}enrol_existing", program=program),
		"move_from_erpnext": browser.post(f"{API}move_from_erpnext", customer=shop.customer, program=program),
		"start_simulation": browser.post(f"{API}start_simulation", program=program),
	}
	if who != ACCOUNTANT:
		company = frappe.db.get_value("CCMS Loyalty Program", program, "company")
		refused["create_accounts"] = browser.post(f"{API}create_accounts", company=company)
	assert {what: status for what, (status, _body) in refused.items()} == dict.fromkeys(refused, 403)
	assert snapshot() == before


def make_committed_customer() -> str:
	name = make_customer().name
	frappe.db.commit()
	return name


def test_a_guest_learns_nothing(shop):
	guest = Browser()
	answers = [
		guest.get(f"{API}get_balance", customer=customer)
		for customer in (shop.customer, "no such customer", "")
	]
	assert {status for status, _body in answers} == {403}
	assert len({guest.words(body) for _status, body in answers}) == 1
	for method, arguments in {
		"customer_overview": {"customer": shop.customer},
		"preview": {"doc": {"doctype": "Sales Invoice", "customer": shop.customer}},
		"document_points": {"doctype": "Sales Invoice", "name": shop.invoice},
		"enrol": {"customer": shop.customer, "program": "x"},
		"set_status": {"membership": shop.membership, "status": "Left"},
	}.items():
		status, body = guest.post(API + method, **arguments)
		assert status == 403, method
		assert shop.membership not in str(body)
	for doctype in (*LEDGER, "CCMS Membership", "CCMS Points Adjustment", "CCMS Loyalty Program"):
		assert guest.resource("GET", doctype)[0] == 403


def test_what_changes_something_is_not_done_by_a_link(shop):
	"""A GET request carries no token: a link in a mail must not change points."""
	manager = Browser(MANAGER)
	for method in (
		"enrol",
		"set_status",
		"enrol_existing",
		"move_from_erpnext",
		"start_simulation",
		"create_accounts",
	):
		status, _body = manager.get(
			API + method, membership=shop.membership, status="Left", customer=shop.customer
		)
		assert status == 403, method
	assert frappe.db.get_value("CCMS Membership", shop.membership, "status") == "Active"


def test_a_person_with_the_right_to_it_is_answered(shop):
	for who in (MANAGER, CASHIER, SELLER, ACCOUNTANT):
		status, body = Browser(who).get(f"{API}get_balance", customer=shop.customer)
		assert (status, body["message"]["active"]) == (200, 145), who
	assert Browser(ANALYST).get(f"{API}get_balance", customer=shop.customer)[0] == 403, "no role on Customer"
