"""What a loyalty programme would have cost and brought: the sections of the page."""

from __future__ import annotations

from html import escape

import pandas as pd
import plotly.graph_objects as go

from ccms_app.facts.files import Facts
from ccms_app.loyalty.totals import Simulation
from ccms_app.loyalty.wording import assumptions, finding, money, percent, points, rules

from .page import (
	AMBER,
	BLUE,
	GREEN,
	INK,
	RED,
	STEPS,
	bullets,
	cards,
	chart,
	folded,
	section,
	table,
	terms,
	text,
	unbroken,
)


def header(result: Simulation, facts: Facts, name: str) -> str:
	"""Title, the finding in words, and the four figures that matter."""
	total, currency = result.summary(), result.currency
	period = f"{_day(result.from_date)} to {_day(result.to_date)}"
	earned = total["points_earned"] - total["points_clawed_back"]
	used = total["points_redeemed"] - total["points_restored"]
	expected = f"{result.program.expected_redemption_percent.normalize():f}"
	if total["break_even_percent"] is not None:
		pays = (
			f"+ {total['break_even_percent']:.1f} %",
			"more sales to members would pay for it, by the margin on them",
		)
	else:
		pays = (
			"–",
			"the margin is not known" if total["margin"] is None else "the margin does not cover the cost",
		)
	return (
		'<header id="program">'
		'<p class="kicker">A loyalty program, tried out on past sales</p>'
		f"<h1>{escape(result.program.name)}: what would it have cost, and who would have gained?</h1>"
		f'<p class="lede">{escape(unbroken(finding(result)))}</p>'
		f'<p class="source">{escape(name)} · {period} · {len(facts.lines):,} lines in {total["baskets"]:,} baskets of '
		f"{total['customers']:,} customers</p></header>\n"
	) + cards(
		[
			(
				"Cost",
				percent(total["cost"], total["revenue"], 2),
				f"of revenue: {money(total['cost'], currency)} of {money(total['revenue'], currency)}",
			),
			(
				"Paid with points",
				money(total["redeemed_value"], currency),
				f"{points(used)} points, {percent(used, earned, 0)} of all that were earned",
			),
			(
				"Still owed at the end",
				money(total["liability"], currency),
				f"{points(total['points_open'])} open points, if {expected} % of them are used one day",
			),
			("Pays for itself with", *pays),
		]
	)


def sections(result: Simulation) -> str:
	"""The charts, each under the sentence that says what it shows."""
	parts = [_points(result), _cost(result), _liability(result)]
	if len(result.tiers):
		parts += [_tiers(result), _who(result)]
	pays = _pays(result)
	parts += [_fate(result, wide=not pays), pays]
	return '<div class="grid">' + "".join(parts) + "</div>\n"


def background(result: Simulation, facts: Facts, name: str, note: str) -> str:
	"""Rules, assumptions, data, and all monthly figures as a table."""
	program, currency = result.program, result.currency
	limits = [
		"Nobody bought more, or less, because of the program: a replay of the past cannot know that. Read the cost as a price, and "
		"the break-even as the question to ask before paying it.",
		"Earning, tiers, expiry and limits are not estimates: each basket went through the ledger that also posts live "
		"invoices.",
	]
	data = [f"{name}: {facts.source}, {_day(facts.from_date)} to {_day(facts.to_date)}."]
	data += [note] if note else []
	data += [f"{message[0].upper()}{message[1:]}." for message in facts.messages + result.messages]
	return (
		'<div class="grid">'
		+ section("The rules that were tried", terms(rules(program, currency)), ident="rules")
		+ section(
			"What was assumed",
			bullets(assumptions(program, result.behaviour, currency)),
			"<h3>What this page cannot know</h3>",
			bullets(limits),
			"<h3>The data</h3>",
			bullets(data),
			ident="assumptions",
		)
		+ section(
			"Every month in figures", folded("Show the table", _figures(result)), wide=True, ident="figures"
		)
		+ "</div>\n"
	)


def _points(result: Simulation) -> str:
	months, x = result.months, _months(result)
	figure = go.Figure()
	figure.add_bar(x=x, y=months["earned"].tolist(), name="Earned", marker_color=BLUE)
	figure.add_bar(x=x, y=months["redeemed"].tolist(), name="Used", marker_color=GREEN)
	figure.add_bar(x=x, y=months["expired"].tolist(), name="Expired", marker_color=AMBER)
	if months["clawed_back"].any():
		figure.add_bar(x=x, y=months["clawed_back"].tolist(), name="Taken back by returns", marker_color=RED)
	figure.add_scatter(
		x=x,
		y=months["open"].tolist(),
		name="Open",
		mode="lines+markers",
		line={"color": INK, "width": 2},
	)
	figure.update_layout(barmode="group")
	_monthly(figure)
	total = result.summary()
	sentence = (
		f"In a usual month members earn {_about(months['earned'].median())} points and use "
		f"{_about(months['redeemed'].median())}. The line is what they hold at each month's end, "
		f"{points(total['points_open'])} after the last."
	)
	return section(
		"Points earned, used, expired and open",
		text(sentence),
		chart(figure, "points", sentence, 360),
		wide=True,
	)


