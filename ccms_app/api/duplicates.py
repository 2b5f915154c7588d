"""What people do with probable duplicates: look for them, compare two, merge them, or say that they are two people."""

from typing import Any

import frappe

from ccms_app.identity.store import duplicates, match_words, matching, merge_permitted, pairs_permitted

STARTERS = ("System Manager", "CCMS Manager", "Sales Master Manager")


@frappe.whitelist(methods=["POST"])
def look(full: int | str = 0) -> bool:
	"""Look for duplicates in the background. False when that is going on already."""
	frappe.only_for(STARTERS)
	return matching.enqueue(bool(frappe.utils.cint(full)))


@frappe.whitelist()
def compare(pair: str) -> dict[str, Any]:
	"""Two customers side by side, with what agrees."""
	doc = _readable(pair)
	for customer in (doc.customer_a, doc.customer_b):
		frappe.get_doc("Customer", customer).check_permission("read")
	return match_words.compare(doc.name)


@frappe.whitelist(methods=["POST"])
def not_duplicate(pair: str, note: str = "") -> None:
	"""Two people; remembered for good."""
	duplicates.not_duplicate(_writable(pair).name, note)


@frappe.whitelist(methods=["POST"])
def snooze(pair: str, until: str) -> None:
	"""Off the list until a day."""
	duplicates.snooze(_writable(pair).name, until)


@frappe.whitelist(methods=["POST"])
def reopen(pair: str) -> None:
	"""Take a decision back."""
	duplicates.reopen(_writable(pair).name)


@frappe.whitelist()
def foresee(pair: str, keep: str) -> dict[str, Any]:
	"""What a merge would move, or why it is refused; `keep` stays."""
	return duplicates.foresee(_mergeable(pair).name, keep)


@frappe.whitelist(methods=["POST"])
def merge(pair: str, keep: str, reason: str = "") -> str:
	"""Make one customer of two, in the background; `keep` stays. Returns the key to ask `merging.status` with."""
	return duplicates.start_merge(_mergeable(pair).name, keep, reason)


@frappe.whitelist()
def of_customer(customer: str) -> list[str]:
	"""Open pairs of a customer that the user may see, but for mere namesakes."""
	if not frappe.has_permission(duplicates.DOCTYPE, "read"):
		return []
	return frappe.get_list(
		duplicates.DOCTYPE,
		filters={"status": duplicates.OPEN, "certainty": ["!=", "Possible"]},
		or_filters={"customer_a": customer, "customer_b": customer},
		pluck="name",
		limit=20,
	)


@frappe.whitelist()
def open_pairs(filters: dict | str | None = None) -> dict[str, Any]:
	"""Number card: pairs that wait for somebody, mere namesakes left out."""
	if not frappe.has_permission(duplicates.DOCTYPE, "read"):
		return {"value": "–", "fieldtype": "Data"}
	return {
		"value": pairs_permitted.count_open(),
		"fieldtype": "Int",
		"route": ["List", duplicates.DOCTYPE],
		"route_options": {"status": duplicates.OPEN, "certainty": ["!=", "Possible"]},
	}


def _readable(pair: str):
	doc = frappe.get_doc(duplicates.DOCTYPE, pair)
	doc.check_permission("read")
	return doc


def _writable(pair: str):
	doc = frappe.get_doc(duplicates.DOCTYPE, pair)
	doc.check_permission("write")
	return doc


def _mergeable(pair: str):
	doc = _writable(pair)
	merge_permitted.check(doc.customer_a, doc.customer_b)
	return doc
