"""What the Customer Insight workspace and dashboard show: of the company in view, of the customers the reader may see."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.query_builder import Case
from frappe.query_builder.functions import Count, Sum

from ccms_app.behaviour.lifecycle import AT_RISK, FIRST_PURCHASE, LOYAL, REPEAT

from . import cards, insight, masking, pictures, reporting

ALIVE = (FIRST_PURCHASE, REPEAT, LOYAL)
TODAY = 8
"""Rows of today's list on the workspace; the report has them all."""
WARNINGS, RFM, FUNNEL = "Churn Warnings", "RFM Segments", "Lifecycle Funnel"


def company(filters: dict | str | None) -> str:
	"""The company asked for, else the reader's own; of a reader without one the first that has scores."""
	asked = reporting.read(filters)
	if not asked.company and not frappe.defaults.get_user_default("Company"):
		asked.company = frappe.db.get_value(insight.RUN, {"is_published": 1}, "company")
	return reporting.company(asked)


class Home(insight.Insight):
	"""Figures over the published scores."""

	def count(self, *conditions: object) -> int:
		query = self.scores(Count(self.score.customer))
		for condition in conditions:
			query = query.where(condition)
		return query.run()[0][0]

	def active(self) -> int:
		"""Customers who are not away, and have ordered."""
		return self.count(self.score.stage.isin(ALIVE))

	def at_risk(self) -> int:
		return self.count(self.score.stage == AT_RISK)

	def revenue_at_risk(self) -> float:
		"""Chance of leaving × expected revenue, of everybody."""
		score = self.score
		return float(self.scores(Sum(score.churn_probability * score.expected_revenue)).run()[0][0] or 0)

	def repeat_rate(self) -> float | None:
		"""Of the customers with an order in a year: those for whom it was not the first."""
		score = self.score
		again = Case().when(score.orders >= 2, 1).else_(0)
		query = self.scores(Sum(again), Count(score.customer)).where(score.orders_365 >= 1)
		return insight.ratio(*query.run()[0])

	def groups(self) -> dict[str, int]:
		"""Customers by RFM group, the most valuable first."""
		score = self.score
		query = self.scores(score.rfm_group, Count(score.customer), Sum(score.revenue_rfm).as_("revenue"))
		query = query.where(score.rfm_group.isnotnull() & (score.rfm_group != "")).groupby(score.rfm_group)
		return {
			name: number for name, number, _revenue in query.orderby("revenue", order=frappe.qb.desc).run()
		}


def of(filters: dict | str | None) -> Home | None:
	"""The figures of the company in view; None while there are none."""
	home = Home(frappe._dict(company=company(filters)))
	try:
		home.run  # noqa: B018
	except insight.NothingYet:
		return None
	return home


# --- blocks --------------------------------------------------------------------------------------------------


def rfm_block(name: str) -> str:
	"""The RFM heat map, or what to do to have one."""
	from ccms_app.ccms_app.report.rfm_segments.rfm_segments import RFMSegments

	try:
		report = RFMSegments(frappe._dict(company=name))
		if not report.found:
			return _muted(_("Groups need at least 20 buyers."))
		return f'<div class="ccms-picture">{report.picture()}</div>'
	except insight.NothingYet as reason:
		return _muted(str(reason))


def today_block(name: str) -> str:
	"""The customers to work through today: why, who owns it, what comes next."""
	from ccms_app.ccms_app.report.churn_warnings.churn_warnings import ChurnWarnings

	try:
		report = ChurnWarnings(frappe._dict(company=name))
		report.run  # noqa: B018
	except insight.NothingYet as reason:
		return _muted(str(reason))
	rows = report.rows()
	if not rows:
		return _muted(
			_(
				"Nobody to call: no customer with something to lose is likely to leave, or all have been worked through."
			)
		)
	head = [_("Customer"), _("At Risk"), _("Risk"), _("Why"), _("Owner"), _("Next Step")]
	table = pictures.table(
		head,
		[
			(
				_who(row),
				pictures.Text(report.money(row["at_risk"]), number=True),
				pictures.Text(cards.percent_text((row["churn"] or 0) / 100), number=True),
				pictures.Text(row["reason"]),
				pictures.Text(row["owner"] or "–"),
				pictures.Text(row["next_step"] or "–"),
			)
			for row in rows[:TODAY]
		],
	)
	more = _("All {0} in the report").format(reporting.number(len(rows)))
	path = insight.report_path(WARNINGS, company=name)
	return f'{table}<p><a href="{frappe.utils.escape_html(path)}">{frappe.utils.escape_html(more)}</a></p>'


def _who(row: dict) -> pictures.Text:
	"""The customer, with the way to the warning for whoever may know persons."""
	if masking.is_masked():
		return pictures.Text(masking.name_of(row["customer"]))
	return pictures.Text(row["customer_name"] or row["customer"], f"/app/ccms-churn-warning/{row['warning']}")


def _muted(html: str) -> str:
	return f'<div class="text-muted ccms-nothing">{html}</div>'


def may_read(report: str) -> bool:
	"""Whether the reader may open a report."""
	doc = frappe.get_cached_doc("Report", report)
	return doc.is_permitted() and frappe.has_permission(doc.ref_doctype, "report")


def funnel(home: Home) -> tuple[list[str], list[int], list[int]]:
	"""Stages, customers now, and at the start of the last 30 days."""
	from ccms_app.ccms_app.report.lifecycle_funnel.lifecycle_funnel import LifecycleFunnel

	report = LifecycleFunnel(frappe._dict(company=home.company))
	stages = [row["stage"] for row in report.rows()[:-1]]
	return (
		stages,
		[report.customers(stage) for stage in stages],
		[report.before.get(stage, 0) for stage in stages],
	)
