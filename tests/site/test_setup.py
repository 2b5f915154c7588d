"""What installing adds to ERPNext: fields, roles, accounts, the expiry warning, the desk, print formats."""

import json

import frappe
import pytest
from frappe.translate import print_language
from frappe.utils import add_days, formatdate, nowdate
from frappe.www.printview import get_rendered_template

from ccms_app import install
from ccms_app.api.customer_insight import UNKNOWN
from ccms_app.setup import custom_fields, notifications
from ccms_app.setup.accounts import create_points_accounts, find_points_accounts
from ccms_app.setup.roles import ROLES
from tests.site import world
from tests.site.factories import (
	ABROAD,
	COMPANY,
	make_customer,
	make_pos_invoice,
	make_program,
	make_return,
	make_sales_invoice,
)
from tests.site.ledger_checks import membership_of

MEMBERSHIP = "CCMS Membership"
MODULE = "CCMS App"


# --- fields and roles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("doctype", custom_fields.CUSTOM_FIELDS)
def test_the_site_has_the_fields_as_they_stand_in_the_data(doctype):
	meta = frappe.get_meta(doctype)
	for field in custom_fields.CUSTOM_FIELDS[doctype]:
		found = meta.get_field(field["fieldname"])
		assert found, field["fieldname"]
		for key, value in field.items():
			assert (found.get(key) or 0) == value or str(found.get(key)) == str(value), (
				field["fieldname"],
				key,
			)


@pytest.mark.parametrize("doctype", ["Sales Invoice", "POS Invoice"])
def test_nothing_of_an_invoice_is_copied(doctype):
	fields = [f for f in custom_fields.CUSTOM_FIELDS[doctype] if "Break" not in f["fieldtype"]]
	assert all(field["no_copy"] for field in fields)
	assert [f["fieldname"] for f in fields if not f.get("read_only") and f["fieldtype"] != "HTML"] == [
		"ccms_membership",
		"ccms_redeem_points",
	]


def test_migrating_again_changes_nothing():
	def state():
		return frappe.get_all("Custom Field", {"module": MODULE}, ["name", "modified"], order_by="name")

	before, roles = state(), frappe.get_all("Role", pluck="name", order_by="name")
	install.after_migrate()
	assert (state(), frappe.get_all("Role", pluck="name", order_by="name")) == (before, roles)


@pytest.mark.commits
def test_migrating_brings_back_what_was_lost():
	frappe.delete_doc("Custom Field", "Customer-ccms_loyalty_html")
	install.after_migrate()
	assert frappe.get_meta("Customer").get_field("ccms_loyalty_html")


@pytest.mark.parametrize("role", ROLES)
def test_the_roles_use_the_desk(role):
	assert frappe.db.get_value("Role", role, "desk_access")


# --- accounts ----------------------------------------------------------------------------------------------------------


def test_accounts_are_made_once():
	made = create_points_accounts(COMPANY)
	assert create_points_accounts(COMPANY) == made == find_points_accounts(COMPANY)
	for fieldname, root_type, group in (
		("liability_account", "Liability", "Current Liabilities"),
		("expense_account", "Expense", "Indirect Expenses"),
	):
		account = frappe.get_doc("Account", made[fieldname])
		assert (account.root_type, account.is_group, account.company) == (root_type, 0, COMPANY)
		assert (account.account_type or "", account.account_currency) == ("", "CNY")
		assert frappe.db.get_value("Account", account.parent_account, "account_name") == group
	assert make_program(**made).name


def test_accounts_keep_the_currency_of_their_company():
	made = create_points_accounts(ABROAD)
	assert {frappe.db.get_value("Account", name, "account_currency") for name in made.values()} == {"USD"}


def test_a_group_with_other_names_is_found(other_chart):
	"""A chart whose groups are named in another language: beside the company's own default accounts."""
	made = create_points_accounts(other_chart)
	for fieldname, root_type in (("liability_account", "Liability"), ("expense_account", "Expense")):
		account = frappe.get_doc("Account", made[fieldname])
		assert account.root_type == root_type
		parent = frappe.get_doc("Account", account.parent_account)
		assert parent.is_group and parent.parent_account and not parent.account_type


