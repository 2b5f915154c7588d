"""The DocTypes of the ledger: their keys, who may do what, what their forms refuse, and what the workspace shows of them."""

import frappe
import pytest
from frappe.utils import add_days, add_months, getdate, nowdate

from tests.site import world
from tests.site.clock import at, day
from tests.site.factories import (
	ABROAD,
	COMPANY,
	account,
	enrol,
	make_customer,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
)
from tests.site.ledger_checks import membership_of, set_balance
from tests.site.refusals import raises_refusal

PROGRAM, MEMBERSHIP, ADJUSTMENT = "CCMS Loyalty Program", "CCMS Membership", "CCMS Points Adjustment"
ENTRY, ALLOCATION, LOT = "CCMS Points Ledger Entry", "CCMS Points Allocation", "CCMS Points Lot"
LEDGER = (ENTRY, ALLOCATION, LOT)
SETTINGS, RUN = "CCMS Settings", "CCMS Simulation Run"


# --- keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	("doctype", "columns", "unique"),
	[
		(ENTRY, ["membership", "seq"], True),
		(ENTRY, ["idempotency_key"], True),
		(ENTRY, ["membership", "posting_date"], False),
		(ENTRY, ["membership", "qualifying_date"], False),
		(ENTRY, ["voucher_type", "voucher_no"], False),
		(ENTRY, ["company", "posting_date", "entry_type", "program", "points"], False),
		(ENTRY, ["reverses"], False),
		(LOT, ["membership", "state", "draw_before", "entry_seq"], False),
		(LOT, ["state", "expires_on"], False),
		(LOT, ["state", "available_from"], False),
		(LOT, ["origin"], False),
		(ALLOCATION, ["entry"], False),
		(ALLOCATION, ["lot"], False),
		(ALLOCATION, ["by_entry"], False),
		(ALLOCATION, ["membership"], False),
		(MEMBERSHIP, ["active_key"], True),
		(MEMBERSHIP, ["member_no"], True),
		(MEMBERSHIP, ["customer"], False),
		("Sales Invoice", ["ccms_membership"], False),
	],
)
def test_the_database_has_the_key(doctype, columns, unique):
	keys: dict[str, list] = {}
	for row in frappe.db.sql(f"show index from `tab{doctype}`", as_dict=True):
		keys.setdefault(row.Key_name, [not row.Non_unique]).append(row.Column_name)
	assert [unique, *columns] in keys.values()


def test_a_company_reset_takes_everything_but_the_program():
	from erpnext.setup.doctype.transaction_deletion_record.transaction_deletion_record import (
		get_doctypes_to_be_ignored,
	)

	kept = get_doctypes_to_be_ignored()
	taken = frappe.get_all(
		"DocField", {"fieldtype": "Link", "options": "Company", "fieldname": "company"}, pluck="parent"
	)
	assert PROGRAM in kept
	assert {MEMBERSHIP, ADJUSTMENT, RUN, *LEDGER} <= set(taken) - set(kept)


# --- the ledger is written by the ledger alone ---------------------------------------------------------------------


@pytest.fixture
def member():
	customer = make_customer(make_program())
	make_sales_invoice(customer)
	make_sales_invoice(customer, ccms_redeem_points=50)
	return membership_of(customer)


def a_row(doctype: str, membership: str):
	return frappe.get_last_doc(doctype, {"membership": membership})


@pytest.mark.parametrize("doctype", LEDGER)
@pytest.mark.parametrize(
	"write",
	[
		lambda doc: frappe.copy_doc(doc).insert(ignore_permissions=True),
		lambda doc: doc.save(ignore_permissions=True),
		lambda doc: doc.db_set("points" if doc.meta.has_field("points") else "remaining", 999),
		lambda doc: doc.delete(ignore_permissions=True, force=True),
		lambda doc: frappe.delete_doc(doc.doctype, doc.name, force=True),
		lambda doc: frappe.rename_doc(doc.doctype, doc.name, "another", force=True),
	],
	ids=["insert", "save", "db_set", "delete", "delete_doc", "rename"],
)
def test_not_even_the_administrator_writes_the_ledger(member, doctype, write):
	doc = a_row(doctype, member)
	with raises_refusal("never changed; make a Points Adjustment", frappe.PermissionError):
		write(doc)


READ, WRITES = "read", ("write", "create", "delete", "submit", "cancel", "amend", "import")


