"""What the Customer Insight workspace and dashboard ask. Permission first; each figure says where a click leads."""

from typing import Any

import frappe
from frappe import _

from ccms_app.desk import glossary as glossary_of
from ccms_app.desk import home, masking

SCORE = "CCMS Customer Score"
BEHIND = ["query-report", "Customers Behind"]
UNKNOWN = "–"
READERS = ("System Manager", "CCMS Manager", "CCMS Analyst", "Sales Manager", "Sales User")
COMPANY_CURRENCY = "Company:company:default_currency"


@frappe.whitelist()
def active(filters: dict | str | None = None) -> dict | str:
	"""Number card: customers who have ordered and are not away."""
	found = _home(filters)
	return (
		_card(masking.small(found.active()), ["query-report", home.FUNNEL], found.company)
		if found
		else UNKNOWN
	)


@frappe.whitelist()
def at_risk(filters: dict | str | None = None) -> dict | str:
	"""Number card: customers who have stayed away for longer than usual for them."""
	found = _home(filters)
	return _card(masking.small(found.at_risk()), BEHIND, found.company, stage="At Risk") if found else UNKNOWN


@frappe.whitelist()
def revenue_at_risk(filters: dict | str | None = None) -> dict | str:
	"""Number card: expected revenue × chance of leaving."""
	found = _home(filters)
	if not found:
		return UNKNOWN
	card = _card(round(found.revenue_at_risk()), BEHIND, found.company, sort_by="Revenue at Risk")
	return card | {"fieldtype": "Currency", "options": COMPANY_CURRENCY}


@frappe.whitelist()
def repeat_rate(filters: dict | str | None = None) -> dict | str:
	"""Number card: of the customers of a year, those who had ordered before."""
	found = _home(filters)
	rate = found and found.repeat_rate()
	if rate is None or not found:
		return UNKNOWN
	return _card(round(rate * 100), ["query-report", "Cohort Retention"], found.company) | {
		"fieldtype": "Percent"
	}


@frappe.whitelist()
def rfm_groups(filters: dict | str | None = None, **chart: Any) -> dict | None:
	"""Chart: customers by RFM group."""
	found = _home(filters)
	groups = found.groups() if found else {}
	if not groups:
		return None
	return {
		"labels": [_(name) for name in groups],
		"datasets": [{"name": _("Customers"), "values": [*map(masking.drawn, groups.values())]}],
	}


@frappe.whitelist()
def funnel(filters: dict | str | None = None, **chart: Any) -> dict | None:
	"""Chart: customers by stage, a month ago beside."""
	found = _home(filters)
	if not found:
		return None
	stages, now, before = home.funnel(found)
	return {
		"labels": [_(stage) for stage in stages],
		"datasets": [
			{"name": _("Now"), "values": [*map(masking.drawn, now)]},
			{"name": _("A Month Ago"), "values": [*map(masking.drawn, before)]},
		],
	}


@frappe.whitelist()
def rfm_block(company: str | None = None) -> str:
	"""Block of the workspace: the RFM heat map."""
	_may_read()
	return home.rfm_block(home.company({"company": company})) if home.may_read(home.RFM) else ""


@frappe.whitelist()
def today_block(company: str | None = None) -> str:
	"""Block of the workspace: the list to work through today."""
	_may_read()
	return home.today_block(home.company({"company": company})) if home.may_read(home.WARNINGS) else ""


def _home(filters: dict | str | None) -> home.Home | None:
	_may_read()
	return home.of(filters)


def _may_read() -> None:
	frappe.has_permission(SCORE, "report", throw=True)


def _card(value: float | str, route: list[str], company: str, **options: object) -> dict:
	return {
		"value": value,
		"fieldtype": "Data" if isinstance(value, str) else "Float",
		"precision": "0",
		"route": route,
		"route_options": {"company": company, **options},
	}


@frappe.whitelist()
def glossary() -> list[dict]:
	"""The words of the customer figures, in the reader's language."""
	frappe.only_for(READERS)
	return glossary_of.terms()
