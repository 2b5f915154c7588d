"""What customers cost beside the goods, and their complaints: out of ERPNext's Issues, the settings and the points they used.

Points belong to another domain: whoever knows them is named under `ccms_points_cost` in hooks.py.
"""

from __future__ import annotations

from datetime import date, timedelta

import frappe
import pandas as pd
from frappe.query_builder import Case
from frappe.query_builder.functions import Coalesce, Count, NullIf, Sum

from ccms_app.behaviour.settings import Settings
from ccms_app.behaviour.store import complaints

COLUMNS = ("complaints_365", "service_cost", "acquisition_cost", "points_cost")


def read(company: str, as_of: date, settings: Settings) -> pd.DataFrame:
	"""One row a customer who has any: customer and COLUMNS, in company currency. What is not known is NaN.

	A cost that nobody has set is unknown for everybody; one that is set is 0 for who caused none.
	"""
	found = _issues(company, as_of, settings).merge(_acquisition(settings), on="customer", how="outer")
	found = found.merge(_points(company, as_of), on="customer", how="outer")
	found = found.reindex(columns=["customer", *COLUMNS])
	found["complaints_365"] = found["complaints_365"].fillna(0)
	if settings.cost_per_ticket:
		found["service_cost"] = found["service_cost"].fillna(0.0)
	if found["points_cost"].notna().any():
		found["points_cost"] = found["points_cost"].fillna(0.0)
	return found


def _issues(company: str, as_of: date, settings: Settings) -> pd.DataFrame:
	"""Complaints of the last 365 days, and what all issues cost."""
	issue = frappe.qb.DocType("Issue")
	recent = issue.opening_date >= as_of - timedelta(days=365)
	if settings.complaint_types is not None:
		recent &= issue.issue_type.isin(sorted(settings.complaint_types))
	rows = (
		frappe.qb.from_(issue)
		.select(issue.customer, Sum(Case().when(recent, 1).else_(0)), Count(issue.name))
		.where((Coalesce(issue.customer, "") != "") & (issue.opening_date < as_of))
		.where(complaints.of_company(company))
		.groupby(issue.customer)
	).run()
	frame = pd.DataFrame(rows, columns=["customer", "complaints_365", "service_cost"])
	frame[["complaints_365", "service_cost"]] = frame[["complaints_365", "service_cost"]].astype(float)
	frame["service_cost"] *= settings.cost_per_ticket or float("nan")
	return frame


def _acquisition(settings: Settings) -> pd.DataFrame:
	"""The cost of the source a customer came through: said on the customer, else by the lead they were."""
	if not settings.acquisition_costs:
		return pd.DataFrame({"customer": [], "acquisition_cost": []}).astype({"customer": object})
	customer, lead = frappe.qb.DocType("Customer"), frappe.qb.DocType("Lead")
	source = Coalesce(NullIf(customer.ccms_acquisition_source, ""), lead.source)
	rows = (
		frappe.qb.from_(customer)
		.left_join(lead)
		.on(lead.name == customer.lead_name)
		.select(customer.name, source)
		.where(source.isin(sorted(settings.acquisition_costs)))
	).run()
	frame = pd.DataFrame(rows, columns=["customer", "source"])
	frame["acquisition_cost"] = frame.pop("source").map(dict(settings.acquisition_costs)).astype(float)
	return frame


def _points(company: str, as_of: date) -> pd.DataFrame:
	"""What was paid with points, net of what was given back."""
	totals: dict[str, float] = {}
	for name in frappe.get_hooks("ccms_points_cost"):
		for customer, amount in frappe.get_attr(name)(company=company, before=as_of).items():
			totals[customer] = totals.get(customer, 0.0) + float(amount)
	return pd.DataFrame({"customer": list(totals), "points_cost": list(totals.values())}).astype(
		{"customer": object, "points_cost": float}
	)
