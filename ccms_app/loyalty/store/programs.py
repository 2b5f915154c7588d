"""Programmes as the pure code sees them."""

from __future__ import annotations

from datetime import date

import frappe
from frappe import _
from frappe.utils import cint, getdate

from ccms_app.desk import permitted
from ccms_app.loyalty.model import Program, Tier
from ccms_app.loyalty.money import dec

DOCTYPE = "CCMS Loyalty Program"
_DECIMALS = (
	"amount_per_point",
	"point_value",
	"min_redeem_points",
	"redeem_step",
	"max_redeem_percent",
	"max_redeem_amount",
	"expected_redemption_percent",
)
_NUMBERS = ("points_precision", "pending_days", "expiry_months", "restore_grace_days", "tier_grace_days")
_TEXTS = (
	"company",
	"customer_group",
	"territory",
	"earn_basis",
	"rounding",
	"accrue_when",
	"expiry_model",
	"expiry_day_month",
	"on_shortfall",
	"tier_basis",
	"tier_window",
	"downgrade",
	"liability_account",
	"expense_account",
	"cost_center",
	"liability_mode",
)


def get(name: str) -> Program:
	"""A programme's rules as they stand now."""
	return from_doc(frappe.get_cached_doc(DOCTYPE, name))


def find(name: str) -> Program | None:
	"""A programme's rules, or None when somebody has removed it from the database."""
	messages = len(frappe.local.message_log)
	try:
		return get(name)
	except frappe.DoesNotExistError:
		del frappe.local.message_log[messages:]
		return None


def asked(filters: frappe._dict, of_company: str | None = None) -> str | None:
	"""The programme that a report's filters name, if any; of that company, and one that the user may see."""
	name = filters.program
	if not name:
		return None
	permitted.check(DOCTYPE, name)
	own = get(name).company
	if of_company and own != of_company:
		frappe.throw(
			_("{0} is a loyalty program of {1}, not of {2}.").format(
				*(frappe.bold(value) for value in (name, own, of_company))
			)
		)
	return name


def from_doc(doc) -> Program:
	"""The rules of a programme document, saved or not."""
	return Program(
		name=doc.name,
		enabled=bool(cint(doc.enabled)),
		from_date=_day(doc.from_date),
		to_date=_day(doc.to_date),
		auto_enroll=bool(cint(doc.auto_enroll)),
		tiers=tuple(
			Tier(row.tier_name, dec(row.threshold), dec(row.earn_multiplier) or dec(1), row.benefits or "")
			for row in sorted(doc.tiers, key=lambda row: row.threshold or 0)
		),
		**{field: dec(doc.get(field)) for field in _DECIMALS},
		**{field: cint(doc.get(field)) for field in _NUMBERS},
		**{field: doc.get(field) or "" for field in _TEXTS},
	)


def of_company(company: str, running_on: date | None = None) -> list[Program]:
	"""A company's programmes, oldest first; with a date only those that run on it."""
	names = frappe.cache.hget("ccms_programs", company)
	if names is None:
		names = frappe.get_all(DOCTYPE, filters={"company": company}, order_by="creation, name", pluck="name")
		frappe.cache.hset("ccms_programs", company, names)
	found = (find(name) for name in names)
	return [program for program in found if program and (running_on is None or program.runs_on(running_on))]


def points_accounts(company: str) -> set[str]:
	"""Every account that points are booked against in a company."""
	accounts = set()
	for program in of_company(company):
		accounts.update((program.liability_account, program.expense_account))
	return accounts - {""}


def forget() -> None:
	"""Forget the list of programmes; called whenever one is saved, renamed or deleted.

	Again when the transaction ends: until then others read, and remember, how things were before it.
	"""
	_forget_now()
	frappe.db.after_commit.add(_forget_now)
	frappe.db.after_rollback.add(_forget_now)


def _forget_now() -> None:
	frappe.cache.delete_value("ccms_programs")


def _day(value) -> date | None:
	return getdate(value) if value else None
