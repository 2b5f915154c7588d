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
from ccms_app.loyalty.model import ZERO, Allocation, Program, Sale
from ccms_app.loyalty.money import dec

from . import ledger, members, programs
from .credit_notes import LINE_LINK
from .invoices import EARNING

BATCH = 200  # customers

HEADER = (
	"name, customer, posting_date, posting_time, creation, is_return, return_against, is_opening, loyalty_program,"
	" loyalty_points, base_net_total, base_grand_total, ccms_redeem_amount, outstanding_amount"
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
		self, program: str, from_date: str | None = None, to_date: str | None = None, *, enrol: bool = False
	):
		self.program: Program = programs.get(program)
		self.first = getdate(from_date) if from_date else date(1900, 1, 1)
		self.last = getdate(to_date) if to_date else getdate(nowdate())
		self.enrol = enrol
		self.today = getdate(nowdate())
		self.documents = self.entries = self.members = 0

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
		"""Locked books with the members' whole journals in memory."""
		books = []
		for locked in ledger.lock_all(names):
			book = Book(locked.member, locked.chain_key)
			books.append(book)
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
		return books

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
		original = book.entries_of(row.doctype, row.return_against) if row.return_against else []
		earning = next((entry for entry in original if entry.entry_type == "Earn"), None)
		redemption = next((entry for entry in original if entry.entry_type == "Redeem"), None)
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
	"""What part of each original is back after each return, from lines read in two queries a document type."""

	def __init__(self, documents: Iterable):
		self._sold: dict[tuple[str, str], dict[str, returns.SoldLine]] = defaultdict(dict)
		self._by_item: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
		self._back: dict[tuple[str, str], list[returns.ReturnedLine]] = defaultdict(list)
		self._lines: dict[tuple[str, str], list] = defaultdict(list)
		back: dict[str, list] = defaultdict(list)
		for row in documents:
			if row.is_return and row.return_against:
				back[row.doctype].append(row)
		for doctype, rows in back.items():
			for line in self._read(doctype, {row.return_against for row in rows}):
				key = (doctype, line.parent)
				self._sold[key][line.name] = returns.SoldLine(
					line.name, dec(line.qty), dec(line.base_net_amount), dec(line.amount), dec(line.rate)
				)
				self._by_item[key].setdefault(line.item_code, line.name)
			for line in self._read(doctype, {row.name for row in rows}):
				self._lines[doctype, line.parent].append(line)

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
		"""The share after this return and all that were asked for before it."""
		key = (row.doctype, row.return_against)
		for line in self._lines[row.doctype, row.name]:
			name = line.link if line.link in self._sold[key] else self._by_item[key].get(line.item_code, "")
			self._back[key].append(
				returns.ReturnedLine(name, abs(dec(line.qty)), abs(dec(line.amount)), abs(dec(line.rate)))
			)
		return returns.share(self._sold[key], self._back[key])


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
