"""How good the predictions are: the published models beside all that were tried and beside plain rules, on customers whose
future was kept from them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import flt

from ccms_app.desk import cards, insight, pictures, reporting

METRIC = "CCMS Score Metric"
RUNS = 24
CHAMPION, BASELINE = "champion", "baseline"
# metric → label, whether more is better (None: neither), how it is written
METRICS = {
	"auc": ("AUC", True, "plain"),
	"brier": ("Brier", False, "plain"),
	"calibration": ("Largest Gap", False, "plain"),
	"mae": ("Mean Error", False, "plain"),
	"spearman": ("Rank Correlation", True, "plain"),
	"top_decile": ("Top Tenth Holds", True, "percent"),
	"total_error": ("Total Off by", None, "percent"),
	"coverage": ("Within the Interval", None, "percent"),
}
TARGETS = {
	"churn": "Leaving",
	"orders": "Orders",
	"revenue": "Revenue",
	"next_purchase": "Next Purchase",
}
ROLES = {CHAMPION: "Published", "candidate": "Tried", BASELINE: "Plain rule"}


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(ScoreAccuracy, filters)


class ScoreAccuracy(insight.Insight):
	"""The metrics of the published run, and the published models' over the runs before it."""

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.target = reporting.choice(filters.target, TARGETS, _("Prediction"))

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def metrics(self) -> dict[tuple[str, str], dict[str, frappe._dict]]:
		"""(role, model) → metric → row, of the chosen prediction; the published model first."""
		found: dict[tuple[str, str], dict[str, frappe._dict]] = {}
		rows = [row for row in self.run.metrics if row.target == self.target]
		for row in sorted(rows, key=lambda row: (list(ROLES).index(row.role), row.model)):
			found.setdefault((row.role, row.model), {})[row.metric] = row
		return found

	def value(self, role: str, metric: str) -> float | None:
		"""The best value of a role; None when it was not measured."""
		values = [
			found[metric].value
			for (its, _model), found in self.metrics.items()
			if its == role and metric in found and found[metric].value is not None
		]
		if not values:
			return None
		return max(values) if METRICS[metric][1] else min(values)

	@property
	def measured(self) -> list[str]:
		"""The metrics that there are of this prediction."""
		return [metric for metric in METRICS if any(metric in found for found in self.metrics.values())]

	@cached_property
	def history(self) -> list[frappe._dict]:
		"""What the published models reached in the last runs, the oldest first: run, data_cut, model, metric, value."""
		run, metric = DocType(insight.RUN), DocType(METRIC)
		last = (
			frappe.qb.from_(run)
			.select(run.name)
			.where((run.company == self.company) & (run.status == "Completed"))
			.orderby(run.data_cut, order=frappe.qb.desc)
			.orderby(run.creation, order=frappe.qb.desc)
			.limit(RUNS)
		).run(pluck=True)
		query = (
			frappe.qb.from_(metric)
			.join(run)
			.on(run.name == metric.parent)
			.select(
				run.name.as_("run"), run.data_cut, run.creation, metric.model, metric.metric, metric.value
			)
			.where(metric.parent.isin(last or [""]) & (metric.target == self.target))
			.where((metric.role == CHAMPION) & metric.metric.isin(("auc", "brier", "mae", "coverage")))
		)
		return query.orderby(run.data_cut).orderby(run.creation).run(as_dict=True)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		found = [reporting.text("role", _("Kind"), 110), reporting.text("model", _("Model"), 200)]
		for metric in self.measured:
			label, _more, kind = METRICS[metric]
			found.append(
				insight.percent(metric, _(label), 125)
				if kind == "percent"
				else insight.decimal(metric, _(label), 125, 4)
			)
		return [*found, reporting.date_column("cut_off", _("Tested from"), 115)]

	def rows(self) -> list[dict[str, Any]]:
		return [self._row(role, model, found) for (role, model), found in self.metrics.items()]

	def _row(self, role: str, model: str, found: dict[str, frappe._dict]) -> dict[str, Any]:
		row = {"role": _(ROLES[role]), "model": _(model), "bold": role == CHAMPION}
		for metric, one in found.items():
			value = one.value
			if METRICS.get(metric, ("", None, ""))[2] == "percent":
				value = insight.hundred(value)
			row[metric] = value
			row["cut_off"] = one.cut_off
		return row

	# --- finding, figures, pictures --------------------------------------------------------------------------
	def finding(self) -> str:
		if not self.metrics:
			return self.said(
				_(
					"Not enough history to test this prediction yet: it takes a year and a few hundred customers."
				),
				reporting.sentence(_("Until then it comes from {0}."), self.run.champion)
				if self.run.champion
				else "",
			)
		return self.said(self._quality(), self._explained(), picture=self._calibration())

	def _quality(self) -> str:
		auc = self.value(CHAMPION, "auc")
		if auc is not None:
			return reporting.sentence(
				_(
					"Of two customers, one of whom left, it names the right one in {0} of 100 cases; a plain rule does in {1}."
				),
				round(auc * 100),
				round(baseline * 100) if (baseline := self.value(BASELINE, "auc")) is not None else "–",
			)
		error = self.value(CHAMPION, "mae")
		if error is not None:
			show = self.money if self.target == "revenue" else lambda value: reporting.number(round(value, 2))
			baseline = self.value(BASELINE, "mae")
			return reporting.sentence(
				_("It is off by {0} a customer in the mean; a plain rule by {1}."),
				show(error),
				show(baseline) if baseline is not None else "–",
			)
		share = self.value(CHAMPION, "coverage")
		if share is not None:
			return reporting.sentence(
				_("{0} of the purchases fell within the window that was told."), cards.percent_text(share)
			)
		return ""

	def _explained(self) -> str:
		published = next((model for role, model in self.metrics if role == CHAMPION), None)
		if not published:
			return ""
		return reporting.sentence(
			_(
				"Published: {0}. A model replaces another only when it is clearly better on customers it has not seen."
			),
			_(published),
		)

	@cached_property
	def deciles(self) -> list[dict]:
		"""Of the published model: customers, predicted, observed by tenth, the least likely first."""
		for (role, _model), found in self.metrics.items():
			if role == CHAMPION and "calibration" in found:
				return (frappe.parse_json(found["calibration"].detail) or {}).get("deciles") or []
		return []

	def _calibration(self) -> str:
		if not self.deciles:
			return ""
		return pictures.bars(
			[
				pictures.Bar(
					_("Tenth {0}").format(place),
					flt(row["predicted"]),
					_("told {0}").format(cards.percent_text(row["predicted"])),
					note=cards.customers(row["customers"]),
					beside=flt(row["observed"]),
					beside_text=_("came true {0}").format(cards.percent_text(row["observed"])),
				)
				for place, row in enumerate(self.deciles, start=1)
			],
			_(
				"What was told, and what came true (thin line), by tenths of the customers from the safest to the likeliest to leave"
			),
		)

	def figures(self) -> list[dict[str, Any]]:
		found = []
		for metric in self.measured:
			value = self.value(CHAMPION, metric)
			if value is None:
				continue
			label, more, kind = METRICS[metric]
			baseline = self.value(BASELINE, metric)
			write = cards.percent_text if kind == "percent" else _plain
			note = (
				_("plain rule: {0}").format(write(baseline))
				if baseline is not None and more is not None
				else ""
			)
			found.append(cards.figure(_(label), value, text=write, note=note))
		return found[:5]

	def chart(self) -> dict[str, Any] | None:
		"""The published models' AUC and Brier (or mean error) over the runs."""
		days = list(dict.fromkeys((row.run, row.data_cut) for row in self.history))
		if len(days) < 2:
			return None
		measured = list(dict.fromkeys(row.metric for row in self.history))
		values = {(row.run, row.metric): row.value for row in self.history}
		return reporting.chart(
			"line",
			_("The published model over the last runs"),
			[reporting.day_label(day) for _run, day in days],
			{
				_(METRICS[metric][0]): [values.get((run, metric)) or 0 for run, _day in days]
				for metric in measured[:2]
			},
		)


def _plain(value: float | None) -> str:
	return "–" if value is None else f"{value:.3f}" if abs(value) < 10 else reporting.number(round(value, 1))
