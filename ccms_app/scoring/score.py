"""All scores of a company on a day: one row a customer, and how good such scores were on the last test.

The law is docs/scores.md. Nothing here knows where the lines come from, nor where the scores go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.metadata import version
from time import perf_counter

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ccms_app import __version__
from ccms_app.behaviour import features, lifecycle, orders, price, selections
from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.settings import Settings

from . import bands, bridge, churn, cutoffs, flags, next_purchase, reasons, rfm, value
from .as_known import as_known
from .buying import FEWEST_REPEAT
from .cutoffs import Cut
from .histories import Histories, Orders, Revenue, date_of, number_of
from .metrics import Metric

YEAR = 365
# a season is read from the same weeks of last year only if the shop was no newcomer then
FEWEST_DAYS_OF_SEASON = 180
FEWEST_ORDERS_OF_RATE = 5
_LIBRARIES = ("ccms_app", "ibis-framework", "numpy", "pandas", "scikit-learn", "scipy")

Progress = Callable[[float, str], None]


@dataclass
class ScoreResult:
	"""scores: a row a customer, sorted by name. metrics: of the test split. facts: company_gap, champion, models, rows,
	customers, active, repeat_customers, test (date or None), season_shift, versions, seconds, messages
	(see `wording.note`), left_out (rows of `Purchases.left_out`, by customer).
	"""

	scores: pd.DataFrame
	metrics: list[Metric] = field(default_factory=list)
	facts: dict = field(default_factory=dict)


def score(
	engine: Engine,
	lines: ir.Table,
	as_of: date,
	horizon: int,
	settings: Settings,
	costs: pd.DataFrame | None = None,
	progress: Progress | None = None,
	known: orders.Purchases | None = None,
) -> ScoreResult:
	"""Score every customer with lines before the as-of.

	Args:
		lines: of `behaviour.lines.SCHEMA`, of one company.
		horizon: days that predictions look ahead.
		costs: customer, and any of points_cost, service_cost, acquisition_cost, complaints_365; NaN is not known.
		progress: called with a share of 1 and what is being done.
		known: the purchases before the as-of, for who needs them too; None sums them up.
	"""
	if known is None:
		with engine.keeping(ahead=True) as keep:
			known = orders.purchases(lines, as_of, settings, keep)
			return score(engine, lines, as_of, horizon, settings, costs, progress, known)
	if horizon < 1:
		raise ValueError("The horizon must be a day at least.")
	tell = progress or (lambda share, text: None)
	begun = perf_counter()
	tell(0.0, "Describing customers")
	scores = features.described(engine, known, as_of, settings)
	company_gap = float(scores["company_gap"].iloc[0]) if len(scores) else None
	scores = scores.drop(columns="company_gap")
	tell(0.25, "Reading orders")
	histories = _histories(engine, lines, known, as_of, horizon, settings, pd.Index(scores["customer"]))
	# many small steps on few cores: threads that wait for each other cost more than they bring
	with threadpool_limits(1):
		result = _predicted(scores, histories, as_of, horizon, settings, tell)
	tell(0.9, "Comparing customers")
	_standing(scores, as_of, settings)
	counted = selections.marked(orders.without(lines, known.left_out, "customer"), known.undone)
	_prices(scores, counted, as_of, settings)
	_costs(scores, costs)
	scores["cluster"] = None
	result.scores = scores
	result.facts |= {
		"company_gap": company_gap,
		"left_out": engine.frame(known.left_out).sort_values("customer", ignore_index=True),
		"customers": len(scores),
		"as_of": as_of,
		"horizon": horizon,
		"engine": engine.name,
		"versions": {name: __version__ if name == "ccms_app" else version(name) for name in _LIBRARIES},
		"seconds": perf_counter() - begun,
	}
	tell(1.0, "Scored")
	return result


def _histories(
	engine: Engine,
	lines: ir.Table,
	purchases: orders.Purchases,
	as_of: date,
	horizon: int,
	settings: Settings,
	customers: pd.Index,
) -> Histories:
	"""Orders and revenue by day as arrays, and orders as they stood on the days that will be asked for."""
	frame = engine.frame(purchases.days.select("customer", "day", "revenue", "value", "is_order"))
	frame["code"] = customers.get_indexer(frame["customer"])
	frame["day"] = frame["day"].to_numpy("datetime64[D]").astype(np.int64)
	frame = frame[frame["code"] >= 0].sort_values(["code", "day"])
	code, day = frame["code"].to_numpy(), frame["day"].to_numpy()
	bought, size = frame["is_order"].to_numpy(bool), len(customers)
	known = Orders(size, code[bought], day[bought], _amount(frame["value"])[bought])
	found = Histories(customers, known, Revenue(size, code, day, _amount(frame["revenue"])))
	today = number_of(as_of)
	past = cutoffs.days(found, today, horizon)
	asked = {today, today - YEAR, *past, *(past[0] - YEAR for _ in past[:1])}
	return replace(found, as_known=as_known(engine, lines, as_of, settings, customers, known, asked))


def _amount(values: pd.Series) -> np.ndarray:
	"""Nine decimals: the last digits of a sum depend on the order in which an engine adds."""
	return np.round(values.to_numpy(float), 9)


def _predicted(
	scores: pd.DataFrame,
	histories: Histories,
	as_of: date,
	horizon: int,
	settings: Settings,
	tell: Progress,
) -> ScoreResult:
	"""Fill the predictions in; everything of a customer who is not scored stays empty."""
	for name in _PREDICTIONS:
		scores[name] = None if name in _TEXTS else pd.NaT if name in _DATES else np.nan
	day = number_of(as_of)
	result = ScoreResult(scores)
	result.facts = {
		"messages": [],
		"champion": "",
		"models": {},
		"test": None,
		"season_shift": 0.0,
		"rows": 0,
	}
	result.facts |= {"active": 0, "repeat_customers": 0}
	messages = result.facts["messages"]
	if not len(histories.orders.day):
		messages.append(_note("no_orders"))
		return result

	def at(on: int, days: int, **options) -> Cut:
		return cutoffs.cut(histories, on, days, settings.active_days, settings.default_cycle, **options)

	now = at(day, horizon, closed=False)
	if not len(now.snapshot):
		messages.append(_note("nobody_lately", days=settings.active_days))
		return result
	past = _past(histories, day, horizon, at, now, tell)
	if not past:
		messages.append(_note("no_test", customers=cutoffs.FEWEST_CUSTOMERS, days=horizon))
	tell(0.6, "Judging churn models")
	year_ago = _year_before(histories, day, horizon, at)
	before_test = _year_before(histories, past[0].day, horizon, at) if past else None
	leaving = churn.predict(now, past, year_ago, before_test, settings.seed)
	tell(0.75, "Expecting orders and revenue")
	worth = value.predict(
		now,
		past,
		histories,
		settings.seed,
		leaving.probability,
		leaving.tested,
		year_ago,
		before_test,
	)
	ahead = at(day, YEAR, closed=False, start=now.buying)
	year_before = [at(day - YEAR, YEAR)] if day - YEAR - histories.first_day >= cutoffs.FEWEST_DAYS else []
	year_before = [cut for cut in year_before if cutoffs.enough(cut)]
	long = value.predict(ahead, year_before, histories, settings.seed)
	if horizon <= YEAR:
		long = value.longer(long, worth)
	tell(0.85, "Placing next purchases")
	coming = next_purchase.predict(now, past, histories, leaving.probability)
	_fill(scores, now, leaving, worth, long, coming, as_of)
	result.metrics = [*leaving.metrics, *worth.metrics, *coming.metrics]
	result.facts |= {
		"champion": leaving.champion,
		"models": {
			"churn": leaving.champion,
			"orders": worth.orders.model,
			"revenue": worth.revenue.model,
			"next_purchase": coming.model,
		},
		"why": leaving.reason,
		"test": past[0].date if past else None,
		"cut_offs": len(past),
		"season_shift": leaving.season_shift,
		"active": len(now.snapshot),
		"repeat_customers": now.buying.repeat_customers_,
		"rows": len(histories.orders.day),
	}
	if worth.repeat_customers < FEWEST_REPEAT:
		messages.append(_note("few_repeat", customers=worth.repeat_customers, fewest=FEWEST_REPEAT))
	return result


def _note(code: str, **values: int) -> dict:
	"""What a reader should know; `wording.note` makes the sentence."""
	return {"code": code, "values": values}


def _past(histories: Histories, day: int, horizon: int, at, now: Cut, tell: Progress) -> list[Cut]:
	past: list[Cut] = []
	days = cutoffs.days(histories, day, horizon)
	for number, on in enumerate(days):
		tell(0.3 + 0.3 * number / len(days), f"Looking back to {date_of(on):%Y-%m-%d}")
		found = at(on, horizon, start=past[-1].buying if past else now.buying)
		if not cutoffs.enough(found):
			break
		past.append(found)
	return past


def _year_before(histories: Histories, day: int, horizon: int, at) -> Cut | None:
	then = day - YEAR
	if then - histories.first_day < FEWEST_DAYS_OF_SEASON or horizon > YEAR:
		return None
	found = at(then, horizon)
	return found if cutoffs.enough(found) else None


_AMOUNTS = tuple(
	f"expected_{what}{end}"
	for what in ("orders", "revenue")
	for end in ("", "_low", "_high", "_365", "_365_low", "_365_high")
)
_TEXTS = ("churn_level", "churn_basis", "churn_reasons", "value_basis")
_DATES = ("next_purchase_from", "next_purchase_to", "next_purchase_on")
_PREDICTIONS = (
	"churn_probability",
	"churn_level",
	"churn_basis",
	"churn_reasons",
	*_AMOUNTS,
	"value_basis",
	*_DATES,
	"next_purchase_probability",
)


def _fill(
	scores: pd.DataFrame,
	now: Cut,
	leaving: churn.Churn,
	worth: value.Value,
	long: value.Value,
	coming: next_purchase.NextPurchase,
	as_of: date,
) -> None:
	who = now.snapshot.index.to_numpy()

	def put(name: str, values: np.ndarray) -> None:
		column = np.full(len(scores), np.nan)
		column[who] = values
		scores[name] = column

	def texts(name: str, values) -> None:
		column = np.full(len(scores), None, object)
		column[who] = values
		scores[name] = column

	put("churn_probability", leaving.probability)
	texts("churn_level", [churn.level(one) for one in leaving.probability])
	basis = f"{leaving.champion}: {leaving.reason}" if leaving.reason else leaving.champion
	texts("churn_basis", basis + (", with last year's season" if leaving.season_shift else ""))
	for year, of in (("", worth), ("_365", long)):
		for what in ("orders", "revenue"):
			amount = getattr(of, what)
			put(f"expected_{what}{year}", amount.mean)
			put(f"expected_{what}{year}_low", amount.low)
			put(f"expected_{what}{year}_high", amount.high)
	texts("value_basis", _value_basis(worth))
	start = np.datetime64(as_of, "D")
	for name, days in zip(_DATES, (coming.begin, coming.end, coming.middle), strict=True):
		column = np.full(len(scores), np.datetime64("NaT"), "datetime64[us]")
		told = ~np.isnan(days)
		column[who[told]] = start + days[told].astype("timedelta64[D]")
		scores[name] = column
	put("next_purchase_probability", coming.probability)
	scores["churn_reasons"] = reasons.reasons(scores, scores["churn_probability"].to_numpy(float))


def _value_basis(worth: value.Value) -> str:
	text = worth.orders.model
	if worth.revenue.model != worth.orders.model:
		text += f"; revenue: {worth.revenue.model}"
	if worth.repeat_customers < FEWEST_REPEAT:
		text += f" ({worth.repeat_customers} repeat customers, under {FEWEST_REPEAT})"
	return text


def _standing(scores: pd.DataFrame, as_of: date, settings: Settings) -> None:
	"""RFM, stage, flags and bands: where a customer stands among the others today."""
	away = (pd.Timestamp(as_of) - pd.to_datetime(scores["last_order"])) / pd.Timedelta(days=1)
	ranked = rfm.rfm(away, scores["orders_rfm"], scores["revenue_rfm"], scores["orders"], settings)
	for name in ranked:
		scores[name] = ranked[name].to_numpy() if name in ("rfm", "rfm_group") else ranked[name].array
	scores["stage"] = lifecycle.stages(scores, as_of, settings).to_numpy()
	marked = flags.flags(scores, settings.flag_rules)
	for name in marked:
		scores[name] = marked[name].to_numpy()
	scores["value_band"] = bands.bands(scores["revenue_365"], scores["orders_365"], settings)


def _prices(scores: pd.DataFrame, lines: ir.Table, as_of: date, settings: Settings) -> None:
	known = price.response(lines, as_of, edges=settings.price_edges, fewest=settings.price_lines)
	known = known.set_index("customer")
	scores["price_response"] = known["price_response"].reindex(scores["customer"]).to_numpy(float)
	band = known["price_band"].astype(object).reindex(scores["customer"]).to_numpy()
	scores["price_band"] = np.where(pd.isna(band), price.UNKNOWN, band)


def _costs(scores: pd.DataFrame, costs: pd.DataFrame | None) -> None:
	built = bridge.bridge(scores, costs)
	for name in built:
		scores[name] = built[name].to_numpy()
	complaints = np.full(len(scores), np.nan)
	if costs is not None and "complaints_365" in costs:
		complaints = (
			costs.set_index("customer")["complaints_365"]
			.reindex(scores["customer"])
			.fillna(0)
			.to_numpy(float)
		)
	year = scores["orders_365"].to_numpy(float)
	scores["complaints_365"] = complaints
	scores["complaint_rate"] = np.where(
		year >= FEWEST_ORDERS_OF_RATE, complaints / np.maximum(year, 1), np.nan
	)
