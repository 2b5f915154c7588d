"""CCMS Settings as the plain `behaviour.settings.Settings` of one company."""

from __future__ import annotations

from dataclasses import fields

import frappe
from frappe import _
from frappe.utils import cint, flt

from ccms_app.behaviour.settings import RFM_GROUPS, Settings

DOCTYPE = "CCMS Settings"
# 0 stands for the usual value: an empty field of a form is 0
NUMBERS = (
	"rfm_days",
	"default_cycle",
	"at_risk_ratio",
	"lost_ratio",
	"lost_days",
	"loyal_orders",
	"active_days",
	"horizon",
	"max_order_days_a_year",
	"max_invoices_a_day",
	"price_lines",
)
WHOLE = {field.name for field in fields(Settings) if field.type == "int"}
EDGES = {"r": "rfm_recency_edges", "f": "rfm_frequency_edges", "m": "rfm_monetary_edges"}
BRANCHES = {
	"Cost Center": "cost_center",
	"POS Profile": "pos_profile",
	"Warehouse": "warehouse",
	"Territory": "territory",
}


def read(customer: str | None = None) -> Settings:
	"""What a manager has set, with the customers who are never, or always, counted: those of the site, or the one named."""
	doc = frappe.get_cached_doc(DOCTYPE)
	usual = Settings()
	found: dict[str, object] = {}
	for name in NUMBERS:
		value = cint(doc.get(name)) if name in WHOLE else flt(doc.get(name))
		found[name] = value or getattr(usual, name)
	if doc.rfm_groups:
		found["rfm_groups"] = {
			**RFM_GROUPS,
			**{(row.recency_score, row.fm_score): row.group_name for row in doc.rfm_groups},
		}
	if all(doc.get(field) for field in EDGES.values()):
		found["rfm_edges"] = {score: tuple(edges_of(doc.get(field))) for score, field in EDGES.items()}
	if doc.value_bands:
		found["value_bands"] = tuple(flt(row.share) for row in doc.value_bands)
		found["value_band_names"] = tuple(row.band_name for row in doc.value_bands)
	if points := flt(doc.price_points):
		found["price_edges"] = (-points / 100, points / 100)
	if doc.complaint_types:
		found["complaint_types"] = frozenset(row.issue_type for row in doc.complaint_types)
	if customer:
		kept = frappe.get_cached_value("Customer", customer, "ccms_keep_in_figures")
		found["anonymous"] = frozenset([customer] if is_anonymous(customer) else [])
		found["overruled"] = frozenset([customer] if kept else [])
	else:
		found["anonymous"] = anonymous()
		kept = frappe.get_all("Customer", filters={"ccms_keep_in_figures": 1}, pluck="name")
		found["overruled"] = frozenset(kept)
	return Settings(
		**found,
		branch_source=_branch(doc),
		cost_per_ticket=flt(doc.cost_per_ticket),
		acquisition_costs={row.source: flt(row.cost) for row in doc.acquisition_costs},
	)


def anonymous() -> frozenset[str]:
	"""Customers whom no figure is about: who stand for many people, and who must not be profiled."""
	return stand_for_many() | frozenset(not_profiled())


def stand_for_many() -> frozenset[str]:
	"""The default customer of any POS Profile, and those ticked so."""
	tills = frappe.get_all("POS Profile", filters={"customer": ["is", "set"]}, pluck="customer")
	ticked = frappe.get_all("Customer", filters={"ccms_anonymous": 1}, pluck="name")
	return frozenset([*tills, *ticked])


def not_profiled(customer: str | None = None) -> dict[str, str]:
	"""Customers who must not be profiled, and why: whoever the hook `ccms_not_profiled` names is asked, of one customer or
	of all."""
	found: dict[str, str] = {}
	for path in frappe.get_hooks("ccms_not_profiled"):
		found |= frappe.get_attr(path)([customer] if customer else None)
	return found


def is_anonymous(customer: str) -> bool:
	"""The same for one customer, by index."""
	return bool(
		frappe.get_cached_value("Customer", customer, "ccms_anonymous")
		or frappe.db.exists("POS Profile", {"customer": customer})
		or not_profiled(customer)
	)


def edges_of(text: str) -> list[float]:
	"""Four ascending numbers out of a text such as "30, 90, 180, 365".

	Raises:
		ValueError: they are not four, not numbers, or do not ascend.
	"""
	edges = [float(part) for part in text.replace(";", ",").split(",") if part.strip()]
	if len(edges) != 4 or sorted(set(edges)) != edges:
		raise ValueError(text)
	return edges


def _branch(doc) -> str:
	if doc.branch_source == "Accounting Dimension":
		return (
			frappe.get_cached_value("Accounting Dimension", doc.branch_dimension, "fieldname")
			or "cost_center"
		)
	return BRANCHES.get(doc.branch_source, "cost_center")


def check(doc) -> None:
	"""Refuse settings that cannot be, with everything that is wrong at once."""
	mistakes = []
	given = [field for field in EDGES.values() if doc.get(field)]
	for field in given:
		try:
			edges_of(doc.get(field))
		except ValueError:
			mistakes.append(
				_("{0} must be four ascending numbers, such as 30, 90, 180, 365.").format(
					_(doc.meta.get_label(field))
				)
			)
	if given and len(given) < len(EDGES):
		mistakes.append(_("Set the edges of recency, frequency and revenue together, or none of them."))
	if doc.at_risk_ratio and doc.lost_ratio and flt(doc.lost_ratio) <= flt(doc.at_risk_ratio):
		mistakes.append(
			_("A customer must be At Risk before being Lost: Lost After Cycles must be the larger number.")
		)
	if doc.value_bands and abs(sum(flt(row.share) for row in doc.value_bands) - 100) > 0.01:
		mistakes.append(_("The value bands must add up to 100 percent of the customers."))
	pairs = [(row.recency_score, row.fm_score) for row in doc.rfm_groups]
	if any(not (1 <= r <= 5 and 1 <= fm <= 5) for r, fm in pairs):
		mistakes.append(_("R and FM of an RFM group lie between 1 and 5."))
	if len(set(pairs)) < len(pairs):
		mistakes.append(_("Each pair of R and FM may stand only once among the RFM groups."))
	for table, field in (("acquisition_costs", "source"), ("value_bands", "band_name")):
		values = [row.get(field) for row in doc.get(table)]
		if len(set(values)) < len(values):
			mistakes.append(_("{0}: each row must be different.").format(_(doc.meta.get_label(table))))
	if mistakes:
		frappe.throw("<br>".join(mistakes), title=_("Behaviour"))
