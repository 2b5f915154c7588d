"""Who sees whose points: User Permissions, portal customers, and no word about anybody else, not even by an error."""

import frappe
import pytest
from frappe.utils import nowdate

from ccms_app.api import loyalty as api
from tests.site.factories import (
	enrol,
	make_customer,
	make_pos_invoice,
	make_program,
	make_return,
	make_sales_invoice,
)
from tests.site.ledger_checks import check, membership_of, set_balance, strict  # noqa: F401
from tests.site.payments import open_till
from tests.site.refusals import raises_refusal
from tests.site.world import ABROAD, COMPANY, MANAGER, SELLER, TEA, account, make_user

OURS = (
	"CCMS Membership",
	"CCMS Points Ledger Entry",
	"CCMS Points Lot",
	"CCMS Points Allocation",
	"CCMS Points Adjustment",
)
KEEPER = "keeper@ccms.test"  # sees everything of the ledger, within User Permissions
TILL_KEEPER = "till.keeper@ccms.test"  # ERPNext lets Sales Managers read the till's opening; no role of ours
PORTAL = "portal@ccms.test"


@pytest.fixture(scope="module", autouse=True)
def people(site) -> None:
	"""They stay on the site: making a person takes longer than most of these tests."""
	make_user(KEEPER, "Sales Manager", "Sales User", "Accounts Manager", "Accounts User", "CCMS Manager")
	make_user(TILL_KEEPER, "Sales Manager", "Sales User", "Accounts User")
	make_user(PORTAL, "Customer", user_type="Website User")
	frappe.db.commit()


@pytest.fixture(autouse=True)
def nothing_remembered():
	"""User Permissions of a test that was rolled back stay in the cache."""
	yield
	for user in (KEEPER, PORTAL):
		frappe.cache.hdel("user_permissions", user)


@pytest.fixture
def mine():
	return a_member()


@pytest.fixture
def theirs():
	return a_member()


def a_member():
	"""A customer with rows in every table of ours."""
	customer = make_customer(make_program())
	set_balance(membership_of(customer), 100)
	customer.invoice = make_sales_invoice(customer, ccms_redeem_points=40)
	return customer


@pytest.fixture
def keeper(mine):
	"""Somebody with every role that reads, held to one customer."""
	allow("Customer", mine.name)
	return KEEPER


def allow(doctype: str, name: str, user: str = KEEPER) -> None:
	values = {"user": user, "allow": doctype, "for_value": name, "apply_to_all_doctypes": 1}
	frappe.get_doc({"doctype": "User Permission", **values}).insert(ignore_permissions=True)


@pytest.fixture
def portal(mine):
	"""A customer's own log-in."""
	customer = frappe.get_doc("Customer", mine.name)
	customer.append("portal_users", {"user": PORTAL})
	customer.save()
	return PORTAL


def draft(customer: str, **fields) -> dict:
	values = {"customer": customer, "company": COMPANY, "currency": "CNY", "posting_date": nowdate()}
	items = [{"item_code": TEA, "qty": 1, "rate": 100, "uom": "Nos", "conversion_factor": 1}]
	return {"doctype": "Sales Invoice", "__islocal": 1, **values, "items": items, **fields}


# --- lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("doctype", OURS)
def test_lists_show_the_permitted_customer_alone(mine, theirs, keeper, as_user, doctype):
	everybody = {membership_of(mine), membership_of(theirs)}
	field = "name" if doctype == "CCMS Membership" else "membership"
	filters = {field: ["in", list(everybody)]}
	with as_user(MANAGER):
		assert set(frappe.get_list(doctype, filters=filters, pluck=field)) == everybody
	with as_user(keeper):
		assert set(frappe.get_list(doctype, filters=filters, pluck=field)) == {membership_of(mine)}


@pytest.mark.parametrize("doctype", OURS)
def test_documents_of_others_do_not_open(mine, theirs, keeper, as_user, doctype):
	def one(customer):
		field = "name" if doctype == "CCMS Membership" else "membership"
		return frappe.get_last_doc(doctype, {field: membership_of(customer)})

	own, other = one(mine), one(theirs)
	with as_user(keeper):
		assert frappe.has_permission(doctype, "read", doc=own)
		assert not frappe.has_permission(doctype, "read", doc=other)


