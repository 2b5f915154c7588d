"""Earning for past invoices, in bulk: the same entries and hashes as posting them one by one.

Documents are read by customer in set-based queries, replayed through the same movements on an in-memory book that
was loaded with the member's journal, and written together. A batch commits; a run that was stopped finds the
idempotency keys of what is done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import frappe
from frappe.utils import cint, getdate, nowdate

from ccms_app.loyalty import money, movements, returns
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import EARN, REDEEM, ZERO, Allocation, Entry, Program, Sale
from ccms_app.loyalty.money import dec

from . import ledger, members, programs
from .credit_notes import LINE_LINK, returned_line, sold_line
from .invoices import EARNING

BATCH = 200  # customers

HEADER = (
	"name, customer, posting_date, posting_time, creation, is_return, return_against, is_opening, loyalty_program,"
	" loyalty_points, base_net_total, base_grand_total, ccms_redeem_amount, outstanding_amount, ccms_membership"
)
SOURCES = {
	"Sales Invoice": (
		f"{HEADER}, is_debit_note, is_internal_customer, 0 as paid_amount, 0 as change_amount, 0 as rounded_total, 0 as grand_total,"
		" null as consolidated_invoice",
		"and is_consolidated = 0",
	),
	"POS Invoice": (
		f"{HEADER}, 0 as is_debit_note, 0 as is_internal_customer, paid_amount, change_amount, rounded_total,"
		" grand_total, consolidated_invoice",
		"",
	),
}


class Backfill:
	"""One run: `count` documents, then iterate `run`, which yields how many documents each step has read."""

	def __init__(
		self,
		program: str,
		from_date: str | date | None = None,
		to_date: str | date | None = None,
		*,
		enrol: bool = False,
	):
		self.program: Program = programs.get(program)
		self.first = getdate(from_date) if from_date else date(1900, 1, 1)
		self.last = getdate(to_date) if to_date else getdate(nowdate())
		self.enrol = enrol
		self.today = getdate(nowdate())
		self.documents = self.entries = self.members = 0
		self._before_merges: dict[tuple[str, str, str], Entry] = {}

	def count(self) -> int:
		"""How many documents the run will read."""
		return sum(
			cint(
				frappe.db.sql(
					f"""select count(*) from `tab{doctype}` where docstatus = 1 and company = %(company)s
					and posting_date between %(first)s and %(last)s {where}""",
					self._values(),
				)[0][0]
			)
			for doctype, (_columns, where) in SOURCES.items()
		)

	def run(self) -> Iterator[int]:
		"""Work through all customers with invoices, a batch at a time."""
		after = ""
		while customers := self._customers(after):
			yield self._batch(customers)
			frappe.db.commit()
			after = customers[-1]

	def _values(self, **more: object) -> dict:
		return {"company": self.program.company, "first": self.first, "last": self.last, **more}

	def _customers(self, after: str) -> list[str]:
		rows = frappe.db.sql(
			"""select customer from (
				select distinct customer from `tabSales Invoice` where company = %(company)s and docstatus = 1
					and posting_date between %(first)s and %(last)s and customer > %(after)s
				union
				select distinct customer from `tabPOS Invoice` where company = %(company)s and docstatus = 1
					and posting_date between %(first)s and %(last)s and customer > %(after)s) c
			order by customer limit %(batch)s""",
			self._values(after=after, batch=BATCH),
		)
		return [name for (name,) in rows]

	# --- one batch ----------------------------------------------------------------------------------------
	def _batch(self, customers: list[str]) -> int:
		documents = self._documents(customers)
		self.documents += len(documents)
		by_customer: dict[str, list] = defaultdict(list)
		for row in documents:
			by_customer[row.customer].append(row)
		memberships = self._memberships(by_customer)
		if not memberships:
			return len(documents)
		books = {book.member.customer: book for book in self._books(list(memberships.values()))}
		by_customer = self._without_counted({customer: by_customer[customer] for customer in books})
		shares = _Shares(row for customer in books for row in by_customer[customer])
		payments = _Payments(documents) if self.program.accrue_when == "When Paid" else None
		for customer, book in books.items():
			for row in by_customer[customer]:
				self._replay(book, row, shares, payments)
		changed = [book for book in books.values() if book.new_entries]
		self.entries += len(ledger.write(changed))
		self.members += len(changed)
		self._mark(changed, by_customer)
		return len(documents)

	def _documents(self, customers: list[str]) -> list:
		found = []
		for doctype, (columns, where) in SOURCES.items():
			rows = frappe.db.sql(
				f"""select {columns} from `tab{doctype}` where docstatus = 1 and company = %(company)s
				and customer in %(customers)s and posting_date between %(first)s and %(last)s {where}""",
				self._values(customers=customers),
				as_dict=True,
			)
			for row in rows:
				row.doctype = doctype
			found += rows
		return sorted(found, key=lambda row: (row.posting_date, row.posting_time, row.creation, row.name))

	def _without_counted(self, by_customer: dict[str, list]) -> dict[str, list]:
		"""Leave out what has posted already, in whatever membership, and what counts for another programme."""
		done = set()
		rows = [row for customer_rows in by_customer.values() for row in customer_rows]
		for doctype in SOURCES:
			if names := [row.name for row in rows if row.doctype == doctype]:
				done |= set(
					frappe.db.sql(
						"""select voucher_type, voucher_no from `tabCCMS Points Ledger Entry`
						where voucher_type = %(doctype)s and voucher_no in %(names)s
							and entry_type in ('Earn', 'Clawback', 'Restore')""",
						{"doctype": doctype, "names": names},
					)
				)
		chosen = {row.ccms_membership for row in rows if row.ccms_membership}
		elsewhere = set(
			frappe.get_all(
				members.DOCTYPE,
				filters={"name": ["in", list(chosen)], "program": ["!=", self.program.name]},
				pluck="name",
			)
		)
		return {
			customer: [
				row
				for row in customer_rows
				if (row.doctype, row.name) not in done and row.ccms_membership not in elsewhere
			]
			for customer, customer_rows in by_customer.items()
		}

	def _memberships(self, by_customer: dict[str, list]) -> dict[str, str]:
		"""The customers' memberships in the programme, enrolling where asked."""
		rows = frappe.get_all(
			members.DOCTYPE,
			filters={"program": self.program.name, "customer": ["in", list(by_customer)]},
			fields=["name", "customer", "status", "merged_into"],
		)
		found = {row.customer: row.name for row in rows if row.status in EARNING}
		known = {row.customer for row in rows}
		if self.enrol:
			for customer, documents in by_customer.items():
				if customer not in known and members.rule_matches(self.program, customer):
					found[customer] = members.enrol(
						customer, self.program.name, joined_on=documents[0].posting_date
					)
		return found

	def _books(self, names: list[str]) -> list[Book]:
		"""Locked books with the members' whole journals in memory, and those of the members merged into them."""
		merged = self._merged_into(names)
		books = [Book(locked.member, locked.chain_key) for locked in ledger.lock_all([*names, *merged])]
		by_name = {book.member.name: book for book in books}
		values = {"names": list(by_name)}
		entries, allocations, lots = defaultdict(list), defaultdict(list), defaultdict(list)
		for row in frappe.db.sql(
			f"""select {ledger.ENTRY_FIELDS} from `tabCCMS Points Ledger Entry` where membership in %(names)s
			order by membership, seq for update""",
			values,
		):
			entries[row[1]].append(ledger.entry_of(row))
		for row in frappe.db.sql(
			"""select membership, entry, lot, points, by_entry, posting_date from `tabCCMS Points Allocation`
			where membership in %(names)s order by creation, idx for update""",
			values,
		):
			name, entry, lot, points, by, day = row
			allocations[name].append(Allocation(name, entry, lot, dec(points), by, day))
		for row in frappe.db.sql(
			f"select {ledger.LOT_FIELDS} from `tabCCMS Points Lot` where membership in %(names)s for update",
			values,
		):
			lots[row[1]].append(ledger.lot_of(row))
		for name, book in by_name.items():
			book.load(entries[name], allocations[name], lots[name])
		self._before_merges = {
			(entry.voucher_type, entry.voucher_no, entry.entry_type): entry
			for name in merged
			for entry in entries[name]
		}
		for name, target in merged.items():  # the deepest first
			by_name[target].adopt(by_name[name])
		return [by_name[name] for name in sorted(names)]

	@staticmethod
	def _merged_into(names: list[str]) -> dict[str, str]:
		"""Memberships that were merged into some others, and into those before: each with what it went into."""
		levels, fresh = [], names
		while fresh:
			rows = frappe.get_all(
				members.DOCTYPE,
				filters={"merged_into": ["in", fresh]},
				fields=["name", "merged_into"],
			)
			levels.append({row.name: row.merged_into for row in rows})
			fresh = list(levels[-1])
		return {name: target for level in reversed(levels) for name, target in level.items()}

	def _replay(self, book: Book, row, shares: _Shares, payments: _Payments | None) -> None:
		day = getdate(row.posting_date)
		if row.is_return:
			self._return(book, row, day, shares)
			return
		if not self._earns(row) or not self.program.runs_on(day):
			return
		before = dec(row.base_grand_total) + dec(row.ccms_redeem_amount)
		amount = before if self.program.earn_basis == "Grand Total" else dec(row.base_net_total)
		base = money.rounded(money.earn_base(amount, dec(row.ccms_redeem_amount), before), 9)
		sale = Sale(row.doctype, row.name, day, earn_base=max(base, ZERO))
		if payments:
			sale.paid, sale.paid_on = payments.state(row)
		movements.earn(book, self.program, sale, self._today(day))

	def _today(self, day: date) -> date:
		"""Documents are posted today, as one by one, but inactivity is judged on the day each of them tells of."""
		return day if self.program.expiry_model == "Inactivity" else self.today

	def _earns(self, row) -> bool:
		return (
			row.is_opening != "Yes"
			and not row.is_debit_note
			and not row.is_internal_customer
			and not cint(row.loyalty_points)
			and not row.loyalty_program
		)

	def _return(self, book: Book, row, day: date, shares: _Shares) -> None:
		if not row.return_against:
			return
		original = {entry.entry_type: entry for entry in book.entries_of(row.doctype, row.return_against)}
		earning, redemption = (
			original.get(kind) or self._posted_before_a_merge(book, row, kind) for kind in (EARN, REDEEM)
		)
		if earning or redemption:
			movements.give_back(
				book,
				self.program,
				voucher_type=row.doctype,
				voucher_no=row.name,
				posting_date=day,
				share=shares.after(row),
				earning=earning,
				redemption=redemption,
				today=self._today(day),
			)

	def _posted_before_a_merge(self, book: Book, row, kind: str) -> Entry | None:
		entry = self._before_merges.get((row.doctype, row.return_against, kind))
		return entry if entry and book.entry(entry.name) else None

	def _mark(self, books: Iterable[Book], by_customer: dict[str, list]) -> None:
		"""Name the membership on past Sales Invoices; a submitted POS Invoice is never touched."""
		rows = [
			(book.member.name, row.name)
			for book in books
			for row in by_customer[book.member.customer]
			if row.doctype == "Sales Invoice"
		]
		if rows:
			frappe.db._cursor.executemany(
				"update `tabSales Invoice` set ccms_membership = %s where name = %s and ccms_membership is null",
				rows,
			)


