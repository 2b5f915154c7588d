"""A run in a few lines of text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import frappe
from frappe.query_builder.functions import Count

from . import runs


def lines(name: str) -> Iterator[str]:
	"""What became of a run."""
	doc = frappe.get_doc(runs.DOCTYPE, name)
	if doc.status != runs.COMPLETED:
		yield f"{doc.company}: {name} {doc.status.lower()}. {doc.message or ''}".strip()
		return
	yield (
		f"{doc.company}: {name} scored {doc.customers:,} customers from {doc.rows:,} invoice lines before {doc.data_cut} "
		f"in {doc.duration:.1f} s; {doc.stage_changes:,} stage changes; {len(doc.left_out)} customers left out."
	)
	if doc.message:
		yield doc.message
	profile = frappe.qb.DocType("CCMS Customer Profile")
	stages = (
		frappe.qb.from_(profile)
		.select(profile.stage, Count(profile.name))
		.where(profile.company == doc.company)
		.groupby(profile.stage)
	).run()
	if stages:
		yield "Stages: " + ", ".join(f"{stage} {count:,}" for stage, count in sorted(stages))
	for metric in doc.metrics:
		if metric.role == "champion" and metric.metric != "calibration" and metric.value is not None:
			yield f"{metric.target} {metric.metric} {metric.value:.3f} ({metric.model})"
