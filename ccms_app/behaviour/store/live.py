"""The part of a profile that changes with the invoice: last order, orders, revenue, stage of that one customer.

It stands in the invoice's own transaction and must never hurt it. So it waits for nobody: a profile that somebody else
holds, or has changed since this transaction began, is computed by a job after the commit. Whoever waits for no lock is
part of no deadlock. Whatever else goes wrong is undone to a savepoint and logged.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from time import sleep

import frappe
from frappe.query_builder.functions import Abs, Count, Sum
from frappe.utils import getdate, now, nowdate
from pypika.terms import Case, Parameter

from ccms_app.behaviour import lifecycle
from ccms_app.behaviour.movement import NOBODY, State
from ccms_app.behaviour.standing import Document, Line, Standing, standing

from . import counted, hooks, profiles, settings, stage_changes

DOCTYPE = profiles.DOCTYPE
# what is asked of the database for a customer with more documents would be felt at the till: a job does it
MOST_DOCUMENTS = 1500
MOST_AT_LEISURE = 1_000_000
SHORTEST, LONGEST = 7.0, 365.0  # of a customer's cycle, days
FIELDS = ("customer_name", "orders", "last_order", "stage", "stage_since", "own_cycle", "live_seq")


class Busy(Exception):
	"""Somebody else has the profile; compute it after the commit."""


def invoice_changed(doc) -> None:
	"""An invoice was submitted or cancelled."""
	if not doc.customer or not counted.counts(doc) or settings.is_anonymous(doc.customer):
		return
	frappe.db.savepoint("ccms_live")
	try:
		update(doc.customer, doc.company, (doc.doctype, doc.name), wait=False)
	except Busy:
		frappe.db.rollback(save_point="ccms_live")
		later(doc.customer, doc.company)
	except frappe.QueryDeadlockError:
		raise  # the database has already undone the whole transaction: the invoice is not there any more
	except Exception:
		frappe.db.rollback(save_point="ccms_live")
		frappe.log_error(title="Customer profile", reference_doctype=doc.doctype, reference_name=doc.name)
		later(doc.customer, doc.company)
	else:
		frappe.db.release_savepoint("ccms_live")


def later(customer: str, company: str) -> None:
	"""Compute a profile in a job after the commit."""
	frappe.enqueue(
		"ccms_app.behaviour.store.live.recompute",
		queue="short",
		enqueue_after_commit=True,
		customer=customer,
		company=company,
	)


def recompute(
	customer: str,
	company: str,
	score_run: str | None = None,
	own_cycle: float | None = None,
	silent: bool = False,
	attempts: int = 20,
) -> bool:
	"""Compute a profile anew and commit, in a transaction of its own; returns whether that was possible.

	It tries for two seconds to have the profile; whoever has it that long is an invoice, and computes it itself.

	Args:
		own_cycle: what a score run has found it to be.
		silent: write no stage change.
	"""
	for attempt in range(attempts):
		frappe.db.commit()  # look at the invoices as they are now
		try:
			update(customer, company, None, False, None, score_run, own_cycle, silent, MOST_AT_LEISURE)
			frappe.db.commit()
			return True
		except (Busy, frappe.QueryDeadlockError):
			frappe.db.rollback()
			sleep(0.005 * (attempt + 1))
	return False


def update(
	customer: str,
	company: str,
	voucher: tuple[str, str] | None = None,
	wait: bool = True,
	on: date | None = None,
	score_run: str | None = None,
	own_cycle: float | None = None,
	silent: bool = False,
	most: int = MOST_DOCUMENTS,
) -> None:
	"""Compute the profile of one customer anew from the invoices, as of the end of today.

	Args:
		voucher: (type, name) of the document that brought the change.
		wait: for whoever holds the profile; else Busy is raised. It is also raised when somebody has changed the profile since
			this transaction began: then the invoices it sees are too old.
		on: the day that counts as today.
		score_run: the run that asks; a change by an invoice has none.
		own_cycle: days, fixed by that run; else the one that is known stays.
		silent: write no stage change.
		most: documents; Busy is raised when there are more.
	"""
	rules = settings.read(customer=customer)
	if customer in rules.anonymous:
		return
	name = profiles.key(customer, company)
	row = _lock(name, wait)
	today = on or getdate(nowdate())
	as_of = today + timedelta(days=1)
	found = _standing(customer, company, as_of, rules, most)
	if found.looks_anonymous and customer not in rules.overruled:
		return
	if row is None and not found.orders and not found.revenue:
		return
	cycle = own_cycle or (row and row.own_cycle) or cycle_of_nobody(company, rules)
	stage = lifecycle.stage(found.orders, found.orders_365, found.last_order, cycle, as_of, rules)
	if row is None:
		_insert(name, customer, company, found, stage, today, cycle, wait)
	else:
		_write(name, row, found, stage, today, cycle)
	if not silent:
		_tell(customer, company, row, found, stage, today, as_of, cycle, voucher, score_run)


def cycle_of_nobody(company: str, rules) -> float:
	"""The usual days between orders of a customer without any gap: the company's, as the published run found them."""
	run = {"company": company, "is_published": 1}
	gap = frappe.db.get_value("CCMS Score Run", run, "company_gap") or rules.default_cycle
	return min(max(float(gap), SHORTEST), LONGEST)


