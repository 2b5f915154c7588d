"""Installing, uninstalling and installing again."""

import os
import subprocess
import sys

import frappe
import pytest

from tests.on_site import connect

MODULE = "CCMS App"


def test_the_app_is_installed(site):
	assert "ccms_app" in frappe.get_installed_apps()
	assert frappe.db.exists("Module Def", MODULE)


@pytest.mark.commits
@pytest.mark.skipif(
	"CCMS_THROW_AWAY" not in os.environ, reason="would delete the points of a site that is kept"
)
def test_uninstalling_leaves_nothing_and_installing_again_brings_all_back(site):
	installed = belongings()
	assert installed["Module Def"] == [MODULE]

	bench(site, "uninstall-app", "ccms_app", "--yes", "--no-backup")
	assert {what: names for what, names in belongings().items() if names} == {}

	bench(site, "install-app", "ccms_app")
	assert belongings() == installed


def bench(site: str, *arguments: str) -> None:
	"""A bench command on the site; our own connection is closed first, else its locks would stop the command."""
	frappe.destroy()
	command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", site, *arguments]
	done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
	assert done.returncode == 0, done.stdout + done.stderr
	connect(site)


def belongings() -> dict[str, list[str]]:
	"""Everything on the site that is the app's, by kind."""
	frappe.clear_cache()
	return {
		"Table": sorted(table for table in frappe.db.get_tables(cached=False) if table.startswith("tabCCMS")),
		"Custom Field": names("Custom Field", {"fieldname": ("like", r"ccms\_%")}),
		"Property Setter": property_setters(),
		"Single": sorted(set(frappe.get_all("DocField", {"parent": ("like", "CCMS %")}, pluck="parent"))),
		"Role": names("Role", {"name": ("like", "CCMS %")}),
		"Installed Application": names("Installed Application", {"app_name": "ccms_app"}, "app_name"),
		**{
			doctype: names(doctype, {"role": ("like", "CCMS %")}, "role")
			for doctype in ("Has Role", "DocPerm", "Custom DocPerm")
		},
		**{doctype: names(doctype, {"module": MODULE}) for doctype in with_a_module()},
		"Module Def": names("Module Def", {"app_name": "ccms_app"}),
	}


def names(doctype: str, filters: dict, field: str = "name") -> list[str]:
	return sorted(frappe.get_all(doctype, filters, pluck=field))


def property_setters() -> list[str]:
	"""Property setters on our fields or naming them (their names say both)."""
	return sorted(
		set(names("Property Setter", {"field_name": ("like", r"ccms\_%")}))
		| set(names("Property Setter", {"value": ("like", r"%ccms\_%")}))
	)


def with_a_module() -> list[str]:
	"""Every DocType whose records can belong to a module: reports, workspaces, cards, notifications, …"""
	parents = frappe.get_all(
		"DocField", {"fieldtype": "Link", "options": "Module Def", "fieldname": "module"}, pluck="parent"
	)
	single = set(frappe.get_all("DocType", {"issingle": 1}, pluck="name"))
	children = set(frappe.get_all("DocType", {"istable": 1}, pluck="name"))
	return sorted(set(parents) - single - children)
