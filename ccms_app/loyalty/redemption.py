"""What a redemption may be: how many points, what they are worth, and why not.

A total with cents can be paid in full: the last point covers what is left of it, and only that last amount may
break the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from . import money
from .model import ZERO, Program


@dataclass(frozen=True, slots=True)
class Refusal:
	"""Why points cannot be used: a code, and the values that a message needs."""

	code: str
	values: dict[str, object]


@dataclass(frozen=True, slots=True)
class Quote:
	"""The answer to "may these points be used on this total?"."""

	points: Decimal
	amount: Decimal
	"""Company currency that the points pay."""
	most: Decimal
	"""The most points this sale can take from this member."""
	refusal: Refusal | None = None


def worth(program: Program, points: Decimal, total: Decimal, precision: int = 2) -> Decimal:
	"""Money that points pay: points x value, never above the total before points."""
	return min(money.rounded(points * program.point_value, precision), total)


def ceiling_points(program: Program, total: Decimal) -> Decimal:
	"""The points that pay a total in full: ceil(total / value) at the programme's precision."""
	if total <= 0 or program.point_value <= 0:
		return ZERO
	quantum = Decimal(1).scaleb(-program.points_precision)
	return (total / program.point_value).quantize(quantum, rounding=ROUND_CEILING)


def most_points(program: Program, total: Decimal, spendable: Decimal, precision: int = 2) -> Decimal:
	"""The most points that a total before points, the programme's limits and the balance allow."""
	covers_all = limit = ceiling_points(program, total)
	if not covers_all:
		return ZERO
	quantum = Decimal(1).scaleb(-program.points_precision)
	for _code, cap in _caps(program, total, precision):
		limit = min(limit, (cap / program.point_value).quantize(quantum, rounding=ROUND_FLOOR))
	limit = min(limit, spendable.quantize(quantum, rounding=ROUND_FLOOR))
	if program.redeem_step > 0 and limit != covers_all:
		# a step of 2.5 whole points is one of 5
		step = program.redeem_step * Fraction(program.redeem_step / quantum).denominator
		limit -= limit % step
	return ZERO if limit < _least(program, precision) else max(limit, ZERO)


def quote(
	program: Program,
	points: Decimal,
	total: Decimal,
	spendable: Decimal,
	*,
	status: str = "Active",
	company: str = "",
	posting_date: date | None = None,
	today: date | None = None,
	precision: int = 2,
) -> Quote:
	"""Check a redemption against everything that is known before the sale is posted.

	Args:
		points: what was typed.
		total: company currency due before points, with tax, before rounding.
		spendable: the lower of what can be spent on the posting date and today.
		status, company: of the membership and the document.
		posting_date, today: of the document, and the real day.
		precision: decimals of the company's currency.
	"""
	most = most_points(program, total, spendable, precision)
	found = _refusal(program, points, total, spendable, most, status, company, posting_date, today, precision)
	if found:
		return Quote(points, ZERO, most, found)
	return Quote(points, worth(program, points, total, precision), most)


def _least(program: Program, precision: int) -> Decimal:
	"""The fewest points that may be used: the programme's minimum, and never so few that they pay nothing."""
	quantum = Decimal(1).scaleb(-program.points_precision)
	smallest_amount = Decimal(5).scaleb(-precision - 1)
	pays = (smallest_amount / program.point_value).quantize(quantum, rounding=ROUND_CEILING)
	return max(program.min_redeem_points, pays)


def _caps(program: Program, total: Decimal, precision: int) -> list[tuple[str, Decimal]]:
	"""The limits that bind on this total, in whole units of the currency: what points pay is rounded to these too."""
	caps = []
	if program.max_redeem_percent > 0:
		caps.append(("max_percent", total * program.max_redeem_percent / 100))
	if program.max_redeem_amount > 0:
		caps.append(("max_amount", program.max_redeem_amount))
	return [(code, money.rounded(cap, precision, "Down")) for code, cap in caps if cap < total]


def too_many(spendable: Decimal, posting_date: date | None, today: date | None) -> Refusal:
	"""More points than there are; with the date, where there may be more today than there were then."""
	earlier = {"date": posting_date} if posting_date and today and posting_date < today else {}
	return Refusal("balance", {"spendable": spendable, **earlier})


def _refusal(
	program: Program,
	points: Decimal,
	total: Decimal,
	spendable: Decimal,
	most: Decimal,
	status: str,
	company: str,
	posting_date: date | None,
	today: date | None,
	precision: int,
) -> Refusal | None:
	if points < 0:
		return Refusal("negative", {})
	if points == 0:
		return Refusal("zero", {})
	if money.decimals(points) > program.points_precision:
		return Refusal("precision", {"precision": program.points_precision})
	if company and program.company and company != program.company:
		return Refusal("company", {"program": program.name, "company": program.company})
	if status != "Active":
		return Refusal("status", {"status": status})
	if posting_date and today and posting_date > today:
		return Refusal("future", {})
	if posting_date and not program.runs_on(posting_date):
		return Refusal("not_running", {"program": program.name, "date": posting_date})
	if points > spendable:
		return too_many(spendable, posting_date, today)
	covers_all = ceiling_points(program, total)
	if points > covers_all:
		return Refusal("total", {"most": covers_all})
	if points < (least := _least(program, precision)):
		return Refusal("minimum", {"minimum": least})
	for code, cap in _caps(program, total, precision):
		if points * program.point_value > cap:
			return Refusal(code, {"most": most, "percent": program.max_redeem_percent, "amount": cap})
	if program.redeem_step > 0 and points % program.redeem_step and points != covers_all:
		return Refusal("step", {"step": program.redeem_step, "most": most})
	return None
