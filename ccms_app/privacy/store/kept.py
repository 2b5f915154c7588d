"""What the append-only DocTypes of privacy have in common."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.model.document import Document


class AppendOnly(Document):
	"""A row that a store of this domain adds, with `flags.from_privacy`, and that nobody changes afterwards.

	The guard is for everything that asks no permission: scripts, the Administrator, `ignore_permissions`, `db_set`.
	"""

	def validate(self) -> None:
		if not self.is_new():
			self._refuse()
		self._only_from_store()

	def before_change(self) -> None:
		self._only_from_store()

	def on_trash(self) -> None:
		self._only_from_store()

	def before_rename(self, old: str, new: str, merge: bool = False) -> None:
		self._refuse()

	def _only_from_store(self) -> None:
		if not self.flags.from_privacy:
			self._refuse()

	def _refuse(self) -> None:
		frappe.throw(
			_("{0} is only added to, never changed.").format(_(self.doctype)), frappe.PermissionError
		)
