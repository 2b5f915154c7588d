"""Amounts that are sums of doubles: +0.3 - 0.1 - 0.2 is not 0, and differs with the order of the rows."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

# whole hundredths of a cent are told apart
_PER_UNIT = 10_000
_MOST = 9e14


def key(amount: ir.FloatingValue) -> ir.IntegerValue:
	"""A whole number to compare an amount by. Sums beyond what 64 bits can hold are the same."""
	held = ibis.greatest(ibis.least(amount, _MOST), -_MOST)
	return (held * _PER_UNIT + 0.5).floor().cast("int64")


def is_positive(amount: ir.NumericValue) -> ir.BooleanValue:
	"""Whether there is any amount at all, and above 0."""
	return amount >= 0.5 / _PER_UNIT


def positive(amount: ir.NumericValue) -> ir.NumericValue:
	"""The amount where it is above 0, to divide by; else null."""
	return ibis.ifelse(is_positive(amount), amount, ibis.null(amount.type()))


def not_zero(amount: ir.NumericValue) -> ir.NumericValue:
	"""The amount where it is not 0, to divide by; else null."""
	return ibis.ifelse(is_positive(amount.abs()), amount, ibis.null(amount.type()))