# --- the API, for who is held to one customer ------------------------------------------------------------------------


def said(call, *arguments, **keywords) -> tuple[type, str]:
	"""What a refusal is and says, with the name that was asked for left out."""
	with pytest.raises(Exception) as refusal:
		call(*arguments, **keywords)
	words = str(refusal.value)
	for name in filter(None, (*arguments, *keywords.values())):
		words = words.replace(str(name), "…")
	return refusal.type, words


@pytest.mark.parametrize("who", ["keeper", "portal"])
def test_another_customer_and_nobody_are_refused_in_the_same_words(theirs, who, request, as_user):
	user = request.getfixturevalue(who)
	program = frappe.db.get_value("CCMS Membership", membership_of(theirs), "program")
	with as_user(user):
		for call, more in (
			(api.get_balance, {}),
			(api.get_balance, {"program": program}),
			(api.customer_overview, {}),
			(api.enrol, {"program": program}),
			(api.move_from_erpnext, {"program": program}),
		):
			answers = {said(call, customer=name, **more) for name in (theirs.name, "No Such Customer", "")}
			assert len(answers) == 1
			assert answers.pop()[0] is frappe.PermissionError


def test_documents_of_others_and_of_nobody_are_refused_in_the_same_words(theirs, keeper, as_user):
	with as_user(keeper):
		answers = {
			said(api.document_points, doctype="Sales Invoice", name=name)
			for name in (theirs.invoice.name, "ACC-SINV-0000-00000")
		}
	assert len(answers) == 1
	assert answers.pop()[0] is frappe.PermissionError


def test_the_permitted_customer_is_answered(mine, keeper, as_user):
	with as_user(keeper):
		assert api.get_balance(mine.name)["active"] == 100 - 40 + 96
		assert len(api.customer_overview(mine.name)["memberships"]) == 1
		assert api.document_points("Sales Invoice", mine.invoice.name)["redeemed"] == 40
		assert api.preview(draft(mine.name))["membership"] == membership_of(mine)


def test_a_preview_says_nothing_about_others(mine, theirs, keeper, as_user):
	with as_user(keeper):
		with raises_refusal(error=frappe.PermissionError):
			api.preview(draft(theirs.name))
		chosen = api.preview(draft(mine.name, ccms_membership=membership_of(theirs)))
		assert chosen["membership"] == membership_of(mine)
		back = api.preview(draft(mine.name, is_return=1, return_against=theirs.invoice.name))
		assert membership_of(theirs) not in str(back)
		assert not back["member"]


def test_an_invoice_never_counts_for_another_customer(mine, theirs):
	invoice = make_sales_invoice(mine, ccms_membership=membership_of(theirs), ccms_redeem_points=10)
	assert invoice.ccms_membership == membership_of(mine)
	assert check(membership_of(theirs)).active == 156


def test_a_return_never_gives_points_of_another_customer_back(mine, theirs):
	with raises_refusal():
		make_return(theirs.invoice, customer=mine.name)


def test_a_member_of_another_customer_is_not_changed(mine, theirs, keeper, as_user):
	with as_user(keeper):
		api.set_status(membership_of(mine), "Frozen")
		with raises_refusal(error=frappe.PermissionError):
			api.set_status(membership_of(theirs), "Frozen")
		for kind in ("Grant", "Deduct"):
			values = {"adjustment_type": kind, "points": 5, "reason": "x", "reason_code": "Other"}
			values |= {"membership": membership_of(theirs), "customer": mine.name}
			with raises_refusal(error=frappe.PermissionError):
				frappe.get_doc({"doctype": "CCMS Points Adjustment", **values}).insert()


