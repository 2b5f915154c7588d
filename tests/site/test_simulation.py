"""The simulator on the company's own invoices: the same points as the live ledger, stored on a run."""

import json
from datetime import date, timedelta

import frappe
import pytest
from frappe.utils import add_days, flt, getdate, nowdate
from frappe.utils.background_jobs import get_job, get_job_status

from ccms_app.api import loyalty
from ccms_app.loyalty.store import purchases, simulation

from . import world
from .factories import (
	COMPANY,
	make_customer,
	make_pos_invoice,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
)
from .world import ANALYST, CASHIER, MANAGER, TEA, VAT

DAY = (date.today() - timedelta(days=60)).isoformat()


@pytest.fixture
def group(site):
	"""A customer group that no other test's customers are in."""
	doc = {"doctype": "Customer Group", "customer_group_name": f"Group {frappe.generate_hash(length=8)}"}
	return frappe.get_doc({**doc, "parent_customer_group": "All Customer Groups"}).insert().name


@pytest.fixture
def program(group):
	return make_program(
		auto_enroll=1,
		customer_group=group,
		tiers=make_tiers(Green=0, Black=(300, 1.5)),
		expected_redemption_percent=80,
		enabled=0,
	)


def queued(program, **stated):
	"""A run as `start` makes it."""
	return frappe.get_doc(simulation.DOCTYPE, simulation.start(program.name, **stated))


def replayed(program, **stated):
	"""A run with its result, in this transaction."""
	doc = queued(program, **{"redeem_percent": 0, **stated})
	simulation._store(doc, simulation._replay(doc, lambda percent, text: None))
	return doc.reload()


def test_a_program_that_is_switched_off_is_replayed_over_past_invoices(program, group):
	anna, ben, other = (make_customer(customer_group=name) for name in (group, group, "Individual"))
	make_sales_invoice(anna, posting_date=DAY, qty=2, taxes=VAT)
	make_sales_invoice(anna, posting_date=add_days(DAY, 1), qty=1)
	make_sales_invoice(ben, posting_date=DAY, qty=1, rate=250)
	make_sales_invoice(other, posting_date=DAY, qty=7)
	run = replayed(program, from_date=DAY, to_date=add_days(DAY, 5))

	assert (run.status, run.company, run.members, run.progress) == ("Done", COMPANY, 2, 100)
	# 200 + 100 + 250 without tax, one point each
	assert (run.points_earned, run.points_open, run.points_redeemed) == (550, 550, 0)
	assert (run.liability, run.cost) == (44, 44)
	assert run.revenue == flt(sold_on(DAY, add_days(DAY, 5)), 2)
	assert run.revenue != 0
	assert flt(run.cost_percent, 2) == flt(100 * 44 / run.revenue, 2)
	assert sum(row.earned for row in run.monthly) == 550
	tiers = json.loads(run.tiers)
	assert [(row["tier"], row["members"]) for row in tiers[-2:]] == [("Green", 1), ("Black", 1)]
	assert json.loads(run.rules)["tiers"][1] == {
		"tier_name": "Black",
		"threshold": 300.0,
		"earn_multiplier": 1.5,
	}
	# nothing else was written
	assert not frappe.db.exists("CCMS Membership", {"program": program.name})


def sold_on(first: str, last: str) -> float:
	"""The company's net sales of some days, by whomever: other tests may have left some there too."""
	dates = {"posting_date": ["between", (first, last)], "company": COMPANY, "docstatus": 1}
	invoices = frappe.get_all(
		"Sales Invoice", filters={**dates, "is_consolidated": 0, "is_debit_note": 0}, pluck="base_net_total"
	)
	return sum(invoices) + sum(frappe.get_all("POS Invoice", filters=dates, pluck="base_net_total"))