def _cost(result: Simulation) -> str:
	months, x, currency = result.months, _months(result), result.currency
	growth = (months["cost"] - months["redeemed_value"]).round(2)
	figure = go.Figure()
	figure.add_bar(x=x, y=months["redeemed_value"].tolist(), name="Paid with points", marker_color=GREEN)
	figure.add_bar(x=x, y=growth.tolist(), name="Growth of what is owed", marker_color=AMBER)
	figure.add_scatter(
		x=x,
		y=months["cost_percent"].tolist(),
		name="Share of revenue (right)",
		yaxis="y2",
		mode="lines+markers",
		line={"color": INK, "width": 2},
	)
	figure.update_layout(barmode="relative")
	_monthly(figure, currency)
	figure.update_layout(
		yaxis2={
			"overlaying": "y",
			"side": "right",
			"showgrid": False,
			"tickmode": "auto",
			"nticks": 5,
			"ticksuffix": " %",
			"tickformat": ".2~f",
			"hoverformat": ".2f",
		}
	)
	if growth.min() >= 0 and months["cost"].max() > 0:
		# room above the bars, where the line runs
		figure.update_layout(
			yaxis_range=[0, 1.4 * months["cost"].max()], yaxis2_range=[0, 1.08 * months["cost_percent"].max()]
		)
	shares = months["cost_percent"].dropna()
	sentence = "Nothing was sold in this time."
	if len(shares):
		sentence = (
			f"Between {shares.min():.2f} % and {shares.max():.2f} % of the month's revenue: what members pay with points, "
			"and what the shop owes more (or less) than the month before."
		)
	return section("What it costs, month by month", text(sentence), chart(figure, "cost", sentence))


def _liability(result: Simulation) -> str:
	months, x, currency = result.months, _months(result), result.currency
	figure = go.Figure()
	figure.add_scatter(
		x=x,
		y=months["liability"].tolist(),
		name="Owed to members",
		mode="lines+markers",
		cliponaxis=False,
		line={"color": BLUE, "width": 2},
		fill="tozeroy",
		fillcolor="rgba(37, 99, 201, .12)",
	)
	_monthly(figure, currency)
	figure.update_layout(showlegend=False)
	top, last = months.loc[months["liability"].idxmax()], months.iloc[-1]
	if top["month"] == last["month"]:
		sentence = (
			f"Open points are a debt to members. It grows to {money(last['liability'], currency)} by the end."
		)
	else:
		sentence = (
			f"Open points are a debt to members. It is highest in {top['month']:%B %Y}, {money(top['liability'], currency)}, "
			f"and stands at {money(last['liability'], currency)} at the end."
		)
	return section("What the shop owes (liability)", text(sentence), chart(figure, "liability", sentence))


def _tiers(result: Simulation) -> str:
	x = _months(result)
	names = _tier_names(result)
	figure = go.Figure()
	for number, name in enumerate(names):
		held = result.tiers[result.tiers["tier"] == name]["members"].tolist()
		figure.add_bar(x=x, y=held, name=name, marker_color=_step(number))
	figure.update_layout(barmode="stack")
	_monthly(figure)
	last = result.tiers[result.tiers["month"] == result.tiers["month"].max()]
	standing = ", ".join(f"{row.members:,} {row.tier}" for row in last.iloc[::-1].itertuples())
	sentence = f"At the end: {standing}."
	return section("Members by tier", text(sentence), chart(figure, "tiers", sentence))


def _who(result: Simulation) -> str:
	currency, members = result.currency, result.members
	rows = []
	best = ""
	revenue = members["revenue"].sum()
	for name in reversed(_tier_names(result)):
		mine = members[members["tier"] == name]
		share = percent(len(mine), len(members), 0)
		brings = percent(mine["revenue"].sum(), revenue, 0)
		rows.append((name, f"{len(mine):,} ({share})", brings, *_each(mine, currency)))
		if len(mine) and not best:
			best = f"{share} of members end as {name} and bring {brings} of what members buy."
	total = ("All", f"{len(members):,}", "100 %", *_each(members, currency))
	headings = ("Tier", "Members", "Revenue", "Bought, each", "Saved, each")
	return section("Who buys, and who gains", text(best), table(headings, rows, total))


def _each(members: pd.DataFrame, currency: str) -> tuple[str, str]:
	"""What a member of these buys, and what their points paid."""
	if not len(members):
		return "–", "–"
	return money(members["revenue"].mean(), currency), money(members["redeemed_value"].mean(), currency, 2)


