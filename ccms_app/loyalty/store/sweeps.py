"""The nightly jobs: repair, activate, expire, tiers, warnings. Each may run twice, and goes on where it was killed.

A batch locks its memberships, works on them, writes and commits. What is done no longer matches the query that
finds work, so a run that starts again continues by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import frappe
from frappe import _
from frappe.utils import add_days, add_months, getdate, now, nowdate

from ccms_app.loyalty import movements, tiers
from ccms_app.loyalty.dates import inactive_after, tier_window
from ccms_app.loyalty.model import Program
from ccms_app.loyalty.money import dec
from ccms_app.setup import notifications

from . import audit, balances, invoices, ledger, members, payments, programs
from .guard import guarded
from .overview import warning_days

BATCH = 500
TRIES = 3

Step = Callable[[list[ledger.SiteBook], date], None]


def nightly(on: str | date | None = None) -> dict[str, object]:
	"""All jobs in order. One that fails is logged and keeps none of the others from running.

	Args:
		on: the day the jobs run for, by default today.

	Returns:
		what each job did, by name.
	"""
	day = getdate(on or nowdate())
	done: dict[str, object] = {}
	for name, job in (
		("repair", repair),
		("activate", activate),
		("expire", expire),
		("tiers", review_tiers),
		("warn", warn),
		("warn of tiers", warn_of_tiers),
		("audit", check_ledger),
	):
		try:
			done[name] = job(day)
			frappe.db.commit()
		except Exception:
			frappe.db.rollback()
			done[name] = "failed"
			frappe.log_error(title=f"CCMS: nightly job {name}")
			frappe.db.commit()
	return done


# --- running in batches ---------------------------------------------------------------------------------------


def _in_batches(find: Callable[[str], list[str]], step: Step, on: date) -> int:
	"""Run `step` on batches of memberships until `find(after)` finds no more; returns how many there were."""
	done, after = 0, ""
	while names := find(after):
		_one_batch(names, step, on)
		done += len(names)
		after = names[-1]
	return done


def _one_batch(names: list[str], step: Step, on: date) -> None:
	for attempt in range(TRIES):
		try:
			books = ledger.lock_all(names)
			step(books, on)
			ledger.write([book for book in books if book.new_entries or book.touched])
			frappe.db.commit()
			return
		except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
			frappe.db.rollback()
			if attempt == TRIES - 1:
				raise


def _names(query: str, **values: object) -> Callable[[str], list[str]]:
	"""Membership names after a given one that a query finds, a batch at a time."""

	def find(after: str) -> list[str]:
		rows = frappe.db.sql(query, {**values, "after": after, "batch": BATCH})
		return [name for (name,) in rows]

	return find


# --- activate, expire ---------------------------------------------------------------------------------------------


def activate(on: date) -> int:
	"""Make pending points available whose day has come; returns the number of members."""

	def step(books: list[ledger.SiteBook], day: date) -> None:
		ledger.prefetch(
			books,
			"due",
			"state = 'Pending' and remaining > 0 and available_from <= %(on)s",
			{"on": day},
		)
		for book in books:
			movements.catch_up(book, day)

	find = _names(
		"""select distinct membership from `tabCCMS Points Lot`
		where state = 'Pending' and available_from <= %(on)s and remaining > 0 and membership > %(after)s
		order by membership limit %(batch)s""",
		on=on,
	)
	return _in_batches(find, step, on)


def expire(on: date) -> int:
	"""Write the expiry of what could be used until yesterday at the latest; returns the number of members."""

	def step(books: list[ledger.SiteBook], day: date) -> None:
		ledger.prefetch(
			books, "due", "state = 'Pending' and remaining > 0 and available_from <= %(on)s", {"on": day}
		)
		ledger.prefetch(
			books,
			"lapsed",
			"state in ('Active', 'Pending') and draw_before < %(on)s and remaining > 0",
			{"on": day},
		)
		for book in books:
			movements.expire(book, programs.get(book.member.program), day)

	find = _names(
		"""select distinct membership from `tabCCMS Points Lot`
		where state in ('Active', 'Pending') and expires_on < %(on)s and remaining > 0 and membership > %(after)s
		order by membership limit %(batch)s""",
		on=on,
	)
	return _in_batches(find, step, on) + sum(
		_expire_idle(program, on) for program in _all_programs() if program.expiry_model == "Inactivity"
	)


def _expire_idle(program: Program, on: date) -> int:
	def step(books: list[ledger.SiteBook], day: date) -> None:
		ledger.prefetch(books, "open", "state in ('Active', 'Pending') and remaining > 0", {})
		for book in books:
			movements.lapse(book, program, day)

	find = _names(
		"""select name from `tabCCMS Membership`
		where program = %(program)s and points_active > 0 and last_activity_on <= %(limit)s and name > %(after)s
		order by name limit %(batch)s""",
		program=program.name,
		limit=add_months(on, -program.expiry_months),
	)
	return _in_batches(find, step, on)


def _all_programs() -> Iterator[Program]:
	for name in frappe.get_all(programs.DOCTYPE, pluck="name", order_by="creation"):
		yield programs.get(name)


# --- tiers -----------------------------------------------------------------------------------------------------------


def review_tiers(on: date) -> int:
	"""Bring every member's qualifying value up to date and do what the end of a tier asks for."""
	done = 0
	for program in _all_programs():

		def step(books: list[ledger.SiteBook], day: date, program: Program = program) -> None:
			_read_windows(books, tier_window(program, day))
			for book in books:
				book.touched = True
				tiers.review(book, program, day)

		find = _names(
			"""select name from `tabCCMS Membership`
			where program = %(program)s and status != 'Left' and name > %(after)s
				and (qualifying_on is null or qualifying_on != %(on)s)
			order by name limit %(batch)s""",
			program=program.name,
			on=on,
		)
		done += _in_batches(find, step, on)
	return done


