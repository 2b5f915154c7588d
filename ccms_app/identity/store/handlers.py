"""Which domains answer for a customer's data."""

from __future__ import annotations

import frappe

from ccms_app.customer_handler import CustomerHandler

HOOK = "ccms_customer_handlers"


def all() -> dict[str, CustomerHandler]:
	"""One handler a domain, keyed by the dotted path of its class (a stable key for manifests), in the hook's order."""
	return {path: frappe.get_attr(path)() for path in dict.fromkeys(frappe.get_hooks(HOOK))}


def renamed(old: str, new: str) -> None:
	"""Tell every domain that a customer has another name; all links name it already."""
	for handler in all().values():
		handler.renamed(old, new)