@pytest.fixture
def other_chart() -> str:
	"""A company of its own whose groups carry names that no list knows."""
	for account in frappe.get_all("Account", {"company": ABROAD, "is_group": 1}, ["name", "account_name"]):
		frappe.db.set_value("Account", account.name, "account_name", f"Groupe {account.account_name}")
	frappe.clear_cache(doctype="Account")
	return ABROAD


def test_the_head_of_a_group_of_companies_gets_the_accounts_too():
	frappe.db.set_value("Company", COMPANY, "is_group", 1)
	frappe.db.set_value("Company", ABROAD, "parent_company", COMPANY)
	frappe.utils.nestedset.rebuild_tree("Company")
	made = create_points_accounts(ABROAD)
	assert set(find_points_accounts(COMPANY).values()).isdisjoint(made.values())
	assert all(find_points_accounts(COMPANY).values())


def test_the_button_is_for_managers(as_user):
	from ccms_app.api.loyalty import create_accounts
	from ccms_app.api.setup import points_accounts

	with as_user(world.CASHIER), pytest.raises(frappe.PermissionError):
		points_accounts()
	with as_user(world.MANAGER):
		made = create_accounts(company=COMPANY)
		assert {"company": COMPANY, **made} in points_accounts()


# --- the expiry warning ------------------------------------------------------------------------------------------------


@pytest.fixture
def member():
	customer = make_customer(make_program(), email_id="fang@ccms.test")
	frappe.db.set_value("Customer", customer.name, "email_id", "fang@ccms.test")
	return frappe.get_doc(MEMBERSHIP, membership_of(customer))


@pytest.fixture
def batches() -> list[dict]:
	return [
		{"date": add_days(nowdate(), 5), "points": 60.0},
		{"date": add_days(nowdate(), 40), "points": 1250.5},
	]


def mails(member) -> list:
	return frappe.get_all(
		"Communication",
		{"reference_doctype": MEMBERSHIP, "reference_name": member.name},
		["subject", "content", "recipients"],
	)


def test_the_warning_can_be_edited_and_starts_switched_off(member, batches):
	doc = frappe.get_doc("Notification", notifications.EXPIRING)
	assert not doc.is_standard and not doc.enabled
	member.notify_expiring(batches)
	assert mails(member) == []
	doc.update({"enabled": 1, "subject": "Hurry"}).save()
	frappe.get_doc(MEMBERSHIP, member.name).notify_expiring(batches)
	assert [mail.subject for mail in mails(member)] == ["Hurry"]


def test_the_warning_lists_every_batch(member, batches):
	notifications.switch_expiry_warnings(True)
	member.notify_expiring(batches)
	(mail,) = mails(member)
	assert mail.recipients == "fang@ccms.test"
	for words in ("60", "1,250.50", *(formatdate(batch["date"]) for batch in batches), member.member_no):
		assert words in mail.content


def test_the_warning_speaks_the_customers_language(member, batches):
	doc = frappe.get_doc("Notification", notifications.EXPIRING)
	doc.update({"enabled": 1, "subject": "{{ frappe.lang }}"}).save()
	frappe.db.set_value("Customer", member.customer, "language", "zh")
	member.notify_expiring(batches)
	assert [mail.subject for mail in mails(member)] == ["zh"]
	assert frappe.local.lang != "zh"


def test_nobody_without_an_address_is_written_to(batches):
	notifications.switch_expiry_warnings(True)
	member = frappe.get_doc(MEMBERSHIP, membership_of(make_customer(make_program())))
	member.notify_expiring(batches)
	assert mails(member) == []


def test_the_switch_is_for_managers(as_user):
	from ccms_app.api.setup import expiry_warnings, switch_expiry_warnings

	with as_user(world.CASHIER):
		for call in (expiry_warnings, lambda: switch_expiry_warnings(on=True)):
			with pytest.raises(frappe.PermissionError):
				call()
	with as_user(world.ANALYST), pytest.raises(frappe.PermissionError):
		switch_expiry_warnings(on=True)
	with as_user(world.MANAGER):
		assert switch_expiry_warnings(on=True)["on"]
		assert not switch_expiry_warnings(on=False)["on"]


def test_a_managers_own_words_outlive_a_migration():
	frappe.db.set_value("Notification", notifications.EXPIRING, "subject", "Ours")
	install.after_migrate()
	notifications.make()
	assert frappe.db.get_value("Notification", notifications.EXPIRING, "subject") == "Ours"