def test_a_taken_card_does_not_name_its_owner(mine, theirs, keeper, as_user):
	card = frappe.db.get_value("CCMS Membership", membership_of(theirs), "member_no")
	doc = frappe.get_doc("CCMS Membership", membership_of(mine))
	doc.member_no = card
	with as_user(keeper):
		_kind, words = said(doc.save)
	assert theirs.name not in words


# --- held to one company ----------------------------------------------------------------------------------------------


@pytest.fixture
def in_two_companies():
	"""A customer with points in a programme of each company."""
	accounts = {
		f"{kind}_account": account(f"Loyalty {kind.title()}", ABROAD) for kind in ("expense", "liability")
	}
	customer = make_customer()
	customer.home, abroad = make_program(), make_program(company=ABROAD, **accounts)
	set_balance(enrol(customer, customer.home), 100)
	set_balance(enrol(customer, abroad), 7)
	return customer


def test_who_is_held_to_a_company_sees_its_memberships_alone(in_two_companies, as_user):
	allow("Company", ABROAD)
	customer, here = in_two_companies, in_two_companies.home.name
	home = membership_of(customer, here)
	with as_user(KEEPER):
		assert api.get_balance(customer.name)["active"] == 7
		assert api.get_balance(customer.name, program=here) == {"membership": None}
		shown = api.customer_overview(customer.name)
		assert [row["company"] for row in shown["memberships"]] == [ABROAD]
		assert here not in shown["enrolable"]
		assert api.preview(draft(customer.name)).get("membership") is None
		assert set(frappe.get_list("CCMS Membership", pluck="company")) == {ABROAD}
		assert home not in frappe.get_list("CCMS Points Allocation", pluck="membership")
		with raises_refusal(error=frappe.PermissionError):
			api.enrol(make_customer().name, here)
		with raises_refusal(error=frappe.PermissionError):
			api.set_status(home, "Frozen")


# --- portal -------------------------------------------------------------------------------------------------------------


def test_a_portal_customer_sees_their_own_points(mine, theirs, portal, as_user):
	with as_user(portal):
		assert api.get_balance(mine.name)["active"] == 156
		assert api.customer_overview(mine.name)["memberships"][0]["movements"]
		with raises_refusal(error=frappe.PermissionError):
			api.get_balance(theirs.name)


def test_a_portal_customer_changes_nothing(mine, portal, as_user):
	program = frappe.db.get_value("CCMS Membership", membership_of(mine), "program")
	with as_user(portal):
		for call, arguments in (
			(api.enrol, (mine.name, make_program_of_admin())),
			(api.set_status, (membership_of(mine), "Left")),
			(api.move_from_erpnext, (mine.name, program)),
			(api.enrol_existing, (program,)),
			(api.start_simulation, (program,)),
			(api.create_accounts, (COMPANY,)),
			(api.preview, (draft(mine.name),)),
		):
			with raises_refusal(error=frappe.PermissionError):
				call(*arguments)
		for doctype in OURS:
			assert not frappe.has_permission(doctype, "read")


def make_program_of_admin() -> str:
	user = frappe.session.user
	frappe.set_user("Administrator")
	name = make_program().name
	frappe.set_user(user)
	return name


# --- at the till -----------------------------------------------------------------------------------------------------------


def test_a_seller_without_our_roles_sells_redeems_and_takes_back(mine, as_user):
	with as_user(SELLER):
		sale = make_sales_invoice(mine, ccms_redeem_points=50)
		assert make_return(sale).ccms_membership == membership_of(mine)
	assert check(membership_of(mine)).active == 156


def test_who_keeps_the_till_needs_no_role_of_ours(mine, as_user):
	open_till()
	with as_user(TILL_KEEPER):
		sale = make_pos_invoice(mine, ccms_redeem_points=50)
		make_return(sale)
	assert check(membership_of(mine)).active == 156


def test_a_client_cannot_write_what_an_invoice_earned(mine, as_user):
	with as_user(SELLER):
		invoice = make_sales_invoice(
			mine, ccms_points_earned=5000, ccms_points_expected=5000, ccms_points_balance=9
		)
	assert (invoice.ccms_points_earned, invoice.ccms_points_expected) == (100, 100)
