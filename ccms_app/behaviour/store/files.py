"""Where the facts of a company lie on disk, and how a new state replaces an old one in one step.

`<site>/private/ccms/<company>/`: beside `private/files`, not in it, for there anybody who may add a File record may name
a path and read it. Nothing here is served by the web, and nothing is in a backup: it can be read from the invoices again.

Files are never changed. A new state is a new manifest, written aside and renamed; the files that no manifest names any
longer go a day later, when nobody reads them any more.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from hashlib import sha1
from pathlib import Path
from uuid import uuid4

import frappe

WORKING, PUBLISHED = "working.json", "published.json"
GRACE_SECONDS = 24 * 60 * 60


def root() -> Path:
	"""The folder of the site's facts."""
	return Path(frappe.get_site_path("private", "ccms")).absolute()


def folder(company: str) -> Path:
	"""The folder of one company; it is named after it, so that a renamed company starts anew."""
	return root() / f"{frappe.scrub(company)[:40]}-{sha1(company.encode()).hexdigest()[:8]}"


def read(company: str, which: str = WORKING) -> dict:
	"""A manifest; empty when there is none, or none that can be read."""
	try:
		return json.loads((folder(company) / which).read_text())
	except (OSError, ValueError):
		return {}


def write(company: str, manifest: dict, which: str = WORKING) -> None:
	"""Replace a manifest in one step."""
	place = folder(company)
	place.mkdir(parents=True, exist_ok=True)
	aside = place / f"{which}.{uuid4().hex[:8]}"
	with aside.open("w") as file:
		json.dump(manifest, file)
		file.flush()
		os.fsync(file.fileno())
	os.replace(aside, place / which)


def fresh(company: str, name: str) -> Path:
	"""The path for a new file: its name is never used again."""
	place = folder(company) / "lines" if name[:1].isdigit() else folder(company)
	place.mkdir(parents=True, exist_ok=True)
	return place / f"{name}.{uuid4().hex[:8]}.parquet"


def relative(company: str, path: Path) -> str:
	return str(path.relative_to(folder(company)))


def tidy(company: str, grace: float = GRACE_SECONDS) -> None:
	"""Remove files that neither manifest names, once they are old enough that nobody reads them."""
	place = folder(company)
	kept = {name for which in (WORKING, PUBLISHED) for name in named(read(company, which))}
	too_old = time.time() - grace
	for path in place.rglob("*"):
		if not path.is_file() or path.name in (WORKING, PUBLISHED) or str(path.relative_to(place)) in kept:
			continue
		if path.stat().st_mtime < too_old:
			path.unlink(missing_ok=True)


def named(manifest: dict) -> list[str]:
	"""Every file a manifest names, relative to the company's folder."""
	return [
		*(
			month[name]
			for month in manifest.get("months", {}).values()
			for name in ("file", "documents")
			if name in month
		),
		*manifest.get("tables", {}).values(),
	]


def forget(company: str) -> None:
	"""Remove everything of a company."""
	shutil.rmtree(folder(company), ignore_errors=True)


def tidy_strangers() -> None:
	"""Remove folders of companies that are gone, or have another name now."""
	known = {folder(company) for company in frappe.get_all("Company", pluck="name")}
	for path in root().glob("*"):
		if path.is_dir() and path not in known:
			shutil.rmtree(path, ignore_errors=True)


def remove() -> None:
	"""Remove everything of the site."""
	shutil.rmtree(root(), ignore_errors=True)
