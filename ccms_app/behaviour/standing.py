"""Where one customer stands, from the few documents that are theirs: the twin of `orders.by_day` and `orders.standing` for
the moment at which an invoice is posted, when there is no time to ask an engine. Both are tested to agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .settings import Settings

# the limits of `orders`, which is not imported: a till must not load an engine
SAME_RATE = 0.99
WHOLE = 1 - 1e-9


@dataclass(frozen=True)
class Document:
	"""A counted document and the sums of its lines; quantities and amounts of a return are negative."""

	voucher_type: str
	name: str
	day: date
	is_return: bool
	is_debit_note: bool
	return_against: str | None
	lines: int
	goods_lines: int  # with a quantity above 0
	qty: float
	net: float


@dataclass(frozen=True)
class Line:
	"""A line of a returned sale (`returns` is None), or of its return (`returns` names the line that comes back)."""

	voucher_type: str
	invoice: str  # of a return: the one it returns
	name: str
	returns: str | None
	qty: float
	net: float


@dataclass(frozen=True)
class Standing:
	"""What a customer did before a day: orders of all time, of the 365 days before it, net revenue of all time."""

	first_order: date | None
	last_order: date | None
	orders: int
	orders_365: int
	revenue: float
	looks_anonymous: bool


def standing(
	documents: Sequence[Document], lines: Sequence[Line], as_of: date, settings: Settings
) -> Standing:
	"""The standing of one customer in one company.

	Args:
		documents: all that count; those dated from the as-of on are passed over.
		lines: those of sales that something came back of, and of what came back.
	"""
	documents = [document for document in documents if document.day < as_of]
	known = {(document.voucher_type, document.name) for document in documents}
	sales: dict[date, list[Document]] = defaultdict(list)
	for document in documents:
		if not (document.is_return or document.is_debit_note):
			sales[document.day].append(document)
	returned = {
		(document.voucher_type, document.return_against)
		for document in documents
		if document.is_return and (document.voucher_type, document.return_against) in known
	}
	parts = _parts(lines, returned)
	days = [
		day
		for day, sold in sales.items()
		if any(document.goods_lines for document in sold) and _share(sold, returned, parts) < WHOLE
	]
	year = as_of - timedelta(days=365)
	return Standing(
		first_order=min(days, default=None),
		last_order=max(days, default=None),
		orders=len(days),
		orders_365=sum(day >= year for day in days),
		revenue=sum(document.net for document in documents),
		looks_anonymous=_looks_anonymous(sales, as_of, settings),
	)


def _parts(lines: Sequence[Line], returned: set) -> dict[tuple[str, str], list[tuple[float, Line]]]:
	"""Sold lines of the returned sales by document, each with the part of it that is back (0 to 1)."""
	back: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
	for line in lines:
		if line.returns:
			back[line.voucher_type, line.invoice, line.returns].append(line)
	found: dict[tuple[str, str], list[tuple[float, Line]]] = defaultdict(list)
	for line in lines:
		document = (line.voucher_type, line.invoice)
		if line.returns is None and document in returned:
			part = sum(_part(line, other) for other in back[(*document, line.name)])
			found[document].append((min(1.0, max(0.0, part)), line))
	return found


def _part(sold: Line, back: Line) -> float:
	"""What one returning line brings back of a sold one; a lower rate only lowers the price."""
	by_qty = -back.qty / sold.qty if sold.qty else None
	by_amount = -back.net / sold.net if sold.net else 0.0
	reduced = sold.net > 0 and by_qty is not None and by_amount < by_qty * SAME_RATE
	return by_amount if not by_qty or reduced else by_qty


def _share(sold: list[Document], returned: set, parts: dict) -> float:
	"""The part of a day's sales that is back."""
	lines = [
		found
		for document in sold
		if (document.voucher_type, document.name) in returned
		for found in parts[document.voucher_type, document.name]
	]
	if not lines:
		return 0.0
	if sum(part >= WHOLE for part, _line in lines) >= sum(document.lines for document in sold):
		return 1.0
	for measure in ("net", "qty"):
		total = sum(getattr(document, measure) for document in sold)
		if total > 0:
			return min(1.0, max(0.0, sum(part * getattr(line, measure) for part, line in lines) / total))
	return 0.0


def _looks_anonymous(sales: dict[date, list[Document]], as_of: date, settings: Settings) -> bool:
	"""More order-days a year, or more invoices a day, than one person makes (the twin of `orders.looks_anonymous`)."""
	years: dict[int, int] = defaultdict(int)
	for day in sales:
		years[((as_of - day).days - 1) // 366] += 1
	return (
		max(years.values(), default=0) > settings.max_order_days_a_year
		or max(map(len, sales.values()), default=0) > settings.max_invoices_a_day
	)
