"""The figures of a segment's members beside those of everybody else, in two queries."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.query_builder import Case, DocType
from frappe.query_builder.functions import Avg, Count, Sum

from ccms_app.scoring.store import runs
from ccms_app.segments import in_common
from ccms_app.segments.fields import FIELDS

from .compile import MEMBER

SCORE = "CCMS Customer Score"
SHARES = (
	"stage",
	"rfm_group",
	"value_band",
	"favourite_group",
	"home_branch",
	"customer_group",
	"territory",
	"churn_level",
)
MEANS = ("orders_365", "revenue_365", "basket_value", "own_cycle", "churn_probability", "return_rate")
MONEY = ("revenue_365", "basket_value")
LABELS = {"stage": "Stage", "customer_group": "Customer group", "territory": "Territory"}


def of_segment(segment: str, company: str, narrow=lambda query, doctype: query) -> dict | None:
	"""What sets the segment apart: over, under (each {field, label, value, inside, outside, index, customers}) and means
	({field, label, inside, outside, index, is_money}); None before the first scores.

	Args:
		narrow: holds back the scores of customers that the user may not see.
	"""
	run = runs.published(company)
	if not run:
		return None
	score = DocType(SCORE)
	inside = _inside(score, segment)
	combined = frappe.qb.from_(score).select(
		*(score[name] for name in SHARES), Count("*").as_("customers"), Sum(inside).as_("inside")
	)
	combined = narrow(combined.where(score.score_run == run), SCORE).groupby(
		*(score[name] for name in SHARES)
	)
	counts: dict[tuple[str, str], list[int]] = {}
	size = everybody = 0
	for row in combined.run(as_dict=True):
		size += int(row.inside)
		everybody += row.customers
		for name in SHARES:
			if row[name]:
				pair = counts.setdefault((name, row[name]), [0, 0])
				pair[0] += int(row.inside)
				pair[1] += row.customers - int(row.inside)
	over, under = in_common.traits(((*key, *pair) for key, pair in counts.items()), size, everybody - size)
	return {
		"size": size,
		"others": everybody - size,
		"over": list(map(_trait, over)),
		"under": list(map(_trait, under)),
		"means": _means(segment, run, narrow) if size else [],
		"currency": frappe.get_cached_value("Company", company, "default_currency"),
	}


def _inside(score: DocType, segment: str) -> Case:
	member = DocType(MEMBER)
	members = (
		frappe.qb.from_(member)
		.select(member.customer)
		.where((member.segment == segment) & member.left_on.isnull())
	)
	return Case().when(score.customer.isin(members), 1).else_(0)


def _means(segment: str, run: str, narrow) -> list[dict]:
	score = DocType(SCORE)
	inside = _inside(score, segment)
	query = frappe.qb.from_(score).select(
		inside.as_("inside"), *(Avg(score[name]).as_(name) for name in MEANS)
	)
	rows = {
		int(row.inside): row
		for row in narrow(query.where(score.score_run == run), SCORE).groupby(inside).run(as_dict=True)
	}
	found = []
	for name in MEANS:
		ours, theirs = (_number(rows.get(side), name) for side in (1, 0))
		mean = in_common.Mean(name, ours, theirs)
		found.append(
			{
				"field": name,
				"label": _(_label(name)),
				"inside": mean.inside,
				"outside": mean.outside,
				"index": mean.index,
				"kind": "money" if name in MONEY else FIELDS[f"score.{name}"].type,
			}
		)
	return found


def _number(row, name: str) -> float | None:
	return None if row is None or row[name] is None else float(row[name])


def _label(name: str) -> str:
	known = FIELDS.get(f"score.{name}") or FIELDS.get(f"profile.{name}")
	return known.label if known else LABELS[name]


def _trait(trait: in_common.Trait) -> dict:
	return {
		"field": trait.field,
		"label": _(_label(trait.field)),
		"value": trait.value,
		"shown": _(trait.value),
		"customers": trait.customers,
		"inside": trait.inside,
		"outside": trait.outside,
		"index": trait.index,
	}
