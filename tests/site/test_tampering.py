"""Somebody with the database alone changes, drops, inserts or swaps rows: the audit names whose and which."""

import frappe
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.loyalty import chain
from ccms_app.loyalty.store import audit
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice, make_tiers
from tests.site.ledger_checks import check, entries, lots_of, membership_of, set_balance, strict  # noqa: F401

ENTRY, LOT, ALLOCATION, MEMBERSHIP = (
	"CCMS Points Ledger Entry",
	"CCMS Points Lot",
	"CCMS Points Allocation",
	"CCMS Membership",
)


@pytest.fixture(scope="module")
def member(site) -> str:
	"""A membership with a bit of everything in its journal; it stays, what a test does to it is rolled back."""
	program = make_program(
		tiers=make_tiers(Blue=0, Gold=150), expiry_model="Rolling", expiry_months=12, pending_days=0
	)
	customer = make_customer(program)
	membership = membership_of(customer)
	set_balance(membership, 100, expires_on=add_days(nowdate(), 40))
	make_sales_invoice(customer, qty=2)
	make_return(make_sales_invoice(customer, qty=2, ccms_redeem_points=150), 1)
	check(membership)
	assert findings(membership) == []
	frappe.db.commit()
	return membership


def findings(membership: str) -> list[str]:
	return [str(finding) for finding in audit.run() if finding.membership == membership]


def sql(query: str, *values) -> None:
	frappe.db.sql(query, values)


def named(membership: str, *words: str) -> None:
	"""Somebody is named with those words, and nobody else."""
	every = list(audit.run())
	own = [str(finding) for finding in every if finding.membership == membership]
	assert own, "not found"
	for word in words:
		assert any(word in line for line in own), own
	others = {finding.membership for finding in every} - {membership}
	assert not others, every


def entry_of_type(membership: str, kind: str):
	return next(entry for entry in entries(membership) if entry.entry_type == kind)


# --- entries ---------------------------------------------------------------------------------------------------------


CHANGES = {"int": 77, "text": "forged", "date": "2031-01-01", "decimal": 77}


@pytest.mark.parametrize(
	("field", "kind"), [row for row in chain.CONTENT if row[0] not in ("seq", "membership")]
)
def test_a_changed_entry(member, field, kind):
	entry = entry_of_type(member, "Earn")
	sql(f"update `tab{ENTRY}` set `{field}` = %s where name = %s", CHANGES[kind], entry.name)
	named(member, f"chain: membership {member}, entry {entry.seq}")


def test_an_entry_whose_hash_was_forged(member):
	"""Without the site's key nobody can make the hash that fits."""
	entry = entry_of_type(member, "Earn")
	sql(
		f"update `tab{ENTRY}` set points = points + 10, chain_hash = sha2('x', 256) where name = %s",
		entry.name,
	)
	named(member, f"entry {entry.seq}")


@pytest.mark.parametrize("which", [1, 3, -2, -1])
def test_a_dropped_entry(member, which):
	found = entries(member)
	entry = found[which]
	sql(f"delete from `tab{ENTRY}` where name = %s", entry.name)
	named(member, "missing")


def test_a_dropped_tail_with_the_figures_put_back(member):
	"""The seal over the last number and hash cannot be made anew."""
	before, last = entries(member)[-2:]
	sql(f"delete from `tab{ENTRY}` where name = %s", last.name)
	sql(
		f"update `tab{MEMBERSHIP}` set last_seq = %s, last_hash = %s where name = %s",
		before.seq,
		before.chain_hash,
		member,
	)
	named(member, f"seal: membership {member}")


def test_a_whole_journal_dropped(member):
	for doctype in (ENTRY, LOT, ALLOCATION):
		sql(f"delete from `tab{doctype}` where membership = %s", member)
	named(member, f"seal: membership {member}")


def test_a_whole_member_dropped(member):
	sql(f"delete from `tab{MEMBERSHIP}` where name = %s", member)
	named(member, "is gone")


@pytest.mark.parametrize("where", ["end", "middle"])
def test_an_inserted_entry(member, where):
	found = entries(member)
	seq = found[-1].seq + 1 if where == "end" else found[2].seq
	if where == "middle":
		sql(
			f"update `tab{ENTRY}` set seq = seq + 1 where membership = %s and seq >= %s order by seq desc",
			member,
			seq,
		)
	columns = [
		column
		for column in frappe.db.get_table_columns(ENTRY)
		if column not in ("name", "seq", "idempotency_key")
	]
	listed = ", ".join(f"`{column}`" for column in columns)
	sql(
		f"""insert into `tab{ENTRY}` (name, seq, idempotency_key, {listed})
		select 'ccms-forged', %s, 'ccms-forged', {listed} from `tab{ENTRY}` where name = %s""",
		seq,
		entry_of_type(member, "Earn").name,
	)
	named(member)


