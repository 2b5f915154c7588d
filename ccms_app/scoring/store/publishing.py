"""Making a run the one that everybody reads: one short transaction in the database, one renamed file beside it."""

from __future__ import annotations

import importlib.metadata
import json
import math
from typing import TYPE_CHECKING

import frappe
from frappe import _

from ccms_app.behaviour.store import files
from ccms_app.behaviour.store.extract import Extraction
from ccms_app.scoring import wording

from . import runs
from .computed import Computed

if TYPE_CHECKING:
	from frappe.model.document import Document

PACKAGES = ("ccms_app", "ibis-framework", "duckdb", "pandas", "scikit-learn", "scipy", "pyarrow")


def publish(doc: Document, manifest: dict, result: Computed, read: Extraction) -> None:
	"""Write down what the run found and switch the pointer to it. Commits."""
	doc.reload()
	doc.update(
		{
			"status": runs.COMPLETED,
			"is_published": 1,
			"rows": read.lines,
			"customers": len(result.scores),
			"company_gap": result.company_gap,
			"champion": result.champion,
			"message": "\n".join(wording.note(one, _) for one in result.messages),
			"versions": json.dumps(versions() | result.versions),
		}
	)
	doc.set("metrics", [])
	unknown = []
	for metric in result.metrics:
		row = doc.append("metrics", {})
		row.update({name: metric[name] for name in ("target", "model", "role", "metric", "cut_off")})
		if metric["value"] is not None and math.isfinite(metric["value"]):
			row.value = metric["value"]
		else:
			unknown.append(row)
		row.detail = json.dumps(metric["detail"])
	doc.set("left_out", [])
	for customer in result.left_out.head(500).itertuples():
		doc.append(
			"left_out", {"customer": customer.customer, "reason": customer.reason, "figure": customer.figure}
		)
	doc.flags.from_scoring = True
	doc.flags.ignore_links = True
	doc.save(ignore_permissions=True)
	for row in unknown:  # a document makes an unknown number 0
		frappe.db.set_value(row.doctype, row.name, "value", None, update_modified=False)
	frappe.db.set_value(
		runs.DOCTYPE,
		{"company": doc.company, "is_published": 1, "name": ["!=", doc.name]},
		"is_published",
		0,
		update_modified=False,
	)
	frappe.db.commit()
	files.write(
		doc.company,
		manifest
		| {
			"run": doc.name,
			"as_of": str(doc.data_cut),
			"currency": frappe.get_cached_value("Company", doc.company, "default_currency"),
			"tables": result.tables,
		},
		files.PUBLISHED,
	)


def versions() -> dict[str, str]:
	"""Of everything whose change may change a figure."""
	return {name: importlib.metadata.version(name) for name in PACKAGES if _has(name)}


def _has(name: str) -> bool:
	try:
		importlib.metadata.version(name)
	except importlib.metadata.PackageNotFoundError:
		return False
	return True
