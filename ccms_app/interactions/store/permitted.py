"""Events tell what documents say: the words of a document are for those whose roles let them read such documents.

The timeline shows to the others that something happened, without the words. Frappe's lists, reports and REST know no field
that is empty for some rows only, and would find a row by its hidden words: there such rows are left out.
"""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.permissions import get_role_permissions, get_valid_perms
from frappe.query_builder import DocType

EVENT = "CCMS Customer Interaction"
WORDS = ("subject", "content")
# Frappe shows the mails about a document to whoever may read the document, and leaves their list to few
SHOWN_WITH_PARTY = ("Communication",)


def reads(doctype: str, user: str | None = None) -> bool:
	"""Whether a user's roles let them read documents of a DocType; not only their own. Cheap: Frappe keeps the answer."""
	if doctype in SHOWN_WITH_PARTY:
		return True
	try:
		roles = get_role_permissions(frappe.get_meta(doctype), user or frappe.session.user)
	except frappe.DoesNotExistError:  # of an app that is gone
		frappe.clear_last_message()
		return False
	# who reads only their own documents has a zero there
	return bool(roles.get("read")) and "read" not in (roles.get("if_owner") or ())


def readable_doctypes(user: str | None = None) -> set[str] | None:
	"""The DocTypes that `reads` says yes to, for conditions of lists; None: all."""
	user = user or frappe.session.user
	if user == "Administrator":
		return None
	return {
		right.parent
		for right in get_valid_perms(user=user)
		if right.read and not right.permlevel and not right.if_owner
	} | set(SHOWN_WITH_PARTY)


def hidden(doctypes: set[str]) -> set[str]:
	"""Those of the DocTypes whose words the user in session may not read."""
	return {doctype for doctype in doctypes if doctype and not reads(doctype)}


def conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions`: events about no document, and about such as the user's roles read."""
	readable = readable_doctypes(user)
	if readable is None:
		return ""
	about = DocType(EVENT).reference_doctype
	found = about.isnull() | (about == "") | about.isin(sorted(readable))
	return f"({found.get_sql(quote_char='`', with_namespace=True)})"


def sees(
	doc: Document, ptype: str | None = None, user: str | None = None, debug: bool = False
) -> bool | None:
	"""For `has_permission`: no, or nothing at all, so that the fence is asked next."""
	about = doc.get("reference_doctype")
	return False if about and not reads(about, user or frappe.session.user) else None
