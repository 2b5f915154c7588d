"""Clusters on a site: refitted each month or by hand, assigned to every score run before it is published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import add_months, get_datetime, now, now_datetime

from ccms_app.scoring.store import runs
from ccms_app.segments.clusters import FEATURES, Clusters, TooFew, fit

if TYPE_CHECKING:
	import pandas as pd

DOCTYPE = "CCMS Customer Cluster"
SCORE = "CCMS Customer Score"


def current(company: str) -> tuple[str, Clusters] | None:
	"""The document and the model in use; None before the first fit."""
	found = frappe.get_all(
		DOCTYPE,
		filters={"company": company, "is_current": 1},
		fields=["name", "model"],
		order_by="creation desc",
		limit=1,
	)
	return (found[0].name, Clusters.from_dict(json.loads(found[0].model))) if found else None


def label(company: str, scores: pd.DataFrame) -> None:
	"""Fill the column `cluster` of scores that are about to be written (hook `ccms_score_columns`). Fits first when there is no
	model, or the last fit is a month old. Too few customers leave it empty."""
	known = current(company)
	try:
		if known is None or _is_old(known[0]):
			known = _fit(company, scores)
	except TooFew:
		pass
	except Exception:
		# a night without new clusters is better than one without scores
		frappe.log_error(title=f"CCMS: clusters of {company}")
	if known:
		scores["cluster"] = known[1].assign(scores)


def _is_old(name: str) -> bool:
	fitted = frappe.db.get_value(DOCTYPE, name, "fitted_on")
	return get_datetime(fitted) < get_datetime(add_months(now_datetime(), -1))


def refit(company: str) -> str:
	"""Fit anew on the published scores and write the clusters into them; returns the document.

	Raises:
		frappe.ValidationError: no scores yet, or too few customers to be grouped.
	"""
	scores = _published(company)
	try:
		name, model = _fit(company, scores)
	except TooFew as error:
		frappe.throw(_(error.words).format(*error.values), title=_("Clusters"))
	_write(runs.published(company), model.assign(scores))
	return name


def _published(company: str) -> pd.DataFrame:
	import pandas as pd

	run = runs.published(company)
	if not run:
		frappe.throw(_("{0} has no scores yet. Score its customers first.").format(company))
	score = frappe.qb.DocType(SCORE)
	columns = ("customer", *FEATURES)
	rows = (
		frappe.qb.from_(score).select(*(score[name] for name in columns)).where(score.score_run == run).run()
	)
	return pd.DataFrame(rows, columns=list(columns)).set_index("customer")


def _fit(company: str, scores: pd.DataFrame) -> tuple[str, Clusters]:
	before = current(company)
	frame = scores.set_index("customer") if "customer" in scores else scores
	model = fit(frame[[name for name in FEATURES if name in frame]], previous=before[1] if before else None)
	frappe.db.set_value(
		DOCTYPE, {"company": company, "is_current": 1}, "is_current", 0, update_modified=False
	)
	doc = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"company": company,
			"fitted_on": now(),
			"is_current": 1,
			"customers": sum(model.sizes),
			"silhouette": model.silhouette,
			"model": json.dumps(model.to_dict()),
			"groups": [
				{"cluster": name, "customers": size, "traits": _said(traits)}
				for name, size, traits in zip(model.names, model.sizes, model.traits, strict=True)
			],
		}
	)
	if model.silhouette < 0.25:
		doc.message = _("The groups touch each other: read them as tendencies.")
	doc.flags.from_store = True
	return doc.insert(ignore_permissions=True).name, model


def _said(traits: list[tuple[str, float]]) -> str:
	meta = frappe.get_meta(SCORE)
	return "\n".join(
		_("{0}: {1} interquartile ranges from the median").format(_(meta.get_label(feature)), f"{units:+.1f}")
		for feature, units in traits[:3]
	)


def _write(run: str, names: pd.Series) -> None:
	"""Rows with the same cluster are written together, a few thousand at a time."""
	score = frappe.qb.DocType(SCORE)
	for cluster, rows in names.groupby(names.fillna("")):
		found = list(rows.index)
		for start in range(0, len(found), 5_000):
			part = found[start : start + 5_000]
			query = frappe.qb.update(score).set(score.cluster, cluster or None)
			query.where((score.score_run == run) & score.customer.isin(part)).run()
