"""Rows of the identity map as documents: people read them, only `identities` writes them."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.model.document import Document


class KeptRow(Document):
	"""A guard for everything that asks no permission: scripts, the Administrator, `ignore_permissions`, `db_set`."""

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
			_("{0} follows the documents of customers and is not written by hand.").format(_(self.doctype)),
			frappe.PermissionError,
		)
