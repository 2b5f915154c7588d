"""Sums over many customers' events, from the daily counts, within the user's fence of companies and branches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Coalesce, Count, Sum

from ccms_app.privacy.store import fence

DAY, MARK = "CCMS Interaction Day", "CCMS Interaction Mark"
COLUMNS = {"channel", "interaction_type", "branch", "day"}


@dataclass(frozen=True)
class Where:
	"""Which events: of a company, from a day until before another, and, where given, of a branch, channel, type."""

	company: str
	start: date
	end: date
	branch: str = ""
	channel: str = ""
	interaction_type: str = ""


# --- from daily counts ---------------------------------------------------------------------------------------
def sums(where: Where, *by: str) -> list[dict[str, Any]]:
	"""Sums by these columns of daily counts: events, dwell and duration (s), amount, customers (persons who are told
	apart), and the columns themselves, "" where a row has none."""
	if set(by) - COLUMNS:
		raise ValueError(by)
	day = DocType(DAY)
	keys = [day[name] if name == "day" else Coalesce(day[name], "").as_(name) for name in by]
	query = (
		frappe.qb.from_(day)
		.select(
			*keys,
			Sum(day.events).as_("events"),
			Sum(day.dwell).as_("dwell"),
			Sum(day.duration).as_("duration"),
			Sum(day.amount).as_("amount"),
			Count(day.identity).distinct().as_("customers"),
		)
		.where((day.company == where.company) & (day.day >= where.start) & (day.day < where.end))
	)
	query = narrow(query, day, DAY, where).groupby(*(day[name] for name in by))
	rows = query.run(as_dict=True)
	return [row for row in rows if row.events]


def is_behind(company: str) -> bool:
	"""Whether events came that the daily counts do not hold yet."""
	return bool(frappe.db.exists(MARK, {"company": company, "span": "Day"}))


def narrow(query: QueryBuilder, table, doctype: str, where: Where) -> QueryBuilder:
	"""The rows of a table that a report asks for and the user may count."""
	for name in ("branch", "channel", "interaction_type"):
		if value := getattr(where, name):
			query = query.where(table[name] == value)
	fenced = fence.criterion(doctype, table=table)
	return query.where(fenced) if fenced is not None else query
