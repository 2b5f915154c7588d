"""The facts of a company as tables to ask questions of: what reports and segments read order and line facts through.

`open(company)` gives the state that belongs to the published scores. A connection is kept for each thread until a newer
state is published; its files are never changed under it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import frappe
import ibis.expr.types as ir
from frappe import _

from ccms_app.behaviour import returned
from ccms_app.behaviour.engine import DUCKDB, Engine
from ccms_app.behaviour.lines import SCHEMA
from ccms_app.behaviour.selections import marked, window

from . import files, precomputed

MEMORY = "400MB"
_open = threading.local()


class Empty(Exception):
	"""Nothing has been published for the company yet; the text says so to a reader."""


@dataclass
class Lake:
	"""One published state of a company's facts.

	company, currency: whose they are, and the currency of every amount.
	as_of: only documents dated before this day count in `orders` and `daily`; `lines` may hold later ones.
	run: the CCMS Score Run they were published with.
	engine: the DuckDB connection; expressions over the tables below run on it.
	"""

	company: str
	currency: str
	as_of: date
	run: str
	engine: Engine
	manifest: dict

	@cached_property
	def lines(self) -> ir.Table:
		"""LINES (`behaviour.lines.SCHEMA`)."""
		paths = line_files(self.company, self.manifest)
		return self.engine.lines(paths or SCHEMA.empty_table())

	@cached_property
	def orders(self) -> ir.Table:
		"""ORDERS (`behaviour.orders.orders`)."""
		return self._table("orders")

	@cached_property
	def daily(self) -> ir.Table:
		"""Revenue by customer, day and place (`behaviour.orders.daily`)."""
		return self._table("daily")

	@cached_property
	def marked_lines(self) -> ir.Table:
		"""LINES with `undone` (`selections.marked`), which what is chosen of them cannot always tell by itself."""
		undone = self.precomputed(precomputed.UNDONE)
		if undone is None:
			undone = returned.undone(window(self.lines, self.as_of))
		return marked(self.lines, undone)

	@cached_property
	def known_lines(self) -> ir.Table:
		"""Those of the customers who count: without walk-ins and others left out of all figures about customers."""
		left_out = self.precomputed(precomputed.LEFT_OUT)
		lines = self.marked_lines
		return lines if left_out is None else precomputed.without(lines, left_out)

	def precomputed(self, name: str) -> ir.Table | None:
		"""A table of `store.precomputed`; None where the publication is older than the table."""
		return self._table(name) if name in self.manifest["tables"] else None

	def _table(self, name: str) -> ir.Table:
		return self.engine.table(files.folder(self.company) / self.manifest["tables"][name])


def line_files(company: str, manifest: dict) -> list[str]:
	"""The Parquet files of LINES that a manifest names, in the order of their months."""
	place = files.folder(company)
	return [
		str(place / known["file"]) for _month, known in sorted(manifest["months"].items()) if known["lines"]
	]


def open(company: str) -> Lake:
	"""The published facts of a company. Ask for permission before: nothing is held back here.

	Raises:
		Empty: no score run of the company has been completed yet.
	"""
	manifest = files.read(company, files.PUBLISHED)
	if not manifest or not _complete(company, manifest):
		raise Empty(
			_("Nothing has been scored for {0} yet. Press Score Now in the list of Score Runs.").format(
				company
			)
		)
	key = (frappe.local.site, company)
	kept: dict[tuple, Lake] = _open.__dict__.setdefault("lakes", {})
	lake = kept.get(key)
	if lake is None or lake.run != manifest["run"]:
		if lake is not None:
			kept.pop(key).engine.close()
		lake = kept[key] = Lake(
			company,
			manifest["currency"],
			date.fromisoformat(manifest["as_of"]),
			manifest["run"],
			Engine(DUCKDB, memory=MEMORY),
			manifest,
		)
	return lake


def _complete(company: str, manifest: dict) -> bool:
	"""Whether the files and their run are there: a restored backup brings no files, a company's reset takes the run."""
	if not frappe.db.exists("CCMS Score Run", manifest["run"]):
		return False
	place = files.folder(company)
	return all((place / name).is_file() for name in manifest["tables"].values())


def close() -> None:
	"""Close what this thread has open."""
	kept: dict[tuple, Lake] = _open.__dict__.pop("lakes", {})
	for lake in kept.values():
		lake.engine.close()
