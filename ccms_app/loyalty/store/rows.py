"""The ledger's rows in the database: how they are read, and the statements that write them."""

from __future__ import annotations

from ccms_app.loyalty import chain
from ccms_app.loyalty.book import Writer
from ccms_app.loyalty.model import Allocation, Entry, Lot, Member
from ccms_app.loyalty.money import dec

# `base_amount` as text: as a float, a large amount with nine decimals would not be the one that was hashed
ENTRY_FIELDS = (
	"name, membership, seq, entry_type, points, posting_date, available_from, expires_on, lot, qualifying_value,"
	" qualifying_date, old_value, new_value, voucher_type, voucher_no, voucher_detail_no, rule, tier,"
	" cast(base_amount as char), rate, monetary_value, reason, reverses, idempotency_key, chain_hash"
)
LOT_FIELDS = (
	"name, membership, original, remaining, available_from, expires_on, state, origin, entry_seq, entry_type,"
	" voucher_type, voucher_no"
)
MEMBER_FIELDS = (
	"name, program, customer, company, status, tier, tier_since, tier_until, points_active, points_pending,"
	" points_held, points_arrears, qualifying_value, qualifying_on, last_activity_on, last_seq, last_hash"
)

# Only placeholders between the brackets: then the driver sends many rows in one statement.
INSERT_ENTRY = """
	insert into `tabCCMS Points Ledger Entry`
		(name, creation, modified, owner, modified_by, posted_on, customer, program, company,
		membership, seq, entry_type, points, posting_date, available_from, expires_on, lot, qualifying_value,
		qualifying_date, old_value, new_value, voucher_type, voucher_no, voucher_detail_no, rule, tier, base_amount,
		rate, monetary_value, reason, reverses, idempotency_key, chain_hash)
	values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
		%s, %s, %s, %s, %s, %s, %s)"""
INSERT_ALLOCATION = """
	insert into `tabCCMS Points Allocation`
		(name, creation, modified, owner, modified_by, idx, company, membership, entry, lot, points,
		by_entry, posting_date)
	values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
INSERT_LOT = """
	insert into `tabCCMS Points Lot`
		(name, creation, modified, owner, modified_by, customer, program, company, membership,
		original, remaining, available_from, expires_on, state, origin, entry_seq, entry_type, voucher_type,
		voucher_no, draw_before)
	values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
UPDATE_LOT = """
	update `tabCCMS Points Lot`
	set modified=%s, remaining=%s, available_from=%s, expires_on=%s, state=%s, draw_before=%s
	where name=%s"""
# The same for many rows in one statement. Every row is there and locked, so nothing is ever inserted.
UPDATE_LOTS = """
	insert into `tabCCMS Points Lot` (modified, remaining, available_from, expires_on, state, draw_before, name)
	values (%s, %s, %s, %s, %s, %s, %s)
	on duplicate key update modified=values(modified), remaining=values(remaining),
		available_from=values(available_from), expires_on=values(expires_on), state=values(state),
		draw_before=values(draw_before)"""
UPDATE_MEMBERS = """
	insert into `tabCCMS Membership` (status, tier, tier_since, tier_until, points_active, points_pending, points_held,
		points_arrears, qualifying_value, qualifying_on, last_activity_on, last_seq, last_hash, chain_mac, name)
	values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
	on duplicate key update status=values(status), tier=values(tier), tier_since=values(tier_since),
		tier_until=values(tier_until), points_active=values(points_active), points_pending=values(points_pending),
		points_held=values(points_held), points_arrears=values(points_arrears),
		qualifying_value=values(qualifying_value), qualifying_on=values(qualifying_on),
		last_activity_on=values(last_activity_on), last_seq=values(last_seq), last_hash=values(last_hash),
		chain_mac=values(chain_mac)"""
UPDATE_MEMBER = """
	update `tabCCMS Membership`
	set status=%s, tier=%s, tier_since=%s, tier_until=%s, points_active=%s, points_pending=%s, points_held=%s,
		points_arrears=%s, qualifying_value=%s, qualifying_on=%s, last_activity_on=%s, last_seq=%s, last_hash=%s,
		chain_mac=%s
	where name=%s"""


def member_of(row: tuple) -> Member:
	"""A member from a row of MEMBER_FIELDS."""
	name, program, customer, company, status, tier, since, until, *rest = row
	active, pending, held, arrears, value, value_on, activity, seq, last_hash = rest
	return Member(
		name,
		program,
		customer,
		company,
		status or "",
		tier or "",
		since,
		until,
		dec(active),
		dec(pending),
		dec(held),
		dec(arrears),
		dec(value),
		value_on,
		activity,
		int(seq or 0),
		last_hash or "",
	)


def entry_of(row: tuple) -> Entry:
	"""An entry from a row of ENTRY_FIELDS."""
	name, membership, seq, kind, points, day, available, expires, lot, value, value_on, old, new, *rest = row
	v_type, v_no, detail, rule, tier, base, rate, money_, reason, reverses, key, hash_ = rest
	return Entry(
		name,
		membership,
		int(seq),
		kind,
		dec(points),
		day,
		available,
		expires,
		lot or "",
		dec(value),
		value_on,
		old or "",
		new or "",
		v_type or "",
		v_no or "",
		detail or "",
		rule or "",
		tier or "",
		dec(base),
		dec(rate),
		dec(money_),
		reason or "",
		reverses or "",
		key or "",
		hash_ or "",
	)


def lot_of(row: tuple) -> Lot:
	"""A lot from a row of LOT_FIELDS."""
	name, membership, original, remaining, available, expires, state, origin, seq, kind, v_type, v_no = row
	return Lot(
		name,
		membership,
		dec(original),
		dec(remaining),
		available,
		expires,
		state,
		origin,
		int(seq or 0),
		kind or "",
		v_type or "",
		v_no or "",
	)


def entry_row(entry: Entry) -> tuple:
	"""The values of INSERT_ENTRY from `membership` on."""
	return (
		entry.membership,
		entry.seq,
		entry.entry_type,
		entry.points,
		entry.posting_date,
		entry.available_from,
		entry.expires_on,
		entry.lot,
		entry.qualifying_value,
		entry.qualifying_date,
		entry.old_value,
		entry.new_value,
		entry.voucher_type,
		entry.voucher_no,
		entry.voucher_detail_no,
		entry.rule,
		entry.tier,
		entry.base_amount,
		entry.rate,
		entry.monetary_value,
		entry.reason,
		entry.reverses,
		entry.idempotency_key,
		entry.chain_hash,
	)


def allocation_row(row: Allocation) -> tuple:
	"""The values of INSERT_ALLOCATION from `membership` on."""
	return (row.membership, row.entry, row.lot, row.points, row.by_entry, row.posting_date)


def lot_row(lot: Lot) -> tuple:
	"""The values of INSERT_LOT from `membership` to `voucher_no`."""
	return (
		lot.membership,
		lot.original,
		lot.remaining,
		lot.available_from,
		lot.expires_on,
		lot.state,
		lot.origin,
		lot.entry_seq,
		lot.entry_type,
		lot.voucher_type,
		lot.voucher_no,
	)


def member_row(book: Writer) -> tuple:
	"""The values of UPDATE_MEMBER, sealed."""
	member = book.member
	return (
		member.status,
		member.tier,
		member.tier_since,
		member.tier_until,
		member.points_active,
		member.points_pending,
		member.points_held,
		member.points_arrears,
		member.qualifying_value,
		member.qualifying_on,
		member.last_activity_on,
		member.last_seq,
		member.last_hash,
		chain.seal(book.chain_key, member),
		member.name,
	)
