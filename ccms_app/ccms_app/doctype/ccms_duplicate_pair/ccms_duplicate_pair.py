import frappe
from frappe.model.document import Document

from ccms_app.identity.store import duplicates


class CCMSDuplicatePair(Document):
	def validate(self) -> None:
		duplicates.refuse_by_hand(self)

	def on_trash(self) -> None:
		duplicates.refuse_by_hand(self)


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Duplicate Pair", ["status", "score"])
