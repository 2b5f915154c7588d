"""A made shop with everything that makes counting hard: ties, gaps of every length, nulls, returns, empty quantities."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from ccms_app.behaviour.lines import SCHEMA

BEGIN, DAYS = date(2022, 1, 3), 900
AS_OF = BEGIN + timedelta(days=DAYS - 40)  # some lines are of later days


def purchases(lines: int, seed: int = 11) -> pd.DataFrame:
	"""About so many lines of SCHEMA, a quarter of the customers with one order, in no order."""
	random = np.random.default_rng(seed)
	invoices = lines // 3
	customers = max(3, invoices // 9)
	customer = random.choice(customers, invoices, p=_skewed(random, customers))
	customer = np.concatenate([customer, customers + np.arange(invoices // 40)])  # of one order each
	invoices = len(customer)
	minute = random.integers(0, DAYS, invoices) * 1440 + random.choice([9, 9, 12, 17, 23], invoices) * 60
	count = random.integers(1, 6, invoices)
	of = np.repeat(np.arange(invoices), count)
	item = random.integers(0, 60, len(of))
	qty = random.choice([1.0, 1.0, 2.0, 3.0, 0.0, 0.5], len(of))
	price = random.choice([0.1, 0.2, 0.3, 5.0, 9.99, 120.0], 60)[item]
	ratio = random.choice([1.0, 1.0, 0.995, 0.9, 0.7], len(of))
	amount = np.round(np.where(qty == 0, 1, qty) * price * ratio, 2)
	free = random.random(len(of)) < 0.02
	frame = pd.DataFrame(
		{
			"voucher_type": np.where(of % 4 == 0, "POS Invoice", "Sales Invoice"),
			"invoice": "I" + pd.Series(of // 2 * 2 + (of % 2)).astype(str),
			"line": "L" + pd.Series(np.arange(len(of))).astype(str),
			"posted_at": np.datetime64(BEGIN, "us") + minute[of] * np.timedelta64(1, "m"),
			"customer": "Kunde Ä" + pd.Series(customer[of]).astype(str),
			"item": "item " + pd.Series(item).astype(str),
			"item_group": pd.Series(random.choice(np.array(["a", "b", "C", "d", None]), len(of))),
			"brand": pd.Series(np.array(["X", "Y", None])[item % 3]),
			"qty": qty,
			"net_amount": np.where(free, 0.0, amount),
			"list_amount": np.where(free, np.nan, np.where(qty == 0, 1, qty) * price),
			"margin": np.where(random.random(len(of)) < 0.3, np.nan, amount * 0.25),
			"is_return": False,
			"is_debit_note": random.random(invoices)[of] < 0.01,
			"branch": pd.Series(
				np.array(["North", "South", None, "Öst"])[random.integers(0, 4, invoices)[of]]
			),
			"channel": np.where(of % 4 == 0, "POS", "Invoice"),
			"customer_group": pd.Series(np.array(["Retail", "Firms"])[customer[of] % 2]),
			"territory": pd.Series(np.array(["East", None])[random.integers(0, 2, invoices)[of]]),
			"sales_person": pd.Series(np.array(["Kim", "Lee", None])[random.integers(0, 3, invoices)[of]]),
			"is_free": free,
		}
	)
	frame["paid_ratio"] = np.where(free | (random.random(len(of)) < 0.1), np.nan, ratio)
	frame["stock_qty"] = frame["qty"]
	frame["return_against"] = frame["return_line"] = None
	frame = pd.concat([frame, _returns(random, frame)], ignore_index=True)
	frame["day"] = frame["posted_at"].dt.date
	frame["coupon"] = None
	return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def table(frame: pd.DataFrame) -> pa.Table:
	"""The lines as an Arrow table of SCHEMA."""
	return pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False)


def _skewed(random: np.random.Generator, count: int) -> np.ndarray:
	weight = random.gamma(0.5, 1, count)
	return weight / weight.sum()


def _returns(random: np.random.Generator, sales: pd.DataFrame) -> pd.DataFrame:
	"""Whole invoices, some of their lines, parts of lines; one in ten names no sale, one in ten no line."""
	sold = sales[~sales["is_debit_note"]]
	documents = sold["voucher_type"] + sold["invoice"]
	codes = pd.factorize(documents)[0]
	fate = random.choice(["", "whole", "some", "part"], codes.max() + 1, p=[0.9, 0.04, 0.03, 0.03])[codes]
	taken = (fate == "whole") | ((fate != "") & (random.random(len(sold)) < 0.5))
	back = sold[taken].copy()
	share = np.where(fate[taken] == "part", 0.5, 1.0)
	for name in ("qty", "stock_qty", "net_amount", "list_amount", "margin"):
		back[name] = -back[name] * share
	back["return_against"], back["return_line"] = back["invoice"], back["line"]
	fate = random.random(codes.max() + 1)[codes][taken]
	back.loc[fate < 0.1, ["return_against", "return_line"]] = None
	back.loc[fate > 0.9, "return_line"] = None
	back["posted_at"] += pd.to_timedelta(random.integers(0, 60, codes.max() + 1)[codes][taken], "D")
	back["invoice"] = "R" + back["invoice"]
	back["line"] = "R" + back["line"]
	back["paid_ratio"] = np.nan
	back["is_return"] = True
	return back
