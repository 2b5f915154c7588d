"""What the engines find about the customers of a data set, gathered for a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa

from ccms_app.behaviour import cohorts, demand, elasticity, funnel, pairs, preferences
from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.lifecycle import AT_RISK, LOST
from ccms_app.behaviour.lines import from_facts
from ccms_app.behaviour.orders import daily, orders
from ccms_app.behaviour.selections import marked
from ccms_app.behaviour.settings import Settings
from ccms_app.facts.files import Facts
from ccms_app.loyalty.wording import money
from ccms_app.scoring import anomalies
from ccms_app.scoring.metrics import CHAMPION
from ccms_app.scoring.score import ScoreResult, score

# how far back the funnel is compared
A_MONTH = 30
# orders that a pair is in before a page names it
PAIR_SUPPORT = 100


@dataclass
class Study:
	"""Results of the behaviour and scoring packages, as they come from there (see each for its columns)."""

	as_of: date
	horizon: int
	currency: str
	result: ScoreResult
	funnel: pd.DataFrame
	won_back: dict
	retention: pd.DataFrame
	second: pd.DataFrame
	months: pd.DataFrame
	together: pd.DataFrame
	kinds: pd.DataFrame
	elasticity: pd.DataFrame
	lift: pd.DataFrame
	outlook: pd.DataFrame
	groups: pd.DataFrame
	peaks: pd.DataFrame
	anomalies: pd.DataFrame
	names: Mapping[str, str] = field(default_factory=dict)

	@property
	def scores(self) -> pd.DataFrame:
		return self.result.scores

	@property
	def named(self) -> set[str]:
		"""The items that have a name of their own."""
		return {item for item, name in self.names.items() if name != item}

	def name(self, item: str) -> str:
		"""What people call an item."""
		return self.names.get(item, item)


def study(
	facts: Facts,
	*,
	as_of: date | None = None,
	horizon: int = 90,
	settings: Settings | None = None,
	names: Mapping[str, str] | None = None,
	progress: Callable[[float, str], None] = lambda share, text: None,
) -> Study:
	"""Score the customers and run every analysis.

	Args:
		as_of: the day after the last purchase unless given.
		horizon: days that predictions look ahead.
		names: item → what people call it.
		progress: called with a share of 1 and what is being done.
	"""
	as_of = as_of or facts.to_date + timedelta(days=1)
	settings = settings or Settings(horizon=horizon)
	lines: pa.Table = from_facts(facts)
	with Engine() as engine, engine.keeping() as keep:
		progress(0.0, "Counting orders")
		table = keep(marked(engine.lines(lines)))
		bought = keep(orders(table, as_of, settings, keep))
		earned = keep(daily(table, as_of, settings, keep))
		result = score(
			engine,
			table,
			as_of,
			horizon,
			settings,
			progress=lambda share, text: progress(0.05 + 0.6 * share, text),
		)
		progress(0.65, "Following cohorts")
		now = funnel.stages_on(bought, as_of, settings)
		before = funnel.stages_on(bought, as_of - timedelta(days=A_MONTH), settings)
		cells = cohorts.retention(bought, earned, as_of)
		second = cohorts.second_purchase(bought, as_of)
		months = cohorts.new_and_repeat(bought, earned, as_of)
		progress(0.7, "Pairing items")
		together = _different_kinds(pairs.together(pairs.pairs(table, as_of), PAIR_SUPPORT), facts.lines)
		kinds = pairs.together(pairs.pairs(table, as_of, by="item_group"), 5 * PAIR_SUPPORT)
		progress(0.85, "Reading prices")
		panel = elasticity.item_weeks(table, as_of)
		model = elasticity.PriceModel().fit(panel)
		progress(0.93, "Looking ahead")
		outlook = demand.outlook(table, as_of, measure="revenue")
		groups = preferences.favourites(table, as_of, "item_group")
		peaks = preferences.peak_times(bought, as_of)
		odd = anomalies.score(bought)
		progress(1.0, "Studied")
	return Study(
		as_of=as_of,
		horizon=horizon,
		currency=facts.currency,
		result=result,
		funnel=funnel.funnel(now, before),
		won_back=funnel.won_back(now, before),
		retention=cells,
		second=second,
		months=months,
		together=together,
		kinds=kinds,
		elasticity=model.elasticity_,
		lift=elasticity.promotion_lift(panel),
		outlook=outlook,
		groups=groups,
		peaks=peaks,
		anomalies=odd,
		names=names or {},
	)


def _different_kinds(together: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
	"""Pairs of items of two groups: that somebody takes two flavours of one thing is no news."""
	if "item_group" not in lines:
		return together
	group = lines.drop_duplicates("item").set_index("item")["item_group"]
	first, second = together["first"].map(group), together["second"].map(group)
	return together[(first != second) & (first != "") & (second != "")].reset_index(drop=True)


def finding(study: Study) -> str:
	"""What matters most about the customers, in a sentence or two."""
	scores = study.scores
	away = scores["stage"].isin([AT_RISK, LOST]).sum()
	text = f"Of {len(scores):,} customers {away:,} have stayed away for more than twice their usual time."
	expected = scores["expected_revenue"].sum()
	if expected > 0:
		text += f" Those of today will probably buy for {money(expected, study.currency)} in the next {study.horizon} days."
	best = next(
		(m.value for m in study.result.metrics if (m.target, m.metric, m.role) == ("churn", "auc", CHAMPION)),
		None,
	)
	if best is not None:
		text += (
			f" Of one who left and one who stayed, the test told them apart {100 * best:.0f} times in 100."
		)
	return text
