"""Why points cannot be used, in words that say what to do."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NoReturn

import frappe
from frappe import _
from frappe.utils import fmt_money

from ccms_app.loyalty import redemption
from ccms_app.loyalty.model import ZERO
from ccms_app.loyalty.money import dec

from . import balances


def refuse(refusal: redemption.Refusal, doc) -> NoReturn:
	"""Stop a document with the reason."""
	frappe.throw(explain(refusal, doc), title=_("Loyalty Points"))


def explain(refusal: redemption.Refusal, doc) -> str:
	"""A refusal in words that say what to do."""
	values = refusal.values

	def points(name: str) -> str:
		return plain(values.get(name, ZERO))

	match refusal.code:
		case "negative" | "zero":
			return _("Points to use must be more than zero.")
		case "precision":
			if not values["precision"]:
				return _("Only whole points can be used.")
			return _("Points can be used with at most {0} decimals.").format(values["precision"])
		case "company":
			return _("{0} is a loyalty program of {1}. Choose a membership of {2}.").format(
				values["program"], values["company"], doc.company
			)
		case "status":
			return _(
				"This membership is {0}: its points cannot be used. Ask a manager to reactivate it."
			).format(_(values["status"]))
		case "future":
			return _("Points cannot be used on a future posting date. Set the posting date to today.")
		case "not_running":
			return _("{0} does not run on {1}. Points cannot be used on that date.").format(
				values["program"], frappe.format(values["date"], {"fieldtype": "Date"})
			)
		case "balance":
			return _("Only {0} points can be used.").format(points("spendable")) + _more_today(values, doc)
		case "total":
			return _("{0} points pay this sale in full. Use at most that many.").format(points("most"))
		case "minimum":
			return _("Points are used from {0} on.").format(points("minimum"))
		case "max_percent":
			return _("At most {0}% of a sale can be paid with points: use at most {1} points.").format(
				plain(values["percent"]), points("most")
			)
		case "max_amount":
			return _("At most {0} of a sale can be paid with points: use at most {1} points.").format(
				fmt_money(
					float(values["amount"]),
					currency=frappe.get_cached_value("Company", doc.company, "default_currency"),
				),
				points("most"),
			)
		case "step":
			return _("Points are used in steps of {0}.").format(points("step"))
		case "no_member":
			return _("{0} is not a member. Enrol the customer before using points.").format(
				frappe.bold(doc.customer)
			)
		case "no_account":
			return _("{0} has no points account yet. Set it in the loyalty program.").format(
				values["program"]
			)
	return _("These points cannot be used.")


def typed_number(value: object) -> float | None:
	"""What somebody typed as a number, or None if it is none: an API may send text, or anything."""
	try:
		number = float(value.replace(",", "") if isinstance(value, str) else value)
	except (TypeError, ValueError):
		return None
	return number if math.isfinite(number) else None


def _more_today(values: dict, doc) -> str:
	"""What was not there yet on an earlier date, points of a sale cancelled since among it, can be used today."""
	if not values.get("date") or not doc.get("ccms_membership"):
		return ""
	today = balances.now(doc.ccms_membership).spendable
	if today <= values["spendable"]:
		return ""
	return " " + _("That is what there was on {0}. Set the posting date to today to use up to {1}.").format(
		frappe.format(values["date"], {"fieldtype": "Date"}), plain(today)
	)


def note_missing_program(doc, program: str) -> None:
	"""Somebody has removed a programme from the database: its sales go on being returned and cancelled without points."""
	frappe.log_error(
		title="CCMS: a loyalty program is gone",
		message=f"{doc.doctype} {doc.name} moved no points: there is no loyalty program {program}.",
		reference_doctype=doc.doctype,
		reference_name=doc.name,
	)


def plain(number: Decimal) -> str:
	"""A number of points as people write it: no trailing zeros."""
	return format(dec(number).normalize(), "f")
