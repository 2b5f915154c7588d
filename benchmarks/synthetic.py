"""Many members with long histories, made by the product's own movements and writer, only in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import frappe

from ccms_app.loyalty import movements
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import Member, Program, Sale
from ccms_app.loyalty.store import ledger, members

MEMBERSHIP = """insert into `tabCCMS Membership` (name, program, customer, customer_name, company, member_no, joined_on,
	active_key, status)
	values (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""


def books(program: Program, customer: str, count: int, joined_on: date) -> list[Book]:
	"""New memberships; all of one real customer but the first by name only, for they are never opened as documents."""
	found, rows = [], []
	for number in range(count):
		name = frappe.generate_hash(length=12)
		who = customer if not number else f"{customer}-{number}"
		key = members.active_key(program.name, f"{who}-{name}")
		rows.append((name, program.name, who, who, program.company, name, joined_on, key, "Active"))
		found.append(Book(Member(name, program.name, who, program.company), ledger.chain_key()))
	for start in range(0, len(rows), 5000):
		frappe.db._cursor.executemany(MEMBERSHIP, rows[start : start + 5000])
	for book in found:
		book.member.status = ""
		movements.set_status(book, "Active", joined_on, "joined")
	return found


def write(batch: Iterable[Book], size: int = 500) -> int:
	"""Write books in chunks and commit; returns the number of entries."""
	batch, written = list(batch), 0
	for start in range(0, len(batch), size):
		written += len(ledger.write(batch[start : start + size]))
		frappe.db.commit()
	return written


def earn(book: Book, program: Program, number: int, day: date, amount: int = 10) -> None:
	"""One earning on a day."""
	sale = Sale("Sales Invoice", f"SYN-{book.member.name}-{number}", day, Decimal(amount))
	movements.earn(book, program, sale)


def histories(program: Program, customer: str, count: int, entries: int, until: date) -> int:
	"""`count` members with about `entries` movements each, one in five a redemption; returns all entries written."""
	start = until - timedelta(days=700)
	written = 0
	for first in range(0, count, 500):
		batch = books(program, customer, min(500, count - first), start)
		for book in batch:
			for number in range(entries - 1):
				day = start + timedelta(days=700 * number // entries)
				if number % 5 == 4:
					sale = Sale(
						"Sales Invoice", f"SYN-{book.member.name}-{number}", day, redeem_points=Decimal(15)
					)
					movements.redeem(book, program, sale, day)
				else:
					earn(book, program, number, day)
		written += write(batch)
	return written


def reindex() -> None:
	"""Let the optimiser know how much there is now."""
	for table in ("Membership", "Points Ledger Entry", "Points Lot", "Points Allocation"):
		frappe.db.sql_ddl(f"analyze table `tabCCMS {table}`")
