"""How good the data of customers is: findings by rule, source or branch, and what they take off the score."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import Case, DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Count, IfNull, Max, Sum

from ccms_app.desk import cards, masking, permitted, reporting
from ccms_app.privacy.store import fence
from ccms_app.quality.store import findings
from ccms_app.scoring.store import runs as score_runs

SCORE = "CCMS Customer Score"
BY = ("Rule", "Source", "Branch")
STATUSES = (findings.OPEN, findings.FIXED, findings.IGNORED)
MOST = 15


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	report = DataQuality(reporting.read(filters))
	return masking.answer(report.columns(), report.rows(), report.finding(), report.chart(), report.figures())


class DataQuality:
	"""Findings of a status, of the customers whom the user may see."""

	def __init__(self, filters: frappe._dict):
		self.company = reporting.company(filters)
		self.by = reporting.choice(filters.by, BY, _("By"))
		self.status = reporting.choice(filters.status, STATUSES, _("Status"))
		self.rule = filters.rule

	# --- figures -----------------------------------------------------------------------------------------------
	def _each(self, group: object) -> QueryBuilder:
		"""One row a group, customer and rule: a rule counts once, however often it found something."""
		finding = DocType(findings.DOCTYPE)
		suggested = Case().when(finding.suggestion != "", 1).else_(0)
		query = frappe.qb.from_(finding).where(finding.status == self.status)
		if self.rule:
			query = query.where(finding.rule == self.rule)
		if self.by == "Branch":
			score = DocType(SCORE)
			run = score_runs.published(self.company) or ""
			query = query.left_join(score).on((score.score_run == run) & (score.customer == finding.customer))
			if (held := fence.criterion(SCORE, table=score)) is not None:
				query = query.where(held)
		query = query.select(
			group.as_("label"), finding.customer, Max(finding.weight).as_("weight"), Count("*").as_("findings"),
			Sum(suggested).as_("suggested"),
		)  # fmt: skip
		return permitted.restrict(query, findings.DOCTYPE).groupby(group, finding.customer, finding.rule)

	@cached_property
	def found(self) -> list[frappe._dict]:
		"""Sums by group, the most first."""
		finding = DocType(findings.DOCTYPE)
		group = {
			"Rule": finding.rule,
			"Source": finding.source,
			"Branch": IfNull(DocType(SCORE).home_branch, ""),
		}
		each = self._each(group[self.by])
		lost = Sum(each.weight)
		one = (
			frappe.qb.from_(each)
			.select(
				each.label, each.customer, Sum(each.findings).as_("findings"), Sum(each.suggested).as_("suggested"),
				Case().when(lost > 100, 100).else_(lost).as_("lost"),
			)
			.groupby(each.label, each.customer)
		)  # fmt: skip
		query = frappe.qb.from_(one).select(
			one.label, Count("*").as_("customers"), Sum(one.findings).as_("findings"),
			Sum(one.suggested).as_("suggested"), Sum(one.lost).as_("lost"),
		)  # fmt: skip
		rows = query.groupby(one.label).run(as_dict=True)
		return sorted(rows, key=lambda row: (-row.findings, row.label or ""))

	@cached_property
	def affected(self) -> tuple[int, float]:
		"""(customers with findings, points lost by all of them together); nobody loses more than 100."""
		each = self._each(DocType(findings.DOCTYPE).customer)
		lost = Sum(each.weight)
		one = frappe.qb.from_(each).select(Case().when(lost > 100, 100).else_(lost).as_("lost"))
		one = one.groupby(each.customer)
		number, points = frappe.qb.from_(one).select(Count("*"), Sum(one.lost)).run()[0]
		return number, float(points or 0)

	@cached_property
	def customers(self) -> int:
		"""All customers that are looked at and that the user may see."""
		customer = DocType("Customer")
		query = frappe.qb.from_(customer).select(Count("*")).where(customer.disabled == 0)
		query = query.where((customer.ccms_anonymous == 0) & (customer.is_internal_customer == 0))
		return permitted.own(query, "Customer").run()[0][0]

	@cached_property
	def sizes(self) -> dict[str, int]:
		"""Branch → all its customers that are looked at; "" → those of none."""
		customer, score = DocType("Customer"), DocType(SCORE)
		run = score_runs.published(self.company) or ""
		query = frappe.qb.from_(customer).left_join(score)
		query = query.on((score.score_run == run) & (score.customer == customer.name))
		query = query.where((customer.disabled == 0) & (customer.ccms_anonymous == 0))
		query = query.where(customer.is_internal_customer == 0)
		if (held := fence.criterion(SCORE, table=score)) is not None:
			query = query.where(held)
		query = permitted.own(query.select(score.home_branch, Count("*")), "Customer").groupby(
			score.home_branch
		)
		found: dict[str, int] = {}
		for branch, number in query.run():
			found[branch or ""] = found.get(branch or "", 0) + number
		return found

	@property
	def scores(self) -> bool:
		"""Whether the findings shown are all that a score comes from."""
		return self.status == findings.OPEN and not self.rule

	def _score(self, row: frappe._dict) -> dict[str, Any]:
		"""What findings of a row mean for the score."""
		if not self.scores:
			return {}
		if self.by != "Branch":
			return {"off": round(float(row.lost) / self.customers, 2) if self.customers else None}
		size = self.sizes.get(row.label or "", 0)
		return {"size": size, "score": round(100 - float(row.lost) / size, 1) if size else None}

	@property
	def average(self) -> float | None:
		return round(100 - self.affected[1] / self.customers, 1) if self.customers else None

	# --- what is shown -----------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("label", _(self.by), 240),
			reporting.count("customers", _("Customers"), 110),
			reporting.count("findings", _("Findings"), 110),
			reporting.count("suggested", _("With a Suggestion"), 150),
			{
				"fieldname": "lost",
				"label": _("Points Lost per Customer"),
				"fieldtype": "Float",
				"precision": 1,
				"width": 190,
			},
			*self._score_columns(),
		]

	def _score_columns(self) -> list[dict[str, Any]]:
		if not self.scores:
			return []
		decimal = {"fieldtype": "Float", "width": 180}
		if self.by != "Branch":
			return [{"fieldname": "off", "label": _("Off the Average Score"), "precision": 2, **decimal}]
		return [
			reporting.count("size", _("All Customers"), 130),
			{"fieldname": "score", "label": _("Average Score"), "precision": 1, **decimal},
		]

	def rows(self) -> list[dict[str, Any]]:
		return [
			{
				"label": self._label(row.label),
				"customers": int(row.customers),
				"findings": int(row.findings),
				"suggested": int(row.suggested or 0),
				"lost": round(float(row.lost) / row.customers, 1) if row.customers else 0,
				"list": self._list(row.label),
				**self._score(row),
			}
			for row in [*self.found, *self._without()]
		]

	def _without(self) -> list[frappe._dict]:
		"""Branches in which nothing was found."""
		if not (self.scores and self.by == "Branch" and self.found):
			return []
		missing = sorted(set(self.sizes) - {row.label or "" for row in self.found})
		return [frappe._dict(label=label, customers=0, findings=0, suggested=0, lost=0) for label in missing]

	def _label(self, label: str | None) -> str:
		if not label:
			return _("None")
		return label if self.by == "Branch" else _(label)

	def _list(self, label: str | None) -> dict[str, str]:
		"""Filters of the list of findings behind a row; empty where there is no such list, or not for this user."""
		if self.by == "Branch" or not label or not frappe.has_permission(findings.DOCTYPE, "read"):
			return {}
		chosen = {"rule": self.rule} if self.rule else {}
		return {"status": self.status, **chosen, self.by.lower(): label}

	def finding(self) -> str:
		if not self.found:
			return reporting.finding(
				_("Nothing found. The rules run each night, over the customers that changed.")
			)
		number, _points = self.affected
		first = self.found[0]
		lines = [
			reporting.sentence(
				_("{0} of {1} customers have findings here; most by far: {2}.")
				if len(self.found) > 1 and first.findings > 2 * self.found[1].findings
				else _("{0} of {1} customers have findings here; most: {2}."),
				reporting.number(number),
				reporting.number(self.customers),
				self._label(first.label),
			)
		]
		if self.scores:
			lines.append(
				reporting.sentence(_("The average score is {0} of 100."), reporting.number(self.average))
			)
		if self.scores and self.by == "Branch" and len(self.branches) > 1:
			label, score = self.branches[0]
			lines.append(reporting.sentence(_("Lowest: {0} with {1}."), label, reporting.number(score)))
		return reporting.finding(*lines)

	@property
	def branches(self) -> list[tuple[str, float]]:
		"""(branch, average score), the lowest first."""
		known = [(row["label"], row["score"]) for row in self.rows() if row.get("score") is not None]
		return sorted(known, key=lambda one: (one[1], one[0]))

	def chart(self) -> dict[str, Any] | None:
		if self.scores and self.by == "Branch":
			lowest = self.branches[:MOST]
			return reporting.chart(
				"bar",
				_("Average Score"),
				[label for label, _score in lowest],
				{_("Average Score"): [score for _label, score in lowest]},
			)
		rows = self.found[:MOST]
		return reporting.chart(
			"bar",
			_("Findings"),
			[self._label(row.label) for row in rows],
			{_("Findings"): [row.findings for row in rows]},
		)

	def figures(self) -> list[dict[str, Any]]:
		number, _points = self.affected
		return [
			cards.count(_("Customers with findings"), number),
			cards.count(_("Findings"), int(sum(row.findings for row in self.found))),
			cards.count(_("With a suggestion"), int(sum(row.suggested or 0 for row in self.found))),
			*([cards.number(_("Average score"), self.average)] if self.scores else []),
		]
