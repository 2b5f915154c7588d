"""`bench --site SITE ccms-…` as an admin types them."""

import os
import subprocess
import sys

import frappe
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.loyalty.store import ledger, rebuild

from . import factories as make

pytestmark = pytest.mark.commits


def bench(site: str, *arguments: str) -> subprocess.CompletedProcess:
	"""Run a command on the site in a process of its own."""
	return subprocess.run(
		[sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", site, *arguments],
		cwd=os.environ["CCMS_SITES_PATH"],
		capture_output=True,
		text=True,
		timeout=300,
	)


@pytest.fixture
def member():
	customer = make.make_customer(make.make_program())
	make.make_sales_invoice(customer)
	frappe.db.commit()
	return frappe.db.get_value("CCMS Membership", {"customer": customer.name})


def test_audit_names_what_is_wrong_and_rebuild_mends_it(site, member):
	frappe.db.sql("update `tabCCMS Points Lot` set remaining = 40 where membership = %s", (member,))
	frappe.db.set_value("CCMS Membership", member, "points_active", 40)
	frappe.db.commit()
	broken = bench(site, "ccms-audit")
	assert broken.returncode == 1
	assert member in broken.stdout
	mended = bench(site, "ccms-rebuild", "--membership", member)
	assert mended.returncode == 0, mended.stderr
	frappe.db.rollback()
	assert frappe.db.get_value("CCMS Membership", member, "points_active") == 100
	assert frappe.db.get_value("CCMS Points Lot", {"membership": member}, "remaining") == 100
	again = bench(site, "ccms-audit")
	assert member not in again.stdout


def test_rebuild_makes_lost_lots_again_and_signs_nothing_that_was_tampered_with(site, member):
	frappe.db.sql("delete from `tabCCMS Points Lot` where membership = %s", (member,))
	frappe.db.sql(
		"update `tabCCMS Points Ledger Entry` set points = 900 where membership = %s and entry_type = 'Earn'",
		(member,),
	)
	frappe.db.commit()
	bench(site, "ccms-rebuild", "--membership", member)
	frappe.db.rollback()
	assert frappe.db.get_value("CCMS Points Lot", {"membership": member}, "remaining") == 900
	found = bench(site, "ccms-audit")
	assert found.returncode == 1 and member in found.stdout
	frappe.db.sql(
		"update `tabCCMS Points Ledger Entry` set points = 100 where membership = %s and entry_type = 'Earn'",
		(member,),
	)
	frappe.db.commit()
	bench(site, "ccms-rebuild", "--membership", member)
	assert member not in bench(site, "ccms-audit").stdout


def test_an_unknown_membership_or_programme_is_said_plainly(site):
	for arguments in (("ccms-rebuild", "--membership", "nobody"), ("ccms-backfill", "--program", "nothing")):
		result = bench(site, *arguments)
		assert result.returncode == 1
		assert "There is no" in result.stderr
	result = bench(site, "ccms-backfill", "--program", "nothing", "--from-date", "garbage")
	assert (result.returncode, "does not match the format" in result.stderr) == (2, True)


def test_backfill_from_the_command_line(site):
	customer = make.make_customer()
	make.make_sales_invoice(customer, posting_date=add_days(nowdate(), -5))
	program = make.make_program()
	make.enrol(customer, program)
	frappe.db.commit()
	result = bench(site, "ccms-backfill", "--program", program.name, "--from-date", add_days(nowdate(), -6))
	assert result.returncode == 0, result.stderr
	frappe.db.rollback()
	membership = frappe.db.get_value("CCMS Membership", {"customer": customer.name})
	assert frappe.db.get_value("CCMS Membership", membership, "points_active") == 100


def test_every_command_that_is_told_of_is_there():
	"""A command that stands in no list is one that bench does not know."""
	import re
	from pathlib import Path

	from ccms_app.commands import commands

	root = Path(frappe.get_app_path("ccms_app")).parent
	told = {
		name
		for path in (root / "README.md", *(root / "docs").glob("*.md"))
		for name in re.findall(r"bench --site \S+ (ccms-[a-z-]+)", path.read_text())
	}
	assert told and told == told & {command.name for command in commands}


def test_a_rebuild_reads_nothing_older_than_its_lock(site, member, monkeypatch):
	"""A sale that comes between the list of members and the lock must not be undone by what was seen before it."""
	seen, lock = [], ledger.lock
	table = "`tabCCMS Membership`"

	def late(name: str):
		other = frappe.db.get_connection()
		other.cursor().execute(f"update {table} set warned_until = '2030-01-01' where name = %s", (name,))
		other.commit()
		other.close()
		book = lock(name)
		seen.extend(frappe.db.sql(f"select warned_until from {table} where name = %s", (name,)))
		return book

	monkeypatch.setattr(ledger, "lock", late)
	frappe.db.sql(f"select name from {table} limit 1")
	assert dict(rebuild.run(member)) == {member: 0}
	assert [str(day) for (day,) in seen] == ["2030-01-01"]