def test_gives_the_same_points_as_the_live_ledger(program, group):
	program.update({"enabled": 1, "earn_basis": "Grand Total"}).save()
	anna, ben = make_customer(customer_group=group), make_customer(customer_group=group)
	first = make_sales_invoice(anna, posting_date=DAY, items=[(TEA, 3), (world.CUP, 2, 30)], taxes=VAT)
	make_sales_invoice(
		anna, posting_date=add_days(DAY, 2), qty=1, rate=99.99, taxes=VAT, additional_discount_percentage=10
	)
	make_return(first, {TEA: 1}, posting_date=add_days(DAY, 3))
	make_pos_invoice(ben, posting_date=add_days(DAY, 1), qty=4)
	run = replayed(program, from_date=DAY, to_date=add_days(DAY, 5))

	journal = dict(
		frappe.get_all(
			"CCMS Points Ledger Entry",
			filters={"program": program.name, "points": ["!=", 0]},
			fields=["entry_type", {"SUM": "points"}]
			if frappe.__version__ >= "16"
			else ["entry_type", "sum(points)"],
			group_by="entry_type",
			as_list=True,
		)
	)
	assert journal["Earn"] == run.points_earned > 0
	assert journal["Earn"] + journal["Clawback"] == run.points_open
	tiers = dict(
		frappe.get_all(
			"CCMS Membership", filters={"program": program.name}, fields=["customer", "tier"], as_list=True
		)
	)
	held = {row["tier"]: row["members"] for row in json.loads(run.tiers)[-2:]}
	assert held == {name: list(tiers.values()).count(name) for name in ("Green", "Black")}


def test_invoices_in_which_points_paid_are_replayed_as_if_they_had_not(program, group):
	program.update({"enabled": 1, "earn_basis": "Grand Total"}).save()
	anna = make_customer(customer_group=group)
	make_sales_invoice(anna, posting_date=DAY, qty=10)
	make_sales_invoice(anna, posting_date=add_days(DAY, 1), qty=1, ccms_redeem_points=500)
	found = purchases.facts(COMPANY, getdate(DAY), getdate(add_days(DAY, 1))).lines
	assert found[found["customer"] == anna.name]["gross_amount"].tolist() == [1000, 100]


def test_which_documents_are_read(group):
	anna = make_customer(customer_group=group)
	sale = make_sales_invoice(anna, posting_date=DAY, qty=2)
	till = make_pos_invoice(anna, posting_date=DAY, qty=1)
	back = make_return(sale, 1, posting_date=DAY)
	make_sales_invoice(anna, posting_date=DAY, submit=False)
	make_sales_invoice(anna, posting_date=DAY).cancel()
	make_sales_invoice(anna, posting_date=add_days(DAY, 1))
	make_sales_invoice(anna, posting_date=DAY, is_opening="Yes", items=[opening_row()])
	found = purchases.facts(COMPANY, getdate(DAY), getdate(DAY)).lines
	found = found[found["customer"] == anna.name].set_index("invoice")
	assert set(found.index) == {sale.name, f"POS Invoice {till.name}", back.name}
	assert found.loc[back.name, "return_against"] == sale.name
	assert found["qty"].to_dict() == {sale.name: 2, f"POS Invoice {till.name}": 1, back.name: -1}
	assert purchases.facts(COMPANY, getdate("1990-01-01"), getdate("1990-12-31")) is None


def opening_row() -> dict:
	temporary = frappe.db.get_value("Account", {"company": COMPANY, "account_type": "Temporary"})
	return {"item_code": TEA, "qty": 1, "rate": 100, "income_account": temporary}


def test_the_margin_comes_from_the_cost_of_what_was_sold(program, group):
	anna = make_customer(customer_group=group)
	make_sales_invoice(
		anna,
		posting_date=DAY,
		item_code=world.BOXED_TEA,
		qty=2,
		update_stock=1,
		set_warehouse=world.account("Stores"),
	)
	found = purchases.facts(COMPANY, getdate(DAY), getdate(DAY)).lines
	# sold at 50, bought at 20
	assert found[found["customer"] == anna.name]["margin"].tolist() == [60]
	run = replayed(program, from_date=DAY, to_date=DAY)
	# 100 points worth 0.1, of which 80 % are expected: 8.00 of 60.00
	assert run.break_even_percent == flt(100 * 8 / 52, 2)
	assert replayed(program, from_date=DAY, to_date=DAY, margin_percent=40).break_even_percent == 25


