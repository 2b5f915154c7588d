"""Installing, uninstalling and installing again."""

import os
import subprocess
import sys

import frappe
import pytest

from tests.on_site import connect
from tests.site import world

MODULE = "CCMS App"
# what Frappe itself keeps about what happened
JOURNALS = ("Deleted Document", "Error Log", "Activity Log", "Version", "Patch Log", "Scheduled Job Log")

# and what it writes anew whenever an app comes: the list of apps, the menu of the portal
REWRITTEN = ("DefaultValue", "Portal Menu Item")

on_a_throw_away_site = pytest.mark.skipif(
	"CCMS_THROW_AWAY" not in os.environ, reason="would delete the points of a site that is kept"
)


def test_the_app_is_installed():
	assert "ccms_app" in frappe.get_installed_apps()
	assert frappe.db.exists("Module Def", MODULE)


@pytest.mark.commits
@on_a_throw_away_site
def test_uninstalling_leaves_nothing_and_installing_again_brings_all_back(site):
	installed = belongings()
	assert installed["Module Def"] == [MODULE]

	bench(site, "uninstall-app", "ccms_app", "--yes", "--no-backup")
	assert {what: names for what, names in belongings().items() if names} == {}
	assert columns_left() == []

	before, started = all_rows(), frappe.utils.now()
	bench(site, "install-app", "ccms_app")
	assert belongings() == installed
	made = {doctype: rows - before.get(doctype, set()) for doctype, rows in all_rows().items()}
	touched = {
		doctype: rows | made[doctype] for doctype, rows in all_rows({"modified": (">=", started)}).items()
	}
	assert made["DocType"] and made["Custom Field"]

	bench(site, "uninstall-app", "ccms_app", "--yes", "--no-backup")
	after = all_rows()
	assert {
		doctype: left for doctype, rows in touched.items() if (left := rows & after.get(doctype, set()))
	} == {}

	bench(site, "install-app", "ccms_app")
	world.make_people()  # their roles went with the app
	frappe.db.commit()


def columns_left() -> list:
	"""Columns of our fields that are still in somebody's table, with whatever stood in them."""
	return frappe.db.sql(
		"""select table_name, column_name from information_schema.columns
		where table_schema = %s and column_name like 'ccms\\_%%'""",
		(frappe.conf.db_name,),
		as_list=True,
	)


def bench(site: str, *arguments: str) -> None:
	"""A bench command on the site; our own connection is closed first, else its locks would stop the command."""
	frappe.destroy()
	command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", site, *arguments]
	done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
	assert done.returncode == 0, done.stdout + done.stderr
	connect(site)
	frappe.clear_cache()


def belongings() -> dict[str, list[str]]:
	"""Everything on the site that is the app's, by kind; which people hold its roles is theirs, not the app's."""
	ours, our_role = ("like", r"ccms\_%"), {"role": ("like", "CCMS %")}
	return {
		"Table": sorted(table for table in frappe.db.get_tables(cached=False) if table.startswith("tabCCMS")),
		"Custom Field": names("Custom Field", {"fieldname": ours}),
		"Property Setter": names("Property Setter", {"field_name": ours}),
		"Role": names("Role", {"name": ("like", "CCMS %")}),
		"Installed Application": names("Installed Application", {"app_name": "ccms_app"}, "app_name"),
		"Has Role": names("Has Role", {**our_role, "parenttype": ("!=", "User")}, "parent"),
		"DocPerm": names("DocPerm", our_role, "parent"),
		"Custom DocPerm": names("Custom DocPerm", our_role, "parent"),
		**{doctype: names(doctype, {"module": MODULE}) for doctype in with_a_module()},
		"Module Def": names("Module Def", {"app_name": "ccms_app"}),
	}


def names(doctype: str, filters: dict, field: str = "name") -> list[str]:
	return sorted(frappe.get_all(doctype, filters, pluck=field))


def with_a_module() -> list[str]:
	"""Every DocType whose records can belong to a module: reports, workspaces, cards, notifications, …"""
	linked = {"fieldtype": "Link", "options": "Module Def", "fieldname": "module"}
	stored = names("DocType", {"issingle": 0, "istable": 0, "is_virtual": 0})
	return sorted(set(frappe.get_all("DocField", linked, pluck="parent")) & set(stored))


def all_rows(filters: dict | None = None) -> dict[str, set[str]]:
	"""The names of the rows of every DocType that has a table."""
	doctypes = names("DocType", {"issingle": 0, "is_virtual": 0, "name": ("not in", JOURNALS + REWRITTEN)})
	return {doctype: set(frappe.get_all(doctype, filters, pluck="name")) for doctype in doctypes}
