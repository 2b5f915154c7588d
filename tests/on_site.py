"""Fixtures of the suites that run on a site: the connection, and a clean slate for every test."""

import os

import frappe
import pytest


def connect(name: str) -> None:
	"""Start with nothing remembered, as Administrator."""
	frappe.destroy()
	frappe.init(name)
	frappe.connect()
	frappe.flags.mute_emails = True


@pytest.fixture(scope="session")
def site() -> str:
	"""The name of the site; the world's records are on it."""
	name = os.environ.get("CCMS_SITE")
	if not name:
		pytest.exit("No site: run `make test`, or `CCMS_SITE=… python -m tests.harness --suite site`", 4)
	os.chdir(os.environ["CCMS_SITES_PATH"])
	connect(name)
	assert "ccms_app" in frappe.get_installed_apps(), f"ccms_app is not installed on {name}"
	from tests.site import world

	world.set_up()
	frappe.db.commit()
	yield name
	frappe.destroy()


@pytest.fixture(autouse=True)
def clean_slate(site, request):
	"""Every test starts with a new connection and leaves the database as it was.

	A test that needs its writes to last, because another process reads them, carries the marker `commits`.
	"""
	connect(site)
	committed = []
	frappe.db.after_commit.add(lambda: committed.append(True))
	yield
	frappe.db.rollback()
	connect(site)  # for what a module prepares before its first test
	frappe.db.rollback()
	frappe.cache.delete_value("user_permissions")  # those of the test were rolled back, not forgotten
	if committed and not request.node.get_closest_marker("commits"):
		pytest.fail(
			"This test committed: mark it `@pytest.mark.commits`, and leave nothing that disturbs others"
		)


@pytest.fixture
def as_user():
	"""`with as_user(email): …` runs the block with that person's permissions."""
	from contextlib import contextmanager

	@contextmanager
	def act(email: str):
		before = frappe.session.user
		frappe.set_user(email)
		try:
			yield
		finally:
			frappe.set_user(before)

	return act