@pytest.mark.parametrize(
	("stated", "message"),
	[
		({"from_date": "2026-02-01", "to_date": "2026-01-01"}, "To Date is before From Date"),
		({"redeem_percent": 120}, "Members Who Use Points must be between 0 and 100"),
		({"redeem_when_worth": -1}, "They Use Points Worth cannot be negative"),
		({"luck": 7}, "Unknown: luck"),
	],
)
def test_what_makes_no_sense_is_refused(program, stated, message):
	with pytest.raises(frappe.ValidationError, match=message):
		simulation.start(program.name, **stated)
	assert not frappe.db.exists(simulation.DOCTYPE, {"program": program.name})


def test_who_may(program, as_user):
	with as_user(MANAGER):
		name = loyalty.start_simulation(program.name)
		run = frappe.get_doc(simulation.DOCTYPE, name)
		assert (run.status, getdate(run.to_date)) == ("Queued", getdate(nowdate()))
		run.cost = 1
		with pytest.raises(frappe.PermissionError):
			run.save()
	with as_user(ANALYST):
		assert frappe.get_doc(simulation.DOCTYPE, name).check_permission("read") is None
		with pytest.raises(frappe.PermissionError):
			loyalty.start_simulation(program.name)
		with pytest.raises(frappe.PermissionError):
			run.reload().run_again()
	with as_user(CASHIER), pytest.raises(frappe.PermissionError):
		frappe.get_doc(simulation.DOCTYPE, name).check_permission("read")


def test_results_are_neither_given_nor_edited(program):
	given = {"doctype": simulation.DOCTYPE, "program": program.name, "from_date": DAY, "to_date": DAY}
	run = frappe.get_doc({**given, "status": "Done", "cost": 1, "monthly": [{"month": "2020-01"}]}).insert()
	assert (run.status, run.cost, run.monthly) == ("Queued", 0, [])
	run.cost = 1
	with pytest.raises(frappe.ValidationError, match="not edited"):
		run.save()


@pytest.mark.commits
def test_the_job_stores_the_result_and_tells_what_went_wrong(program, group):
	anna = make_customer(customer_group=group)
	invoice = make_sales_invoice(anna, posting_date=DAY, qty=2)
	runs = [
		simulation.start(program.name, DAY, DAY, redeem_percent=0),
		simulation.start(program.name, "1990-01-01", "1990-12-31"),
	]
	frappe.db.commit()
	try:
		# one job each, however often it is asked for
		for name in runs:
			simulation.enqueue(name)
			frappe.db.commit()
			job = get_job(f"ccms_simulation_{name}")
			assert str(get_job_status(f"ccms_simulation_{name}")) and job.kwargs["kwargs"] == {"name": name}
			assert job.origin.endswith("long")
			job.delete()
			simulation.run(name)
		done, empty = (frappe.get_doc(simulation.DOCTYPE, name) for name in runs)
		assert (done.status, done.points_earned, done.error or "") == ("Done", 200, "")
		assert empty.status == "Failed"
		assert f"{COMPANY} has no submitted invoices from" in empty.error
		with pytest.raises(frappe.ValidationError, match="is done"):
			done.run_again()
		empty.run_again()
		assert empty.reload().status == "Queued"
		frappe.db.rollback()
	finally:
		frappe.db.rollback()
		for name in runs:
			if job := get_job(f"ccms_simulation_{name}"):
				job.delete()
			frappe.delete_doc(simulation.DOCTYPE, name)
		frappe.delete_doc(program.doctype, program.name)
		invoice.reload().cancel()
		frappe.db.commit()
