"""Frappe's searches, and its check of a link, which ask for DocTypes and not for documents: what they find passes the fences."""

from typing import Any

import frappe
from frappe import client
from frappe.desk import search
from frappe.utils import global_search

from ccms_app.privacy.store import searches


@frappe.whitelist()
def found_anywhere(text: str, start: int = 0, limit: int = 20, doctype: str = "") -> list[dict[str, Any]]:
	"""`frappe.utils.global_search.search`."""
	return searches.visible(global_search.search(text, start=start, limit=limit, doctype=doctype))


@frappe.whitelist()
def link(
	doctype: str,
	txt: str,
	query: str | None = None,
	filters: Any = None,
	page_length: int = 10,
	searchfield: str | None = None,
	reference_doctype: str | None = None,
	ignore_user_permissions: Any = False,
) -> list[dict[str, Any]]:
	"""`frappe.desk.search.search_link`."""
	return search.search_link(
		doctype,
		txt,
		query=query,
		filters=filters,
		page_length=page_length,
		searchfield=searchfield,
		reference_doctype=reference_doctype,
		ignore_user_permissions=searches.may_ignore(doctype, ignore_user_permissions),
	)


@frappe.whitelist()
def widget(
	doctype: str,
	txt: str,
	query: str | None = None,
	searchfield: str | None = None,
	start: int = 0,
	page_length: int = 10,
	filters: Any = None,
	filter_fields: Any = None,
	as_dict: Any = False,
	reference_doctype: str | None = None,
	ignore_user_permissions: Any = False,
) -> Any:
	"""`frappe.desk.search.search_widget`."""
	return search.search_widget(
		doctype,
		txt,
		query=query,
		searchfield=searchfield,
		start=start,
		page_length=page_length,
		filters=filters,
		filter_fields=filter_fields,
		as_dict=as_dict,
		reference_doctype=reference_doctype,
		ignore_user_permissions=searches.may_ignore(doctype, ignore_user_permissions),
	)


@frappe.whitelist()
def title(doctype: str, docname: str) -> str | None:
	"""`frappe.desk.search.get_link_title`; the name itself of what the user may not see."""
	if not frappe.db.exists(doctype, docname) or not searches.may_know_title(doctype, docname):
		return docname
	return search.get_link_title(doctype, docname)


@frappe.whitelist()
def validate(doctype: str, docname: str, fields: Any = None) -> dict[str, Any]:
	"""`frappe.client.validate_link`."""
	if not searches.may_know(doctype, docname):
		return {"name": None}
	return client.validate_link(doctype, docname, fields)
