import frappe
from frappe import _
from frappe.model.document import Document

from ccms_app.loyalty.store import members, program_checks, programs


class CCMSLoyaltyProgram(Document):
	def validate(self) -> None:
		program_checks.check(self)

	def on_update(self) -> None:
		programs.forget()

	def after_delete(self) -> None:
		programs.forget()

	def on_trash(self) -> None:
		program_checks.refuse_delete_with_members(self)
		for run in frappe.get_all("CCMS Simulation Run", filters={"program": self.name}, pluck="name"):
			frappe.delete_doc("CCMS Simulation Run", run, ignore_permissions=True)

	def before_rename(self, old: str, new: str, merge: bool = False) -> None:
		if merge:
			frappe.throw(_("Loyalty programs cannot be merged: each keeps its own rules and points."))

	def after_rename(self, old: str, new: str, merge: bool = False) -> None:
		members.refresh_active_keys(program=new)
