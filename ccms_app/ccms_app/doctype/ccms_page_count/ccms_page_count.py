import frappe

from ccms_app.interactions.store.kept import KeptEvent


class CCMSPageCount(KeptEvent):
	pass


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Page Count", ["company", "kind", "span", "day"])