def _fate(result: Simulation, wide: bool) -> str:
	total = result.summary()
	fates = [
		("Used", total["points_redeemed"] - total["points_restored"], GREEN),
		("Expired", total["points_expired"], AMBER),
		("Open", max(total["points_open"], 0), BLUE),
	]
	shares = _of_hundred([number for _name, number, _colour in fates])
	figure = go.Figure()
	figure.add_bar(
		x=shares,
		y=[name for name, _number, _colour in fates],
		orientation="h",
		marker_color=[colour for _name, _number, colour in fates],
		text=[f"{share} %" for share in shares],
		textposition="auto",
		insidetextanchor="end",
		customdata=[points(number) for _name, number, _colour in fates],
		hovertemplate="%{customdata} points<extra></extra>",
	)
	figure.update_layout(showlegend=False, hovermode="closest")
	figure.update_xaxes(visible=False)
	figure.update_yaxes(autorange="reversed")
	sentence = "Of 100 points that were earned: " + ", ".join(
		f"{share} {name.lower()}" for (name, _number, _colour), share in zip(fates, shares, strict=True)
	)
	html = chart(figure, "fate", sentence, 220)
	return section("Where the points went", text(sentence + "."), html, wide=wide)


def _pays(result: Simulation) -> str:
	"""What stays after the programme if members buy more: a line, and where it crosses zero."""
	total, currency = result.summary(), result.currency
	even = total["break_even_percent"]
	if even is None:
		return ""
	more = [step * even / 4 for step in range(9)]
	left = [round(total["margin"] * x / 100 - total["cost"] * (1 + x / 100), 2) for x in more]
	figure = go.Figure()
	figure.add_scatter(
		x=more,
		y=left,
		mode="lines",
		line={"color": GREEN, "width": 3},
		hovertemplate="%{x:.1f} % more: %{y}<extra></extra>",
	)
	figure.add_scatter(
		x=[even],
		y=[0],
		mode="markers+text",
		marker={"color": INK, "size": 10},
		text=[f"{even:.1f} % more"],
		textposition="top left",
		hoverinfo="skip",
	)
	figure.update_layout(showlegend=False, hovermode="closest")
	figure.update_xaxes(
		ticksuffix=" %", tickformat=",.0f", title={"text": "members buy more by", "font": {"size": 13}}
	)
	_money_axis(figure, currency)
	sentence = (
		f"If members buy no more than they did, the program costs {money(total['cost'], currency)}. The margin on what they "
		f"buy more pays for it from {even:.1f} % on."
	)
	html = chart(figure, "pays", sentence, 240)
	return section("Would it pay?", text(sentence), html)


def _figures(result: Simulation) -> str:
	currency, months = result.currency, result.months
	headings = (
		"Month",
		"Revenue",
		"Baskets",
		"Members",
		"Earned",
		"Used",
		"Expired",
		"Returns",
		"Open",
		"Paid with points",
		"Owed",
		"Cost",
		"of revenue",
	)
	rows = [
		(
			f"{row.month:%b %Y}",
			money(row.revenue, currency),
			f"{row.baskets:,}",
			f"{row.members:,}",
			f"{row.earned:,.0f}",
			f"{row.redeemed:,.0f}",
			f"{row.expired:,.0f}",
			f"{row.restored - row.clawed_back + row.other:,.0f}",
			f"{row.open:,.0f}",
			money(row.redeemed_value, currency),
			money(row.liability, currency),
			money(row.cost, currency),
			percent(row.cost, row.revenue, 2),
		)
		for row in months.itertuples()
	]
	return table(headings, rows)


def _months(result: Simulation) -> list[str]:
	return [month.isoformat() for month in result.months["month"]]


def _tier_names(result: Simulation) -> list[str]:
	return list(dict.fromkeys(result.tiers["tier"]))


def _step(number: int) -> str:
	return STEPS[number % len(STEPS)]


def _monthly(figure: go.Figure, currency: str | None = None) -> None:
	"""A time axis in months, with the year where it changes; money upwards if a currency is given, else counts."""
	figure.update_xaxes(type="date", tickformat="%b\n%Y", hoverformat="%B %Y", nticks=8)
	if currency is None:
		figure.update_yaxes(tickformat="~s", hoverformat=",.0f")
	else:
		_money_axis(figure, currency)


def _money_axis(figure: go.Figure, currency: str) -> None:
	before, after = money(0, currency).split("0")
	if before == "$":
		# the one sign that the chart library puts behind a minus by itself
		figure.update_yaxes(tickformat="$,.0f", hoverformat="$,.0f")
	else:
		figure.update_yaxes(tickformat=",.0f", hoverformat=",.0f", tickprefix=before, ticksuffix=after)


def _of_hundred(parts: list[float]) -> list[int]:
	"""Parts as whole per cent that sum to 100 (largest remainder)."""
	whole = sum(parts)
	if whole <= 0:
		return [0] * len(parts)
	exact = [100 * part / whole for part in parts]
	found = [int(share) for share in exact]
	for index in sorted(range(len(parts)), key=lambda i: found[i] - exact[i])[: 100 - sum(found)]:
		found[index] += 1
	return found


def _about(number: float) -> str:
	"""A count to three figures: 436,532 as 437,000."""
	digits = max(len(f"{abs(number):.0f}") - 3, 0)
	return points(round(number, -digits))


def _day(day) -> str:
	return f"{day.day} {day:%B %Y}"