class _Shares:
	"""What part of each original is back after each return, from lines read in three queries a document type.

	All submitted returns of an original are read, for some may be older than the days that are asked for.
	"""

	def __init__(self, documents: Iterable):
		self._sold: dict[tuple[str, str], dict[str, returns.SoldLine]] = defaultdict(dict)
		self._notes: dict[tuple[str, str], list[str]] = defaultdict(list)
		self._lines: dict[tuple[str, str], list[returns.ReturnedLine]] = defaultdict(list)
		originals: dict[str, set[str]] = defaultdict(set)
		for row in documents:
			if row.is_return and row.return_against:
				originals[row.doctype].add(row.return_against)
		for doctype, names in originals.items():
			for line in self._read(doctype, names):
				self._sold[doctype, line.parent][line.name] = sold_line(
					line.name, line.item_code, line.qty, line.amount, line.rate, line.base_net_amount
				)
			notes = frappe.get_all(
				doctype,
				filters={"return_against": ["in", list(names)], "docstatus": 1},
				fields=["name", "return_against"],
				order_by="posting_date, posting_time, creation, name",
			)
			for note in notes:
				self._notes[doctype, note.return_against].append(note.name)
			for line in self._read(doctype, {note.name for note in notes}):
				self._lines[doctype, line.parent].append(
					returned_line(
						line.link, line.item_code, line.qty, line.amount, line.rate, line.base_net_amount
					)
				)

	@staticmethod
	def _read(doctype: str, names: set[str]) -> list:
		item = frappe.qb.DocType(f"{doctype} Item")
		return (
			frappe.qb.from_(item)
			.select(
				item.name,
				item.parent,
				item.item_code,
				item.qty,
				item.base_net_amount,
				item.amount,
				item.rate,
				item[LINE_LINK[doctype]].as_("link"),
			)
			.where(item.parent.isin(list(names)) & (item.parenttype == doctype))
			.orderby(item.parent, item.idx)
			.run(as_dict=True)
		)

	def after(self, row) -> Decimal:
		"""The share after this return and all before it."""
		key = (row.doctype, row.return_against)
		notes = self._notes[key]
		back = [
			line for name in notes[: notes.index(row.name) + 1] for line in self._lines[row.doctype, name]
		]
		return returns.share(self._sold[key], back)