def _read_windows(books: list[ledger.SiteBook], window: tuple[date, date]) -> None:
	names = [book.member.name for book in books]
	absorbed = set(
		frappe.get_all(members.DOCTYPE, filters={"merged_into": ["in", names]}, pluck="merged_into")
	)
	rows = frappe.db.sql(
		"""select membership, sum(qualifying_value) from `tabCCMS Points Ledger Entry`
		where membership in %(names)s and qualifying_date between %(first)s and %(last)s
		group by membership lock in share mode""",
		{"names": names, "first": window[0], "last": window[1]},
	)
	sums = dict(rows)
	for book in books:
		if book.member.name not in absorbed:
			book.windows[window] = dec(sums.get(book.member.name))


# --- warnings ---------------------------------------------------------------------------------------------------------


def warn(on: date) -> int:
	"""Tell members of points about to expire: once for each batch, every upcoming batch listed.

	The notification is a document a manager can edit or switch off; what has been announced is remembered on the
	membership in the same transaction.
	"""
	if not notifications.expiry_warnings_can_be_sent():
		return 0  # so that who switches it on later still announces what is coming
	until = getdate(add_days(on, warning_days()))
	told = 0
	for name in _to_warn(on, until):
		expiring = balances.expiring(name, on=on)
		if not expiring or getdate(expiring[0]["date"]) > until:
			continue
		told += _tell(
			name,
			lambda doc, batches=expiring: doc.notify_expiring(batches),
			{"warned_until": until, "warned_at": now()},
		)
	return told


def warn_of_tiers(on: date) -> int:
	"""Tell members whose tier is about to be lowered, once for each end of a tier: when, and what would keep it.

	It is lowered when its grace is over, so that day is told.
	"""
	if not notifications.can_be_sent(notifications.TIER_ENDING_EVENT):
		return 0
	by = getdate(add_days(on, warning_days()))
	told = 0
	for program in _all_programs():
		if not program.tiers or program.downgrade == "Never":
			continue
		grace = program.tier_grace_days
		ending = ["between", (add_days(on, -grace), add_days(by, -grace))]
		for row in frappe.get_all(
			members.DOCTYPE,
			filters={"program": program.name, "status": "Active", "tier_until": ending},
			fields=["name", "tier", "tier_until", "tier_warned_for"],
		):
			if row.tier_warned_for == row.tier_until:
				continue
			window = tiers.deciding_window(program, row.tier_until)
			value = balances.qualifying_between(row.name, *window)
			if not tiers.falls_due(program, row.tier, row.tier_until, value, by):
				continue
			missing = float(tiers.find(program, row.tier).threshold - value)
			last = getdate(add_days(row.tier_until, grace))
			told += _tell(
				row.name,
				lambda doc, last=last, missing=missing: doc.notify_tier_ending(last, missing),
				{"tier_warned_for": row.tier_until},
			)
	return told


def _tell(membership: str, notify: Callable, remember: dict[str, date | str]) -> int:
	"""Notify one member and remember it in the same transaction; 1 if it went out."""
	doc, told = frappe.get_doc(members.DOCTYPE, membership), 0
	with guarded("notifying a member", doc):
		last_failure = _last_failure()
		notify(doc)
		if _last_failure() == last_failure:
			frappe.db.set_value(members.DOCTYPE, membership, remember, update_modified=False)
			told = 1
	frappe.db.commit()
	return told


def _last_failure() -> str | None:
	"""Frappe only logs a notification it could not send; then the member is told the next day."""
	return frappe.db.get_value(
		"Error Log", {"method": "Failed to send Notification"}, "name", order_by="creation desc"
	)


def _to_warn(on: date, until: date) -> list[str]:
	"""Members with a batch they have not been told of: a later one, or one that has come or been refilled since."""
	dated = frappe.db.sql(
		"""select distinct m.name from `tabCCMS Points Lot` l join `tabCCMS Membership` m on m.name = l.membership
		where l.state = 'Active' and l.expires_on between %(on)s and %(until)s and l.remaining > 0
			and m.status != 'Left'
			and (m.warned_until is null or l.expires_on > m.warned_until or l.creation > m.warned_at
				or exists (select 1 from `tabCCMS Points Allocation` a
					where a.lot = l.name and a.points < 0 and a.creation > m.warned_at))""",
		{"on": on, "until": until},
	)
	names = [name for (name,) in dated]
	for program in _all_programs():
		if program.expiry_model == "Inactivity":
			names += _idle_soon(program, on, until)
	return names


