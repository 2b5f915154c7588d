import frappe
from frappe import _
from frappe.model.document import Document

from ccms_app.loyalty.store import simulation


class CCMSSimulationRun(Document):
	def before_insert(self) -> None:
		simulation.forget_results(self)

	def validate(self) -> None:
		if not self.is_new() and not self.flags.from_simulation:
			frappe.throw(_("A simulation is not edited. Start a new one from the program."))
		simulation.check(self)

	def after_insert(self) -> None:
		simulation.enqueue(self.name)

	@frappe.whitelist()
	def run_again(self) -> None:
		"""For a run that failed, or whose worker died."""
		self.reload()  # the desk sends a copy, which may say anything
		self.check_permission("create")
		simulation.again(self)
