"""Customers by recency against frequency and money: how many stand where, and what they bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Sum
from frappe.utils import add_months, escape_html, getdate

from ccms_app.desk import cards, cells, insight, pictures, reporting

SCORES = (5, 4, 3, 2, 1)
GOOD = (3, 4, 5)
"""Frequency and money of customers worth keeping; recent ones have a recency of 4 or 5, away ones of 1 or 2."""
SUMS = ("customers", "orders", "revenue", "year", "expected", "at_risk")


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(RFMSegments, filters)


@dataclass
class Group:
	"""Sums over some customers; revenue is that of the RFM window, `year` that of 365 days."""

	customers: int = 0
	orders: float = 0
	revenue: float = 0
	year: float = 0
	expected: float = 0
	at_risk: float = 0

	def add(self, row: frappe._dict) -> Group:
		for name in SUMS:
			setattr(self, name, getattr(self, name) + (row[name] or 0))
		return self


class RFMSegments(insight.Insight):
	"""The published scores, counted by R, FM and the group's name."""

	uses_facts = True

	@cached_property
	def found(self) -> list[frappe._dict]:
		"""One row for each R, FM and name; customers without an order have none."""
		score, fm = self.score, cells.frequency_and_money()
		query = self.scores(
			score.r,
			fm.as_("fm"),
			score.rfm_group,
			Count(score.customer).as_("customers"),
			Sum(score.orders_rfm).as_("orders"),
			Sum(score.revenue_rfm).as_("revenue"),
			Sum(score.revenue_365).as_("year"),
			Sum(score.expected_revenue).as_("expected"),
			Sum(score.churn_probability * score.expected_revenue).as_("at_risk"),
		)
		rows = query.groupby(score.r, fm, score.rfm_group).run(as_dict=True)
		return [row for row in rows if row.r]

	@cached_property
	def whole(self) -> Group:
		return _sum(self.found)

	@cached_property
	def names(self) -> dict[str, Group]:
		"""Groups by name, the most recent and best first."""
		found: dict[str, Group] = {}
		for row in sorted(self.found, key=lambda row: (-row.r - row.fm, -row.fm)):
			found.setdefault(row.rfm_group, Group()).add(row)
		return found

	@property
	def days(self) -> int:
		return self.settings.rfm_days

	def earlier(self, months: int) -> Counter:
		"""Customers by group so many months before the scores' day; empty when there were no groups yet."""
		from ccms_app.scoring import earlier

		on = getdate(add_months(self.as_of, -months))
		groups = earlier.groups_on(self.lake.orders, on, self.settings)
		if not self.scope.is_whole:
			groups = groups[groups["customer"].isin(self.in_scope)]
		return Counter(groups["rfm_group"].value_counts().to_dict())

	@cached_property
	def month_ago(self) -> Counter:
		return self.earlier(1)

	@cached_property
	def year_ago(self) -> Counter:
		return self.earlier(12)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("label", _("RFM Group"), 160),
			reporting.count("customers", _("Customers"), 105),
			insight.percent("customers_share", _("of Customers"), 115),
			reporting.count("month_ago", _("A Month Ago"), 115),
			reporting.count("year_ago", _("A Year Ago"), 105),
			reporting.money("revenue", _("Revenue ({0} Days)").format(self.days), 165),
			insight.percent("revenue_share", _("of Revenue"), 105),
			reporting.money("year", _("Revenue (a Year)"), 145),
			insight.decimal("orders_each", _("Orders, Each"), 110),
			reporting.money("basket", _("per Order"), 120),
			reporting.money("expected", _("Expected in {0} Days").format(self.run.horizon), 165),
			reporting.money("at_risk", _("Of Which at Risk"), 145),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		if not self.found:
			return []
		gone = [name for name in {**self.month_ago, **self.year_ago} if name not in self.names]
		rows = [self._row(name, group) for name, group in self.names.items()]
		rows += [self._row(name, Group()) for name in sorted(gone)]
		earlier = {"month_ago": self.month_ago.total() or None, "year_ago": self.year_ago.total() or None}
		return [*rows, insight.total(self._row("", self.whole) | earlier)]

	def _row(self, name: str, group: Group) -> dict[str, Any]:
		return {
			"label": _(name) if name else "",
			"rfm_group": name,
			"customers": group.customers,
			"customers_share": insight.hundred(insight.ratio(group.customers, self.whole.customers)),
			"month_ago": self.month_ago.get(name, 0) if self.month_ago else None,
			"year_ago": self.year_ago.get(name, 0) if self.year_ago else None,
			"revenue": group.revenue,
			"revenue_share": insight.hundred(insight.ratio(group.revenue, self.whole.revenue)),
			"year": group.year,
			"orders_each": insight.ratio(group.orders, group.customers),
			"basket": insight.ratio(group.revenue, group.orders),
			"expected": group.expected,
			"at_risk": group.at_risk,
			"currency": self.currency,
			"behind": {key: {"rfm_group": name} for key in ("label", "customers", "revenue", "at_risk")},
		}

	# --- finding, figures, picture ---------------------------------------------------------------------------
	def _where(self, recency: Iterable[int], money: Iterable[int]) -> Group:
		return _sum(row for row in self.found if row.r in recency and row.fm in money)

	def finding(self) -> str:
		if not self.found:
			return self.said(
				_(
					"No customers to group here: groups need at least 20 buyers in the company, and one in these filters."
				)
			)
		best, away = self._where((4, 5), (4, 5)), self._where((1, 2), GOOD)
		lines = []
		if best.customers:
			lines.append(
				reporting.sentence(
					_("The best customers, {0} of {1}, bring {2} of the revenue."),
					reporting.number(best.customers),
					reporting.number(self.whole.customers),
					cards.percent_text(insight.ratio(best.revenue, self.whole.revenue)),
				)
			)
		lines.append(
			reporting.sentence(
				_("{0} good customers, who spent {1} in {2} days, have stayed away for long."),
				reporting.number(away.customers),
				self.money(away.revenue),
				self.days,
			)
			if away.customers
			else _("No good customer has stayed away for long.")
		)
		return self.said(*lines, picture=self.picture())

	def basis(self) -> str:
		"""How new the figures are, and where those of earlier days come from: nobody kept the groups of each night."""
		if not (self.month_ago or self.year_ago):
			return super().basis()
		earlier = escape_html(
			_(
				"The groups of a month and of a year ago are worked out from the orders as they are known today."
			)
		)
		return f'{super().basis()} <span class="ccms-basis">· {earlier}</span>'

	def picture(self) -> str:
		"""Recency down, frequency and money across; the deeper, the more customers."""
		by_cell = {(row.r, row.fm): [] for row in self.found}
		for row in self.found:
			by_cell[row.r, row.fm].append(row)
		most = max(_sum(rows).customers for rows in by_cell.values())
		rows = []
		for r in SCORES:
			line = [self._cell(r, fm, by_cell.get((r, fm), []), most) for fm in reversed(SCORES)]
			rows.append((f"R {r}", line))
		return pictures.heat_map(
			[f"FM {fm}" for fm in reversed(SCORES)],
			rows,
			caption=_(
				"Recency (R) against frequency and money (FM), 5 is best: customers, and what they spent in {0} days"
			).format(self.days),
		)

	def _cell(self, r: int, fm: int, rows: list[frappe._dict], most: int) -> pictures.Cell:
		if not rows:
			return pictures.Cell()
		group = _sum(rows)
		name = " / ".join(_(row.rfm_group) for row in rows)
		return pictures.Cell(
			group.customers / most,
			(reporting.number(group.customers), name, self.money(group.revenue)),
			self.behind(r=r, fm=fm),
			f"{name}: {reporting.number(group.customers)} · {self.money(group.revenue)}",
		)

	def figures(self) -> list[dict[str, Any]]:
		if not self.found:
			return []
		whole, best, away = self.whole, self._where((4, 5), (4, 5)), self._where((1, 2), GOOD)
		return [
			cards.count(
				_("Customers"),
				whole.customers,
				self.month_ago.total() or None,
				self.year_ago.total() or None,
				indicator="Blue",
			),
			cards.money(_("Revenue in {0} days").format(self.days), whole.revenue, currency=self.currency),
			cards.percent(_("From the best"), insight.ratio(best.revenue, whole.revenue), indicator="Green"),
			cards.money(
				_("Of good customers who stay away"), away.revenue, currency=self.currency, indicator="Red"
			),
			cards.money(
				_("Expected in {0} days").format(self.run.horizon), whole.expected, currency=self.currency
			),
		]


def _sum(rows: Iterable[frappe._dict]) -> Group:
	found = Group()
	for row in rows:
		found.add(row)
	return found
