"""What is bought, when and at what price: the goods' half of the customer page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ccms_app.behaviour.price import HIGH, LOW
from ccms_app.loyalty.wording import money, percent
from ccms_app.scoring import wording

from .customers import SCALE, day, short
from .page import AMBER, BLUE, GREEN, INK, bullets, chart, columns, section, table, terms, text
from .study import Study

SHOWN = 8
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# a cohort under this size is too small to speak of
_COHORT = 20


def sections(study: Study) -> str:
	"""Each picture under the sentence that says what it shows."""
	return (
		'<div class="grid">'
		+ _retention(study)
		+ _repeat(study)
		+ _peaks(study)
		+ _together(study)
		+ _elasticity(study)
		+ _response(study)
		+ _outlook(study)
		+ _anomalies(study)
		+ "</div>\n"
	)


def background(study: Study) -> str:
	"""The words of this half explained, and what it rests on."""
	facts = study.result.facts
	models = facts.get("models", {})
	said = {"churn": "who stays away", "orders": "how many orders", "revenue": "how much revenue"}
	used = [
		f"{said[target][0].upper()}{said[target][1:]}: {model}."
		for target, model in models.items()
		if target in said
	]
	known = [
		"An order is everything a customer bought on one day.",
		f"Nothing later than {day(study.as_of)} was used; the tests used nothing later than their own day.",
		"Predictions assume that the shop goes on as before. They say what is likely, not why.",
	]
	notes = [f"{wording.note(one)}." for one in facts.get("messages", [])]
	half = (len(_GLOSSARY) + 1) // 2
	return (
		'<div class="grid">'
		+ section(
			"What the words mean",
			columns(terms(_GLOSSARY[:half]), terms(_GLOSSARY[half:])),
			"<h3>What the predictions rest on</h3>",
			bullets(used + known + notes),
			wide=True,
			ident="glossary",
		)
		+ "</div>\n"
	)


def _retention(study: Study) -> str:
	# in their first month all of them came
	cells = study.retention[study.retention["offset"] > 0]
	if not len(cells):
		return ""
	months = sorted(cells["cohort"].unique())
	offsets = range(1, int(cells["offset"].max()) + 1)
	z = cells.pivot(index="cohort", columns="offset", values="retention").reindex(
		index=months, columns=offsets
	)
	sizes = cells.groupby("cohort")["customers"].first()
	early, running = (
		cells.groupby("cohort")["early"].first(),
		cells.set_index(["cohort", "offset"])["running"],
	)
	texts = [
		[
			"" if pd.isna(z.loc[m, o]) else f"{100 * z.loc[m, o]:.0f}{' …' if running[m, o] else ''}"
			for o in offsets
		]
		for m in months
	]
	names = [f"{month:%b %Y}{'*' if early[month] else ''} ({sizes[month]:,})" for month in months]
	figure = go.Figure(
		go.Heatmap(
			z=(100 * z).to_numpy(),
			x=list(offsets),
			y=names,
			text=texts,
			texttemplate="%{text}",
			textfont={"size": 10, "color": INK},
			colorscale=SCALE,
			zmin=0,
			zmax=100,
			showscale=False,
			xgap=2,
			ygap=2,
			hoverongaps=False,
			hovertemplate="%{y}: %{z:.0f} % came, %{x} months later<extra></extra>",
		)
	)
	figure.update_layout(hovermode="closest")
	figure.update_yaxes(autorange="reversed")
	figure.update_xaxes(
		title={"text": "months after the first order", "font": {"size": 13}}, dtick=1, tickangle=0
	)
	second = study.second.iloc[-1]
	sentence = f"{percent(second['second'], second['customers'], 0)} of all customers came a second time, half of those within {second['days_to_second']:.0f} days. "
	new = cells[~cells["early"]]
	sentence += "Each row is the customers of one first month; the numbers say how many per cent of them came in a later one. "
	if early.any():
		sentence += "* Where the data begin, old customers look new"
		sentence += (
			f": only the {new.groupby('cohort')['customers'].first().sum():,} of the later rows are."
			if len(new)
			else "."
		)
	return section(
		"Do they come back?", text(sentence), chart(figure, "cohorts", sentence, 420, grid=""), wide=True
	)


def _repeat(study: Study) -> str:
	months = study.months[~study.months["running"]]
	if not len(months):
		return ""
	x = [month.date().isoformat() for month in months["month"]]
	figure = go.Figure()
	figure.add_bar(x=x, y=months["repeat_revenue"].tolist(), name="Known customers", marker_color=BLUE)
	figure.add_bar(x=x, y=months["new_revenue"].tolist(), name="First visits", marker_color=GREEN)
	figure.update_layout(barmode="stack")
	figure.update_xaxes(type="date", tickformat="%b\n%Y", hoverformat="%B %Y", nticks=8)
	figure.update_yaxes(tickformat="~s", hoverformat=",.0f")
	late = months[~months["early"]]
	chosen = late if len(late) else months
	whole = (chosen["new_revenue"] + chosen["repeat_revenue"]).sum()
	since = "" if chosen is months else f" since {chosen['month'].min():%B %Y}"
	sentence = (
		f"{percent(chosen['repeat_revenue'].sum(), whole)} of the revenue{since} came from customers who had bought before; "
		f"{chosen['new_customers'].sum():,} came for the first time."
	)
	return section("New customers against known ones", text(sentence), chart(figure, "repeat", sentence, 300))


def _together(study: Study) -> str:
	def rows(pairs: pd.DataFrame, name) -> list[tuple[str, ...]]:
		named = pairs.assign(a=pairs["first"].map(name), b=pairs["second"].map(name))
		named = named[named["a"] != named["b"]].drop_duplicates(["a", "b"])
		# one thing that goes with everything would fill the list
		chosen = named[named.groupby("b").cumcount() < 2].head(SHOWN)
		return [
			(
				f"{row.a} → {row.b}",
				f"{row.support:,}",
				f"{100 * row.confidence:.0f} %",
				f"{row.lift:.0f} ×",
			)
			for row in chosen.itertuples(index=False)
		]

	items = study.together
	if study.names:
		items = items[items["first"].isin(study.named) & items["second"].isin(study.named)]
	kinds, things = rows(study.kinds, str), rows(items, study.name)
	if not kinds and not things:
		return ""
	headings = ("Who buys this → also buys", "Together", "Of the first", "× usual")
	sentence = "Nothing sells together."
	if kinds:
		best = study.kinds.iloc[0]
		sentence = (
			f"{best['first']} and {best['second'].lower()} go together most: {100 * best['confidence']:.0f} % of the orders with the one hold "
			f"the other, {best['lift']:.0f} times as many as usual. Put such things side by side, or offer one with the other."
		)
	lists = [
		f"<h3>{title}</h3>" + table(headings, found, words=headings[:1])
		for title, found in (("Kinds of goods", kinds), ("Single items", things))
		if found
	]
	note = "Together: orders with both. Of the first: how many of its orders hold the other. × usual: so many times as often as their own popularity explains."
	return section("What sells together", text(sentence), columns(*lists), text(note), wide=True)


def _peaks(study: Study) -> str:
	peaks = study.peaks
	if not peaks["orders"].sum():
		return ""
	grid = peaks.pivot(index="weekday", columns="hour", values="orders")
	figure = go.Figure(
		go.Heatmap(
			z=grid.to_numpy(),
			x=[f"{hour}" for hour in grid.columns],
			y=list(_WEEKDAYS),
			colorscale=SCALE,
			showscale=False,
			xgap=1,
			ygap=1,
			hovertemplate="%{y}, %{x} h: %{z:,} orders<extra></extra>",
		)
	)
	figure.update_layout(hovermode="closest")
	figure.update_yaxes(autorange="reversed")
	figure.update_xaxes(title={"text": "hour of the day", "font": {"size": 13}}, dtick=3)
	best = peaks.loc[peaks["orders"].idxmax()]
	days = peaks.groupby("weekday")["share"].sum()
	weekday = pd.Timestamp(2024, 1, 1) + pd.Timedelta(days=int(best["weekday"]))
	busiest = pd.Timestamp(2024, 1, 1) + pd.Timedelta(days=int(days.idxmax()))
	sentence = (
		f"The busiest hour is {weekday:%A} from {best['hour']:.0f} to {best['hour'] + 1:.0f} h; {busiest:%A} brings {100 * days.max():.0f} % of "
		"the orders, a seventh would be 14 %."
	)
	return section("When they come", text(sentence), chart(figure, "peaks", sentence, 300, grid=""))


def _elasticity(study: Study) -> str:
	known = study.elasticity.dropna(subset=["elasticity", "low", "high"])
	revenue = study.groups.set_index("item_group")["revenue"]
	known = (
		known.assign(revenue=known["item_group"].map(revenue))
		.sort_values("revenue", ascending=False)
		.head(12)
	)
	if not len(known):
		return ""
	known = known.sort_values(["elasticity", "item_group"], ascending=[False, True])
	middle = -known["elasticity"].to_numpy(float)
	figure = go.Figure(
		go.Scatter(
			x=middle,
			y=known["item_group"].tolist(),
			mode="markers",
			marker={"color": AMBER, "size": 9},
			error_x={
				"type": "data",
				"array": known["elasticity"].to_numpy(float) - known["low"].to_numpy(float),
				"arrayminus": known["high"].to_numpy(float) - known["elasticity"].to_numpy(float),
				"color": "#ecc98c",
				"thickness": 5,
				"width": 0,
			},
			hovertemplate="10 % cheaper: about %{customdata} % more<extra></extra>",
			customdata=[f"{_more(value):.0f}" for value in known["elasticity"]],
		)
	)
	figure.update_layout(showlegend=False, hovermode="closest")
	figure.update_xaxes(
		title={"text": "per cent more sold for 1 % off", "font": {"size": 13}},
		rangemode="tozero",
	)
	figure.add_vline(x=1, line={"color": "#9aa7b3", "dash": "dot"})
	most = known.iloc[-1]
	sentence = (
		f"Of the twelve biggest kinds, {most['item_group'].lower()} answer most to their price: 10 % cheaper sells about {_more(most['elasticity']):.0f} % "
		"more. Right of the dotted line a lower price brings more revenue, left of it less; the bars say how sure that is."
	)
	return section(
		"What a lower price does", text(sentence), chart(figure, "elasticity", sentence, 380, grid="x")
	)


def _more(elasticity: float) -> float:
	"""Per cent more that is sold at a price 10 % lower."""
	return 100 * (0.9**elasticity - 1)


def _response(study: Study) -> str:
	scores, lift = study.scores, study.lift
	bands = scores["price_band"].value_counts()
	high, low = scores["price_band"] == HIGH, scores["price_band"] == LOW
	if not len(lift) and not high.any():
		return ""
	revenue = study.groups.set_index("item_group")["revenue"]
	chosen = (
		lift.assign(revenue=lift["item_group"].map(revenue))
		.sort_values("revenue", ascending=False)
		.head(SHOWN)
	)
	rows = [
		(row.item_group, f"{100 * (1 - row.ratio_on):.0f} %", f"{100 * row.lift:+.0f} %".replace("-", "−"))
		for row in chosen.itertuples(index=False)
	]
	whole = scores["revenue_365"].sum()
	sentence = (
		f"{bands.get(HIGH, 0):,} customers buy clearly more on offer than others who buy the same things in the same weeks "
		f"({percent(scores.loc[high, 'revenue_365'].sum(), whole, 0)} of revenue): offers move them. {bands.get(LOW, 0):,} buy clearly less on offer "
		f"({percent(scores.loc[low, 'revenue_365'].sum(), whole, 0)}): they come without."
	)
	parts = [text(sentence)]
	if rows:
		parts += [
			"<h3>What a promotion adds, in the biggest kinds</h3>",
			table(("Kind", "Usually off", "Sold more"), rows),
			text(
				"Quantity in weeks on promotion against weeks without, item by item. Some of it is bought ahead."
			),
		]
	return section("Who waits for offers", *parts)


def _outlook(study: Study) -> str:
	first = study.outlook[study.outlook["step"] == 1].dropna(subset=["forecast"])
	chosen = first.sort_values(["forecast", "group"], ascending=[False, True]).head(12)
	if not len(chosen):
		return ""
	y, currency = chosen["group"].tolist(), study.currency
	figure = go.Figure()
	figure.add_bar(
		y=y,
		x=chosen["forecast"].tolist(),
		name="expected",
		orientation="h",
		marker_color="#9db8dd",
		error_x={
			"type": "data",
			"array": (chosen["high"] - chosen["forecast"]).tolist(),
			"arrayminus": (chosen["forecast"] - chosen["low"]).tolist(),
			"color": BLUE,
			"thickness": 2,
			"width": 4,
		},
		hovertemplate="expected: %{x:,.0f}<extra></extra>",
	)
	figure.add_scatter(
		y=y,
		x=chosen["last_month"].tolist(),
		name="last month",
		mode="markers",
		marker={"color": AMBER, "size": 9, "symbol": "diamond"},
		hovertemplate="last month: %{x:,.0f}<extra></extra>",
	)
	figure.update_layout(hovermode="closest")
	figure.update_yaxes(autorange="reversed")
	figure.update_xaxes(tickformat="$~s" if currency == "USD" else "~s")
	tried = first[first["error"].notna() & (first["last_month"] > 0)]
	basis = (
		"the same month last year, times the trend"
		if (chosen["basis"] == "last year").all()
		else "the mean of the last three months (from fifteen months of data on, last year's season is used)"
	)
	sentence = f"{chosen['month'].iloc[0]:%B %Y}, by {basis}. The bars should hold in four cases of five."
	if len(tried):
		weight = tried["last_month"]
		error, naive = (np.average(tried[name], weights=weight) for name in ("error", "error_last_month"))
		sentence += (
			f' Tried on {int(tried["months_tried"].max())} past months, it missed a kind by {100 * error:.0f} %; saying "as much as last month" missed by '
			f"{100 * naive:.0f} %."
		)
	return section(
		"What will be sold next month", text(sentence), chart(figure, "outlook", sentence, 420, grid="x")
	)


def _anomalies(study: Study) -> str:
	found = study.anomalies
	flagged = found[found["flagged"]]
	if not len(found):
		return ""
	rows = [
		(
			str(row.customer),
			short(row.day),
			money(row.value, study.currency, 2),
			money(row.usual_value, study.currency, 2),
			f"{row.items:,}",
			_times(row.value / row.usual_value),
		)
		for row in flagged.head(SHOWN).itertuples(index=False)
	]
	sentence = (
		f"{len(flagged):,} of {len(found):,} orders are so unlike what their customer buys that somebody should look: a slip of the "
		"keyboard, a card in other hands, or simply a party."
	)
	headings = ("Customer", "Day", "Paid", "Usually", "Items", "Against usual")
	return section("Orders to look at", text(sentence), table(headings, rows) if rows else "")


def _times(ratio: float) -> str:
	return f"{ratio:.0f} ×" if ratio >= 1 else f"1 ÷ {1 / ratio:,.0f}"


_GLOSSARY = (
	("Order", "everything a customer bought on one day"),
	(
		"Usual rhythm",
		"the middle gap between a customer's orders, drawn towards everybody's while they are few",
	),
	("At risk, lost", "away for more than twice, more than four times the usual rhythm"),
	("Loyal", "four orders or more within a year, and not overdue"),
	("Champion", "among the best fifth by last visit, and by frequency and spending"),
	("Risk", "probability of no order at all within the days named"),
	("Four cases of five", "an 80 % interval: one in five may fall outside"),
	(
		"Times as usual",
		"how much oftener two things are bought together than their own popularity explains (lift)",
	),
	("Price answer", "per cent more sold for one per cent off, other things equal (elasticity)"),
	("Cohort", "all customers whose first order fell into the same month"),
)
