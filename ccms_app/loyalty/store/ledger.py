"""The one door to the points ledger on a site: locks a membership, answers a movement's questions from the
database, and writes what the movement made.

Every read that decides is a locking read: after the membership's row is locked a plain SELECT would still see
the snapshot that the transaction began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import frappe
from frappe.utils import now

from ccms_app.loyalty import chain
from ccms_app.loyalty.book import Writer, stands
from ccms_app.loyalty.model import NEVER, PENDING, ZERO, Allocation, Entry, Lot, Member
from ccms_app.loyalty.money import dec

from .rows import (
	ENTRY_FIELDS,
	INSERT_ALLOCATION,
	INSERT_ENTRY,
	INSERT_LOT,
	LOT_FIELDS,
	MEMBER_FIELDS,
	UPDATE_LOT,
	UPDATE_LOTS,
	UPDATE_MEMBER,
	UPDATE_MEMBERS,
	allocation_row,
	entry_of,
	entry_row,
	lot_of,
	lot_row,
	member_of,
	member_row,
)

PAGE = 20


def chain_key() -> bytes:
	"""The key of this site's hash chains."""
	key = getattr(frappe.local, "ccms_chain_key", None)
	if key is None:
		from frappe.utils.password import get_encryption_key

		key = frappe.local.ccms_chain_key = chain.derive_key(get_encryption_key())
	return key


def lock(membership: str) -> SiteBook:
	"""Lock one membership for the rest of the transaction and open its book."""
	(book,) = lock_all([membership])
	return book


def lock_for(doc, membership: str) -> SiteBook:
	"""Lock a membership for a document: the book of its `before_submit` still serves in its `on_submit`.

	It does as long as nothing was written to any membership in between.
	"""
	book, written = doc.flags.ccms_book or (None, 0)
	if book is None or book.member.name != membership or written != _writes():
		book = lock(membership)
		doc.flags.ccms_book = (book, _writes())
	return book


def _writes() -> int:
	return getattr(frappe.local, "ccms_ledger_writes", 0)


def lock_all(memberships: Iterable[str]) -> list[SiteBook]:
	"""Lock several memberships, always in the order of their names so that two callers cannot wait in a ring.

	Raises:
		frappe.DoesNotExistError: one of them is gone.
	"""
	wanted = sorted(set(memberships))
	if not wanted:
		return []
	rows = frappe.db.sql(
		f"select {MEMBER_FIELDS} from `tabCCMS Membership` where name in %(names)s order by name for update",
		{"names": wanted},
	)
	if len(rows) != len(wanted):
		missing = set(wanted) - {row[0] for row in rows}
		frappe.throw(
			frappe._("Membership {0} does not exist.").format(", ".join(missing)), frappe.DoesNotExistError
		)
	key = chain_key()
	return [SiteBook(member_of(row), key) for row in rows]


