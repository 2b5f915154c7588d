"""Brings the profiles to what a published run found: orders, revenue, stage, cycle.

A profile that an invoice has changed since the run looked is newer than the run: it is computed from the invoices again,
with the run's cycle. Rows are locked in batches without waiting for anybody, so that no invoice meets a deadlock here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import frappe
import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
from frappe.utils import getdate, now, nowdate

from ccms_app.behaviour.engine import Engine, frame_of
from ccms_app.behaviour.lifecycle import PROSPECT
from ccms_app.behaviour.movement import State
from ccms_app.behaviour.store import live, stage_changes, stream
from ccms_app.behaviour.store.profiles import DOCTYPE, key

from . import bulk, scores

BATCH = 2000
FIELDS = ["first_order", "last_order", "orders", "revenue", "stage", "own_cycle"]
DAYS = ["first_order", "last_order"]
_STORED = ["name", "customer", "live_seq", "stage_since", *FIELDS]
_KINDS = {
	**dict.fromkeys(("live_seq", "orders"), pa.int64()),
	**dict.fromkeys(("revenue", "own_cycle"), pa.float64()),
	**dict.fromkeys((*DAYS, "stage_since"), pa.date32()),
}
# amounts are kept to nine digits, and a sum of doubles is less exact than that
SAME = 1e-6


def live_seqs(company: str) -> pd.Series:
	"""Name → number of changes by invoices, of every profile of a company."""
	frappe.db.commit()
	frame = _read(company, ["name", "live_seq"])
	return pd.Series(frame["live_seq"].to_numpy(), frame["name"].to_numpy(object), "int64")


def with_documents_since(engine: Engine, lines: ir.Table, as_of: date) -> set[str]:
	"""Customers with documents of the as-of and later, up to today: their profiles know more than the run."""
	recent = lines.filter(
		(lines.day >= ibis.literal(as_of)) & (lines.day <= ibis.literal(getdate(nowdate())))
	)
	return set(engine.frame(recent.select("customer").distinct())["customer"])


def bring_along(
	company: str,
	found: pd.DataFrame,
	as_of: date,
	run: str,
	seen: pd.Series,
	today: set[str],
	left_out: set[str],
	first: bool,
	progress: Callable[[float], None],
) -> int:
	"""Write what differs, in batches that are committed; returns the stage changes written.

	Args:
		found: the run's scores.
		seen: `live_seqs` from before the invoices were read.
		today: customers with documents from the as-of on.
		left_out: customers who have no profile.
		first: no run of the company has brought its profiles along before, so that nothing has moved.
	"""
	before = frappe.db.count(stage_changes.DOCTYPE, {"score_run": run})
	sync = _Sync(company, as_of, run, seen, first, progress)
	stored = _stored(company)
	wanted = found[["customer", *FIELDS]].copy()
	for name in DAYS:
		wanted[name] = pd.to_datetime(wanted[name])
	names = [key(customer, company) for customer in wanted["customer"]]
	wanted["name"] = pd.Series(names, wanted.index, object)
	both = wanted.merge(stored, on="name", how="left", suffixes=("", "_old"), indicator=True)
	both["moved"] = both["customer"].isin(today) | (
		(both["_merge"] == "both") & (both["live_seq"] != both["name"].map(seen))
	)
	there = both["_merge"] == "both"
	sync.insert(_with_days(both[~there & ~both["moved"]]))
	sync.update(_with_days(both[there & ~both["moved"] & _differs(both)]))
	gone = stored[~stored["name"].isin(wanted["name"])]
	sync.delete(gone[gone["customer"].isin(left_out)]["name"])
	cycles = dict(zip(both["customer"], both["own_cycle"], strict=True))
	again = set(both[both["moved"]]["customer"]) | sync.held | (today - left_out)
	again |= set(gone[~gone["customer"].isin(left_out) & (gone["orders"] > 0)]["customer"])
	sync.again(sorted(again), cycles)
	return frappe.db.count(stage_changes.DOCTYPE, {"score_run": run}) - before


def _stored(company: str) -> pd.DataFrame:
	frame = _read(company, _STORED)
	frame[["name", "customer", "stage"]] = frame[["name", "customer", "stage"]].astype(object)
	return frame.assign(orders=frame["orders"].fillna(0).astype("int64"))


def _read(company: str, columns: list[str]) -> pd.DataFrame:
	"""Columns of all profiles of a company, as they are committed."""
	profile = frappe.qb.DocType(DOCTYPE)
	kinds = {name: (profile[name], _KINDS.get(name, pa.string())) for name in columns}
	return frame_of(stream.table(profile, kinds, profile.company == company))


def _with_days(rows: pd.DataFrame) -> pd.DataFrame:
	"""Timestamps as dates; None for unknown."""
	names = [name for name in rows if str(name).removesuffix("_old") in (*DAYS, "stage_since")]
	days = {
		name: pd.Series([None if day is pd.NaT else day.date() for day in rows[name]], rows.index, object)
		for name in names
	}
	return rows.assign(**days)


def _differs(both: pd.DataFrame) -> pd.Series:
	found = pd.Series(False, both.index)
	for name in FIELDS:
		new, old = both[name], both[f"{name}_old"]
		if name in ("revenue", "own_cycle"):
			found |= ~np.isclose(new.astype(float), old.astype(float), rtol=1e-9, atol=SAME, equal_nan=True)
		else:
			found |= (new != old).fillna(True) & ~(new.isna() & old.isna())
	return found


class _Sync:
	"""The writes of one run."""

	def __init__(self, company: str, as_of: date, run: str, seen: pd.Series, first: bool, progress):
		self.company, self.as_of, self.run, self.seen = company, as_of, run, seen
		self.first, self.progress = first, progress
		self.currency = frappe.get_cached_value("Company", company, "default_currency")
		self.held: set[str] = set()  # customers whose profile somebody else had

	def insert(self, rows: pd.DataFrame) -> None:
		"""New profiles. One that an invoice makes meanwhile stays as that made it."""
		if rows.empty:
			return
		stamp, user = now(), frappe.session.user
		frame = rows[["name", "customer", *FIELDS]].assign(
			customer_name=rows["customer"].map(scores.names()).fillna(""),
			company=self.company,
			currency=self.currency,
			stage_since=self.as_of,
			creation=stamp,
			modified=stamp,
			owner=user,
			modified_by=user,
		)
		frappe.db.commit()
		bulk.write(DOCTYPE, frame.sort_values("name"), lambda share: self.progress(share * 0.5), ignore=True)
		if not self.first:
			self._moved(rows.assign(orders_old=0, last_order_old=None, stage_old=PROSPECT))
		frappe.db.commit()

	def update(self, rows: pd.DataFrame) -> None:
		"""Profiles that differ, under locks that are taken without waiting."""
		rows = rows.sort_values("name")
		for start in range(0, len(rows), BATCH):
			part = rows.iloc[start : start + BATCH]
			free = self._lock(part["name"])
			taken = ~part["name"].isin(free)
			self.held |= set(part[taken]["customer"])
			part = part[~taken]
			if len(part):
				self._write(part)
				if not self.first:
					self._moved(part)
			frappe.db.commit()
			self.progress(0.5 + 0.4 * (start + BATCH) / len(rows))

	def _lock(self, names: Iterable[str]) -> set[str]:
		"""Lock the profiles that nobody else holds, and that no invoice has changed since the run looked."""
		rows = frappe.db.sql(
			f"select name, live_seq from `tab{DOCTYPE}` where name in %(names)s for update skip locked",
			{"names": list(names)},
		)
		return {name for name, seq in rows if seq == self.seen.get(name)}

	def _write(self, part: pd.DataFrame) -> None:
		columns = ["name", *FIELDS, "stage_since", "modified"]
		same_stage = part["stage"] == part["stage_old"]
		since = part["stage_since"].where(same_stage & part["stage_since"].notna(), self.as_of)
		frame = part[["name", *FIELDS]].assign(stage_since=since, modified=now())
		rows = [tuple(map(bulk.plain, row)) for row in frame[columns].itertuples(index=False, name=None)]
		places = f"({', '.join(['%s'] * len(columns))})"
		updates = ", ".join(f"{name} = values({name})" for name in columns[1:])
		frappe.db.sql(
			f"insert into `tab{DOCTYPE}` ({', '.join(columns)}) values {', '.join([places] * len(rows))} "
			f"on duplicate key update {updates}",
			[value for row in rows for value in row],
		)

	def _moved(self, part: pd.DataFrame) -> None:
		part = part[part["stage"] != part["stage_old"]]
		today = getdate(nowdate())
		called = scores.names(list(part["customer"]))
		stage_changes.write(
			stage_changes.Change(
				row.customer,
				called.get(row.customer, ""),
				self.company,
				State(int(row.orders_old), row.last_order_old or None, row.stage_old or PROSPECT),
				State(int(row.orders), row.last_order or None, row.stage),
				min(self.as_of, today),
				self.as_of,
				None if np.isnan(row.own_cycle) else float(row.own_cycle),
				score_run=self.run,
			)
			for row in part.itertuples(index=False)
		)

	def delete(self, names: pd.Series) -> None:
		"""Of customers who are left out of all figures now."""
		for start in range(0, len(names), BATCH):
			frappe.db.delete(DOCTYPE, {"name": ["in", list(names.iloc[start : start + BATCH])]})
			frappe.db.commit()

	def again(self, customers: list[str], cycles: dict[str, float]) -> None:
		"""From the invoices, one by one."""
		for number, customer in enumerate(customers):
			if not frappe.db.exists("Customer", customer):
				continue  # renamed since the invoices were read
			cycle = cycles.get(customer)
			live.recompute(
				customer,
				self.company,
				self.run,
				None if cycle is None or np.isnan(cycle) else cycle,
				self.first,
			)
			self.progress(0.9 + 0.1 * number / len(customers))