@pytest.mark.parametrize("doctype", LEDGER)
def test_no_role_writes_the_ledger(doctype):
	for row in frappe.get_meta(doctype).permissions:
		assert row.read or row.role == "CCMS Analyst", row.role
		assert not any(row.get(what) for what in WRITES), row.role


MANAGES = {"read", "write", "create", "delete"}


@pytest.mark.parametrize(
	("doctype", "who", "may"),
	[
		(PROGRAM, world.MANAGER, MANAGES),
		(PROGRAM, world.ANALYST, {"read"}),
		(PROGRAM, world.CASHIER, set()),
		(PROGRAM, world.SELLER, set()),
		(MEMBERSHIP, world.MANAGER, MANAGES),
		(MEMBERSHIP, world.ANALYST, set()),
		(MEMBERSHIP, world.CASHIER, {"read"}),
		(MEMBERSHIP, world.SELLER, {"read"}),
		(ADJUSTMENT, world.MANAGER, MANAGES | {"submit", "cancel", "amend"}),
		(ADJUSTMENT, world.ANALYST, set()),
		(ADJUSTMENT, world.CASHIER, set()),
		(ADJUSTMENT, world.SELLER, set()),
		(SETTINGS, world.MANAGER, {"read", "write", "create"}),
		(SETTINGS, world.CASHIER, set()),
		(RUN, world.ANALYST, {"read"}),
		(ENTRY, world.MANAGER, {"read"}),
		(ENTRY, world.ANALYST, set()),
		(ENTRY, world.SELLER, {"read"}),
		(LOT, world.SELLER, {"read"}),
		(ALLOCATION, world.ANALYST, set()),
	],
)
def test_people_may_do_what_their_roles_say(as_user, doctype, who, may):
	asked = ("read", "write", "create", "delete", "submit", "cancel", "amend")
	with as_user(who):
		assert {what for what in asked if frappe.has_permission(doctype, what)} == may


@pytest.mark.parametrize("doctype", [PROGRAM, MEMBERSHIP, ADJUSTMENT, SETTINGS, RUN, *LEDGER])
def test_a_guest_may_nothing(as_user, doctype):
	with as_user("Guest"):
		assert not frappe.has_permission(doctype, "read")


# --- the program ---------------------------------------------------------------------------------------------------


def someone_elses(name: str) -> str:
	return account(name, ABROAD)


@pytest.mark.parametrize(
	("fields", "message"),
	[
		({"from_date": "2026-02-01", "to_date": "2026-01-31"}, "Runs Until is before Runs From"),
		({"amount_per_point": 0}, "Amount per Point must be more than 0"),
		({"amount_per_point": -1}, "Amount per Point must be more than 0"),
		({"points_precision": 3}, "must be 0, 1 or 2"),
		({"pending_days": -1}, "Waiting Days cannot be negative"),
		({"expiry_model": "Rolling", "expiry_months": 0}, "needs the months"),
		({"expiry_model": "Inactivity"}, "needs the months"),
		({"expiry_model": "Fixed Date", "expiry_day_month": "31-12"}, "MM-DD"),
		({"expiry_model": "Fixed Date", "expiry_day_month": "02-30"}, "MM-DD"),
		({"expiry_model": "Fixed Date", "expiry_day_month": "1-1"}, "MM-DD"),
		({"expiry_model": "Fixed Date"}, "MM-DD"),
		({"point_value": 0}, "Value of One Point must be more than 0"),
		({"point_value": -0.01}, "Value of One Point must be more than 0"),
		({"min_redeem_points": -1}, "Minimum Points cannot be negative"),
		({"redeem_step": -1}, "Step cannot be negative"),
		({"max_redeem_amount": -1}, "Maximum Amount of a Sale cannot be negative"),
		({"max_redeem_percent": 101}, "Maximum Share of a Sale must be between 0 and 100"),
		({"expected_redemption_percent": 101}, "Expected Redemption must be between 0 and 100"),
		({"restore_grace_days": -1}, "Grace Days for Restored Points cannot be negative"),
		({"tiers": [{"tier_name": "A"}, {"tier_name": "a", "threshold": 5}]}, "stands twice"),
		({"tiers": [{"tier_name": "A"}, {"tier_name": "B"}]}, "another tier starts at 0"),
		({"tiers": [{"tier_name": "A", "threshold": 10}]}, "lowest tier must start at 0"),
		({"tiers": [{"tier_name": "A", "threshold": -1}]}, "From cannot be negative"),
		({"tiers": [{"tier_name": "A", "earn_multiplier": 0}]}, "Earns Times must be more than 0"),
		({"expense_account": None}, "Choose an Expense Account"),
		({"liability_mode": "Provision", "liability_account": None}, "Provision needs a Liability Account"),
		({"expense_account": account(world.LIABILITY)}, "must differ"),
		({"expense_account": someone_elses(world.EXPENSE)}, "belongs to another company"),
		({"liability_account": someone_elses(world.LIABILITY)}, "belongs to another company"),
		({"expense_account": account("Indirect Expenses")}, "is a group"),
		({"liability_account": account("Creditors")}, "is of type Payable"),
		({"liability_account": account("Debtors")}, "is of type Receivable"),
		({"liability_account": account("Debtors USD")}, "is kept in USD; points are booked in CNY"),
		({"cost_center": someone_elses("Main")}, "belongs to another company"),
		({"cost_center": account(COMPANY)}, "is a group"),
	],
)
def test_a_program_that_could_not_run_is_refused(fields, message):
	with raises_refusal(message):
		make_program(**fields)


