"""Amounts that are sums of doubles: +0.3 - 0.1 - 0.2 is not 0, and differs with the order of the rows."""

from __future__ import annotations

from decimal import Decimal

import ibis
import ibis.expr.types as ir

# whole hundredths of a cent are told apart
_PER_UNIT = 10_000
_MOST = 9e14
_WIDE = "decimal(38, 0)"
_A_KEY = 10**10
_AN_ORDER = 2 * 10**29


def key(amount: ir.FloatingValue) -> ir.IntegerValue:
	"""A whole number to compare an amount by. Sums beyond what 64 bits can hold are the same."""
	held = ibis.greatest(ibis.least(amount, _MOST), -_MOST)
	return (held * _PER_UNIT + 0.5).floor().cast("int64")


def rank(orders: ir.IntegerValue, amount: ir.FloatingValue, number: ir.IntegerValue) -> ir.DecimalValue:
	"""More orders are more, then a higher amount, then a smaller number: all in one, which is compared faster than three.

	Exact for up to 400 million orders, for every amount that `key` tells apart, and numbers of 32 bits.
	"""
	return _exact(orders) * _literal(_AN_ORDER) + _exact(key(amount)) * _literal(_A_KEY) - _exact(number)


def ranked(rank: ir.DecimalValue) -> ir.IntegerValue:
	"""The number that is in a rank of at least one order."""
	return (_literal(_A_KEY) - rank % _literal(_A_KEY)).cast("int32")


def _exact(value: ir.IntegerValue) -> ir.DecimalValue:
	return value.cast(_WIDE)


def _literal(value: int) -> ir.DecimalScalar:
	return ibis.literal(Decimal(value), _WIDE)


def is_positive(amount: ir.NumericValue) -> ir.BooleanValue:
	"""Whether there is any amount at all, and above 0."""
	return amount >= 0.5 / _PER_UNIT


def positive(amount: ir.NumericValue) -> ir.NumericValue:
	"""The amount where it is above 0, to divide by; else null."""
	return ibis.ifelse(is_positive(amount), amount, ibis.null(amount.type()))


def not_zero(amount: ir.NumericValue) -> ir.NumericValue:
	"""The amount where it is not 0, to divide by; else null."""
	return ibis.ifelse(is_positive(amount.abs()), amount, ibis.null(amount.type()))
