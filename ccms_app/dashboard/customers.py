"""Who the customers are and what they will probably do: the people's half of the customer page."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ccms_app.behaviour.lifecycle import AT_RISK, LOST, PROSPECT
from ccms_app.behaviour.settings import Settings
from ccms_app.loyalty.wording import money, percent
from ccms_app.scoring import bands, metrics, wording

from .page import AMBER, BLUE, GREEN, INK, RED, cards, chart, heat, section, table, text, unbroken
from .study import Study

# how many a list on the page holds
SHOWN = 10
# light enough for dark figures on it
SCALE = [[0, "#f1f5fa"], [0.5, "#b9d0f1"], [1, "#7fa9e6"]]
_STAGE_COLOURS = {"First Purchase": "#7ea6e0", "Repeat": BLUE, "Loyal": GREEN, "At Risk": AMBER, "Lost": RED}


def header(study: Study) -> str:
	"""What matters most, in a sentence and four figures."""
	scores, currency = study.scores, study.currency
	active = scores["orders_365"].fillna(0) > 0
	expected, lately = scores["expected_revenue"].sum(), scores["revenue_90"].sum()
	at_risk = study.scores["stage"].isin([AT_RISK, LOST])
	top = scores["value_band"] == scores["value_band"].dropna().min()
	share = percent(scores.loc[top, "revenue_365"].sum(), scores["revenue_365"].sum(), 0)
	lede = (
		f"{active.sum():,} customers bought within a year. The best {top.sum():,} of them bring {share} of the revenue. "
		f"{at_risk.sum():,} have stayed away for more than twice their usual time."
	)
	probability = scores["churn_probability"]
	leaving = probability.sum()
	again = 1 - probability.mean()
	return (
		'<header class="part" id="customers">'
		'<p class="kicker">The same purchases, customer by customer</p>'
		"<h2>Who buys, who is leaving, and what comes next?</h2>"
		f'<p class="lede">{escape(unbroken(lede))}</p>'
		f'<p class="source">As things stood on {day(study.as_of)}. Predictions look {study.horizon} days ahead.</p>'
		"</header>\n"
	) + cards(
		[
			("Active customers", f"{active.sum():,}", "bought within the last 365 days"),
			(
				"Overdue or gone",
				f"{at_risk.sum():,}",
				f"{percent(at_risk.sum(), len(scores), 0)} of all: away for more than twice their usual time",
			),
			(
				"Will not come back soon",
				f"about {leaving:,.0f}" if np.isfinite(leaving) else "–",
				f"the other {percent(again, 1, 0)} will buy within {study.horizon} days",
			),
			(
				f"Revenue, next {study.horizon} days",
				money(expected, currency),
				f"expected from today's customers; the last 90 brought {money(lately, currency)}",
			),
		]
	)


def sections(study: Study) -> str:
	"""Each picture under the sentence that says what it shows."""
	return (
		'<div class="grid">'
		+ _rfm(study)
		+ _funnel(study)
		+ _leaving(study)
		+ _accuracy(study)
		+ _worth(study)
		+ "</div>\n"
	)


def _rfm(study: Study) -> str:
	scores = study.scores[study.scores["r"].notna()]
	if not len(scores):
		return ""
	r = scores["r"].astype(int)
	fm = np.floor((scores["f"].astype(int) + scores["m"].astype(int)) / 2 + 0.5).astype(int)
	cells = scores.assign(row=r, column=fm).groupby(["row", "column"])
	counts = cells.size()
	names = cells["rfm_group"].agg(lambda group: group.mode().iloc[0])
	most = max(counts.max(), 1)
	grid = [
		[
			(names[row, column], f"{counts[row, column]:,}", counts[row, column] / most)
			if (row, column) in counts.index
			else ("", "", 0.0)
			for column in range(1, 6)
		]
		for row in range(5, 0, -1)
	]
	whole = scores["revenue_rfm"].sum()
	best = scores["rfm_group"] == "Champions"
	away = scores["rfm_group"].isin(["Lost", "Hibernating"])
	slipping = scores["rfm_group"].isin(["At Risk", "Cannot Lose"])
	sentence = (
		f"{percent(best.sum(), len(scores), 0)} are champions: they came lately, come often, and bring "
		f"{percent(scores.loc[best, 'revenue_rfm'].sum(), whole, 0)} of the revenue. {slipping.sum():,} once bought much and "
		f"have not come for long; {away.sum():,} bought little and are gone."
	)
	picture = heat(
		grid, ("here lately", "", "", "", "long ago"), ("little, seldom", "", "", "", "much, often")
	)
	note = "From top to bottom: how lately they came. From left to right: how often and for how much. Each step is a fifth of the customers."
	return section("Customers by last visit, frequency and spending", text(sentence), picture, text(note))


def _funnel(study: Study) -> str:
	stages = study.funnel[(study.funnel["stage"] != PROSPECT) | (study.funnel["now"] > 0)]
	won, names = study.won_back, stages["stage"].tolist()
	figure = go.Figure()
	figure.add_bar(
		y=names,
		x=stages["before"].tolist(),
		name="a month ago",
		orientation="h",
		marker_color="#c3ccd5",
		hovertemplate="a month ago: %{x:,}<extra></extra>",
	)
	figure.add_bar(
		y=names,
		x=stages["now"].tolist(),
		name="now",
		orientation="h",
		marker_color=[_STAGE_COLOURS.get(name, INK) for name in names],
		text=[f"{number:,}" for number in stages["now"]],
		textposition="outside",
		cliponaxis=False,
		hovertemplate="now: %{x:,}<extra></extra>",
	)
	figure.update_layout(barmode="group", hovermode="closest", showlegend=False)
	figure.update_yaxes(autorange="reversed")
	figure.update_xaxes(visible=False, range=[0, 1.15 * max(stages[["now", "before"]].max().max(), 1)])
	sentence = "Nobody was away a month ago."
	if won["away"]:
		sentence = (
			f"Of {won['away']:,} customers who were at risk or lost a month ago, {won['won_back']:,} "
			f"({percent(won['won_back'], won['away'], 0)}) have bought since. Grey: a month ago."
		)
	rows = [
		(row.stage, f"{row.before:,}", _signed("+", row.entered), _signed("−", row.left), f"{row.now:,}")
		for row in stages.itertuples()
	]
	return section(
		"Where customers stand",
		text(sentence),
		chart(figure, "funnel", sentence, 240, grid=""),
		table(("Stage", "A month ago", "Came in", "Went out", "Now"), rows),
		text(
			"Everybody is measured by their own rhythm: at risk is who has stayed away twice as long as usual, lost who has for four "
			"times as long."
		),
	)


def _leaving(study: Study) -> str:
	scores = study.scores.dropna(subset=["churn_probability"])
	worth = scores["churn_probability"] * scores["expected_revenue"]
	scores = scores.assign(worth=worth.fillna(0))
	likely = scores[scores["churn_level"] != "Low"]
	chosen = likely.sort_values(["worth", "customer"], ascending=[False, True]).head(SHOWN)
	if not len(chosen):
		return section("Who is leaving", text("Nobody is likely to stay away."), wide=True)
	rows = [
		(
			str(row.customer),
			f"{100 * row.churn_probability:.0f}\u00a0%",
			_amount(row.revenue_365, study),
			_amount(row.expected_revenue, study),
			_days(row.own_cycle) if row.gaps else "–",
			short(row.last_order),
			" · ".join(_why(row.churn_reasons)),
		)
		for row in chosen.itertuples()
	]
	sentence = (
		f"{len(likely):,} customers will stay away for {study.horizon} days with a probability of a quarter or more; they bought for "
		f"{money(likely['revenue_365'].sum(), study.currency)} within a year. These {len(rows)} are worth a call first: the likelier to leave "
		"and the more they would still buy, the higher they stand."
	)
	headings = (
		"Customer",
		"Risk",
		"Last 365 days",
		f"Expected, {study.horizon} days",
		"Comes every",
		"Last seen",
		"Why",
	)
	return section(
		"Who is leaving",
		text(sentence),
		table(headings, rows, words=headings[-1:], wide_only=headings[3:5]),
		wide=True,
		ident="leaving",
	)


def _accuracy(study: Study) -> str:
	found = study.result.metrics
	test = study.result.facts.get("test")
	picture = next(
		(m for m in found if (m.target, m.metric, m.role) == ("churn", "calibration", metrics.CHAMPION)), None
	)
	if picture is None:
		picture = next((m for m in found if (m.target, m.metric) == ("churn", "calibration")), None)
	if picture is None:
		why = (
			"; ".join(map(wording.note, study.result.facts.get("messages", []))) or "the history is too short"
		)
		return section("How accurate is that?", text(f"It could not be tested: {why}."))
	deciles = picture.detail["deciles"]
	names = [str(number) for number in range(1, len(deciles) + 1)]
	figure = go.Figure()
	figure.add_bar(
		x=names,
		y=[100 * row["observed"] for row in deciles],
		name="stayed away",
		marker_color="#c3ccd5",
		hovertemplate="stayed away: %{y:.1f} %<extra></extra>",
	)
	figure.add_scatter(
		x=names,
		y=[100 * row["predicted"] for row in deciles],
		name="was said before",
		mode="markers",
		marker={"color": BLUE, "size": 11},
		hovertemplate="said: %{y:.1f} %<extra></extra>",
	)
	figure.update_yaxes(ticksuffix=" %", tickformat=",.0f")
	figure.update_xaxes(title={"text": "safest tenth … riskiest tenth of customers", "font": {"size": 13}})
	mine = {m.metric: m.value for m in found if m.target == "churn" and m.model == picture.model}
	last = deciles[-1]
	sentence = (
		f"Tested on the past: the scores were made as of {day(test)} and compared with what happened in the {study.horizon} days after. Of the "
		f"riskiest tenth, {100 * last['predicted']:.0f} % were said to stay away and {100 * last['observed']:.0f} % did. That tenth held "
		f"{100 * mine['top_decile']:.0f} % of all who stayed away. Close dots and bars are what one wants."
	)
	headings = ("Model", "Ranks right", "Error", "Found in the riskiest tenth")
	return section(
		"How accurate is that?",
		text(sentence),
		chart(figure, "calibration", sentence, 300),
		table(headings, _models(study, picture.model), words=headings[:1]),
		text(
			"Ranks right: how often, of one who left and one who stayed, the leaver had the higher risk (50 % is guessing). Error: mean squared "
			"error of the probability, lower is better. The simple rules at the end are what a score has to beat."
		),
		ident="accuracy",
	)


def _models(study: Study, champion: str) -> list[tuple[str, ...]]:
	churn = [m for m in study.result.metrics if m.target == "churn"]
	order = {metrics.CHAMPION: 0, metrics.CANDIDATE: 1, metrics.BASELINE: 2}
	models = {m.model: (order.get(m.role, 1), m.model) for m in churn}
	rows = []
	for model in sorted(models, key=models.get):
		value = {m.metric: m.value for m in churn if m.model == model}
		name = model + (" (used)" if model == champion else " (simple rule)" if models[model][0] == 2 else "")
		rows.append(
			(
				name,
				f"{100 * value['auc']:.1f} %",
				f"{value['brier']:.4f}",
				f"{100 * value['top_decile']:.0f} %",
			)
		)
	return rows


def _worth(study: Study) -> str:
	settings = Settings()
	found = bands.averages(study.scores, settings)
	edges = _edges(settings.value_bands)
	expected = study.scores.groupby("value_band")["expected_revenue"].mean()
	whole = found["revenue"].sum()
	rows = [
		(
			edge,
			f"{row.customers:,}",
			percent(row.revenue, whole, 0),
			_amount(row.average_customer, study),
			f"{row.average_frequency:.0f}",
			_amount(expected.get(row.value_band), study),
		)
		for row, edge in zip(found.itertuples(), edges, strict=True)
		if row.customers
	]
	if not rows:
		return ""
	best = found.iloc[0]
	sentence = (
		f"One of the best {settings.value_bands[0]:g} % buys for {money(best.average_customer, study.currency)} a year and comes "
		f"{best.average_frequency:.0f} times; together they bring {percent(best.revenue, whole, 0)} of the revenue."
	)
	headings = (
		"Customers",
		"",
		"Of revenue",
		"A year, each",
		"Orders, each",
		f"Next {study.horizon} days, each",
	)
	return section(
		"What customers are worth",
		text(sentence),
		table(headings, rows, wide_only=headings[4:5]),
		_expected(study),
	)


def _expected(study: Study) -> str:
	scores = study.scores.dropna(subset=["expected_revenue"])
	chosen = scores.sort_values(["expected_revenue", "customer"], ascending=[False, True]).head(12)[::-1]
	if not len(chosen):
		return ""
	middle = chosen["expected_revenue"].to_numpy(float)
	figure = go.Figure(
		go.Scatter(
			x=middle,
			y=[f"customer {name}" for name in chosen["customer"]],
			mode="markers",
			marker={"color": BLUE, "size": 9},
			error_x={
				"type": "data",
				"array": chosen["expected_revenue_high"].to_numpy(float) - middle,
				"arrayminus": middle - chosen["expected_revenue_low"].to_numpy(float),
				"color": "#9db8dd",
				"thickness": 5,
				"width": 0,
			},
			hovertemplate="%{x:,.0f}<extra></extra>",
		)
	)
	figure.update_layout(showlegend=False, hovermode="closest")
	figure.update_xaxes(rangemode="tozero", tickformat="$,.0f" if study.currency == "USD" else ",.0f")
	champion = {
		m.metric: m.value
		for m in study.result.metrics
		if m.target == "revenue" and m.role == metrics.CHAMPION
	}
	naive = next(
		(
			m.value
			for m in study.result.metrics
			if (m.target, m.role, m.metric) == ("revenue", metrics.BASELINE, "mae")
		),
		None,
	)
	sentence = f"The twelve who will probably bring most within {study.horizon} days, each with the range that should hold in four cases of five."
	if "coverage" in champion:
		sentence += f" On the test it held in {100 * champion['coverage']:.0f} of 100"
		if naive:
			sentence += (
				f", and a customer's revenue was missed by {money(champion['mae'], study.currency)} on average "
				f"({money(naive, study.currency)} if one simply says: as last year)"
			)
		sentence += "."
	return (
		"<h3>What to expect from whom</h3>" + text(sentence) + chart(figure, "value", sentence, 330, grid="x")
	)


def _edges(shares: tuple[float, ...]) -> list[str]:
	"""Words for each band: the best 5 %, the next 15 %, …"""
	words = [f"the best {shares[0]:g} %", *[f"the next {share:g} %" for share in shares[1:-1]]]
	return [*words, f"the other {shares[-1]:g} %"]


def _amount(number: float | None, study: Study) -> str:
	return "–" if number is None or pd.isna(number) else money(number, study.currency)


def _why(reasons: str | None) -> list[str]:
	"""The two strongest reasons in words."""
	return wording.reasons(reasons, date=_iso)[:2] if isinstance(reasons, str) else []


def _signed(sign: str, number: int) -> str:
	return f"{sign}{number:,}" if number else "–"


def _days(number: float) -> str:
	return "–" if pd.isna(number) else f"{number:.0f} days"


def short(when) -> str:
	"""3 Nov 2024."""
	return "–" if pd.isna(when) else f"{when.day} {when:%b %Y}"


def _iso(text: str) -> str:
	return short(pd.Timestamp(text))


def day(when) -> str:
	"""3 November 2024."""
	return f"{when.day} {when:%B %Y}"
