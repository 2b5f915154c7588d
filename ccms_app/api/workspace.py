"""What the Loyalty workspace shows. Each card says where a click leads.

Frappe shows a card to whoever reads its document type. An analyst reads no rows of members but may count them: the cards name a
type that all of the desk read, and each method asks for the right to report on what it counts.
"""

import frappe
from frappe import _
from frappe.utils import formatdate, getdate, nowdate

from ccms_app.desk import masking, reporting
from ccms_app.loyalty.store import company_figures as figures

EXPIRY_DAYS = 30
MOST_BARS = 12
"""So many names can be read under the bars of a chart."""
COMPANY_CURRENCY = "Company:company:default_currency"


@frappe.whitelist()
def members(filters: dict | str | None = None) -> dict:
	"""Number card: members who have not left."""
	company = _company(filters, "CCMS Membership")
	return {
		"value": masking.small(figures.members(company)),
		"fieldtype": "Float",
		**_members_of(company),
	}


def _members_of(company: str | None) -> dict:
	"""The way to the members, or to their number by tier for who may not list them."""
	if not frappe.has_permission("CCMS Membership"):
		return {"route": ["query-report", "Tier Movements"], "route_options": {"company": company}}
	listed = {"company": company, "status": ["in", "Active,Frozen"]}
	return {"route": ["List", "CCMS Membership"], "route_options": listed}


@frappe.whitelist()
def points_open(filters: dict | str | None = None) -> dict:
	"""Number card: points the company owes."""
	company = _company(filters, "CCMS Points Lot")
	return {
		"value": round(figures.open_points(company)),
		"fieldtype": "Float",
		"route": ["query-report", "Points Liability"],
		"route_options": {"company": company},
	}


@frappe.whitelist()
def points_expiring(filters: dict | str | None = None) -> dict:
	"""Number card: points that expire within 30 days."""
	company = _company(filters, "CCMS Points Lot")
	return {
		"value": round(figures.expiring_points(company, EXPIRY_DAYS, getdate(nowdate()))),
		"fieldtype": "Float",
		"route": ["query-report", "Expiring Points"],
		"route_options": {"company": company},
	}


@frappe.whitelist()
def points_liability(filters: dict | str | None = None) -> dict:
	"""Number card: what the open points are worth."""
	company = _company(filters, "CCMS Points Lot")
	return {
		"value": figures.liability(company),
		"fieldtype": "Currency",
		"options": COMPANY_CURRENCY,
		"route": ["query-report", "Points Liability"],
		"route_options": {"company": company},
	}


@frappe.whitelist()
def earned_and_used(filters: dict | str | None = None, **chart) -> dict:
	"""Chart: points earned against points used, by month."""
	months = figures.by_month(_company(filters, "CCMS Points Ledger Entry"), getdate(nowdate()))
	return {
		"labels": [formatdate(month, "MMM") for month, _earned, _used in months],
		"datasets": [
			{"name": _("Earned"), "values": [earned for _month, earned, _used in months]},
			{"name": _("Used"), "values": [used for _month, _earned, used in months]},
		],
	}


@frappe.whitelist()
def members_by_tier(filters: dict | str | None = None, **chart) -> dict | None:
	"""Chart: members of each tier, tiers in their own order; of one program, or of the largest ones and all others together."""
	company = _company(filters, "CCMS Membership")
	rows = figures.by_tier(company, reporting.read(filters).program)
	if not rows:
		return None
	rows, others = figures.largest(rows, MOST_BARS)
	several = bool(others) or len({program for program, _tier, _members in rows}) > 1
	bars = [
		(f"{program}: {tier or _('No Tier')}" if several else tier or _("No Tier"), members)
		for program, tier, members in rows
	]
	if others:
		bars.append((_("Other Programs"), sum(members for _program, _tier, members in others)))
	return {
		"labels": [label for label, _members in bars],
		"datasets": [{"name": _("Members"), "values": [masking.drawn(members) for _label, members in bars]}],
	}


def _company(filters: dict | str | None, doctype: str) -> str | None:
	"""Permission first, then the company the figures are about."""
	frappe.has_permission(doctype, "report", throw=True)
	return figures.company_in_view(reporting.read(filters).company)
