"""Everything that must be true of a membership after each scenario: the invariants, and that the two ways of reading a balance agree."""

from decimal import Decimal

import frappe
import pytest
from frappe.utils import getdate, nowdate

from ccms_app.loyalty import invariants
from ccms_app.loyalty.model import Allocation, Lot
from ccms_app.loyalty.store import balances, ledger, members, programs


@pytest.fixture(autouse=True)
def strict():
	"""What a document's own transaction would only log is an error here. Files that want it import it."""
	frappe.flags.ccms_raise_errors = True
	yield
	frappe.flags.ccms_raise_errors = False


def read(membership: str) -> invariants.Ledger:
	"""One membership's rows as they stand in the database."""
	row = frappe.db.sql(
		f"select {ledger.MEMBER_FIELDS} from `tabCCMS Membership` where name = %s", (membership,)
	)[0]
	lots = frappe.db.sql(
		f"select {ledger.LOT_FIELDS} from `tabCCMS Points Lot` where membership = %s", (membership,)
	)
	allocations = frappe.db.sql(
		"""select membership, entry, lot, points, by_entry, posting_date from `tabCCMS Points Allocation`
		where membership = %s order by creation, idx""",
		(membership,),
	)
	return invariants.Ledger(
		ledger.member_of(row),
		entries(membership),
		[
			Allocation(name, entry, lot, Decimal(str(points)), by, day)
			for name, entry, lot, points, by, day in allocations
		],
		{lot[0]: ledger.lot_of(lot) for lot in lots},
		frappe.db.get_value(members.DOCTYPE, membership, "chain_mac"),
	)


def entries(membership: str) -> list:
	"""The journal of a membership, by seq."""
	rows = frappe.db.sql(
		f"select {ledger.ENTRY_FIELDS} from `tabCCMS Points Ledger Entry` where membership = %s order by seq",
		(membership,),
	)
	return [ledger.entry_of(row) for row in rows]


def check(membership: str) -> balances.Balance:
	"""Assert every invariant of one membership; returns its balance now."""
	found = invariants.check(read(membership), ledger.chain_key())
	assert not found, "\n".join(map(str, found))
	now, today = balances.now(membership), balances.on_date(membership, getdate(nowdate()))
	for what in ("status", "tier", "active", "pending", "arrears", "spendable"):
		assert getattr(now, what) == getattr(today, what), f"{what}: projection {now} against journal {today}"
	draw_before_follows_expiry(membership)
	qualifying_value_is_no_less_than_the_journal_says(membership, now)
	return now


def draw_before_follows_expiry(membership: str) -> None:
	wrong = frappe.db.sql(
		"""select name, expires_on, draw_before from `tabCCMS Points Lot`
		where membership = %s and draw_before != coalesce(expires_on, '9999-12-31')""",
		(membership,),
	)
	assert not wrong


def qualifying_value_is_no_less_than_the_journal_says(membership: str, now: balances.Balance) -> None:
	"""The running value is exact without a window and else an upper bound, see `tiers.count`."""
	from ccms_app.loyalty.dates import tier_window

	on = getdate(nowdate())
	exact = balances.qualifying_between(membership, *tier_window(now.program, on))
	if now.program.tier_window == "Lifetime":
		assert now.qualifying_value == exact
	elif now.program.tier_window == "Rolling 12 Months":
		assert now.qualifying_value >= exact


def check_customer(customer) -> list[balances.Balance]:
	"""Assert every invariant of all of a customer's memberships."""
	name = customer if isinstance(customer, str) else customer.name
	names = frappe.get_all(members.DOCTYPE, filters={"customer": name}, pluck="name", order_by="creation")
	return [check(membership) for membership in names]


def membership_of(customer, program=None) -> str:
	"""The customer's membership, of that programme when one is given."""
	filters = {"customer": customer if isinstance(customer, str) else customer.name}
	if program:
		filters["program"] = program if isinstance(program, str) else program.name
	return frappe.db.get_value(members.DOCTYPE, filters)


def points_of(doc) -> dict[str, float]:
	"""What a document posted, by entry type."""
	rows = frappe.get_all(
		"CCMS Points Ledger Entry",
		filters={"voucher_type": doc.doctype, "voucher_no": doc.name},
		fields=["entry_type", "points"],
		order_by="seq",
	)
	posted: dict[str, float] = {}
	for row in rows:
		posted[row.entry_type] = posted.get(row.entry_type, 0) + row.points
	return posted


def snapshot() -> dict[str, list]:
	"""Every row of the points ledger on the site, to prove that something changed none of them."""
	tables = {
		"CCMS Points Ledger Entry": ledger.ENTRY_FIELDS,
		"CCMS Points Lot": ledger.LOT_FIELDS,
		"CCMS Membership": ledger.MEMBER_FIELDS,
		"CCMS Points Allocation": "name, entry, lot, points, by_entry",
	}
	return {
		doctype: frappe.db.sql(f"select {fields} from `tab{doctype}` order by name")
		for doctype, fields in tables.items()
	}


def lots_of(membership: str) -> list[Lot]:
	"""A membership's lots, oldest first."""
	return sorted(read(membership).lots.values(), key=lambda lot: lot.entry_seq)


def set_balance(membership: str, points: float, **fields) -> None:
	"""Give points by a submitted Opening Balance."""
	frappe.get_doc(
		{
			"doctype": "CCMS Points Adjustment",
			"membership": membership,
			"adjustment_type": "Opening Balance",
			"points": points,
			"posting_date": nowdate(),
			"reason_code": "Opening",
			"reason": "test",
			**fields,
		}
	).insert().submit()


def program_of(membership: str):
	"""The rules a membership is under."""
	return programs.get(frappe.db.get_value(members.DOCTYPE, membership, "program"))
