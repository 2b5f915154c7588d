from datetime import date

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.translate import print_language

from ccms_app.loyalty.store import members


class CCMSMembership(Document):
	def before_insert(self) -> None:
		members.prepare(self)

	def after_insert(self) -> None:
		members.opened(self)

	def validate(self) -> None:
		if not self.is_new():
			members.keep_projection(self)

	def before_rename(self, old: str, new: str, merge: bool = False) -> None:
		# the name stands in the hash of every entry
		frappe.throw(_("A membership keeps its name. Change the card number instead."))

	def on_trash(self) -> None:
		if frappe.db.exists("CCMS Points Ledger Entry", {"membership": self.name}):
			frappe.throw(
				_(
					"{0} has a history of points, which is never deleted. Let the customer leave instead."
				).format(frappe.bold(self.customer_name or self.customer)),
				frappe.LinkExistsError,
				title=_("Membership Has Points"),
			)

	@property
	def customer_email(self) -> str | None:
		return self._reach("email_id")

	@property
	def customer_mobile(self) -> str | None:
		return self._reach("mobile_no")

	def _reach(self, fieldname: str) -> str | None:
		"""The customer's address, else that of the customer's default contact."""
		from frappe.contacts.doctype.contact.contact import get_default_contact

		if not self.customer:
			return None
		if found := frappe.db.get_value("Customer", self.customer, fieldname):
			return found
		contact = get_default_contact("Customer", self.customer)
		return frappe.db.get_value("Contact", contact, fieldname) if contact else None

	def notify_expiring(self, expiring: list[dict]) -> None:
		"""Run the notifications of the event `points_expiring`, in the customer's language.

		`expiring` holds every upcoming batch as {"date": date, "points": float}; templates read it as `doc.expiring`.
		"""
		self.expiring = expiring
		self._notify("points_expiring")

	def notify_tier_ending(self, ends_on: date, missing: float) -> None:
		"""Run the notifications of the event `tier_ending`; templates read `doc.tier_ends_on` and `doc.tier_missing`."""
		self.tier_ends_on, self.tier_missing = ends_on, missing
		self._notify("tier_ending")

	def _notify(self, event: str) -> None:
		with print_language(frappe.db.get_value("Customer", self.customer, "language") or frappe.local.lang):
			self.run_notifications(event)

	def run_notifications(self, method: str) -> None:
		# A Notification finds its receivers with doc.get(), which does not see virtual fields.
		if method in ("points_expiring", "tier_ending"):
			self.__dict__.update(customer_email=self.customer_email, customer_mobile=self.customer_mobile)
		super().run_notifications(method)
