"""What the Customer form tells of a customer's behaviour: sentences with their figures, and what each rests on.

Last order, orders, revenue and stage are those of the profile, as new as the last invoice; the rest are of the published
scores and the facts they came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import add_months, flt, getdate, nowdate

from ccms_app.behaviour.store.settings import not_profiled

from . import cards, insight, permitted, reporting
from .words import hours, month_of_year, weekday

if TYPE_CHECKING:
	import pandas as pd

	from ccms_app.behaviour.store.lake import Lake

PROFILE, SCORE, RUN = "CCMS Customer Profile", "CCMS Customer Score", "CCMS Score Run"
ORDERS_FOR_HABITS = 4
"""With fewer orders a usual gap, day or hour would be chance."""
LIKES = 3
YEAR = 365


@dataclass(frozen=True)
class Fact:
	"""One figure.

	words: a sentence with {0}, {1}, … for its values. basis: what it rests on, on hover. tone: "", "good", "warn", "bad" or
	"muted". href: where a click leads. notes: lines beneath.
	"""

	name: str
	words: str
	values: tuple[str, ...] = ()
	basis: str = ""
	tone: str = ""
	href: str = ""
	notes: tuple[str, ...] = ()


def behaviour(customer: str) -> dict[str, Any]:
	"""Everything the tab shows of a customer whom the user may see: one entry a company that they buy from.

	Returns: companies (each with company, currency, lines of facts, spending, basis), and for whoever has none: message.
	"""
	profile = DocType(PROFILE)
	query = frappe.qb.from_(profile).select(profile.star).where(profile.customer == customer)
	rows = permitted.restrict(query, PROFILE).orderby(profile.revenue, order=frappe.qb.desc).run(as_dict=True)
	found = [CustomerBehaviour(row).shown() for row in rows]
	return {"companies": found, "message": "" if found else _nothing(customer)}


NOT_PROFILED = {
	"restricted": lambda: _("Processing is restricted: in no scores, segments and recommendations."),
	"objected": lambda: _("Does not want to be profiled: in no scores, segments and recommendations."),
	"child": lambda: _(
		"Under 14, and no guardian has consented: in no scores, segments and recommendations."
	),
}


def _nothing(customer: str) -> str:
	if frappe.get_cached_value("Customer", customer, "ccms_anonymous"):
		return _("Stands for many people, and is in no figures about customers.")
	if reason := not_profiled(customer).get(customer):
		return NOT_PROFILED[reason]()
	if frappe.db.exists("CCMS Left Out Customer", {"customer": customer}):
		return _("Buys as often as only a walk-in customer does: left out of all figures about customers.")
	if frappe.db.exists(PROFILE, {"customer": customer}):
		return _("No orders that you may see.")
	return _("No orders yet: the first invoice starts the picture.")


class CustomerBehaviour:
	"""One customer in one company."""

	def __init__(self, profile: frappe._dict):
		self.profile = profile
		self.customer, self.company = profile.customer, profile.company
		self.currency = profile.currency or reporting.currency_of(self.company)

	# --- where figures come from -----------------------------------------------------------------------------
	@cached_property
	def run(self) -> frappe._dict | None:
		from ccms_app.scoring.store import runs

		name = runs.published(self.company)
		return frappe.get_cached_doc(RUN, name) if name else None

	@cached_property
	def score(self) -> frappe._dict:
		"""The customer's row of the published run; empty when there is none, or none that the user may see."""
		if not self.run:
			return frappe._dict()
		score = DocType(SCORE)
		query = frappe.qb.from_(score).select(score.star)
		query = query.where((score.score_run == self.run.name) & (score.customer == self.customer))
		rows = permitted.restrict(query, SCORE).run(as_dict=True)
		return rows[0] if rows else frappe._dict()

	@cached_property
	def lake(self) -> Lake | None:
		from ccms_app.behaviour.store import lake

		try:
			return lake.open(self.company)
		except lake.Empty:
			return None

	@cached_property
	def order_days(self) -> list[date]:
		"""Days of the orders that the scores know."""
		if not self.lake:
			return []
		orders = self.lake.orders
		days = self.lake.engine.frame(
			orders.filter(orders.customer == self.customer).select("day").order_by("day")
		)
		return [day.date() for day in days["day"]]

	@cached_property
	def _auc(self) -> tuple[float, date] | None:
		"""How well the published model of leaving told leavers from stayers, and on which day it was tried."""
		for metric in self.run.metrics if self.run else ():
			if (metric.target, metric.role, metric.metric) == ("churn", "champion", "auc") and metric.value:
				return metric.value, getdate(metric.cut_off)
		return None

	# --- words -----------------------------------------------------------------------------------------------
	def money(self, value: float | None) -> str:
		return cards.money_text(flt(value), self.currency)

	@property
	def orders_basis(self) -> str:
		"""From how many orders, and since when."""
		if not self.profile.orders:
			return ""
		since = reporting.month_label(f"{self.profile.first_order:%Y-%m}")
		if self.profile.orders == 1:
			return _("from one order, in {0}").format(since)
		return _("from {0} orders since {1}").format(self.profile.orders, since)

	def too_few(self, name: str, words: str, needed: int = ORDERS_FOR_HABITS) -> Fact:
		"""What is not said yet, and how many orders it still takes."""
		return Fact(
			name,
			words,
			(_("not enough orders yet ({0} of {1})").format(self.profile.orders, needed),),
			self.orders_basis,
			tone="muted",
		)

	def list_of(self, **cell: object) -> str:
		return insight.report_path("Customers Behind", company=self.company, **cell)

	# --- the three lines -------------------------------------------------------------------------------------
	def shown(self) -> dict[str, Any]:
		lines = [list(self.habits()), list(self.worth()), list(self.standing())]
		return {
			"company": self.company,
			"currency": self.currency,
			"stage": _(self.profile.stage) if self.profile.stage else "",
			"stage_since": self.profile.stage_since,
			"lines": [[vars(fact) for fact in line] for line in lines if line],
			"spending": self.spending(),
			"basis": self.basis(),
			"may_score": not self.run and insight.may_score(),
		}

	def basis(self) -> str:
		if not self.run:
			return _("Not scored yet. Scoring runs each night, by itself.")
		return _("Scores of {0}; last order, orders and value as of the last invoice.").format(
			reporting.date_text(getdate(self.run.data_cut))
		)

	def habits(self) -> Iterator[Fact]:
		enough = self.profile.orders >= ORDERS_FOR_HABITS
		if not self.profile.orders:
			yield Fact("orders", _("no order that counts"), (), _("Everything was brought back."))
			return
		if not enough:
			yield self.too_few("cycle", _("buys every: {0}"))
		elif len(self.order_days) >= ORDERS_FOR_HABITS:
			low, usual, high = _quartiles(self.order_days)
			words = _("buys every {0} days ({1}–{2})") if low < high else _("buys every {0} days")
			more = _("half of the gaps lie between {0} and {1} days").format(low, high)
			yield Fact("cycle", words, tuple(map(str, (usual, low, high))), f"{self.orders_basis}; {more}")
		yield self._last()
		if enough and self.score.peak_weekday is not None and self.score.peak_hour is not None:
			yield self._times()
		if likes := self.likes():
			basis = _("the item groups in most of the orders of a year: {0}").format(
				", ".join(f"{name} ({number})" for name, number in likes)
			)
			yield Fact("likes", _("likes {0}"), (", ".join(name for name, _number in likes),), basis)

	def _last(self) -> Fact:
		days = (getdate(nowdate()) - self.profile.last_order).days
		words = {0: _("last order {0}"), 1: _("last order {0}")}.get(days, _("last order {0} days ago"))
		value = {0: _("today"), 1: _("yesterday")}.get(days, reporting.number(days))
		return Fact(
			"last_order",
			words,
			(value,),
			_("{0}; {1}").format(reporting.date_text(self.profile.last_order), self.orders_basis),
		)

	def _times(self) -> Fact:
		basis = _("{0} of the orders on that day of the week, {1} in that hour; {2}").format(
			cards.percent_text(self.score.peak_weekday_share),
			cards.percent_text(self.score.peak_hour_share),
			self.orders_basis,
		)
		values = (weekday(self.score.peak_weekday), hours(self.score.peak_hour))
		return Fact("times", _("usually {0} {1}"), values, basis)

	def likes(self) -> list[tuple[str, int]]:
		"""Item groups of the orders of a year, those in most orders first, then those of most revenue."""
		if not self.lake:
			return []
		from ccms_app.behaviour.selections import sold, window

		lines = self.lake.marked_lines
		chosen = sold(window(lines.filter(lines.customer == self.customer), self.lake.as_of, YEAR))
		chosen = chosen.filter(chosen.item_group.notnull())
		groups = chosen.group_by("item_group").agg(
			orders=chosen.day.nunique(), revenue=chosen.net_amount.sum()
		)
		groups = groups.order_by(groups.orders.desc(), groups.revenue.desc(), groups.item_group).limit(LIKES)
		return [(row.item_group, int(row.orders)) for row in self.lake.engine.frame(groups).itertuples()]

	def worth(self) -> Iterator[Fact]:
		net = _("all sales less all returns, without tax")
		yield Fact(
			"value", _("value {0} net"), (self.money(self.profile.revenue),), f"{net}; {self.orders_basis}"
		)
		score = self.score
		if not score:
			return
		if score.expected_revenue_365 is not None:
			words, values = _("next 365 days {0}"), [self.money(score.expected_revenue_365)]
			if score.expected_revenue_365_low is not None:
				words = _("next 365 days {0} ({1}–{2})")
				values += map(self.money, (score.expected_revenue_365_low, score.expected_revenue_365_high))
			said = _("four times out of five it lies between the two; {0}").format(_(score.value_basis or ""))
			yield Fact("expected", words, tuple(values), f"{said}; {self.orders_basis}")
		else:
			yield Fact("expected", _("next 365 days: {0}"), (_("not known"),), self._inactive(), tone="muted")
		yield self._risk()
		if score.next_purchase_from:
			yield Fact(
				"next",
				_("next order {0} to {1}"),
				tuple(reporting.day_label(day) for day in (score.next_purchase_from, score.next_purchase_to)),
				_("every other time it comes in these days; {0}").format(self.orders_basis),
			)
		elif self.profile.orders < 3:
			yield self.too_few("next", _("next order: {0}"), 3)

	def _inactive(self) -> str:
		return _("no order in the last {0} days").format(YEAR)

	def _risk(self) -> Fact:
		score = self.score
		if score.churn_probability is None:
			return Fact("churn", _("risk of leaving: {0}"), (_("not known"),), self._inactive(), tone="muted")
		from ccms_app.scoring import wording

		basis = _("the chance of no order in {0} days; {1}").format(
			self.run.horizon, _(score.churn_basis or "")
		)
		if self._auc:
			value, day = self._auc
			basis = _("{0}; model AUC {1} on {2}").format(
				basis, f"{value:.2f}"[1:] if value < 1 else "1", reporting.day_label(day)
			)
		reasons = wording.reasons(score.churn_reasons, _, lambda day: reporting.date_text(getdate(day)))
		level = score.churn_level or ""
		return Fact(
			"churn",
			_("risk of leaving {0}: {1}"),
			(cards.percent_text(score.churn_probability), _(level).lower()),
			f"{basis}; {self.orders_basis}",
			{"Low": "good", "Medium": "warn", "High": "bad"}.get(level, ""),
			notes=tuple(reasons),
		)

	def standing(self) -> Iterator[Fact]:
		score = self.score
		if score.rfm:
			yield Fact(
				"rfm",
				_("RFM {0} {1}"),
				(score.rfm, _(score.rfm_group)),
				_("recency {0}, frequency {1}, money {2} of 5, against the other customers").format(
					score.r, score.f, score.m
				),
				href=self.list_of(rfm_group=score.rfm_group),
			)
		if score.value_band:
			yield Fact(
				"band",
				_("value band {0}"),
				(score.value_band,),
				_("by the net revenue of 365 days, {0}").format(self.money(score.revenue_365)),
				href=self.list_of(value_band=score.value_band),
			)
		yield from self._segments()
		if score.return_rate is not None:
			yield Fact(
				"returns",
				_("returns {0}"),
				(cards.percent_text(score.return_rate),),
				_("{0} of {1} sold in 365 days came back").format(
					self.money(score.returned_365), self.money(score.sold_365)
				),
			)
		if score.complaints_365:
			yield Fact(
				"complaints",
				_("complaints {0}"),
				(str(score.complaints_365),),
				_("in 365 days"),
				href=f"/app/issue?customer={frappe.utils.quote(self.customer)}"
				if permitted.may_link("Issue")
				else "",
			)

	def _segments(self) -> Iterator[Fact]:
		from ccms_app.segments.store import members

		found = members.of_customer(self.customer, self.company)
		if found:
			basis = ", ".join(
				_("{0} since {1}").format(
					one["segment_name"], reporting.date_text(getdate(one["entered_on"]))
				)
				for one in found
			)
			yield Fact(
				"segments", _("segments: {0}"), (", ".join(one["segment_name"] for one in found),), basis
			)

	# --- the chart -------------------------------------------------------------------------------------------
	def spending(self) -> dict[str, Any] | None:
		"""Net revenue of the last twelve months, month by month, and of the same months a year before."""
		if not self.lake:
			return None
		daily = self.lake.daily
		daily = daily.filter(daily.customer == self.customer)
		sums = self.lake.engine.frame(
			daily.group_by(month=daily.day.truncate("M")).agg(revenue=daily.revenue.sum())
		)
		known = _by_month(sums)
		last = (self.lake.as_of - timedelta(days=1)).replace(day=1)
		months = [getdate(add_months(last, -back)) for back in range(11, -1, -1)]
		this = [known.get(month, 0.0) for month in months]
		before = [known.get(getdate(add_months(month, -12)), 0.0) for month in months]
		if not any(this) and not any(before):
			return None
		return {
			"labels": [month_of_year(month.month) for month in months],
			"this": [round(value, 2) for value in this],
			"before": [round(value, 2) for value in before],
			"sentence": _("{0} in these twelve months, {1} in the twelve before").format(
				self.money(sum(this)), self.money(sum(before))
			),
		}


def _by_month(sums: pd.DataFrame) -> dict[date, float]:
	return {row.month.date(): float(row.revenue) for row in sums.itertuples()}


def _quartiles(days: list[date]) -> tuple[int, int, int]:
	"""Lower quartile, median and upper quartile of the days between orders, in whole days."""
	import numpy as np

	gaps = [(later - earlier).days for earlier, later in pairwise(days)]
	return tuple(round(float(value)) for value in np.quantile(gaps, (0.25, 0.5, 0.75)))
