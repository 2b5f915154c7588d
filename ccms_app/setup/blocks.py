"""The two blocks of the Customer Insight workspace that no card or chart of Frappe can be: a heat map, and a list to work through.

They are Custom HTML Blocks, which Frappe does not bring with a module; made and kept equal to the files here.
"""

from __future__ import annotations

import frappe

DOCTYPE = "Custom HTML Block"
READERS = ("System Manager", "CCMS Manager", "CCMS Analyst", "Sales Manager")
_HTML = """<div class="ccms-block">
	<h4 data-words="{words}"></h4>
	<div data-method="{method}"></div>
</div>"""
# name: (heading, method of api.customer_insight, who sees it)
BLOCKS = {
	"CCMS Customers by RFM": ("Customers by Recency, Frequency and Money", "rfm_block", READERS),
	"CCMS Customers to Call Today": ("To Work Through Today", "today_block", (*READERS, "Sales User")),
}
_STYLE = """
h4 { font-size: var(--text-base); font-weight: 600; margin: 0 0 8px; color: var(--heading-color); }
.ccms-block { border: 1px solid var(--border-color); border-radius: var(--border-radius-md); padding: var(--padding-md); }
.ccms-picture { padding: 0; }
p { margin: 8px 0 0; font-size: var(--text-sm); }
"""


def sync() -> None:
	"""Make the site's blocks equal to the list above; safe to run again."""
	script, style = _file("blocks", "insight_block.js"), _file("css", "insight_pictures.css") + _STYLE
	for name, (words, method, roles) in BLOCKS.items():
		wanted = {"html": _HTML.format(words=words, method=method), "script": script, "style": style}
		doc = frappe.get_doc(DOCTYPE, name) if frappe.db.exists(DOCTYPE, name) else frappe.new_doc(DOCTYPE)
		if doc.is_new() or any(doc.get(field) != value for field, value in wanted.items()):
			doc.update(wanted)
			doc.name = name
			doc.set("roles", [{"role": role} for role in roles])
			doc.save(ignore_permissions=True)


def remove() -> None:
	"""Delete the blocks."""
	for name in BLOCKS:
		frappe.delete_doc(DOCTYPE, name, force=True, ignore_permissions=True, ignore_missing=True)


def _file(folder: str, name: str) -> str:
	with open(frappe.get_app_path("ccms_app", "public", folder, name)) as file:
		return file.read()
