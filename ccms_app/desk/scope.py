"""Whom a report speaks of: what the filters choose, and what the user in session may see.

The same filters narrow both sources: rows of customers in MariaDB by the query builder, facts in Parquet by Ibis.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.permissions import get_user_permissions
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.utils import escape_html

from . import permitted

if TYPE_CHECKING:
	from ibis.expr.types import Table

SCORE = "CCMS Customer Score"
BRANCHES = {
	"cost_center": "Cost Center",
	"pos_profile": "POS Profile",
	"warehouse": "Warehouse",
	"territory": "Territory",
}
_SALES = ("Sales Invoice", "POS Invoice", SCORE)
# filter → (field of a score, column of facts)
FIELDS = {
	"branch": ("home_branch", "branch"),
	"customer_group": ("customer_group", "customer_group"),
	"territory": ("territory", "territory"),
	"sales_person": ("sales_person", "sales_person"),
}


@dataclass(frozen=True)
class Scope:
	"""A company, and the values chosen of each dimension (with everything below them); None where all are meant."""

	company: str
	chosen: dict[str, str]
	values: dict[str, tuple[str, ...]]

	def scores(self, run: str, *fields: object, chosen: bool = True) -> QueryBuilder:
		"""A query on the scores of a run, of the customers in scope that the user may see.

		chosen: False leaves aside what the filters choose, not what User Permissions say: for whom facts in scope name.
		"""
		score = DocType(SCORE)
		query = frappe.qb.from_(score).select(*fields).where(score.score_run == run)
		# scores are named after their run (scoring.store.scores.key): read in that order they lie side by side
		query = query.where(score.name.like(f"{run}-%"))
		return permitted.restrict(self.narrow(query, chosen), SCORE)

	def narrow(self, query: QueryBuilder, chosen: bool = True) -> QueryBuilder:
		"""Narrow a query that reads or joins scores to the customers in scope."""
		score = DocType(SCORE)
		for name, values in self.values.items() if chosen else ():
			query = query.where(score[FIELDS[name][0]].isin(values))
		if (branches := _permitted_branches()) is not None:
			query = query.where(score.home_branch.isin(branches))
		return query

	def facts(self, table: Table) -> Table:
		"""Rows of orders, days or lines in scope that the user may see."""
		for name, values in self.values.items():
			table = table.filter(table[FIELDS[name][1]].isin(values))
		if (branches := _permitted_branches()) is not None:
			table = table.filter(table["branch"].isin(branches))
		return seen(table)

	@property
	def is_whole(self) -> bool:
		"""Whether every customer of the company is in scope and may be seen."""
		return not self.is_narrowed and permitted.customers() is None

	@property
	def is_narrowed(self) -> bool:
		"""Whether `narrow` leaves anybody out."""
		return bool(self.values) or _permitted_branches() is not None

	def filters(self) -> dict[str, str]:
		"""The filters as a link passes them on."""
		return {"company": self.company, **self.chosen}


def read(filters: frappe._dict, company: str) -> Scope:
	"""The scope that the filters ask for.

	Raises:
		frappe.PermissionError: a group, territory, branch or seller that does not exist, or not for this user.
	"""
	chosen, values = {}, {}
	for name in FIELDS:
		if not filters.get(name):
			continue
		doctype = branch_doctype() if name == "branch" else frappe.unscrub(name)
		chosen[name] = str(filters[name])
		values[name] = tuple(with_descendants(doctype, chosen[name]))
	return Scope(company, chosen, values)


def with_descendants(doctype: str, name: str) -> Iterable[str]:
	"""A record and, where its DocType is a tree, everything below it."""
	permitted.check_choice(doctype, name)
	yield name
	if frappe.get_meta(doctype).is_nested_set():
		yield from frappe.db.get_descendants(doctype, name)


def seen(table: Table) -> Table:
	"""Facts of the customers that the user may see."""
	if (allowed := permitted.customers()) is None:
		return table
	return table.semi_join(names(allowed), "customer")


def names(customers: list[str]) -> Table:
	"""Customers as a table of one column, to join facts with."""
	import ibis
	import pyarrow as pa

	return ibis.memtable(pa.table({"customer": pa.array(customers, pa.string())}))


def branch_doctype() -> str:
	"""What the company calls a branch, as the settings say."""
	from ccms_app.behaviour.store.settings import read as settings_of

	source = settings_of().branch_source
	if source in BRANCHES:
		return BRANCHES[source]
	found = frappe.db.get_value("Accounting Dimension", {"fieldname": source}, "document_type")
	if not found:
		frappe.throw(
			_("The branch of the settings, {0}, is no accounting dimension.").format(
				frappe.bold(escape_html(source))
			)
		)
	return found


def _permitted_branches() -> list[str] | None:
	"""The branches that User Permissions leave to the user; None when they say nothing of branches."""
	kept = get_user_permissions(frappe.session.user)
	given = kept.get(branch_doctype()) if kept else None
	names = [one.doc for one in given or () if not one.applicable_for or one.applicable_for in _SALES]
	return names or None


def branches(company: str, txt: str = "", most: int = 50) -> list[str]:
	"""Names of branches of a company that contain a text, the user's own where User Permissions name some."""
	doctype = branch_doctype()
	meta = frappe.get_meta(doctype)
	filters = {"name": ["like", f"%{txt}%"]}
	if meta.has_field("company"):
		filters["company"] = company
	found = frappe.get_all(doctype, filters=filters, pluck="name", order_by="name", limit=1000)
	if (own := _permitted_branches()) is not None:
		found = [name for name in found if name in own]
	return found[:most]
