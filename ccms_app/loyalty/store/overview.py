"""What people are shown about a membership: balance, preview of a sale, points of a document, the Customer tab."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import frappe
from frappe import _
from frappe.utils import add_days, cint, getdate, nowdate, strip_html

from ccms_app.desk import permitted
from ccms_app.loyalty import money, redemption, tiers
from ccms_app.loyalty.model import EARN, ONE, ZERO, Program
from ccms_app.loyalty.money import dec

from . import balances, credit_notes, invoices, members, points_row, programs, refusals

WARN_DAYS = 30
FIRST_DAY = date(1900, 1, 1)


def warning_days() -> int:
	"""How many days before expiry members are told."""
	return cint(frappe.db.get_single_value("CCMS Settings", "expiry_warning_days")) or WARN_DAYS


def balance(membership: str, on=None) -> dict:
	"""A membership's balance for people and for the API; `on` is a posting date."""
	today = getdate(nowdate())
	day = getdate(on) if on else today
	if day is None or day < FIRST_DAY:  # Frappe reads the year 1 as no date
		frappe.throw(_("{0} is too long ago: choose a later date.").format(frappe.bold(on)))
	found = balances.now(membership) if day >= today and not on else balances.on_date(membership, day)
	known = found if day == today else None
	return as_dict(found) | {"expiring": balances.expiring(membership, known=known) if day >= today else []}


def as_dict(found: balances.Balance) -> dict:
	"""A balance as plain numbers."""
	return {
		"membership": found.membership,
		"program": found.program.name,
		"company": found.program.company,
		"member_no": found.member_no,
		"status": found.status,
		"tier": found.tier,
		"tier_since": found.tier_since,
		"tier_until": found.tier_until,
		"qualifying_value": float(found.qualifying_value),
		"active": float(found.active),
		"pending": float(found.pending),
		"held": float(found.held),
		"arrears": float(found.arrears),
		"spendable": float(found.spendable),
		"value": float(found.value),
		"point_value": float(found.program.point_value),
		"currency": frappe.get_cached_value("Company", found.program.company, "default_currency"),
		"next_tier": found.next_tier,
	}


def preview(doc) -> dict:
	"""What an unsaved invoice would earn and could spend. Saves nothing."""
	if not invoices.counts(doc):
		return {"member": False, "applies": False}
	if doc.get("is_return"):
		return _preview_return(doc)
	invoices.read_typed_numbers(doc)
	typed = dec(doc.get("ccms_redeem_points"))
	membership = invoices.membership_of(doc)
	result = {
		"applies": True,
		"is_return": False,
		"member": bool(membership),
		"membership": membership,
		"redeem_points": float(typed),
		"error": None,
		"own_program_warning": bool(doc.get("loyalty_program")),
	}
	if not membership:
		found = (
			[]
			if members.is_walk_in(doc.customer)
			else programs.of_company(doc.company, invoices.posting_day(doc))
		)
		return result | {
			"enrolable": [program.name for program in found],
			"error": _("Enrol the customer before using points.") if typed else None,
		}
	doc.ccms_membership = membership
	known = balances.now(membership)
	program = known.program
	quote = None
	if doc.get("items"):
		doc.ccms_redeem_points = 0
		doc.ccms_redeem_amount = 0
		points_row.clean(doc)
		points_row.settle_totals(doc)
		total = points_row.total_before_points(doc)
		day, today = invoices.posting_day(doc), getdate(nowdate())
		can = balances.spendable_on_both(membership, day, today)
		most = redemption.most_points(program, total, can)
		if known.status != "Active" or not program.runs_on(day) or program.company != doc.company:
			most = ZERO
		result["amount_due"] = doc.get("rounded_total") or doc.grand_total
		result["total_before_points"] = doc.grand_total
		if typed:
			quote, _program = invoices.quote_redemption(doc, typed)
			if quote.refusal:
				result["error"] = strip_html(refusals.explain(quote.refusal, doc))
			else:
				points_row.keep_percentage(doc)
				paid = points_row.append(
					doc, program, points_row.in_currency(doc, quote.amount), _("Paid with points")
				)
				doc.calculate_taxes_and_totals()
				result["redeem_amount"] = float(paid)
				result["amount_due"] = doc.get("rounded_total") or doc.grand_total
		earn = invoices.expected_points(doc, program, known.tier, known.status)
		base = _base_points(doc, program) if earn else ZERO
		result |= {
			"max_points": float(most),
			"earn_points": float(earn),
			"base_points": float(base),
			"tier_points": float(earn - base),
		}
	soon = balances.expiring(
		membership, until=getdate(add_days(nowdate(), warning_days())), limit=1, known=known
	)
	customer_name = frappe.db.get_value("Customer", doc.customer, "customer_name")
	return (
		as_dict(known)
		| result
		| {
			"balance": as_dict(known),
			"customer_name": customer_name,
			"step": float(program.redeem_step),
			"minimum": float(program.min_redeem_points),
			"points_precision": program.points_precision,
			"expiring_soon": soon[0] if soon else None,
			"document_currency": doc.get("currency"),
			"memberships": _memberships(doc.customer, doc.company),
		}
	)


