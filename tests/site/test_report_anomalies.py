"""Purchase Anomalies: found each night, kept once, worked through by people."""

from datetime import timedelta

import frappe
import pytest
from frappe.utils import getdate

from ccms_app.api import anomalies as api
from ccms_app.behaviour.store import lake
from ccms_app.identity.store import merging, undo
from ccms_app.scoring.store import anomalies
from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import truth
from tests.site.world import ANALYST, MANAGER, SELLER

NAME = "Purchase Anomalies"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


@pytest.fixture
def listed(company) -> list[str]:
	"""The unusual orders of tonight, all new."""
	frappe.db.delete(anomalies.DOCTYPE, {"company": company})
	assert anomalies.refresh(company).new
	return frappe.get_all(
		anomalies.DOCTYPE, filters={"company": company}, pluck="name", order_by="score desc"
	)


def test_they_are_orders_of_the_last_days_that_are_there(company, listed):
	found = truth()
	for name in listed:
		doc = frappe.get_doc(anomalies.DOCTYPE, name)
		order = next(order for order in found.orders[doc.customer] if order.day == doc.day)
		assert doc.value == pytest.approx(order.value, abs=0.01)
		assert doc.day >= found.as_of - timedelta(days=anomalies.LISTED_DAYS)
		earlier = [one for one in found.orders[doc.customer] if one.day < doc.day]
		assert len(earlier) >= 5 and abs(doc.z) > 3.5
		invoice = frappe.get_doc(doc.invoice_type, doc.invoice)
		assert invoice.customer == doc.customer and getdate(invoice.posting_date) == doc.day


def test_a_second_night_changes_nothing(company, listed):
	assert anomalies.refresh(company) == anomalies.Found()
	assert len(listed) == frappe.db.count(anomalies.DOCTYPE, {"company": company})


def test_what_is_put_right_goes_and_what_was_looked_at_stays(company, listed):
	before = frappe.get_doc(anomalies.DOCTYPE, listed[0])
	for number, status in enumerate(("New", "Explained")):
		doc = frappe.copy_doc(before)
		doc.update({"day": before.day - timedelta(days=1 + number), "status": status})
		doc.flags.from_store = True
		doc.insert()
	assert anomalies.refresh(company).gone == 1
	statuses = frappe.get_all(anomalies.DOCTYPE, filters={"company": company}, pluck="status")
	assert sorted(statuses) == ["Explained", *["New"] * len(listed)]


def test_the_report_lists_and_counts(company, listed):
	report = Report(NAME, company=company)
	assert report.column("anomaly") == listed
	assert report.figures["To look at"] == str(len(listed))
	api.settle(listed[0], "Wrong", "Typed a nought too few")
	api.settle(listed[1], "Looked At")
	report = Report(NAME, company=company)
	assert report.column("anomaly") == listed[2:]
	assert "Of 1 worked through in this period 1 were wrong" in report.message
	wrong = Report(NAME, company=company, show="Wrong")
	assert wrong.column("note") == ["Typed a nought too few"] and wrong.rows[0].by == "Administrator"
	assert len(Report(NAME, company=company, show="All").rows) == len(listed)
	for name in listed[2:]:
		api.settle(name, "Explained", "A gift")
	done = Report(NAME, company=company)
	assert done.rows == [] and "Nothing to look at" in done.message


def test_nothing_was_ever_unusual(company):
	frappe.db.delete(anomalies.DOCTYPE, {"company": company})
	report = Report(NAME, company=company)
	assert report.rows == [] and "No unusual orders yet" in report.message and not report.cards


def test_what_is_found_is_not_written_by_hand(company, listed):
	doc = frappe.get_doc(anomalies.DOCTYPE, listed[0])
	for field, value in (("value", 1), ("status", "Wrong"), ("score", 0)):
		doc.reload()
		doc.set(field, value)
		with pytest.raises(frappe.PermissionError, match="not changed by hand"):
			doc.save()
	with pytest.raises(frappe.PermissionError, match="not deleted"):
		frappe.delete_doc(anomalies.DOCTYPE, doc.name)
	new = frappe.new_doc(anomalies.DOCTYPE)
	new.update({"customer": doc.customer, "company": company, "day": "2026-01-01"})
	with pytest.raises(frappe.PermissionError, match="not written by hand"):
		new.insert()
	doc.reload()
	doc.note = "I shall ask"
	doc.save()


def test_what_is_explained_says_why(company, listed):
	for status in ("Explained", "Wrong"):
		with pytest.raises(frappe.ValidationError, match="note"):
			api.settle(listed[0], status)
	with pytest.raises(frappe.ValidationError, match="must be one of"):
		api.settle(listed[0], "New", "again")


def test_who_may_settle(company, listed, as_user):
	with as_user(ANALYST):
		assert "work" not in Report(NAME, company=company).columns
		with pytest.raises(frappe.PermissionError):
			api.settle(listed[0], "Looked At")
	for user in (MANAGER, SELLER):
		with as_user(user):
			assert "work" in Report(NAME, company=company).columns
			api.settle(listed[0], "Looked At")


def test_a_customer_can_go_and_be_renamed(company, listed):
	doc = frappe.get_doc(anomalies.DOCTYPE, listed[0])
	frappe.rename_doc("Customer", doc.customer, f"{doc.customer} renamed")
	assert frappe.db.get_value(anomalies.DOCTYPE, doc.name, "customer").endswith("renamed")


def test_what_nobody_has_looked_at_stays_however_old_and_however_many(company, listed, monkeypatch):
	days = frappe.get_all(anomalies.DOCTYPE, filters={"name": ["in", listed]}, pluck="day")
	as_of = lake.open(company).as_of
	monkeypatch.setattr(anomalies, "LISTED_DAYS", (as_of - max(days)).days - 1)
	assert anomalies.refresh(company).gone == 0, "they have become older than what is listed anew"
	monkeypatch.undo()
	monkeypatch.setattr(anomalies, "MOST", 1)
	assert anomalies.refresh(company) == anomalies.Found(), "still unusual, though others are stranger"
	assert frappe.db.count(anomalies.DOCTYPE, {"company": company}) == len(listed)


@pytest.mark.parametrize("looked_at", [0, 1])
def test_merged_customers_have_one_finding_a_day(company, listed, looked_at):
	first = frappe.get_doc(anomalies.DOCTYPE, listed[0])
	other = frappe.get_all("Customer", {"name": ["!=", first.customer], "customer_group": shop.REGULARS})[
		0
	].name
	frappe.db.delete(anomalies.DOCTYPE, {"customer": other})
	second = frappe.copy_doc(first)
	second.customer = other
	anomalies._keep(second)
	found = (first, second)
	anomalies.settle(found[looked_at], "Looked At")
	merge = merging.run(other, first.customer)
	twins = {"customer": first.customer, "day": first.day}
	assert frappe.get_all(anomalies.DOCTYPE, twins, pluck="name") == [found[looked_at].name]
	undo.run(merge)
	assert {frappe.db.get_value(anomalies.DOCTYPE, one.name, "customer") for one in found} == {
		first.customer,
		other,
	}
