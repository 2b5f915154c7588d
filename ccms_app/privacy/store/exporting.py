"""The one exporter: everything that is stored about a customer, as a ZIP file with one JSON file a DocType."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import frappe
from frappe.utils import now_datetime

from ccms_app.identity.store import handlers

from . import access


def collect(customer: str) -> dict[str, list[dict[str, Any]]]:
	"""DocType → rows, of all domains. Asks no permission and logs nothing: `attach` does."""
	found: dict[str, list[dict[str, Any]]] = {}
	for handler in handlers.all().values():
		for doctype, rows in handler.export(customer).items():
			found.setdefault(doctype, []).extend(rows)
	return found


def packed(customer: str) -> bytes:
	"""The ZIP file: `all.json`, and a file for each DocType."""
	found = collect(customer)
	buffer = io.BytesIO()
	with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
		about = {
			"customer": customer,
			"made_on": str(now_datetime()),
			"rows": {k: len(v) for k, v in found.items()},
		}
		archive.writestr("about.json", _text(about))
		for doctype, rows in found.items():
			archive.writestr(f"{doctype}.json", _text(rows))
	return buffer.getvalue()


def attach(customer: str, doctype: str, name: str):
	"""Make the file, private and attached to a document; one row in the access log. Returns the File."""
	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": f"personal-data-{name}.zip".replace("@", "-"),
			"attached_to_doctype": doctype,
			"attached_to_name": name,
			"is_private": 1,
			"content": packed(customer),
		}
	)
	file.insert(ignore_permissions=True)
	access.log(access.PRIVACY_FILE, customer, f"{doctype} {name}")
	return file


def _text(value: Any) -> str:
	return json.dumps(value, ensure_ascii=False, indent=1, default=str)
