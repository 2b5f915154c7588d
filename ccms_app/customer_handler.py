"""What a domain promises for a customer's data: to export it, to erase it, and to keep it right through merges.

Each domain names one class in the hook `ccms_customer_handlers`, in its `store/handler.py`. Whoever merges, erases or
exports a customer asks all of them, in the order of the hook, and knows none.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol


class CustomerHandler(Protocol):
	"""One domain's answers about a customer. Rows and manifests are plain values that go through JSON unchanged."""

	doctypes: tuple[str, ...]
	"""The DocTypes of ours that this handler answers for; children go with their parents."""

	restored: tuple[tuple[str, str], ...]
	"""(DocType, its field of the customer) whose rows are copied before and after a merge, so that an undo takes back
	by itself what `merged` did to them, row by row and column by column, where nothing has changed since."""

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		"""What is stored about a customer: DocType → rows, as people may read them. Only reads."""
		...

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		"""Forget a customer now, who is called `erased_as` from here on. Counts by DocType. Idempotent."""
		...

	def ahead(self, customer: str) -> Iterable[int]:
		"""Delete what is too much for one transaction, a batch at a time: before `erase`, the caller commits after each."""
		...

	def forget_files(self, names: set[str], erased_as: str) -> dict[str, int]:
		"""The same for files beside the database, called last, just before the commit. Idempotent.

		names: what the customer is called, and those who were merged into them were.
		"""
		...

	def still(self) -> AbstractContextManager[None]:
		"""Within it nothing of this domain is at work that would write what it has read before an erasure.

		Raises:
			frappe.ValidationError: it is at work, and for long.
		"""
		...

	def refuse_merge(self, source: str, target: str) -> None:
		"""Throw, saying why, when these two must not become one. Only reads: the merge may never happen."""
		...

	def foresee_merge(self, source: str, target: str) -> list[str]:
		"""What a merge would do here, in sentences for the person who is about to decide. Only reads."""
		...

	def before_merge(self, source: str, target: str) -> dict[str, Any]:
		"""What `unmerge` needs of the state before a merge. Only reads (locking what it reads); goes into the manifest."""
		...

	def merged(self, source: str, target: str) -> None:
		"""Every link names the target already: make this domain right again, in the merge's transaction."""
		...

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		"""The source is back and what the manifest names points at it again: make this domain right again.

		kept: what `before_merge` returned. `restored` is done already. Returns sentences about what could not go back and stays with the target.
		"""
		...

	def renamed(self, old: str, new: str) -> None:
		"""A customer has another name and every link names the new one already."""
		...


class Nothing:
	"""A handler of a domain that holds nothing: base of the others, which override what concerns them."""

	doctypes: tuple[str, ...] = ()
	restored: tuple[tuple[str, str], ...] = ()

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		return {}

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		return {}

	def ahead(self, customer: str) -> Iterable[int]:
		return ()

	def forget_files(self, names: set[str], erased_as: str) -> dict[str, int]:
		return {}

	def still(self) -> AbstractContextManager[None]:
		return nullcontext()

	def refuse_merge(self, source: str, target: str) -> None:
		return None

	def foresee_merge(self, source: str, target: str) -> list[str]:
		return []

	def before_merge(self, source: str, target: str) -> dict[str, Any]:
		return {}

	def merged(self, source: str, target: str) -> None:
		return None

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		return []

	def renamed(self, old: str, new: str) -> None:
		return None