def _memberships(customer: str, company: str) -> list[dict]:
	return frappe.get_all(
		members.DOCTYPE,
		filters={"customer": customer, "company": company, "status": ["!=", "Left"]},
		fields=["name", "program", "member_no", "status"],
		order_by="joined_on, creation",
	)


def _base_points(doc, program: Program):
	base = invoices.sale_of(doc, program).earn_base
	return money.points_for(base, program.amount_per_point, ONE, program.points_precision, program.rounding)


def _preview_return(doc) -> dict:
	original = credit_notes.original_of(doc)
	if original and frappe.db.get_value(doc.doctype, doc.return_against, "customer") != doc.customer:
		original = None  # somebody else's: no word about their points
	result = {"applies": True, "is_return": True, "member": bool(original), "error": None}
	if original is None:
		return result
	known = balances.now(original.membership)
	doc.set_missing_values(for_validate=True)
	doc.calculate_taxes_and_totals()
	share = credit_notes.share_of(doc)
	program = known.program
	restore = clawback = ZERO

	if original.redemption is not None:
		spent = -original.redemption.points
		restore = money.part(share, spent, max(program.points_precision, money.decimals(spent)))
		restore -= _given(original.redemption.name)
		result["restore_amount"] = float(
			money.part(share, original.redemption.monetary_value, 2)
			- _given(original.redemption.name, "monetary_value")
		)
	if original.earning is not None:
		earned = original.earning.points
		clawback = money.part(share, earned, max(program.points_precision, money.decimals(earned)))
		clawback -= _given(original.earning.name)
	return (
		as_dict(known)
		| result
		| {
			"customer_name": frappe.db.get_value("Customer", doc.customer, "customer_name"),
			"share": float(share),
			"restore_points": float(max(restore, ZERO)),
			"clawback_points": float(max(clawback, ZERO)),
		}
	)


def _given(entry: str, field: str = "points"):
	rows = frappe.db.sql(
		"""select points, monetary_value from `tabCCMS Points Ledger Entry` r where reverses = %s and not exists
			(select 1 from `tabCCMS Points Ledger Entry` c where c.reverses = r.name and c.entry_type = 'Cancel')""",
		(entry,),
	)
	place = 1 if field == "monetary_value" else 0
	return abs(sum((dec(row[place]) for row in rows), ZERO))


def document_points(doctype: str, name: str) -> dict:
	"""What a submitted document did to points."""
	entries = frappe.get_all(
		"CCMS Points Ledger Entry",
		filters={"voucher_type": doctype, "voucher_no": name},
		fields=["name", "membership", "entry_type", "points", "posting_date", "monetary_value"],
		order_by="posted_on, seq",
	)

	def total(kind: str) -> float:
		return abs(sum(row.points for row in entries if row.entry_type == kind))

	return {
		"earned": total(EARN),
		"redeemed": total("Redeem"),
		"restored": total("Restore"),
		"clawed_back": total("Clawback"),
		"cancelled": any(row.entry_type == "Cancel" for row in entries),
		"entries": entries,
	}