# --- the desk ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ("Loyalty", "Customer Insight", "Customer Data"))
def test_every_link_of_the_workspace_leads_somewhere(name):
	workspace = frappe.get_doc("Workspace", name)
	for row in (*workspace.links, *workspace.shortcuts):
		kind = row.get("link_type") or row.type
		if kind != "Card Break":
			assert frappe.db.exists(kind, row.link_to), row.link_to
	blocks = json.loads(workspace.content)
	shown = {block["data"].get(f"{block['type']}_name") for block in blocks}
	assert {row.number_card_name for row in workspace.number_cards} <= shown
	assert {row.chart_name for row in workspace.charts} <= shown
	assert {row.label for row in workspace.shortcuts} <= shown


def test_cards_and_charts_answer(as_user):
	make_customer(make_program())
	with as_user(world.MANAGER):
		for name in frappe.get_all("Number Card", {"module": MODULE}, pluck="name"):
			card = frappe.get_doc("Number Card", name)
			answer = frappe.get_attr(card.method)(filters={"company": COMPANY})
			if answer != UNKNOWN:  # a share of nobody is no number
				assert {"value", "fieldtype", "route"} <= set(answer), name
		for name in frappe.get_all("Dashboard Chart Source", {"module": MODULE}, pluck="name"):
			from frappe.desk.doctype.dashboard_chart_source.dashboard_chart_source import get_config

			method = get_config(name).split('method: "')[1].split('"')[0]
			answer = frappe.get_attr(method)(filters=json.dumps({"company": COMPANY}))
			# before the first scores there is nothing to draw; test_customer_insight draws what there is after them
			may_be_empty = "customer_insight" in method or "customer_data" in method
			assert answer["labels"] if answer or not may_be_empty else answer is None, name
	assert frappe.db.exists("Dashboard", "Loyalty")


def test_the_onboarding_leads_through_five_steps():
	onboarding = frappe.get_doc("Module Onboarding", "Loyalty")
	steps = onboarding.get_steps()
	assert len(steps) == 5
	for step in steps:
		assert not step.reference_document or frappe.db.exists("DocType", step.reference_document)
		assert not step.reference_report or frappe.db.exists("Report", step.reference_report)


# --- print formats -----------------------------------------------------------------------------------------------------


def printed(doc, print_format: str, language: str = "en") -> str:
	# as the print view does, without its entry in the access log, which would commit
	with print_language(language):
		html = get_rendered_template(doc, frappe.get_doc("Print Format", print_format), doc.meta)
	return frappe.utils.strip_html(html)


@pytest.fixture
def club():
	return make_program(
		program_name=f"Club {frappe.generate_hash(length=5)}", expiry_model="Rolling", expiry_months=12
	)


def test_an_invoice_says_what_it_did_to_points(club):
	customer = make_customer(club)
	make_sales_invoice(customer, rate=500)
	sale = make_sales_invoice(customer, rate=100, ccms_redeem_points=200)
	text = printed(sale, "Invoice with Points")
	for words in (
		club.name,
		"Points earned",
		"+80",
		"Points used",
		"−200",
		"Points balance",
		"380",
		"Next expiry",
	):
		assert words in text, words
	back = make_return(sale)
	text = printed(back, "Invoice with Points")
	for words in ("Points given back", "+200", "Points taken back", "−80"):
		assert words in text, words


def test_a_receipt_says_what_it_did_to_points(club):
	customer = make_customer(club)
	make_sales_invoice(customer, rate=500)
	sale = make_pos_invoice(customer, rate=100, ccms_redeem_points=200)
	number = frappe.db.get_value(MEMBERSHIP, membership_of(customer), "member_no")
	text = printed(sale, "Receipt with Points")
	for words in ("+80", "−200", "380", number[-4:]):
		assert words in text, words
	assert number not in text
	assert printed(sale, "Receipt with Points", "zh")


@pytest.mark.parametrize("print_format", ["Invoice with Points"])
def test_who_is_no_member_gets_a_plain_print(print_format):
	text = printed(make_sales_invoice(make_customer()), print_format)
	assert "Grand Total" in text and "Points" not in text
