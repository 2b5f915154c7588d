"""Lines of purchase facts, put together into the baskets a programme sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from ccms_app.facts.files import Facts


class Basket(NamedTuple):
	"""One invoice. Amounts are company currency; those of a return are negative."""

	invoice: str
	customer: str
	day: date
	net: Decimal
	gross: Decimal
	is_return: bool
	return_against: str


class Line(NamedTuple):
	"""What one invoice holds of one item."""

	item: str
	qty: Decimal
	net: Decimal


class History:
	"""The baskets of some facts. ``frame`` has one row an invoice, by customer (in order of appearance) and time."""

	def __init__(self, facts: Facts):
		self.frame = group(facts.lines)
		self._lines = returned_lines(facts.lines)

	def __len__(self) -> int:
		return len(self.frame)

	def lines(self, invoice: str) -> list[Line]:
		"""The lines of a return, or of a sale that something was returned of (else nothing)."""
		return self._lines.get(invoice, [])

	def customers(self) -> Iterator[tuple[str, list[Basket]]]:
		"""(customer, their baskets in time order), one customer after the other."""
		frame = self.frame
		rows = list(
			map(
				Basket._make,
				zip(
					frame["invoice"].tolist(),
					frame["customer"].tolist(),
					frame["posted_at"].to_numpy().astype("datetime64[D]").tolist(),
					decimals(frame["net_amount"]),
					decimals(frame["gross_amount"]),
					frame["is_return"].tolist(),
					frame["return_against"].tolist(),
					strict=True,
				),
			)
		)
		codes = frame["customer_code"].to_numpy()
		edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(rows)]
		for begin, end in pairwise(edges):
			if begin < end:
				yield rows[begin].customer, rows[begin:end]


def group(lines: pd.DataFrame) -> pd.DataFrame:
	"""One row an invoice: invoice, posted_at, customer, customer_code, net_amount, gross_amount, margin, qty, lines,
	is_return, return_against; by customer and time. A return stands after the sale it belongs to."""
	codes, names = pd.factorize(lines["invoice"])
	count = len(names)
	first = np.empty(count, int)
	first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
	head = lines.iloc[first]
	net = np.bincount(codes, lines["net_amount"].to_numpy(), count)
	gross = np.bincount(codes, lines["gross_amount"].to_numpy(), count) if "gross_amount" in lines else net
	margin = (
		np.bincount(codes, lines["margin"].to_numpy(), count) if "margin" in lines else np.full(count, np.nan)
	)
	frame = pd.DataFrame(
		{
			"invoice": head["invoice"].to_numpy(),
			"posted_at": head["posted_at"].to_numpy(),
			"customer": head["customer"].to_numpy(),
			# sums of floats, brought back to the decimals they stand for
			"net_amount": net.round(6),
			"gross_amount": gross.round(6),
			"margin": margin,
			"qty": np.bincount(codes, lines["qty"].to_numpy(), count).round(6),
			"lines": np.bincount(codes, minlength=count),
			"is_return": head["is_return"].to_numpy(),
			"return_against": head["return_against"].to_numpy(),
		}
	)
	posted = frame["posted_at"].to_numpy()
	position = pd.Series(np.arange(count), index=frame["invoice"].to_numpy())
	original = position.reindex(frame["return_against"].where(frame["is_return"], "")).to_numpy()
	linked = ~np.isnan(original)
	# a return dated by the day alone still comes after a sale with an hour
	after = posted.copy()
	after[linked] = np.maximum(posted[linked], posted[original[linked].astype(int)])
	frame["customer_code"] = pd.factorize(frame["customer"])[0]
	order = np.lexsort(
		(np.arange(count), frame["is_return"].to_numpy(), after, frame["customer_code"].to_numpy())
	)
	return frame.iloc[order].reset_index(drop=True)


def returned_lines(lines: pd.DataFrame) -> dict[str, list[Line]]:
	"""The lines, summed by item, of every return that names its sale and of every sale so named."""
	linked = (lines["is_return"] & (lines["return_against"] != "")).to_numpy()
	if not linked.any():
		return {}
	wanted = linked | lines["invoice"].isin(set(lines["return_against"][linked])).to_numpy()
	sums = (
		lines[wanted]
		.groupby(["invoice", "item"], sort=False)[["qty", "net_amount"]]
		.sum()
		.round(6)
		.reset_index()
	)
	found: dict[str, list[Line]] = {}
	for invoice, item, qty, net in zip(
		sums["invoice"].tolist(),
		sums["item"].tolist(),
		decimals(sums["qty"]),
		decimals(sums["net_amount"]),
		strict=True,
	):
		found.setdefault(invoice, []).append(Line(item, qty, net))
	return found


def decimals(values: pd.Series) -> list[Decimal]:
	"""Floats as the decimals they print as."""
	return [Decimal(repr(value)) for value in values.tolist()]