def _lock(name: str, wait: bool):
	"""The profile, locked; None when there is none. A missing row is not locked: that would hold its neighbours' place."""
	fields = ", ".join(FIELDS)
	seen = frappe.db.sql(f"select live_seq from `tab{DOCTYPE}` where name = %s", (name,))
	if not seen:
		return None
	try:
		rows = frappe.db.sql(
			f"select {fields} from `tab{DOCTYPE}` where name = %s for update {'' if wait else 'nowait'}",
			(name,),
			as_dict=True,
		)
	except frappe.QueryTimeoutError as error:
		raise Busy from error
	# what this transaction reads of the invoices is as old as its first look at the profile
	if not rows or rows[0].live_seq != seen[0][0]:
		raise Busy
	return rows[0]


def _standing(customer: str, company: str, as_of: date, rules, most: int) -> Standing:
	if (
		most < MOST_AT_LEISURE
		and sum(_how_many(doctype, customer, company) for doctype in counted.DOCTYPES) > most
	):
		raise Busy
	documents, lines = [], []
	for doctype in counted.DOCTYPES:
		rows = frappe.db.sql(_documents_sql(doctype), (company, customer))
		found = [Document(doctype, *row[:2], bool(row[2]), bool(row[3]), *row[4:]) for row in rows]
		documents += found
		returns = [each.name for each in found if each.is_return and each.return_against and each.day < as_of]
		if returns:
			returned = {each.return_against for each in found if each.name in set(returns)}
			lines += [Line(doctype, *row) for row in _lines(doctype, returns, returned)]
	return standing(documents, lines, as_of, rules)


def _how_many(doctype: str, customer: str, company: str) -> int:
	return frappe.db.count(doctype, {"customer": customer, "company": company, "docstatus": 1})


@cache
def _documents_sql(doctype: str) -> str:
	"""One row a document: name, day, is_return, is_debit_note, return_against, lines, goods lines, quantity, net."""
	doc, condition = counted.documents(doctype, Parameter("%s"), with_internal=True)
	line = frappe.qb.DocType(f"{doctype} Item")
	return (
		frappe.qb.from_(doc)
		.join(line)
		.on((line.parent == doc.name) & (line.parenttype == doctype))
		.select(
			doc.name,
			doc.posting_date,
			doc.is_return,
			doc.is_debit_note if doctype == counted.SALES else 0,
			doc.return_against,
			Count(line.name),
			Sum(Case().when(line.qty > 0, 1).else_(0)),
			Sum(Case().when(doc.is_return == 1, -Abs(line.qty)).else_(line.qty)),
			Sum(line.base_net_amount),
		)
		.where(condition & (doc.customer == Parameter("%s")))
		.groupby(doc.name)
	).get_sql()


