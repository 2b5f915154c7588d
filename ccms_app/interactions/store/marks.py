"""Which days and months are to be counted anew.

Whoever writes an event opens a mark. Whoever counts takes the mark first, and deletes it when the figures are committed:
an event that comes meanwhile opens a new one, and a worker that dies leaves the taken one to the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

import frappe
from frappe.query_builder import DocType
from frappe.utils import now_datetime

from ccms_app.identity.store.rows import insert

DOCTYPE = "CCMS Interaction Mark"
DAY, MONTH = "Day", "Month"
PAGES, PAGES_OF_MONTH = "Pages", "Pages of Month"
"""Days of which only the counts of pages are to be computed anew, and months to be added up from their days."""
OPEN, TAKEN = "Open", "Taken"
COLUMNS = ("name", "creation", "modified", "owner", "modified_by", "span", "company", "day", "state")


def days(company: str, of: Iterable[date]) -> None:
	"""Open marks for days of a company, in the caller's transaction."""
	_add([(DAY, company, day, OPEN) for day in sorted(of)])


def months(company: str, of: Iterable[date]) -> None:
	"""Open marks for the months that these days lie in."""
	_add([(MONTH, company, day, OPEN) for day in sorted({day.replace(day=1) for day in of})])


def pages(company: str, of: Iterable[date]) -> None:
	"""Open marks for days whose pages are to be counted."""
	_add([(PAGES, company, day, OPEN) for day in sorted(of)])


def months_of_pages(company: str, of: Iterable[date]) -> None:
	"""Open marks for the months that these days lie in, as far as pages go."""
	_add([(PAGES_OF_MONTH, company, day, OPEN) for day in sorted({day.replace(day=1) for day in of})])


def take(span: str) -> list[tuple[str, date]]:
	"""Take all open marks, and those that somebody left; commits. Returns (company, day) pairs, by day."""
	mark = DocType(DOCTYPE)
	rows = frappe.qb.from_(mark).select(mark.company, mark.day, mark.state).where(mark.span == span).run()
	open_ = sorted({(company, day) for company, day, state in rows if state == OPEN})
	# Deleting waits for whoever is just adding events under this mark, so that they are seen by what follows
	for company, day in open_:
		frappe.qb.from_(mark).delete().where(mark.name == _name(span, company, day, OPEN)).run()
		_add([(span, company, day, TAKEN)])
		frappe.db.commit()  # one at a time: who holds several could wait in a circle with a batch that opens several
	return sorted({(company, day) for company, day, _state in rows}, key=lambda pair: (pair[1], pair[0]))


def done(span: str, company: str, day: date) -> None:
	"""Delete a taken mark, in the transaction of the figures."""
	mark = DocType(DOCTYPE)
	frappe.qb.from_(mark).delete().where(mark.name == _name(span, company, day, TAKEN)).run()


def _add(marks: list[tuple[str, str, date, str]]) -> None:
	now, user = now_datetime(), frappe.session.user
	insert(DOCTYPE, COLUMNS, [(_name(*mark), now, now, user, user, *mark) for mark in marks], ignore=True)


def _name(span: str, company: str, day: date, state: str) -> str:
	return hashlib.sha256(f"{span}\0{company}\0{day:%Y-%m-%d}\0{state}".encode()).hexdigest()[:40]
