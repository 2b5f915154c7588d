from frappe.model.document import Document

from ccms_app.loyalty.store import adjustments


class CCMSPointsAdjustment(Document):
	def before_validate(self) -> None:
		adjustments.complete(self)

	def validate(self) -> None:
		adjustments.check(self)

	def before_submit(self) -> None:
		adjustments.approve(self)

	def on_submit(self) -> None:
		adjustments.post(self)

	def before_cancel(self) -> None:
		adjustments.lock(self)

	def on_cancel(self) -> None:
		adjustments.reverse(self)
