"""What the DocTypes of the points ledger have in common: nobody but the ledger writes them."""

from __future__ import annotations

from typing import NoReturn

import frappe
from frappe import _
from frappe.model.document import Document


class LedgerDocument(Document):
	"""A row that only `loyalty.store.ledger` may write; the writer sets `flags.from_ledger`.

	Roles have no write permission anyway. This guard is for everything that asks no permission: scripts,
	the Administrator, `ignore_permissions`, `db_set`. Raw SQL passes it, and is found by the hash chain.
	"""

	def validate(self) -> None:
		self._only_from_ledger()

	def before_change(self) -> None:
		self._only_from_ledger()

	def on_trash(self) -> None:
		self._only_from_ledger()

	def before_rename(self, old: str, new: str, merge: bool = False) -> None:
		self._only_from_ledger()

	def _only_from_ledger(self) -> None:
		if not self.flags.from_ledger:
			self._refuse()

	def _refuse(self) -> NoReturn:
		frappe.throw(
			_("Points ledger entries are never changed; make a Points Adjustment instead."),
			frappe.PermissionError,
			title=_("Points Ledger"),
		)
