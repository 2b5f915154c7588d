"""What the DocTypes of interactions have in common: people read them, and only the store writes them, in bulk."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.model.document import Document


class KeptEvent(Document):
	"""Roles have no write permission anyway. This guard is for everything that asks no permission: scripts, the
	Administrator, `ignore_permissions`, `db_set`."""

	def validate(self) -> None:
		self._refuse()

	def before_change(self) -> None:
		self._refuse()

	def on_trash(self) -> None:
		self._refuse()

	def before_rename(self, old: str, new: str, merge: bool = False) -> None:
		self._refuse()

	def _refuse(self) -> None:
		frappe.throw(
			_("{0} is written by the intake of events, and never changed.").format(_(self.doctype)),
			frappe.PermissionError,
		)
