"""A company for tests that score: empty when a test begins, its sales, and score runs of it. What they write is committed."""

from __future__ import annotations

from datetime import date

import frappe
from frappe.utils import add_days, getdate, nowdate

from ccms_app.behaviour.store import files
from ccms_app.scoring.store import pipeline, runs

from .factories import make_customer, make_sales_invoice
from .world import TEA, ensure

PROFILE, SCORE, RUN, CHANGE, EVENT = (
	"CCMS Customer Profile",
	"CCMS Customer Score",
	"CCMS Score Run",
	"CCMS Stage Change",
	"CCMS Customer Event",
)


def ago(days: int) -> date:
	return getdate(add_days(nowdate(), -days))


VOUCHERS = ("Sales Invoice", "GL Entry", "Payment Ledger Entry", "Issue")
NAME, ABBR = "CCMS Scored Shop", "CSS"


class Shop:
	"""A company that sells tea. There are two, which tests share one after the other."""

	def __init__(self, number: int = 1) -> None:
		values = {"default_currency": "CNY", "country": "China", "chart_of_accounts": "Standard"}
		self.name = ensure("Company", {"company_name": f"{NAME} {number}"}, abbr=f"{ABBR}{number}", **values)
		self.center = frappe.db.get_value("Company", self.name, "cost_center")
		frappe.db.commit()
		self.empty()

	def sell(self, customer=None, days: int = 1, rate: float = 100, qty: float = 1, **fields):
		"""A submitted Sales Invoice of so many days ago."""
		item = {"item_code": TEA, "qty": qty, "rate": rate, "cost_center": self.center}
		fields.setdefault("posting_date", ago(days))
		return make_sales_invoice(customer or make_customer(), company=self.name, items=[item], **fields)

	def buyers(self, *histories: list[int]) -> list:
		"""A customer for each list of days ago."""
		found = []
		for days in histories:
			customer = make_customer()
			for number in sorted(days, reverse=True):
				self.sell(customer, number)
			found.append(customer)
		frappe.db.commit()
		return found

	def new_run(self, ahead: int = 0, full: bool = False) -> str:
		"""A queued run, as of so many days from now."""
		name = runs.new(self.name, full)
		frappe.db.set_value(RUN, name, "data_cut", getdate(add_days(nowdate(), ahead)))
		frappe.db.commit()
		return name

	def score(self, ahead: int = 0, full: bool = False):
		"""Carry out a run; returns its document, completed."""
		name = self.new_run(ahead, full)
		pipeline.run(name)
		doc = frappe.get_doc(RUN, name)
		assert doc.status == "Completed", doc.message
		return doc

	def profile(self, customer):
		fields = "*"
		return frappe.db.get_value(
			PROFILE, {"customer": customer.name, "company": self.name}, fields, as_dict=True
		)

	def row(self, customer, run: str | None = None):
		"""The published score of a customer."""
		run = run or runs.published(self.name)
		return frappe.db.get_value(SCORE, {"customer": customer.name, "score_run": run}, "*", as_dict=True)

	def changes(self, customer) -> list:
		return frappe.get_all(
			CHANGE,
			filters={"customer": customer.name, "company": self.name},
			fields=["from_stage", "to_stage", "cause", "is_won_back", "score_run", "voucher_no", "evidence"],
			order_by="creation",
		)

	def empty(self) -> None:
		"""As if nothing had ever been sold or scored."""
		frappe.db.rollback()
		if invoices := frappe.get_all("Sales Invoice", {"company": self.name}, pluck="name"):
			for child in ("Sales Invoice Item", "Payment Schedule"):
				frappe.db.delete(child, {"parent": ["in", invoices]})
		for doctype in (*VOUCHERS, SCORE, PROFILE, CHANGE, EVENT, RUN, "CCMS Dirty Month"):
			frappe.db.delete(doctype, {"company": self.name})
		frappe.db.commit()
		files.forget(self.name)
