"""No File record may point into the folder of facts.

Frappe lets whoever may add a File name a path for it, and reads that path before it looks whether it lies among the
site's files. A path such as /private/files/../ccms/… would bring somebody the invoices of all customers.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import frappe

from . import files


def may_use_file(doc, ptype: str | None = None, user: str | None = None, debug: bool = False) -> bool | None:
	"""For `has_permission` of File: asked before anything is read. False for the folder of facts; on all else it says nothing:
	a yes would be the last word, and Frappe's own rules for private files were not asked."""
	url = doc.get("file_url") or ""
	for text in {url, unquote(url)}:
		if text.startswith(("/private/", "/files/")):
			base = "" if text.startswith("/private/") else "public"
			path = Path(frappe.get_site_path(base, text.lstrip("/"))).resolve()
			if path.is_relative_to(files.root().resolve()):
				return False
	return None
