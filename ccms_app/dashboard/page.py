"""The shell of the page: head, style, charts and the small parts that sections are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import plotly.graph_objects as go
from plotly.io import to_html
from plotly.offline import get_plotlyjs

from ccms_app import __version__

INK, MUTED, GRID = "#1b2733", "#5b6b7a", "#e6eaee"
BLUE, GREEN, AMBER, RED = "#2563c9", "#188a5a", "#d98a0b", "#b4423a"
# from the first tier to the last
STEPS = ("#b9c6d3", "#e3b34c", "#3c5a99", "#7a4f9a", "#2d7f7a", "#8a4b2d")
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif'


def page(title: str, body: str) -> str:
	"""The whole document. Everything it needs stands in it."""
	style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
	return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
<script>{get_plotlyjs()}</script>
</head>
<body>
<main>
{body}
</main>
<footer>Made with ccms_app {__version__}. This page works without a network.</footer>
</body>
</html>
"""


def nav(links: Iterable[tuple[str, str]]) -> str:
	"""(words, id of what they lead to) in a line on top."""
	return (
		"<nav>"
		+ "".join(f'<a href="#{escape(ident)}">{escape(words)}</a>' for words, ident in links)
		+ "</nav>\n"
	)


def section(title: str, *parts: str, wide: bool = False, ident: str = "") -> str:
	"""A titled box; two stand side by side where the screen allows, a wide one alone."""
	attributes = f' id="{escape(ident)}"' if ident else ""
	return (
		f'<section class="{"wide" if wide else "half"}"{attributes}><h2>{escape(title)}</h2>'
		f"{''.join(parts)}</section>\n"
	)


def text(sentence: str) -> str:
	return f"<p>{escape(unbroken(sentence))}</p>"


def unbroken(sentence: str) -> str:
	"""No line ends between a number and its per cent sign."""
	return sentence.replace(" %", "\u00a0%")


def cards(rows: Iterable[tuple[str, str, str]]) -> str:
	"""(label, figure, what it means) in a row of boxes."""
	boxes = "".join(
		f'<div class="card"><div class="label">{escape(label)}</div><div class="figure">{escape(figure)}</div>'
		f'<div class="meaning">{escape(meaning)}</div></div>'
		for label, figure, meaning in rows
	)
	return f'<div class="cards">{boxes}</div>\n'


def table(
	headings: Sequence[str],
	rows: Iterable[Sequence[str]],
	total: Sequence[str] = (),
	words: Sequence[str] = (),
	wide_only: Sequence[str] = (),
) -> str:
	"""The first column is text, the others are figures.

	words: headings of columns that hold sentences; when it is the last one, it stands under the others on a phone. wide_only:
	headings of columns that a phone does without.
	"""
	kinds = [
		" ".join(name for name, chosen in (("words", words), ("extra", wide_only)) if heading in chosen)
		for heading in headings
	]
	classes = [f' class="{kind}"' if kind else "" for kind in kinds]

	def cells(values: Sequence[str], tag: str) -> str:
		marked = zip(values, classes, strict=True)
		return "<tr>" + "".join(f"<{tag}{mark}>{escape(value)}</{tag}>" for value, mark in marked) + "</tr>"

	foot = f"<tfoot>{cells(total, 'td')}</tfoot>" if total else ""
	body = "".join(cells(row, "td") for row in rows)
	told = ' class="told"' if headings[-1] in words else ""
	return f'<div class="scroll"><table{told}><thead>{cells(headings, "th")}</thead><tbody>{body}</tbody>{foot}</table></div>'


def heat(
	rows: Sequence[Sequence[tuple[str, str, float]]], row_names: Sequence[str], column_names: Sequence[str]
) -> str:
	"""Cells of (name, figure, how dark from 0 to 1), which stay readable on a phone; the first row stands on top."""
	parts = []
	for name, cells in zip(row_names, rows, strict=True):
		parts.append(f'<div class="side">{escape(name)}</div>')
		parts += [
			f'<div class="cell" style="--dark:{max(0.0, min(1.0, dark)):.2f}"><span>{escape(label)}</span><b>{escape(figure)}</b></div>'
			for label, figure, dark in cells
		]
	parts.append("<div></div>")
	parts += [f'<div class="under">{escape(name)}</div>' for name in column_names]
	return f'<div class="heat" style="--columns:{len(column_names)}">{"".join(parts)}</div>'


def columns(*parts: str) -> str:
	"""Parts side by side where the screen allows."""
	return '<div class="columns">' + "".join(f"<div>{part}</div>" for part in parts) + "</div>"


def terms(rows: Iterable[tuple[str, str]]) -> str:
	"""A list of names and what they mean."""
	return (
		"<dl>"
		+ "".join(f"<dt>{escape(name)}</dt><dd>{escape(unbroken(what))}</dd>" for name, what in rows)
		+ "</dl>"
	)


def bullets(sentences: Iterable[str]) -> str:
	return "<ul>" + "".join(f"<li>{escape(unbroken(sentence))}</li>" for sentence in sentences) + "</ul>"


def folded(summary: str, content: str) -> str:
	return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def chart(figure: go.Figure, ident: str, label: str, height: int = 320, grid: str = "y") -> str:
	"""A chart as HTML; label says to a screen reader what the picture shows.

	grid: the axes whose lines cross the picture ("x", "y", "" for a heat map).
	"""
	figure.update_layout(
		height=height,
		margin={"l": 8, "r": 8, "t": 8, "b": 8, "autoexpand": True},
		font={"family": FONT, "size": 13, "color": INK},
		paper_bgcolor="rgba(0,0,0,0)",
		plot_bgcolor="rgba(0,0,0,0)",
		hovermode=figure.layout.hovermode or "x unified",
		hoverlabel={"bgcolor": "white", "bordercolor": GRID},
		legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
		dragmode=False,
		bargap=0.25,
	)
	figure.update_xaxes(
		fixedrange=True,
		automargin=True,
		showgrid="x" in grid,
		gridcolor=GRID,
		linecolor=GRID,
		tickcolor=GRID,
		zeroline="x" in grid,
		zerolinecolor="#9aa7b3",
	)
	figure.update_yaxes(
		fixedrange=True,
		automargin=True,
		showgrid="y" in grid,
		gridcolor=GRID,
		zeroline="y" in grid,
		zerolinecolor="#9aa7b3",
	)
	if "y" in grid:
		figure.update_yaxes(rangemode="tozero")
	html = to_html(
		figure,
		full_html=False,
		include_plotlyjs=False,
		div_id=ident,
		config={"displayModeBar": False, "responsive": True, "scrollZoom": False},
	)
	return f'<div class="chart" role="img" aria-label="{escape(label)}">{html}</div>'
