from frappe import whitelist
from frappe.model.document import Document

from ccms_app.privacy.store import requests


class CCMSPrivacyRequest(Document):
	def validate(self) -> None:
		requests.check(self)

	def on_trash(self) -> None:
		requests.keep(self)

	@whitelist()
	def prepare_export(self) -> None:
		requests.may_act(self)
		requests.start_export(self)

	@whitelist()
	def what_erasing_does(self) -> dict:
		requests.may_act(self)
		return requests.foresee(self)

	@whitelist()
	def erase(self) -> None:
		requests.may_act(self)
		requests.start_erasure(self)

	@whitelist()
	def complete(self) -> None:
		requests.may_act(self)
		requests.complete(self)

	@whitelist()
	def refuse(self, reason: str) -> None:
		requests.may_act(self)
		requests.refuse(self, reason)

	@whitelist()
	def lift(self, reason: str) -> None:
		requests.may_act(self)
		requests.lift(self, reason)