class SiteBook(Writer):
	"""A membership's book on the site. Made by `lock`; nothing is written before `write`."""

	def __init__(self, member: Member, key: bytes):
		super().__init__(member, key)
		self._dirty = False
		self.touched = False
		"""Set by a job that has changed the projection without an entry."""
		self.prefetched: dict[str, list[Lot]] = {}
		"""Lots a job has read for many books at once: under "due", "lapsed", "open"."""
		self.windows: dict[tuple[date, date], Decimal] = {}
		"""Qualifying value a job has read for many books at once, by window."""

	# --- bookkeeping of what is not yet in the database -----------------------------------------------
	def entry_added(self, entry: Entry) -> None:
		self._dirty = True

	def adopt(self, source: SiteBook) -> None:
		"""The history of a merged membership is found in the database through `merged_into`."""

	def _settled(self) -> None:
		"""Questions are answered by the database, so what this book made has to be there first."""
		if self._dirty:
			write([self])

	def _entries(self, where: str, values: dict) -> list[Entry]:
		self._settled()
		rows = frappe.db.sql(
			f"select {ENTRY_FIELDS} from `tabCCMS Points Ledger Entry` where {where}", values
		)
		return [entry_of(row) for row in rows]

	def _lots(self, where: str, values: dict, index: str = "") -> list[Lot]:
		self._settled()
		rows = frappe.db.sql(f"select {LOT_FIELDS} from `tabCCMS Points Lot` {index} where {where}", values)
		return [self.lots.setdefault(row[0], lot_of(row)) for row in rows]

	def _rows(self, where: str, values: dict) -> list[Allocation]:
		self._settled()
		rows = frappe.db.sql(
			"select membership, entry, lot, points, by_entry, posting_date"
			f" from `tabCCMS Points Allocation` where {where} order by creation, idx for update",
			values,
		)
		return [Allocation(m, entry, lot, dec(points), by, day) for m, entry, lot, points, by, day in rows]

	# --- questions ------------------------------------------------------------------------------------
	def seen(self, key: str) -> bool:
		# A plain read: a locking read of a key that is not there would lock the gap in front of the next one,
		# and two tills could then block each other's insert. The unique index has the last word.
		if any(entry.idempotency_key == key for entry in self.new_entries):
			return True
		return bool(
			frappe.db.sql("select 1 from `tabCCMS Points Ledger Entry` where idempotency_key = %s", (key,))
		)

	def entry(self, name: str) -> Entry | None:
		found = self._entries("name = %(name)s for update", {"name": name})
		return found[0] if found else None

	def entries_of(self, voucher_type: str, voucher_no: str) -> list[Entry]:
		return self._entries(
			"voucher_type = %(type)s and voucher_no = %(no)s order by seq for update",
			{"type": voucher_type, "no": voucher_no},
		)

	def reversals(self, name: str) -> list[Entry]:
		return self._entries("reverses = %(name)s order by posted_on, seq for update", {"name": name})

	def draws_of(self, debit: str) -> list[Allocation]:
		return self._rows("entry = %(name)s", {"name": debit})

	def rows_by(self, entry: str) -> list[Allocation]:
		return self._rows("by_entry = %(name)s", {"name": entry})

	def draws_from(self, lot: str) -> list[tuple[Entry, Decimal]]:
		net: dict[str, Decimal] = {}
		for row in self._rows("lot = %(name)s", {"name": lot}):
			net[row.entry] = net.get(row.entry, ZERO) + row.points
		return [(self.entry(name), points) for name, points in net.items() if points]

	def lot(self, name: str) -> Lot | None:
		if name in self.lots:
			return self.lots[name]
		found = self._lots("name = %(name)s for update", {"name": name})
		return found[0] if found else None

	def fetch(self, names: Iterable[str]) -> None:
		"""Read many lots at once that will be asked for one by one."""
		if wanted := sorted(set(names) - set(self.lots)):
			self._lots("name in %(names)s order by name for update", {"names": wanted})

	def lineage(self, origin: str, everywhere: bool = False) -> list[Lot]:
		own = "" if everywhere else "and membership = %(membership)s"
		return self._lots(
			f"origin = %(origin)s {own} order by entry_seq for update",
			{"origin": origin, "membership": self.member.name},
		)

	def drawable(self, available_by: date, valid_on: date) -> Iterator[Lot]:
		"""Usable lots in drawing order, read page by page along the index."""
		after, seq = valid_on, -1
		while True:
			page = self._lots(
				"""membership = %(membership)s and state = 'Active' and draw_before >= %(after)s
				and (draw_before > %(after)s or entry_seq > %(seq)s)
				order by draw_before, entry_seq limit %(page)s for update""",
				{"membership": self.member.name, "after": after, "seq": seq, "page": PAGE},
				index="force index (membership_state_draw_before_entry_seq_index)",
			)
			yield from (lot for lot in page if lot.usable(available_by, valid_on))
			if len(page) < PAGE:
				return
			after, seq = page[-1].expires_on or NEVER, page[-1].entry_seq

	def open_lots(self) -> list[Lot]:
		if "open" in self.prefetched:
			return self.prefetched["open"]
		return self._lots(
			"membership = %(membership)s and state in ('Active', 'Pending') and remaining > 0"
			" order by draw_before, entry_seq for update",
			{"membership": self.member.name},
		)

	def due_lots(self, on: date) -> list[Lot]:
		if "due" in self.prefetched:
			return self.prefetched["due"]
		return self._lots(
			"membership = %(membership)s and state = 'Pending' and remaining > 0 and available_from <= %(on)s"
			" order by entry_seq for update",
			{"membership": self.member.name, "on": on},
		)

	def lapsed_lots(self, on: date) -> list[Lot]:
		if "lapsed" in self.prefetched:
			return self.prefetched["lapsed"]
		return self._lots(
			"membership = %(membership)s and state in ('Active', 'Pending') and draw_before < %(on)s and remaining > 0"
			" order by draw_before, entry_seq for update",
			{"membership": self.member.name, "on": on},
		)

	def arrears(self) -> list[tuple[Entry, Decimal]]:
		if not self.member.points_arrears:
			return []
		self._settled()
		owed = frappe.db.sql(
			"""select e.name,
				-e.points - coalesce((select sum(a.points) from `tabCCMS Points Allocation` a where a.entry = e.name), 0)
				- coalesce((select sum(r.points) from `tabCCMS Points Ledger Entry` r
					where r.reverses = e.name and r.points > 0 and r.lot != r.name), 0) as owed
			from `tabCCMS Points Ledger Entry` e
			where e.membership = %s and e.points < 0
			having owed > 0 order by e.seq for update""",
			(self.member.name,),
		)
		return [(self.entry(name), dec(points)) for name, points in owed]

	def qualifying_between(self, first: date, last: date) -> Decimal:
		if (first, last) in self.windows:
			return self.windows[first, last]
		self._settled()
		total = frappe.db.sql(
			"""select sum(qualifying_value) from `tabCCMS Points Ledger Entry`
			where membership in %(names)s and qualifying_date between %(first)s and %(last)s lock in share mode""",
			{"names": with_merged(self.member.name), "first": first, "last": last},
		)
		return dec(total[0][0])

	def last_activity(self) -> date | None:
		last = None
		for membership in with_merged(self.member.name):
			last = self._standing_since(last, membership) or last
		return last

	def _standing_since(self, after: date | None, membership: str) -> date | None:
		"""The day of a membership's last standing earning or redemption after a day, read backwards page by page."""
		offset = 0
		while True:
			page = self._entries(
				"""membership = %(membership)s and entry_type in ('Earn', 'Redeem') and posting_date > %(after)s
				order by posting_date desc, name desc limit %(page)s offset %(offset)s for update""",
				{"membership": membership, "after": after or date.min, "page": PAGE, "offset": offset},
			)
			for entry in page:
				if stands(self, entry):
					return entry.posting_date
			if len(page) < PAGE:
				return None
			offset += PAGE