class _Payments:
	"""Which documents are paid in full, and since when."""

	def __init__(self, documents: Iterable):
		names = set()
		for row in documents:
			names.add(row.name if row.doctype == "Sales Invoice" else row.consolidated_invoice)
		names.discard(None)
		self._last: dict[str, date] = {}
		self._open: dict[str, Decimal] = {}
		if names:
			self._last = dict(
				frappe.db.sql(
					"""select against_voucher_no, max(posting_date) from `tabPayment Ledger Entry`
					where against_voucher_type = 'Sales Invoice' and against_voucher_no in %(names)s and delinked = 0
					group by against_voucher_no""",
					{"names": list(names)},
				)
			)
			self._open = dict(
				frappe.db.sql(
					"select name, outstanding_amount from `tabSales Invoice` where name in %(names)s",
					{"names": list(names)},
				)
			)

	def state(self, row) -> tuple[bool, date | None]:
		"""(paid in full, since when), as `payments.state` tells for one document."""
		name = row.name
		if row.doctype == "POS Invoice":
			total = dec(row.rounded_total) or dec(row.grand_total)
			if dec(row.paid_amount) - dec(row.change_amount) >= total:
				return True, getdate(row.posting_date)
			name = row.consolidated_invoice
		if not name or dec(self._open.get(name, 1)) > 0:
			return False, None
		return True, self._last.get(name) or getdate(nowdate())