def test_every_mistake_is_named_at_once():
	with pytest.raises(frappe.ValidationError) as refusal:
		make_program(amount_per_point=0, point_value=0, expense_account=None)
	for words in ("Amount per Point", "Value of One Point", "Expense Account"):
		assert words in str(refusal.value)


@pytest.mark.parametrize(
	"fields",
	[
		{"expiry_model": "Fixed Date", "expiry_day_month": "02-29", "expiry_months": 0},
		{"liability_mode": "Provision", "expense_account": None},
		{"tiers": make_tiers(Gold=(1000, 1.5), Silver=0)},
		{"max_redeem_percent": 100, "points_precision": 2},
		{"from_date": "2026-01-01", "to_date": "2026-01-01"},
	],
)
def test_a_program_that_can_run_is_saved(fields):
	assert make_program(**fields).name


def test_settings_of_another_model_are_emptied():
	program = make_program(
		expiry_model="Never", expiry_months=12, expiry_day_month="12-31", territory="China"
	)
	assert (program.expiry_months, program.expiry_day_month, program.territory) == (0, "", None)


def test_a_disabled_account_is_refused():
	frappe.db.set_value("Account", account(world.EXPENSE), "disabled", 1)
	frappe.clear_document_cache("Account", account(world.EXPENSE))
	with raises_refusal("is disabled"):
		make_program()
	frappe.clear_document_cache("Account", account(world.EXPENSE))


def test_a_program_with_members_is_not_deleted_and_stays_in_its_company():
	program = make_program()
	make_customer(program)
	with raises_refusal("has members, so it cannot be deleted", frappe.LinkExistsError):
		program.delete()
	with raises_refusal("has members, so it cannot be deleted", frappe.LinkExistsError):
		frappe.delete_doc(PROGRAM, program.name, force=True)
	program.update(
		{
			"company": ABROAD,
			"expense_account": account(world.EXPENSE, ABROAD),
			"liability_account": account(world.LIABILITY, ABROAD),
			"cost_center": account("Main", ABROAD),
		}
	)
	with raises_refusal("The company cannot change"):
		program.save()


def test_a_program_without_members_goes_with_its_simulations():
	program = make_program()
	run = frappe.get_doc(
		{
			"doctype": RUN,
			"program": program.name,
			"from_date": add_months(nowdate(), -1),
			"to_date": nowdate(),
		}
	).insert()
	program.delete()
	assert not frappe.db.exists(PROGRAM, program.name)
	assert not frappe.db.exists(RUN, run.name)


def test_members_follow_a_renamed_program():
	program = make_program()
	customer = make_customer(program)
	new = frappe.rename_doc(PROGRAM, program.name, f"{program.name} renamed")
	assert frappe.db.get_value(MEMBERSHIP, {"customer": customer.name}, "program") == new
	key = frappe.db.get_value(MEMBERSHIP, {"customer": customer.name}, "active_key")
	assert new in key
	make_sales_invoice(customer)
	with raises_refusal("is already a member", frappe.DuplicateEntryError):
		frappe.get_doc({"doctype": MEMBERSHIP, "customer": customer.name, "program": new}).insert()


def test_programs_are_not_merged():
	one, other = make_program(), make_program()
	with raises_refusal("cannot be merged"):
		frappe.rename_doc(PROGRAM, one.name, other.name, merge=True)