def print_points(doc) -> dict:
	"""What a receipt says about points: earned, used, balance after, next expiry."""
	membership = doc.get("ccms_membership")
	if not membership or not invoices.counts(doc):
		return {}
	known = balances.now(members.current(membership))
	posted = document_points(doc.doctype, doc.name) if doc.docstatus else {}
	return as_dict(known) | {
		"earned": posted.get("earned", doc.get("ccms_points_expected") or 0),
		"redeemed": posted.get("redeemed", doc.get("ccms_redeem_points") or 0),
		"restored": posted.get("restored", 0),
		"clawed_back": posted.get("clawed_back", 0),
		"redeem_amount": doc.get("ccms_redeem_amount") or 0,
		"balance": float(known.spendable),
		"expiring": balances.expiring(known.membership, limit=1, known=known),
	}


def customer_overview(customer: str, sees: Callable[[str], bool] = bool) -> dict:
	"""Everything the Customer tab shows, of the memberships that the caller sees."""
	names = frappe.get_all(
		members.DOCTYPE, filters={"customer": customer}, order_by="status, joined_on, creation", pluck="name"
	)
	found = []
	for name in filter(sees, names):
		known = balances.now(name)
		found.append(
			balance(name)
			| {
				"tier_progress": tier_progress(known),
				"movements": movements(name),
				"merged_into": frappe.db.get_value(members.DOCTYPE, name, "merged_into"),
				"joined_on": frappe.db.get_value(members.DOCTYPE, name, "joined_on"),
			}
		)
	own = frappe.db.get_value("Customer", customer, "loyalty_program")
	joined = {row["program"] for row in found if row["status"] != "Left"}
	running = permitted.may_link(programs.DOCTYPE) and frappe.get_list(
		programs.DOCTYPE, filters={"enabled": 1}, pluck="name", order_by="creation"
	)
	return {
		"memberships": found,
		"own_program": own,
		"enrolable": [name for name in running or () if name not in joined],
		"has_programs": bool(frappe.db.count("CCMS Loyalty Program")),
	}


def tier_progress(known: balances.Balance) -> dict | None:
	"""How far a member is on the way to the next tier."""
	if not known.program.tiers:
		return None
	above = known.next_tier
	here = tiers.find(known.program, known.tier)
	percent = 100.0
	if above:
		low = here.threshold if here else ZERO
		span = dec(above["threshold"]) - low
		done = max(ZERO, known.qualifying_value - low)
		percent = float(min(dec(100), done * 100 / span)) if span else 0.0
	return {
		"name": known.tier,
		"since": known.tier_since,
		"until": known.tier_until,
		"value": float(known.qualifying_value),
		"basis": known.program.tier_basis,
		"next": above["name"] if above else None,
		"missing": above["missing"] if above else 0,
		"percent": percent,
		"benefits": here.benefits if here else "",
	}


def movements(membership: str, limit: int = 10) -> list[dict]:
	"""The last movements of a membership, newest first, in words."""
	rows = frappe.get_all(
		"CCMS Points Ledger Entry",
		filters={"membership": membership},
		fields=[
			"name",
			"posting_date",
			"entry_type",
			"points",
			"voucher_type",
			"voucher_no",
			"old_value",
			"new_value",
			"reason",
		],
		order_by="seq desc",
		limit=limit,
	)
	for row in rows:
		row["label"] = label(row)
	return rows


def label(row) -> str:
	"""A movement in plain words."""
	kind = row.get("entry_type")
	if kind == "Tier":
		if row.get("old_value") and row.get("old_value") != row.get("new_value"):
			return _("Tier: {0} → {1}").format(_(row["old_value"]), _(row["new_value"]))
		return _("Tier: {0}").format(_(row["new_value"]))
	if kind == "Status":
		return _("Status: {0}").format(_(row["new_value"]))
	return _(kind)