def _lines(doctype: str, returns: list[str], returned: set[str]) -> list[tuple]:
	"""(invoice, line, line it returns, quantity, net) of returned sales and of their returns."""
	doc, line = frappe.qb.DocType(doctype), frappe.qb.DocType(f"{doctype} Item")
	origin = line[counted.RETURNED_LINE[doctype]]
	back = (
		frappe.qb.from_(doc)
		.join(line)
		.on((line.parent == doc.name) & (line.parenttype == doctype))
		.select(doc.return_against, line.name, origin, -Abs(line.qty), line.base_net_amount)
		.where(doc.name.isin(returns) & (origin != ""))
	).run()
	sold = (
		frappe.qb.from_(line)
		.select(line.parent, line.name, None, line.qty, line.base_net_amount)
		.where(line.parent.isin(list(returned)) & (line.parenttype == doctype))
	).run()
	return [*back, *sold]


def _insert(name, customer, company, found: Standing, stage, today, own_cycle, wait: bool) -> None:
	values = {
		"name": name,
		"creation": now(),
		"modified": now(),
		"owner": frappe.session.user,
		"modified_by": frappe.session.user,
		"customer": customer,
		"customer_name": frappe.get_cached_value("Customer", customer, "customer_name"),
		"company": company,
		"currency": frappe.get_cached_value("Company", company, "default_currency"),
		"first_order": found.first_order,
		"last_order": found.last_order,
		"orders": found.orders,
		"revenue": found.revenue,
		"stage": stage,
		"stage_since": today,
		"own_cycle": own_cycle,
		"live_seq": 1,
		"live_on": now(),
	}
	patience = "" if wait else "set statement innodb_lock_wait_timeout = 0 for "
	columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
	try:
		frappe.db.sql(
			f"{patience}insert into `tab{DOCTYPE}` ({columns}) values ({places})", tuple(values.values())
		)
	except frappe.QueryTimeoutError as error:
		raise Busy from error
	except Exception as error:
		if frappe.db.is_duplicate_entry(error):
			raise Busy from error
		raise


def _write(name: str, row, found: Standing, stage: str, today: date, own_cycle: float) -> None:
	frappe.db.sql(
		f"""update `tab{DOCTYPE}` set first_order = %s, last_order = %s, orders = %s, revenue = %s, stage = %s,
		stage_since = %s, own_cycle = %s, live_seq = live_seq + 1, live_on = %s, modified = %s where name = %s""",
		(
			found.first_order,
			found.last_order,
			found.orders,
			found.revenue,
			stage,
			row.stage_since if stage == row.stage else today,
			own_cycle,
			now(),
			now(),
			name,
		),
	)


def _tell(
	customer, company, row, found: Standing, stage, today, as_of, own_cycle, voucher, score_run
) -> None:
	before = State(row.orders, row.last_order, row.stage) if row else NOBODY
	after = State(found.orders, found.last_order, stage)
	fields = {"orders", "revenue", "last_order"}
	if before.stage != stage:
		fields.add("stage")
		# before the first run nobody's stage is known, so that nothing has moved
		if frappe.db.exists("CCMS Score Run", {"company": company, "is_published": 1}):
			title = (
				row.customer_name if row else frappe.get_cached_value("Customer", customer, "customer_name")
			)
			kind, number = voucher or (None, None)
			stage_changes.write(
				[
					stage_changes.Change(
						customer,
						title,
						company,
						before,
						after,
						today,
						as_of,
						own_cycle,
						kind,
						number,
						score_run,
					)
				]
			)
	hooks.customers_changed(company, [customer], sorted(fields))