# --- the membership --------------------------------------------------------------------------------------------------


def test_a_new_membership_on_the_desk_enrols(as_user):
	program = make_program(tiers=make_tiers(Silver=0, Gold=500))
	customer = make_customer()
	with as_user(world.MANAGER):
		doc = frappe.get_doc(
			{
				"doctype": MEMBERSHIP,
				"customer": customer.name,
				"program": program.name,
				"points_active": 500,  # a form says what it likes
				"tier": "Gold",
			}
		).insert()
	doc.reload()
	assert (doc.company, doc.status, doc.tier, doc.points_active) == (COMPANY, "Active", "Silver", 0)
	assert doc.customer_name == customer.customer_name
	assert len(doc.member_no) == 12
	assert frappe.db.count(ENTRY, {"membership": doc.name})


def test_saving_a_membership_keeps_what_the_ledger_says(member):
	doc = frappe.get_doc(MEMBERSHIP, member)
	points = doc.points_active
	doc.update(
		{"points_active": 9999, "tier": "Gold", "status": "Left", "last_seq": 1, "member_no": "CARD 7"}
	)
	doc.save()
	doc.reload()
	assert (doc.points_active, doc.tier or "", doc.status) == (points, "", "Active")
	assert doc.member_no == "CARD 7"


def test_two_members_never_share_a_number():
	program = make_program()
	doc = frappe.get_doc(MEMBERSHIP, enrol(make_customer(), program))
	doc.update({"member_no": "CARD 8"}).save()
	other = frappe.get_doc(MEMBERSHIP, enrol(make_customer(), program))
	other.member_no = "CARD 8"
	with raises_refusal("CARD 8.* belongs to", frappe.DuplicateEntryError):
		other.save()


def test_a_membership_with_history_is_not_deleted(member):
	with raises_refusal("history of points, which is never deleted", frappe.LinkExistsError):
		frappe.delete_doc(MEMBERSHIP, member)
	with raises_refusal("history of points, which is never deleted", frappe.LinkExistsError):
		frappe.delete_doc(MEMBERSHIP, member, force=True)


def test_a_membership_knows_where_to_reach_its_customer():
	customer = make_customer(make_program())
	doc = frappe.get_doc(MEMBERSHIP, membership_of(customer))
	assert not doc.customer_email
	frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "Fang",
			"email_ids": [{"email_id": "fang@ccms.test", "is_primary": 1}],
			"phone_nos": [{"phone": "13800138000", "is_primary_mobile_no": 1}],
			"links": [{"link_doctype": "Customer", "link_name": customer.name}],
		}
	).insert()
	assert (doc.customer_email, doc.customer_mobile) == ("fang@ccms.test", "13800138000")
	frappe.db.set_value("Customer", customer.name, "email_id", "shop@ccms.test")
	assert doc.as_dict().customer_email == "shop@ccms.test"


# --- the workspace -----------------------------------------------------------------------------------------------------


def card(method: str, **filters) -> float:
	return frappe.get_attr(f"ccms_app.api.workspace.{method}")({"company": COMPANY, **filters})["value"]


def test_cards_count_what_the_ledger_holds():
	before = {what: card(what) for what in ("members", "points_open", "points_expiring", "points_liability")}
	program = make_program(point_value=0.5, expiry_model="Rolling", expiry_months=1)
	customer = make_customer(program)
	make_sales_invoice(customer, rate=100, posting_date=add_days(nowdate(), -20))
	make_sales_invoice(customer, rate=60)
	after = {what: card(what) - before[what] for what in before}
	in_thirty_days = 160 if getdate(add_months(nowdate(), 1)) <= getdate(add_days(nowdate(), 30)) else 100
	assert after == {
		"members": 1,
		"points_open": 160,
		"points_expiring": in_thirty_days,
		"points_liability": pytest.approx(80),
	}


def test_points_that_idleness_would_end_soon_count_as_expiring():
	before = card("points_expiring")
	program = make_program(expiry_model="Inactivity", expiry_months=1)
	make_sales_invoice(make_customer(program), rate=70, posting_date=add_days(nowdate(), -20))
	assert card("points_expiring") - before == 70