def test_two_entries_swapped(member):
	one, other = (entry for entry in entries(member) if entry.entry_type == "Earn")
	for seq, name in ((9999, one.name), (one.seq, other.name), (other.seq, one.name)):
		sql(f"update `tab{ENTRY}` set seq = %s where name = %s", seq, name)
	named(member, f"entry {one.seq}", f"entry {other.seq}")


def test_an_entry_given_to_somebody_else(member):
	other = membership_of(make_customer(frappe.db.get_value(MEMBERSHIP, member, "program")))
	entry = entries(member)[-1]
	seq = entries(other)[-1].seq + 1
	sql(f"update `tab{ENTRY}` set membership = %s, seq = %s where name = %s", other, seq, entry.name)
	assert findings(member)
	assert findings(other)


@pytest.mark.parametrize("field", ["customer", "program", "company"])
def test_an_entry_shown_under_another_name(member, field):
	"""These follow renames, so the chain cannot hold them; they must be the membership's."""
	sql(f"update `tab{ENTRY}` set `{field}` = 'Somebody' where name = %s", entry_of_type(member, "Earn").name)
	named(member)


# --- what was drawn from what ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	"change", ["points = points + 1", "points = 0", "lot = 'x'", "entry = 'x'", "by_entry = 'x'"]
)
def test_a_changed_allocation(member, change):
	row = frappe.get_last_doc(ALLOCATION, {"membership": member})
	sql(f"update `tab{ALLOCATION}` set {change} where name = %s", row.name)
	named(member)


def test_a_dropped_allocation(member):
	sql(f"delete from `tab{ALLOCATION}` where membership = %s and points > 0 limit 1", member)
	named(member)


def test_an_inserted_allocation(member):
	lot, debit = lots_of(member)[-1], entry_of_type(member, "Redeem")
	values = (member, debit.name, lot.name, debit.name, nowdate())
	sql(
		f"""insert into `tab{ALLOCATION}` (name, membership, entry, lot, points, by_entry, posting_date)
		values ('ccms-forged', %s, %s, %s, 5, %s, %s)""",
		*values,
	)
	named(member)


# --- what is left, and of whom ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	"change",
	[
		"remaining = remaining + 1",
		"original = original + 1, remaining = remaining + 1",
		"state = 'Pending'",
		"state = 'Depleted'",
		"expires_on = '2099-01-01', draw_before = '2099-01-01'",
		"draw_before = '2099-01-01'",
		"available_from = '2099-01-01'",
		"origin = 'x'",
	],
)
def test_a_changed_lot(member, change):
	lot = next(lot for lot in lots_of(member) if lot.remaining)
	sql(f"update `tab{LOT}` set {change} where name = %s", lot.name)
	named(member, lot.name)


def test_a_dropped_lot(member):
	sql(f"delete from `tab{LOT}` where name = %s", lots_of(member)[0].name)
	named(member)


def test_an_inserted_lot(member):
	columns = [column for column in frappe.db.get_table_columns(LOT) if column != "name"]
	listed = ", ".join(f"`{column}`" for column in columns)
	source = next(lot for lot in lots_of(member) if lot.remaining)
	sql(
		f"insert into `tab{LOT}` (name, {listed}) select 'ccms-forged', {listed} from `tab{LOT}` where name = %s",
		source.name,
	)
	sql(
		f"update `tab{MEMBERSHIP}` set points_active = points_active + %s where name = %s",
		source.remaining,
		member,
	)
	named(member, "ccms-forged")


@pytest.mark.parametrize(
	"change",
	[
		"points_active = points_active + 100",
		"points_pending = 5",
		"points_arrears = 5",
		"points_active = points_active + 5, points_arrears = points_arrears + 5",
		"last_seq = last_seq - 1",
		"last_hash = 'x'",
		"chain_mac = ''",
		"status = 'Frozen'",
		"tier = 'Blue'",
		"tier_until = '2099-01-01'",
	],
)
def test_a_changed_membership(member, change):
	sql(f"update `tab{MEMBERSHIP}` set {change} where name = %s", member)
	named(member)
