import frappe
from frappe import _
from frappe.model.document import Document

from ccms_app.behaviour.store import columns
from ccms_app.scoring.store import runs


class CCMSScoreRun(Document):
	def validate(self) -> None:
		if not self.flags.from_scoring:
			frappe.throw(
				_("A score run is not written by hand. Press Score Now instead."), frappe.PermissionError
			)

	def on_trash(self) -> None:
		runs.forget(self)


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Score Run", ["company", "is_published"])
	columns.allow_unknown("CCMS Score Run")