def _idle_soon(program: Program, on: date, until: date) -> list[str]:
	rows = frappe.get_all(
		members.DOCTYPE,
		filters={"program": program.name, "points_active": [">", 0], "status": ["!=", "Left"]},
		fields=["name", "last_activity_on", "warned_until"],
	)
	found = []
	for row in rows:
		last = inactive_after(program, row.last_activity_on)
		if last and on <= last <= until and (not row.warned_until or last > row.warned_until):
			found.append(row.name)
	return found


# --- repair -------------------------------------------------------------------------------------------------------------


def repair(on: date) -> int:
	"""Make up for what a failed hook has missed: payments that crossed zero, sales that earned nothing."""
	mended = 0
	for doctype, name in _out_of_step():
		with guarded(f"repair of {doctype} {name}"):
			mended += payments.sync(doctype, name)
		frappe.db.commit()
	for doctype in invoices.DOCTYPES:
		for name in _missed(doctype, getdate(add_days(on, -7))):
			with guarded(f"repair of {doctype} {name}"):
				invoices.post(frappe.get_doc(doctype, name))
				mended += 1
			frappe.db.commit()
	return mended


def _out_of_step() -> list[tuple[str, str]]:
	"""Documents whose points do not stand where their payment says."""
	return frappe.db.sql(
		"""select distinct l.voucher_type, l.voucher_no from `tabCCMS Points Lot` l
			join `tabSales Invoice` i on i.name = l.voucher_no
		where l.voucher_type = 'Sales Invoice' and l.state = 'Pending' and l.available_from is null
			and l.remaining > 0 and i.outstanding_amount <= 0 and i.docstatus = 1
		union
		select distinct l.voucher_type, l.voucher_no from `tabCCMS Points Lot` l
			join `tabPOS Invoice` p on p.name = l.voucher_no
			left join `tabSales Invoice` c on c.name = p.consolidated_invoice
		where l.voucher_type = 'POS Invoice' and l.state = 'Pending' and l.available_from is null
			and l.remaining > 0 and p.docstatus = 1 and c.outstanding_amount <= 0
		union
		select distinct e.voucher_type, e.voucher_no from `tabSales Invoice` i
			join `tabCCMS Points Ledger Entry` e on e.voucher_type = 'Sales Invoice' and e.voucher_no = i.name
			join `tabCCMS Points Lot` l on l.name = e.name
		where e.entry_type = 'Earn' and e.available_from is null and l.available_from is not null
			and i.outstanding_amount > 0 and i.docstatus = 1
		union
		select distinct e.voucher_type, e.voucher_no from `tabCCMS Points Ledger Entry` e
			join `tabPOS Invoice` p on p.name = e.voucher_no
			join `tabCCMS Points Lot` l on l.name = e.name
			left join `tabSales Invoice` c on c.name = p.consolidated_invoice
		where e.voucher_type = 'POS Invoice' and e.entry_type = 'Earn' and e.available_from is null
			and l.available_from is not null and p.docstatus = 1
			and p.paid_amount - p.change_amount < coalesce(nullif(p.rounded_total, 0), p.grand_total)
			and coalesce(c.outstanding_amount, 1) > 0"""
	)


def _missed(doctype: str, since: date) -> list[str]:
	"""Documents that should have earned and did not, among those last changed since a day, whatever their own date."""
	invoice, entry = frappe.qb.DocType(doctype), frappe.qb.DocType("CCMS Points Ledger Entry")
	rows = (
		frappe.qb.from_(invoice)
		.left_join(entry)
		.on(
			(entry.voucher_type == doctype)
			& (entry.voucher_no == invoice.name)
			& (entry.entry_type == "Earn")
		)
		.select(invoice.name)
		.where(
			(invoice.docstatus == 1)
			& (invoice.is_return == 0)
			& (invoice.modified >= since)
			& (invoice.ccms_points_earned > 0)
			& entry.name.isnull()
		)
		.orderby(invoice.posting_date, invoice.creation)
		.run()
	)
	return [name for (name,) in rows]


# --- audit ----------------------------------------------------------------------------------------------------------------


def check_ledger(on: date) -> int:
	"""Audit the ledger; if anything is wrong, tell every CCMS Manager. Returns the number of findings."""
	findings = list(audit.run())
	if findings:
		_alarm(findings)
	return len(findings)


def _alarm(findings: list[audit.Finding]) -> None:
	from frappe.desk.doctype.notification_log.notification_log import make_notification_logs
	from frappe.utils.user import get_users_with_role

	frappe.log_error(title="CCMS: points ledger audit", message="\n".join(str(row) for row in findings[:200]))
	users = get_users_with_role("CCMS Manager") or ["Administrator"]
	subject = _("The points ledger has {0} findings. Run “bench ccms-audit” and see the Error Log.")
	make_notification_logs(
		frappe._dict(
			type="Alert",
			document_type="Error Log",
			subject=subject.format(len(findings)),
			from_user="Administrator",
		),
		users,
	)
