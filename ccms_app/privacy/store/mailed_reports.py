"""Auto Email Reports about what is ours.

Frappe runs such a report as whoever the job is, and only filters rows by the user it is for: masking, pseudonyms and the fence
ask the session, which there is the Administrator's. So the report runs as its user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from ccms_app.privacy import formulas

from . import access, exports


def is_ours(doc) -> bool:
	"""Whether an Auto Email Report is of a report of ours, or of a list of ours."""
	module, doctype = frappe.db.get_value("Report", doc.report, ["module", "ref_doctype"]) or ("", "")
	return exports.MODULE in (module, frappe.db.get_value("DocType", doctype, "module"))


def check(doc) -> None:
	"""Refuse a report of ours in somebody else's name: it would tell what the session's user may not see.

	Raises:
		frappe.PermissionError: the report is another user's, and the session's is no System Manager.
	"""
	mine = frappe.session.user in (doc.user, "Administrator")
	if not mine and "System Manager" not in frappe.get_roles() and is_ours(doc):
		frappe.throw(
			_("This report shows what its user may see: it can only be yours, or a System Manager's affair."),
			frappe.PermissionError,
		)


def content(doc, make: Callable[[], str | bytes | None]) -> str | bytes | None:
	"""The file or table of a report, made as its user; without formulas, and with a row in the access log."""
	if not is_ours(doc):
		return make()
	check(doc)
	with _as(doc.user):
		found = make()
		if found and doc.format != "HTML":
			access.log(access.EXPORTED, None, f"Report {doc.report}")
	if not found or doc.format == "HTML":
		return found
	if doc.format == "CSV":
		return formulas.plain_csv(found.encode()).decode()
	return formulas.plain_xlsx(found)


@contextmanager
def _as(user: str) -> Iterator[None]:
	"""Act as a user for a while; the session goes on afterwards as it was."""
	before = frappe.session.user
	if user == before:
		yield
		return
	kept = {key: frappe.session.get(key) for key in ("sid", "data")}
	asked = frappe.local.form_dict
	frappe.set_user(user)
	try:
		yield
	finally:
		frappe.set_user(before)
		frappe.session.update(kept)
		frappe.local.form_dict = asked
