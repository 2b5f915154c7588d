"""Invoice lines out of the database into Parquet, one file a company and month, only what has changed.

What has changed is asked of the database itself: what each document says now, beside what it said when its lines were
read (`documents`). So nothing depends on a clock, a lost file is read again, and a full run is one that finds nothing
kept. What no document shows (renames) is marked in `dirty`, and its months are read in full.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha1

import frappe
from frappe.utils import now

from ccms_app.behaviour.lines import SCHEMA

from . import counted, dirty, documents, files, stream
from .months import Month

# raise it when the meaning of a column changes: every file is then written anew
VERSION = 2


@dataclass
class Extraction:
	"""What a run read: how many months and lines there are, which months had changed, which of those were read in full, and
	how many lines came from the database."""

	months: int = 0
	lines: int = 0
	read_months: list[str] = field(default_factory=list)
	full_months: list[str] = field(default_factory=list)
	read_lines: int = 0


def extract(
	company: str,
	branch: str = "cost_center",
	full: bool = False,
	progress: Callable[[float, str], None] | None = None,
) -> Extraction:
	"""Bring the files of a company to what its invoices say now.

	The months are read in one snapshot of the database. The manifest is saved after a few, so that a run that was
	stopped goes on where it was.

	Args:
		branch: the field that is a line's branch (`Settings.branch_source`).
		full: read every month anew.
		progress: called with the share that is done (0 to 1) and the month.
	"""
	marks = dirty.marked(company)
	manifest = {"company": company, "basis": _basis(company, branch), "months": {}, "tables": {}}
	kept = {} if full else _kept(manifest, {month for _row, month in marks})
	done = Extraction()
	with stream.snapshot() as cursor:
		found = documents.read(cursor, company)
		signatures = {month: documents.signature(seen) for month, seen in found.items()}
		manifest["months"] = {
			month: known for month, known in kept.items() if known["signature"] == signatures.get(month)
		}
		done.read_months = [month for month in found if month not in manifest["months"]]
		for number, month in enumerate(done.read_months):
			if progress:
				progress(number / len(done.read_months), month)
			reading = Month(cursor, company, month, branch)
			written = reading.changed(kept[month], found[month]) if month in kept else None
			if written is None:
				written = reading.full()
				done.full_months.append(month)
			done.read_lines += written.read
			manifest["months"][month] = {
				"file": written.file,
				"lines": written.lines,
				"full_on": written.full_on,
				"documents": documents.write(company, month, found[month]),
				"signature": signatures[month],
			}
			if number % 6 == 5:  # of the others the next run finds again what has changed since
				files.write(company, manifest | {"months": kept | manifest["months"]})
	manifest["read_on"] = now()
	files.write(company, manifest)
	dirty.forget([row for row, _month_of in marks])
	done.months = len(manifest["months"])
	done.lines = sum(known["lines"] for known in manifest["months"].values())
	return done


def _basis(company: str, branch: str) -> str:
	"""What all files of a company must have in common; a change of it makes all of them stale."""
	currency = frappe.get_cached_value("Company", company, "default_currency")
	private = " ".join(counted.private_groups())
	return sha1(f"{VERSION} {currency} {branch} {private} {SCHEMA.to_string()}".encode()).hexdigest()[:12]


def _kept(manifest: dict, stale: set[str | None]) -> dict[str, dict]:
	"""Month → what the last manifest says of it, where that can be built on."""
	company = manifest["company"]
	old = files.read(company)
	if None in stale or old.get("basis") != manifest["basis"]:
		return {}
	place = files.folder(company)
	return {
		month: known
		for month, known in old.get("months", {}).items()
		if month not in stale and all((place / known[name]).is_file() for name in ("file", "documents"))
	}