def with_merged(membership: str) -> list[str]:
	"""A membership and all that were ever merged into it."""
	names, fresh = [membership], [membership]
	while fresh:
		fresh = frappe.get_all("CCMS Membership", filters={"merged_into": ["in", fresh]}, pluck="name")
		fresh = [name for name in fresh if name not in names]
		names += fresh
	return names


def prefetch(books: list[SiteBook], kind: str, where: str, values: dict) -> None:
	"""Read the lots that a job is about to ask each of many books for, in one query.

	Args:
		kind: the question they answer: "due", "lapsed" or "open".
		where: a condition on the lots, with `values`.
	"""
	by_name = {book.member.name: book for book in books}
	for book in books:
		book.prefetched[kind] = []
	rows = frappe.db.sql(
		f"""select {LOT_FIELDS} from `tabCCMS Points Lot` where membership in %(memberships)s and {where}
		order by membership, draw_before, entry_seq for update""",
		{"memberships": list(by_name), **values},
	)
	for lot in map(lot_of, rows):
		book = by_name[lot.membership]
		book.prefetched[kind].append(book.lots.setdefault(lot.name, lot))


def write(books: Iterable[Writer]) -> list[Entry]:
	"""Write what books have made: entries, allocations, lots, memberships. The only writer of points.

	Returns:
		the entries written, in order.
	"""
	books = list(books)
	frappe.local.ccms_ledger_writes = _writes() + 1
	stamp, user = now(), frappe.session.user
	entries, allocations, written = [], [], []
	for book in books:
		for entry in book.new_entries:
			written.append(entry)
			entries.append((entry.name, stamp, stamp, user, user, stamp, *_owner(book), *entry_row(entry)))
		for number, row in enumerate(book.new_allocations, 1):
			name = f"{row.by_entry}-{row.number}"
			allocations.append(
				(name, stamp, stamp, user, user, number, book.member.company, *allocation_row(row))
			)
	_run(INSERT_ENTRY, entries)
	write_lots(*books)
	_run(INSERT_ALLOCATION, allocations)
	members = [member_row(book) for book in books]
	_run(UPDATE_MEMBER if len(members) == 1 else UPDATE_MEMBERS, members)
	for book in books:
		book.new_entries, book.new_allocations = [], []
		if isinstance(book, SiteBook):
			book._dirty = book.touched = False
	return written


def write_lots(*books: Writer) -> None:
	"""Write the lots that books have opened or changed."""
	stamp, user = now(), frappe.session.user
	fresh, changed = [], []
	for book in books:
		for lot in book.changed_lots.values():
			draw_before = lot.expires_on or NEVER
			if lot.name in book.fresh_lots:
				fresh.append((lot.name, stamp, stamp, user, user, *_owner(book), *lot_row(lot), draw_before))
			else:
				changed.append(
					(
						stamp,
						lot.remaining,
						lot.available_from,
						lot.expires_on,
						lot.state,
						draw_before,
						lot.name,
					)
				)
		book.changed_lots, book.fresh_lots = {}, set()
	_run(INSERT_LOT, fresh)
	_run(UPDATE_LOT if len(changed) == 1 else UPDATE_LOTS, changed)


def _owner(book: Writer) -> tuple[str, str, str]:
	return (book.member.customer, book.member.program, book.member.company)


def _run(query: str, rows: list[tuple]) -> None:
	if len(rows) == 1:
		frappe.db.sql(query, rows[0])
	elif rows:
		try:
			frappe.db._cursor.executemany(query, rows)
		except frappe.db.OperationalError as error:
			if frappe.db.is_deadlocked(error):
				raise frappe.QueryDeadlockError(error) from error
			if frappe.db.is_timedout(error):
				raise frappe.QueryTimeoutError(error) from error
			raise


__all__ = ["PENDING", "SiteBook", "chain_key", "lock", "lock_all", "with_merged", "write"]
