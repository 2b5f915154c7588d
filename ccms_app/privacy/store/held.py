"""What we hold about a customer and why, in groups that a person understands: the page for the customer."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import fmt_money

from ccms_app.privacy import requests as of

from . import exporting, portal, requests

SHOWN = 5
"""Rows of a group that the page shows; the file has all."""
LABELLED = (
	"customer_name",
	"tax_id",
	"mobile_no",
	"email_id",
	"ccms_birth_date",
	"ccms_occupation",
	"gender",
)
ASKED = {
	"copy": of.ACCESS,
	"correct": of.CORRECTION,
	"object": of.OBJECTION,
	"restrict": of.RESTRICTION,
	"erase": of.ERASURE,
}


def groups(customer: str) -> list[dict[str, Any]]:
	"""Groups of {title, why, kept, count, rows: [[label, text]], more: whether there are more than are shown}; empty ones are
	left out. Asks no permission."""
	found = exporting.collect(customer)
	described = _described()
	made = [_group(found, *one) for one in described]
	made.append(_everything_else(found, {doctype for one in described for doctype in one[3]}))
	return [group for group in made if group["count"]]


def _everything_else(found: dict, described: set[str]) -> dict[str, Any]:
	"""What no other group tells, by kind and number: nothing that is held is left unsaid."""
	counts = {doctype: len(rows) for doctype, rows in found.items() if rows and doctype not in described}
	return {
		"title": _("Everything else"),
		"why": _("It belongs to what stands above. Your copy of the data has every line of it."),
		"kept": _("As long as what it belongs to"),
		"count": sum(counts.values()),
		"rows": [(_(doctype), str(count)) for doctype, count in counts.items()],
		"more": False,
	}


def _described() -> list[tuple]:
	"""(title, why, how long, DocTypes, how a row is shown)."""
	ours = _("As long as you are our customer")
	return [
		(_("Who you are"), _("To know whom we sell to and to reach you about your orders."), ours, ("Customer",), _facts),
		(_("How we reach and recognise you"), _("To find you at the till, on the phone and in our shop."), ours, ("CCMS Identity",), lambda row: [(_(row["kind"]), _("{0} (others use it, too)").format(row["value"]) if row.get("shared") else row["value"])]),
		(_("Addresses"), _("To deliver and to write invoices."), ours, ("Address",), lambda row: [(row.get("address_title") or "", ", ".join(filter(None, (row.get("address_line1"), row.get("pincode"), row.get("city"))))) ]),
		(_("Points and membership"), _("To keep your points like money."), _("The journal stays, without your name"), ("CCMS Membership",), lambda row: [(row.get("member_no", ""), _("{0} points").format(f"{row.get('points_active', 0):g}"))]),
		(_("Purchases"), _("The law asks us to keep invoices."), _("As long as the law asks, usually ten years"), ("Sales Invoice", "POS Invoice", "Sales Order", "Quotation", "Delivery Note"), lambda row: [(str(row.get("posting_date") or row.get("transaction_date") or ""), fmt_money(row.get("grand_total") or 0, currency=row.get("currency")))]),
		(_("What happened between us"), _("To answer you knowing what was said before, and to see what works in our shop."), _("Usually 400 days"), ("CCMS Customer Interaction", "Communication", "Issue", "Call Log"), lambda row: [(str(row.get("occurred_at") or row.get("communication_date") or "")[:16], _(row.get("interaction_type") or row.get("communication_type") or "") or row.get("subject", ""))]),
		(_("What we work out from your purchases"), _("To offer what suits you. You can object."), _("Computed anew each night; gone when you object"), ("CCMS Customer Profile", "CCMS Customer Score", "CCMS Segment Member", "CCMS Stage Change", "CCMS Churn Warning"), lambda row: [(_("Stage"), _(row.get("stage") or row.get("to_stage") or "")) if row.get("stage") or row.get("to_stage") else (str(row.get("creation", ""))[:10], row.get("segment") or "")]),
		(_("What you agreed to or refused"), _("To prove that we may, and to keep to it."), _("A refusal is kept as a code even after erasure"), ("CCMS Consent",), lambda row: [(_(row.get("purpose", "")), _(row.get("state", "")))]),
		(_("Who looked at your data"), _("So that nobody looks without a reason."), _("Two years"), ("CCMS Access Log",), lambda row: [(str(row.get("accessed_at", ""))[:16], _(row.get("action", "")))]),
		(_("Your requests"), _("To prove that we answered."), _("As long as the law asks"), ("CCMS Privacy Request",), lambda row: [(_(row.get("request_type", "")), f"{_(row.get('status', ''))} ({row.get('received_on', '')})")]),
	]  # fmt: skip


def _group(found: dict, title: str, why: str, kept: str, doctypes: tuple, show) -> dict[str, Any]:
	rows = [row for doctype in doctypes for row in found.get(doctype, [])]
	newest = rows[:SHOWN] if doctypes == ("Customer",) else rows[-SHOWN:][::-1]
	shown = [pair for row in newest for pair in show(row) if pair[1]]
	more = len(rows) > len(newest)
	return {"title": title, "why": why, "kept": kept, "count": len(rows), "rows": shown, "more": more}


def _facts(row: dict) -> list[tuple[str, str]]:
	meta = frappe.get_meta("Customer")
	return [
		(_(meta.get_label(name)), _(row[name]) if name == "gender" else str(row[name]))
		for name in LABELLED
		if row.get(name)
	]


def ask(user: str, customer: str, what: str) -> str:
	"""A logged-in customer asks for something; the same twice is one request. Returns the request.

	Raises:
		frappe.PermissionError: not this user's customer, or nothing that can be asked for here.
	"""
	if customer not in portal.customers_of(user) or what not in ASKED:
		frappe.throw(_("You cannot ask for this."), frappe.PermissionError)
	same = {"customer": customer, "request_type": ASKED[what], "status": ["in", of.UNSETTLED]}
	if name := frappe.db.exists(requests.DOCTYPE, same):
		return name
	doc = frappe.get_doc(
		{
			"doctype": requests.DOCTYPE,
			"customer": customer,
			"company": requests.strictest(customer),  # else Frappe fills in the site's default
			"request_type": ASKED[what],
			"identity_checked": 1,
			"checked_how": "Logged In",
		}
	)
	return doc.insert(ignore_permissions=True).name
