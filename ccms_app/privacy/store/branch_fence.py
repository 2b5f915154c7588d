"""The fence between branches for what is known of a customer in a company: the branch is that of the customer's published score.

Profiles, warnings, stage changes and the like name no branch of their own. They are held back with the score of the same
customer and company, so that lists, forms and reports agree on whose customer somebody is. Whoever has no score, or one
without a branch, is nobody's in particular and stays visible.
"""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Coalesce
from pypika.terms import Criterion, Term

from . import fence

SCORE, RUN, SEGMENT, MEMBER = (
	"CCMS Customer Score",
	"CCMS Score Run",
	"CCMS Customer Segment",
	"CCMS Segment Member",
)
DOCTYPES = (
	"CCMS Customer Profile",
	"CCMS Churn Warning",
	"CCMS Purchase Anomaly",
	"CCMS Stage Change",
	"CCMS Customer Event",
	MEMBER,
)


def criterion(
	customer: Term, company: Term | QueryBuilder | str, user: str | None = None
) -> Criterion | None:
	"""A condition on a column that names a customer and on a company; None when nothing is held back."""
	names = fence.branches(user, SCORE)
	if names is None:
		return None
	score = DocType(SCORE).as_("their_score")
	of_others = (
		frappe.qb.from_(score)
		.select(score.customer)
		.where(score.score_run.isin(_published()))
		.where(score.company.isin(company if isinstance(company, QueryBuilder) else [company]))
		.where((Coalesce(score.home_branch, "") != "") & score.home_branch.notin(names))
	)
	return customer.notin(of_others)


def _published() -> list[str]:
	return frappe.get_all(RUN, filters={"is_published": 1}, pluck="name") or [""]


def conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of DOCTYPES; empty for others."""
	if doctype not in DOCTYPES:
		return ""
	table = DocType(doctype)
	if doctype != MEMBER:
		found = criterion(table.customer, table.company, user)
	else:
		segment = DocType(SEGMENT).as_("their_segment")
		company = frappe.qb.from_(segment).select(segment.company).where(segment.name == table.segment)
		found = criterion(table.customer, company, user)
	return f"({found.get_sql(quote_char='`', with_namespace=True)})" if found is not None else ""


def sees(
	doc: Document, ptype: str | None = None, user: str | None = None, debug: bool = False
) -> bool | None:
	"""False when the customer is another branch's; else the next hook is asked."""
	names = fence.branches(user, SCORE)
	if names is None or not doc.customer:
		return None
	company = doc.get("company") or frappe.get_cached_value(SEGMENT, doc.get("segment"), "company")
	scores = {"company": company, "customer": doc.customer, "score_run": ["in", _published()]}
	branch = frappe.db.get_value(SCORE, scores, "home_branch")
	return False if branch and branch not in names else None
