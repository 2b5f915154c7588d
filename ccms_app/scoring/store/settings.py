"""The settings of a score run: those of behaviour, with the rules of the flags as scoring knows them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import cint, flt

from ccms_app.behaviour.settings import Settings
from ccms_app.behaviour.store import settings
from ccms_app.scoring.flags import FlagError, FlagRule

if TYPE_CHECKING:
	from ccms_app.behaviour.engine import Engine

FLAGS = {"High Frequency": "high_frequency", "High Value": "high_value"}


def read() -> Settings:
	"""What a manager has set."""
	return replace(settings.read(), flag_rules=tuple(flag_rules(frappe.get_cached_doc(settings.DOCTYPE))))


def flag_rules(doc) -> list[FlagRule]:
	"""The rules of the two flags; none means the ready-made ones.

	Raises:
		FlagError: one of them cannot be applied.
	"""
	return [
		FlagRule(
			FLAGS[row.flag],
			row.measure,
			row.operator,
			**{"percentile" if cint(row.is_percentile) else "value": flt(row.threshold)},
		)
		for row in doc.flag_rules
	]


def check(doc) -> None:
	"""Refuse settings that cannot be."""
	settings.check(doc)
	try:
		flag_rules(doc)
	except FlagError as error:
		frappe.throw(str(error), title=_("Behaviour"))


def engine() -> Engine:
	"""The engine a manager has chosen."""
	from ccms_app.behaviour.engine import DUCKDB, SPARK, Engine  # forms need none

	doc = frappe.get_cached_doc(settings.DOCTYPE)
	return Engine(SPARK, master=doc.spark_master or None) if doc.scoring_engine == SPARK else Engine(DUCKDB)
