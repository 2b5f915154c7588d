"""The settings of a score run: those of behaviour, with the rules of the flags as scoring knows them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import cint, flt

from ccms_app.behaviour.settings import Settings
from ccms_app.behaviour.store import settings
from ccms_app.scoring.flags import READY_MADE, FlagError, FlagRule

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


def fill() -> None:
	"""Show a manager the usual values where nothing is set: an empty field or table means these anyway."""
	doc, usual = frappe.get_doc(settings.DOCTYPE), Settings()
	changed = False
	for name in settings.NUMBERS:
		if not doc.get(name):
			doc.set(name, getattr(usual, name))
			changed = True
	for name, first in (("scoring_engine", "duckdb"), ("branch_source", "Cost Center")):
		if not doc.get(name):
			doc.set(name, first)
			changed = True
	titles = {flag: title for title, flag in FLAGS.items()}
	tables = {
		"rfm_groups": [
			{"recency_score": r, "fm_score": fm, "group_name": name}
			for (r, fm), name in usual.rfm_groups.items()
		],
		"value_bands": [
			{"band_name": name, "share": share}
			for name, share in zip(usual.value_band_names, usual.value_bands, strict=True)
		],
		"flag_rules": [
			{
				"flag": titles[rule.flag],
				"measure": rule.measure,
				"operator": rule.operator,
				"threshold": rule.value if rule.percentile is None else rule.percentile,
				"is_percentile": int(rule.percentile is not None),
			}
			for rule in READY_MADE
		],
	}
	for table, rows in tables.items():
		if not doc.get(table):
			doc.set(table, rows)
			changed = True
	if changed:
		doc.flags.ignore_version = True
		doc.save(ignore_permissions=True)
