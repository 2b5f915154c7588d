"""What the DocTypes that the app keeps by itself have in common: people read them, and nobody writes them."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.model.document import Document


class KeptDocument(Document):
	"""A row that only a store writes, in bulk or with `flags.from_store`.

	Roles have no write permission anyway. This guard is for everything that asks no permission: scripts,
	the Administrator, `ignore_permissions`, `db_set`.
	"""

	def validate(self) -> None:
		self._only_from_store()

	def before_change(self) -> None:
		self._only_from_store()

	def on_trash(self) -> None:
		self._only_from_store()

	def before_rename(self, old: str, new: str, merge: bool = False) -> None:
		self._only_from_store()

	def _only_from_store(self) -> None:
		if not self.flags.from_store:
			frappe.throw(
				_("{0} is computed from invoices and not written by hand.").format(_(self.doctype)),
				frappe.PermissionError,
			)
