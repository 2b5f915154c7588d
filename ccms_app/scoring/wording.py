"""The sentences that codes and values are shown as, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

REASONS: Mapping[str, str] = {
	"away_cycles": "Has stayed away {0} times as long as the usual {1} days",
	"away_since": "No order since {0}",
	"fewer_orders": "{0} % fewer orders in the last 90 days than before",
	"spent_less": "Spent {0} % less in the last 90 days than before",
	"one_order": "Has ordered only once",
	"few_orders": "Only {0} orders so far",
	"returns": "Returned {0} % of what was bought within a year",
	"in_time": "Was here within the usual {1} days",
	"often": "{0} orders in the last 365 days",
	"more_orders": "{0} % more orders in the last 90 days than before",
	"spent_more": "Spent {0} % more in the last 90 days than before",
}
NOTES: Mapping[str, str] = {
	"no_orders": "No orders before the day of the figures: nothing to predict",
	"nobody_lately": "Nobody ordered in the last {days} days: nothing to predict",
	"no_test": "No test: too little history, or under {customers} customers {days} days ago",
	"few_repeat": "{customers} repeat customers, under {fewest}: value by a shrunken rate",
}
METRICS: Mapping[str, str] = {
	"auc": "AUC",
	"brier": "Brier",
	"calibration": "Largest gap",
	"mae": "Mean error",
	"total_error": "Error of the total",
	"spearman": "Rank correlation",
	"top_decile": "Share in the top tenth",
	"coverage": "Inside the interval",
}
# which values fill {0} and {1}
_VALUES: Mapping[str, tuple[str, ...]] = {
	"away_cycles": ("times", "cycle"),
	"away_since": ("date",),
	"fewer_orders": ("percent",),
	"spent_less": ("percent",),
	"few_orders": ("orders",),
	"returns": ("percent",),
	"in_time": ("times", "cycle"),
	"often": ("orders",),
	"more_orders": ("percent",),
	"spent_more": ("percent",),
}


def _same(text: Any) -> Any:
	return text


def metric_name(metric: str, translate: Callable[[str], str] = _same) -> str:
	"""What a figure of accuracy is called."""
	return translate(METRICS.get(metric, metric))


def reason(
	one: Mapping[str, Any], translate: Callable[[str], str] = _same, date: Callable[[str], str] = _same
) -> str:
	"""One reason ({"code", "values"}) as a sentence; an unknown code stands for itself.

	translate: of the template, such as frappe._. date: how an ISO date is shown.
	"""
	code, values = str(one.get("code", "")), one.get("values") or {}
	if code not in REASONS:
		return code
	filled = [values.get(name, "") for name in _VALUES.get(code, ())]
	filled = [
		date(value) if name == "date" else value
		for name, value in zip(_VALUES.get(code, ()), filled, strict=True)
	]
	return translate(REASONS[code]).format(*filled)


def reasons(
	text: str | None, translate: Callable[[str], str] = _same, date: Callable[[str], str] = _same
) -> list[str]:
	"""The sentences of a `churn_reasons` field."""
	return [reason(one, translate, date) for one in json.loads(text or "[]")]


def note(one: Mapping[str, Any], translate: Callable[[str], str] = _same) -> str:
	"""What a reader of scores should know ({"code", "values"}) as a sentence; an unknown code stands for itself."""
	code = str(one.get("code", ""))
	return translate(NOTES.get(code, code)).format(**one.get("values") or {})