def test_the_chart_nets_returns_and_cancelled_sales():
	from ccms_app.api.workspace import earned_and_used

	def this_month():
		chart = earned_and_used({"company": COMPANY})
		return [series["values"][-1] for series in chart["datasets"]]

	earned, used = this_month()
	customer = make_customer(make_program())
	make_sales_invoice(customer, rate=200)
	sale = make_sales_invoice(customer, rate=100, ccms_redeem_points=40)  # earns 96, as a point pays .1
	assert this_month() == [earned + 296, used + 40]
	back = make_return(sale)
	assert this_month() == [earned + 200, used]
	back.cancel()
	assert this_month() == [earned + 296, used + 40]
	sale.reload().cancel()
	assert this_month() == [earned + 200, used]


def test_members_stand_in_the_order_of_their_tiers():
	from ccms_app.api.workspace import members_by_tier

	program = make_program(company=ABROAD, tiers=make_tiers(Zinc=0, Amber=100))
	customer = make_customer(program)
	make_sales_invoice(customer, company=ABROAD, rate=150, currency="USD")
	make_customer(program)
	make_customer(make_program(company=ABROAD))
	chart = members_by_tier({"company": ABROAD, "program": program.name})
	assert (chart["labels"], chart["datasets"][0]["values"]) == (["Zinc", "Amber"], [1, 1])


def test_of_many_programs_the_largest_are_drawn_and_the_rest_together():
	from ccms_app.api.workspace import MOST_BARS, members_by_tier
	from ccms_app.loyalty.store import company_figures

	programs = [make_program(company=ABROAD) for _each in range(MOST_BARS + 2)]
	for program in (*programs, programs[-1], programs[-1]):
		make_customer(program)
	chart = members_by_tier({"company": ABROAD})
	counted = dict(zip(chart["labels"], chart["datasets"][0]["values"], strict=True))
	assert len(counted) == MOST_BARS + 1 and list(counted)[-1] == "Other Programs"
	assert counted[f"{programs[-1].name}: No Tier"] == 3, "the largest is there"
	whole = company_figures.by_tier(ABROAD)
	assert sum(counted.values()) == sum(members for _program, _tier, members in whole)
	kept, rest = company_figures.largest([("A", "1", 5), ("A", "2", 4), ("B", "", 1), ("C", "", 7)], 2)
	assert kept == [("A", "1", 5), ("A", "2", 4)]
	assert rest == [("B", "", 1), ("C", "", 7)]


@pytest.mark.parametrize(
	"method",
	["members", "points_open", "points_expiring", "points_liability", "earned_and_used", "members_by_tier"],
)
def test_figures_ask_for_permission(as_user, method):
	call = frappe.get_attr(f"ccms_app.api.workspace.{method}")
	with as_user("Guest"), pytest.raises(frappe.PermissionError):
		call()
	with as_user(world.ANALYST):
		call({"company": COMPANY})


def test_figures_keep_to_the_companies_a_user_may_see(as_user):
	make_customer(make_program())
	frappe.permissions.add_user_permission("Company", ABROAD, world.ANALYST)
	with as_user(world.ANALYST):
		from ccms_app.loyalty.store.company_figures import company_in_view

		assert company_in_view(COMPANY) == ABROAD


def test_a_tier_that_members_hold_keeps_its_name():
	program = make_program(tiers=make_tiers(Base=0, Silver=100, Gold=1000))
	customer = make_customer(program)
	make_sales_invoice(customer, rate=1200)
	program.reload().tiers[2].tier_name = "Platinum"
	with pytest.raises(frappe.ValidationError, match=r"Gold.* has members .1., so it keeps its name"):
		program.save()
	program.reload().set("tiers", program.tiers[:2])
	with pytest.raises(frappe.ValidationError, match="so it keeps its name"):
		program.save()
	program.reload().tiers[1].tier_name = "Argent"
	program.save()  # nobody is in it


@pytest.mark.parametrize(
	("field", "fields"),
	[
		("restore_grace_days", {}),
		("pending_days", {}),
		("tier_grace_days", {}),
		("expiry_months", {"expiry_model": "Rolling"}),
	],
)
def test_no_number_of_days_leads_past_the_last_date(field, fields):
	with raises_refusal("at most"):
		make_program(**{**fields, field: 10**7})


def test_the_cards_leave_out_what_has_lapsed_before_the_night():
	from ccms_app.loyalty.store import company_figures

	customer = make_customer(make_program(expiry_model="Rolling", expiry_months=1))
	before = company_figures.open_points(COMPANY), company_figures.liability(COMPANY)
	with at(day(-60)):
		set_balance(membership_of(customer), 777)
	assert (company_figures.open_points(COMPANY), company_figures.liability(COMPANY)) == before
