"""Log-ins of the portal: whose they are, and how one is closed and named nobody when its person is erased."""

from __future__ import annotations

from collections.abc import Iterable

import frappe

from . import portal, trails

DOWNLOAD, DELETION = "Personal Data Download Request", "Personal Data Deletion Request"
NOWHERE = "@erased.invalid"
EMPTIED = ("last_name", "middle_name", "username", "phone", "mobile_no", "birth_date", "location", "bio", "interest", "user_image", "banner_image", "last_ip", "gender", "email_signature", "restrict_ip", "api_key", "reset_password_key")  # fmt: skip
FOUND_BY = ("name", "email", "full_name", "phone", "mobile_no")


def of(customers: list[str]) -> list[str]:
	"""The log-ins that stand for one of these customers: as portal user, or by a contact that names the log-in."""
	among = ["in", customers or [""]]
	found = set(frappe.get_all("Portal User", {"parenttype": "Customer", "parent": among}, pluck="user"))
	links = {"parenttype": "Contact", "link_doctype": "Customer", "link_name": among}
	contacts = frappe.get_all("Dynamic Link", links, pluck="parent")
	found.update(frappe.get_all("Contact", {"name": ["in", contacts or [""]]}, pluck="user"))
	return sorted(user for user in found if user)


def alone(customers: list[str]) -> list[str]:
	"""Those of these log-ins that stand for nobody else. Staff stand for themselves."""
	return [
		user
		for user in of(customers)
		if frappe.db.get_value("User", user, "user_type") == "Website User"
		and not set(portal.customers_of(user)) - set(customers)
	]


def words(users: Iterable[str]) -> set[str]:
	"""What the people behind log-ins can be found by."""
	rows = frappe.get_all("User", {"name": ["in", list(users) or [""]]}, list(FOUND_BY))
	return {value for row in rows for value in row.values() if value}


def close(user: str, erased_as: str) -> None:
	"""Close a portal user's log-in and name it nobody: each log-in of a person by a name of its own."""
	settle_deletions([user])
	if user.endswith(NOWHERE):
		new = user
	else:
		new = f"{erased_as}-{frappe.generate_hash(length=6)}{NOWHERE}"
		trails.clear("User", [user])
		trails.rename("User", user, new)
	trails.clear("User", [new])
	here = set(frappe.db.get_table_columns("User"))
	first = new.partition("@")[0]
	values = dict.fromkeys(name for name in EMPTIED if name in here)
	values |= {"enabled": 0, "email": new, "first_name": first, "full_name": first}
	frappe.db.set_value("User", new, values, update_modified=False)
	frappe.db.delete("User Social Login", {"parenttype": "User", "parent": new})
	frappe.db.delete("DefaultValue", {"parent": ["in", [user, new]]})
	frappe.db.delete("__Auth", {"doctype": "User", "name": ["in", [user, new]]})
	frappe.db.delete("Sessions", {"user": ["in", [user, new]]})


def forget_downloads(users: list[str]) -> None:
	"""Delete Frappe's download requests of log-ins, with their files: in them stands all that was held."""
	names = frappe.get_all(DOWNLOAD, {"user": ["in", users or [""]]}, pluck="name")
	trails.clear(DOWNLOAD, names)
	frappe.db.delete(DOWNLOAD, {"name": ["in", names or [""]]})


def settle_deletions(users: list[str]) -> None:
	"""Frappe's deletion requests of log-ins are done, and name nobody."""
	for name in frappe.get_all(DELETION, {"email": ["in", users or [""]]}, pluck="name"):
		frappe.db.set_value(DELETION, name, {"status": "Deleted", "email": name})
		trails.clear(DELETION, [name])
