"""Is a loyalty program complete and consistent? One message for each mistake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import cint, flt, getdate

if TYPE_CHECKING:
	from frappe.model.document import Document

# Two digits each way, as points are stored
MAX_PRECISION = 2

# A century: what lies further off is a slip of the hand, and would end past the last date there is
MAX_DAYS, MAX_MONTHS = 36_500, 1_200


def check(program: Document) -> None:
	"""Refuse a program that could not be run, with everything that is wrong at once."""
	tidy(program)
	mistakes = [
		*period(program),
		*earning(program),
		*expiry(program),
		*spending(program),
		*tiers(program),
		*held_tiers(program),
		*books(program),
		*company_of_members(program),
	]
	if mistakes:
		frappe.throw("<br>".join(mistakes), title=_("Loyalty Program"))


def tidy(program: Document) -> None:
	"""Settings that the chosen model does not read are emptied, so that nobody reads them either."""
	program.expiry_day_month = (program.expiry_day_month or "").strip()
	if program.expiry_model == "Never":
		program.expiry_months = 0
	if program.expiry_model != "Fixed Date":
		program.expiry_day_month = ""
	if not program.auto_enroll:
		program.customer_group = program.territory = None


def period(program: Document) -> Iterator[str]:
	if program.from_date and program.to_date and getdate(program.from_date) > getdate(program.to_date):
		yield _("Runs Until is before Runs From.")


def earning(program: Document) -> Iterator[str]:
	if flt(program.amount_per_point) <= 0:
		yield _("Amount per Point must be more than 0.")
	if not 0 <= cint(program.points_precision) <= MAX_PRECISION:
		yield _("Decimals of Points must be 0, 1 or 2.")
	yield from _not_negative(program, "pending_days")
	yield from _at_most(program, MAX_DAYS, "pending_days")


def expiry(program: Document) -> Iterator[str]:
	model = program.expiry_model
	yield from _at_most(program, MAX_MONTHS, "expiry_months")
	if model in ("Rolling", "Inactivity") and cint(program.expiry_months) <= 0:
		yield _("Points Expire “{0}” needs the months. For points without expiry choose “{1}”.").format(
			_(model), _("Never")
		)
	if model == "Fixed Date":
		yield from _not_negative(program, "expiry_months")
		if not is_month_day(program.expiry_day_month):
			yield _("On Day must be a date as MM-DD, for example 12-31.")


def is_month_day(text: str | None) -> bool:
	"""Is this MM-DD, a day of some year? 02-29 is."""
	parts = (text or "").split("-")
	if [len(part) for part in parts] != [2, 2] or not all(
		part.isascii() and part.isdigit() for part in parts
	):
		return False
	try:
		date(2024, int(parts[0]), int(parts[1]))
	except ValueError:
		return False
	return True


def spending(program: Document) -> Iterator[str]:
	if flt(program.point_value, 6) <= 0:
		yield _("Value of One Point must be more than 0.")
	yield from _not_negative(
		program, "min_redeem_points", "redeem_step", "max_redeem_amount", "restore_grace_days"
	)
	yield from _at_most(program, MAX_DAYS, "restore_grace_days")
	yield from _percent(program, "max_redeem_percent", "expected_redemption_percent")


def tiers(program: Document) -> Iterator[str]:
	yield from _not_negative(program, "tier_grace_days")
	yield from _at_most(program, MAX_DAYS, "tier_grace_days")
	if not program.tiers:
		return
	names: set[str] = set()
	thresholds: set[float] = set()
	for row in program.tiers:
		row.tier_name = (row.tier_name or "").strip()
		threshold = flt(row.threshold, 2)
		if row.tier_name.casefold() in names:
			yield _("Row {0}: the tier {1} stands twice.").format(row.idx, frappe.bold(row.tier_name))
		if threshold in thresholds:
			yield _("Row {0}: another tier starts at {1} too.").format(
				row.idx, frappe.format(threshold, {"fieldtype": "Float", "precision": 2})
			)
		if threshold < 0:
			yield _("Row {0}: From cannot be negative.").format(row.idx)
		if flt(row.earn_multiplier) <= 0:
			yield _("Row {0}: Earns Times must be more than 0.").format(row.idx)
		names.add(row.tier_name.casefold())
		thresholds.add(threshold)
	if min(thresholds) > 0:
		yield _("The lowest tier must start at 0, so that every member has one.")


def held_tiers(program: Document) -> Iterator[str]:
	"""The journal holds tiers by their names: one that is gone would be no tier for the members who are in it."""
	before = program.get_doc_before_save()
	if before is None:
		return
	names = {row.tier_name for row in program.tiers}
	for row in before.tiers:
		if row.tier_name in names:
			continue
		held = frappe.db.count("CCMS Membership", {"program": program.name, "tier": row.tier_name})
		if held:
			yield _(
				"The tier {0} has members ({1}), so it keeps its name. To replace it, add the new tier with its threshold and raise"
				" that of {0} above it: its members move on when their time in it ends."
			).format(frappe.bold(row.tier_name), held)


def books(program: Document) -> Iterator[str]:
	if program.liability_mode == "Provision":
		if not program.liability_account:
			yield _("Provision needs a Liability Account. The button Create Accounts makes one.")
	elif not program.expense_account:
		yield _("Choose an Expense Account. The button Create Accounts makes one.")
	for fieldname in ("expense_account", "liability_account"):
		if program.get(fieldname):
			yield from _account(program, fieldname)
	if program.expense_account and program.expense_account == program.liability_account:
		yield _("Expense Account and Liability Account must differ.")
	if program.cost_center:
		yield from _cost_center(program)


def _account(program: Document, fieldname: str) -> Iterator[str]:
	name = frappe.bold(program.get(fieldname))
	account = frappe.get_cached_value(
		"Account",
		program.get(fieldname),
		["company", "is_group", "disabled", "account_type", "account_currency"],
		as_dict=True,
	)
	if not account:
		return  # Frappe's own link check says so
	currency = frappe.get_cached_value("Company", program.company, "default_currency")
	if account.company != program.company:
		yield _("Account {0} belongs to another company.").format(name)
	if account.is_group:
		yield _("Account {0} is a group; choose one below it.").format(name)
	if account.disabled:
		yield _("Account {0} is disabled.").format(name)
	if account.account_type in ("Receivable", "Payable"):
		yield _("Account {0} is of type {1}, which needs a party; choose another.").format(
			name, _(account.account_type)
		)
	if account.account_currency and account.account_currency != currency:
		yield _("Account {0} is kept in {1}; points are booked in {2}.").format(
			name, account.account_currency, currency
		)


def _cost_center(program: Document) -> Iterator[str]:
	name = frappe.bold(program.cost_center)
	cost_center = frappe.get_cached_value(
		"Cost Center", program.cost_center, ["company", "is_group", "disabled"], as_dict=True
	)
	if not cost_center:
		return
	if cost_center.company != program.company:
		yield _("Cost Center {0} belongs to another company.").format(name)
	if cost_center.is_group:
		yield _("Cost Center {0} is a group; choose one below it.").format(name)
	if cost_center.disabled:
		yield _("Cost Center {0} is disabled.").format(name)


def company_of_members(program: Document) -> Iterator[str]:
	if not program.is_new() and program.has_value_changed("company") and has_members(program.name):
		yield _("The company cannot change: the program has members. Make a program for the other company.")


def has_members(program: str) -> bool:
	return bool(frappe.db.exists("CCMS Membership", {"program": program}))


def refuse_delete_with_members(program: Document) -> None:
	if has_members(program.name):
		frappe.throw(
			_("{0} has members, so it cannot be deleted. Disable it instead.").format(
				frappe.bold(program.name)
			),
			frappe.LinkExistsError,
			title=_("Loyalty Program"),
		)


def _not_negative(program: Document, *fieldnames: str) -> Iterator[str]:
	for fieldname in fieldnames:
		if flt(program.get(fieldname)) < 0:
			yield _("{0} cannot be negative.").format(_(program.meta.get_label(fieldname)))


def _at_most(program: Document, most: int, fieldname: str) -> Iterator[str]:
	if cint(program.get(fieldname)) > most:
		yield _("{0} can be {1} at most.").format(_(program.meta.get_label(fieldname)), most)


def _percent(program: Document, *fieldnames: str) -> Iterator[str]:
	for fieldname in fieldnames:
		if not 0 <= flt(program.get(fieldname)) <= 100:
			yield _("{0} must be between 0 and 100.").format(_(program.meta.get_label(fieldname)))
