"""Pictures that Frappe's charts do not draw, as plain HTML: readable without colours, by keyboard and on paper.

Every text is escaped here. The looks stand in `public/js/insight_reports.js`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from frappe.utils import escape_html

FEW = 6
"""Columns that a phone has room for; more of them are scrolled."""


@dataclass(frozen=True)
class Cell:
	"""One cell of a heat map.

	strength: 0 to 1, how deep its colour is; None is an empty cell.
	lines: what stands in it, the first one large.
	href: where a click leads. hatched: not complete yet. title: on hover.
	"""

	strength: float | None = None
	lines: tuple[str, ...] = ()
	href: str = ""
	title: str = ""
	hatched: bool = False


def heat_map(
	heads: Sequence[str], rows: Iterable[tuple[str, Sequence[Cell]]], corner: str = "", caption: str = ""
) -> str:
	"""A table whose cells are the deeper the more there is."""
	few = " few" if len(heads) <= FEW else ""
	head = "".join(f'<th scope="col">{escape_html(text)}</th>' for text in heads)
	body = "".join(
		f'<tr><th scope="row">{escape_html(label)}</th>{"".join(map(_heat, cells))}</tr>'
		for label, cells in rows
	)
	return (
		f'{_caption(caption)}<div class="ccms-scroll"><table class="ccms-heat{few}"{_named(caption)}><thead><tr>'
		f'<th scope="col">{escape_html(corner)}</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
	)


def _heat(cell: Cell) -> str:
	if not cell.lines:
		return '<td class="ccms-none"></td>'
	first, *others = (escape_html(line) for line in cell.lines)
	text = f"<b>{first}</b>" + "".join(f"<small>{line}</small>" for line in others)
	kind = ' class="ccms-hatched"' if cell.hatched else ""
	depth = f"--depth: {min(max(cell.strength or 0, 0), 1):.2f}"
	title = f' title="{escape_html(cell.title)}"' if cell.title else ""
	return f'<td{kind} style="{depth}"{title}>{_linked(text, cell.href)}</td>'


@dataclass(frozen=True)
class Bar:
	"""One bar of a list of bars.

	value decides its length; text stands beside it. beside: another length in the same measure, drawn thin beneath, with its own
	text. start: where the bar begins (a waterfall). tone: "", "good", "bad" or "sum".
	"""

	label: str
	value: float
	text: str
	href: str = ""
	note: str = ""
	beside: float | None = None
	beside_text: str = ""
	start: float = 0.0
	tone: str = ""


def bars(rows: Sequence[Bar], caption: str = "") -> str:
	"""Horizontal bars with their figures, one under the other."""
	if not rows:
		return ""
	low = min(0.0, *(min(row.start, row.start + row.value) for row in rows))
	high = max(0.0, *(max(row.start, row.start + row.value, row.beside or 0) for row in rows))
	whole = (high - low) or 1

	def share(value: float) -> float:
		return round(value * 100 / whole, 2)

	found = []
	for row in rows:
		left = share(min(row.start, row.start + row.value) - low)
		tracks = ""
		if row.value:
			tracks = (
				f'<i class="ccms-bar {row.tone}" style="left: {left}%; width: {share(abs(row.value))}%"></i>'
			)
		if row.beside:
			tracks += f'<i class="ccms-beside" style="left: {share(-low)}%; width: {share(row.beside)}%"></i>'
		beside = f"<small>{escape_html(row.beside_text)}</small>" if row.beside_text else ""
		note = f"<small>{escape_html(row.note)}</small>" if row.note else ""
		found.append(
			f'<tr class="{row.tone}"><th scope="row">{_linked(escape_html(row.label), row.href)}{note}</th>'
			f'<td class="ccms-track" aria-hidden="true"><div>{tracks}</div></td>'
			f"<td>{_linked(escape_html(row.text), row.href)}{beside}</td></tr>"
		)
	return f'{_caption(caption)}<table class="ccms-bars"{_named(caption)}><tbody>{"".join(found)}</tbody></table>'


@dataclass(frozen=True)
class Text:
	"""One cell of a table; number: to the right, on one line."""

	text: str
	href: str = ""
	number: bool = False


def table(heads: Sequence[str], rows: Iterable[Sequence[Text]]) -> str:
	"""A plain table, scrolled where it is too wide."""
	head = "".join(f'<th scope="col">{escape_html(text)}</th>' for text in heads)
	body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
	return (
		f'<div class="ccms-scroll"><table class="ccms-table"><thead><tr>{head}</tr></thead>'
		f"<tbody>{body}</tbody></table></div>"
	)


def _cell(cell: Text) -> str:
	kind = ' class="ccms-right"' if cell.number else ""
	return f"<td{kind}>{_linked(escape_html(cell.text), cell.href)}</td>"


def side_by_side(*pictures: str) -> str:
	"""Pictures beside each other where there is room."""
	found = "".join(f"<section>{picture}</section>" for picture in pictures if picture)
	return f'<div class="ccms-pictures">{found}</div>'


def _caption(text: str) -> str:
	"""Above the table, not in it: it stays when a wide table is scrolled."""
	return f'<div class="ccms-caption">{escape_html(text)}</div>' if text else ""


def _named(caption: str) -> str:
	return f' aria-label="{escape_html(caption)}"' if caption else ""


def _linked(html: str, href: str) -> str:
	return f'<a href="{escape_html(href)}">{html}</a>' if href else html
