"""The simulator on a site: a company's own invoices through a programme, before it is switched on.

A run is a `CCMS Simulation Run`. Inserting one puts it in the queue; the job replays, stores the result in it and
charts read it from there. Nothing else is written.
"""

from __future__ import annotations

import json
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import add_months, cint, formatdate, getdate, nowdate

from ccms_app.facts.files import Facts
from ccms_app.loyalty.baskets import History
from ccms_app.loyalty.model import Program
from ccms_app.loyalty.money import dec
from ccms_app.loyalty.simulate import simulate
from ccms_app.loyalty.stated_behaviour import Behaviour
from ccms_app.loyalty.totals import Simulation

from . import members, programs, purchases

if TYPE_CHECKING:
	from frappe.model.document import Document

DOCTYPE = "CCMS Simulation Run"
TIMEOUT = 2 * 60 * 60
# what a user states, as fields of the run
STATED = (
	"join_percent",
	"redeem_percent",
	"redeem_when_worth",
	"max_basket_percent",
	"paid_after_days",
	"margin_percent",
)
RESULTS = (
	"customers",
	"members",
	"baskets",
	"revenue",
	"points_earned",
	"points_redeemed",
	"points_expired",
	"points_open",
	"redeemed_value",
	"liability",
	"cost",
	"cost_percent",
	"break_even_percent",
)


class NothingToReplay(Exception):
	"""There is no invoice in the time asked for."""


def start(program: str, from_date: str | None = None, to_date: str | None = None, **behaviour: object) -> str:
	"""Queue a run over a company's invoices (by default the last twelve months); returns its name."""
	unknown = sorted(set(behaviour) - set(STATED))
	if unknown:
		frappe.throw(_("Unknown: {0}").format(", ".join(unknown)))
	last = getdate(to_date) if to_date else getdate(nowdate())
	stated = {name: value for name, value in behaviour.items() if value not in (None, "")}
	run = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"program": program,
			"from_date": getdate(from_date) if from_date else getdate(add_months(last, -12)),
			"to_date": last,
			**stated,
		}
	)
	return run.insert().name


def check(doc: Document) -> None:
	"""Refuse a run that could not be carried out, with everything that is wrong at once."""
	doc.company = frappe.db.get_value(programs.DOCTYPE, doc.program, "company")
	mistakes = []
	if not doc.from_date or not doc.to_date:
		mistakes.append(_("Say which days' invoices to replay: From Date and To Date."))
	elif getdate(doc.from_date) > getdate(doc.to_date):
		mistakes.append(_("To Date is before From Date."))
	for field in ("join_percent", "redeem_percent", "max_basket_percent", "margin_percent"):
		if not 0 <= dec(doc.get(field)) <= 100:
			mistakes.append(_("{0} must be between 0 and 100.").format(_(doc.meta.get_label(field))))
	for field in ("redeem_when_worth", "paid_after_days"):
		if dec(doc.get(field)) < 0:
			mistakes.append(_("{0} cannot be negative.").format(_(doc.meta.get_label(field))))
	if mistakes:
		frappe.throw("<br>".join(mistakes), title=_("Simulation"))


def forget_results(doc: Document) -> None:
	"""A new run has no results, whatever came with it."""
	doc.update({"status": "Queued", "progress": 0, "error": "", "tiers": None, "rules": None, "monthly": []})
	doc.update(dict.fromkeys(RESULTS, 0))


def enqueue(name: str) -> None:
	"""Put a run in the queue, once."""
	frappe.enqueue(
		run,
		queue="long",
		timeout=TIMEOUT,
		job_id=f"ccms_simulation_{name}",
		deduplicate=True,
		enqueue_after_commit=True,
		name=name,
	)


def again(doc: Document) -> None:
	"""Queue a run that failed, or whose worker died, once more."""
	if doc.status == "Done":
		frappe.throw(_("This simulation is done. Start a new one from the program."))
	frappe.db.set_value(DOCTYPE, doc.name, {"status": "Queued", "progress": 0, "error": ""})
	enqueue(doc.name)


def run(name: str) -> None:
	"""The background job: replay and store. What goes wrong is told on the run."""
	doc = frappe.get_doc(DOCTYPE, name)
	tell = _Progress(name)
	try:
		tell(2, _("Reading the invoices"))
		result = _replay(doc, tell)
		frappe.db.rollback()  # nothing was written; the result goes into a transaction of its own
		_store(frappe.get_doc(DOCTYPE, name), result)
	except Exception as error:
		frappe.db.rollback()
		_fail(name, error)
	frappe.db.commit()
	frappe.publish_realtime("ccms_simulation", {"name": name}, doctype=DOCTYPE, docname=name)


def _replay(doc: Document, tell: _Progress) -> Simulation:
	found = purchases.facts(doc.company, getdate(doc.from_date), getdate(doc.to_date))
	if found is None:
		raise NothingToReplay(
			_("{0} has no submitted invoices from {1} to {2}. Choose other days.").format(
				doc.company, formatdate(doc.from_date), formatdate(doc.to_date)
			)
		)
	program = programs.get(doc.program)
	behaviour = behaviour_of(doc, program, found)
	history = History(found)
	text = _("Replaying {0} invoices").format(f"{len(history):,}")
	result = simulate(
		history,
		# the question is what it would have cost, had it run all that time
		replace(program, from_date=None, to_date=None),
		behaviour,
		currency=frappe.get_cached_value("Company", doc.company, "default_currency"),
		progress=lambda done, total: tell(20 + 75 * done / total, text),
	)
	result.messages += found.messages
	return result


def behaviour_of(doc: Document, program: Program, found: Facts) -> Behaviour:
	"""The stated behaviour; customers whom the programme would not enrol never join."""
	stated = {
		name: dec(doc.get(name)) for name in STATED if name not in ("paid_after_days", "margin_percent")
	}
	covered = set(members.covered(program, even_disabled=True))
	return Behaviour(
		**stated,
		paid_after_days=cint(doc.paid_after_days),
		margin_percent=dec(doc.margin_percent) or None,
		walk_in=frozenset(set(found.lines["customer"].unique()) - covered),
	)


def _store(doc: Document, result: Simulation) -> None:
	summary = result.summary()
	doc.update({name: summary[name] or 0 for name in RESULTS})
	doc.set("monthly", [])
	for row in result.months.itertuples():
		doc.append(
			"monthly",
			{
				"month": row.month.strftime("%Y-%m"),
				"revenue": row.revenue,
				"members": row.members,
				"earned": row.earned,
				"redeemed": row.redeemed,
				"expired": row.expired,
				"open_points": row.open,
				"liability": row.liability,
				"cost": row.cost,
			},
		)
	doc.tiers = json.dumps(
		[
			{"month": row.month.strftime("%Y-%m"), "tier": row.tier, "members": row.members}
			for row in result.tiers.itertuples()
		]
	)
	doc.rules = frappe.as_json(rules_of(doc.program))
	doc.messages = "\n".join(result.messages)
	doc.update({"status": "Done", "progress": 100, "error": ""})
	doc.flags.from_simulation = True
	doc.save(ignore_permissions=True)


def rules_of(name: str) -> dict:
	"""The rules as they stood when the run was made: a later change of the programme leaves the result explained."""
	program = frappe.get_doc(programs.DOCTYPE, name)
	shown = {
		field.fieldname: program.get(field.fieldname)
		for field in program.meta.fields
		if field.fieldtype
		not in ("Section Break", "Column Break", "Tab Break", "HTML", "Table", "Button", "Link")
		and program.get(field.fieldname)
	}
	shown["tiers"] = [
		{"tier_name": row.tier_name, "threshold": row.threshold, "earn_multiplier": row.earn_multiplier}
		for row in program.tiers
	]
	return shown


def _fail(name: str, error: Exception) -> None:
	text = str(error) if isinstance(error, NothingToReplay | ValueError) else ""
	if not text:
		frappe.log_error(title=f"Simulation {name}", reference_doctype=DOCTYPE, reference_name=name)
		text = _("The simulation stopped: {0}. The Error Log has the details.").format(
			f"{type(error).__name__} {error}".strip()
		)
	frappe.db.set_value(DOCTYPE, name, {"status": "Failed", "error": text})


class _Progress:
	"""Tells the form how far a run is, at most once a second."""

	def __init__(self, name: str):
		self.name = name
		self.told = 0.0

	def __call__(self, percent: float, text: str) -> None:
		now = monotonic()
		if now - self.told < 1:
			return
		self.told = now
		frappe.db.set_value(
			DOCTYPE, self.name, {"status": "Running", "progress": percent}, update_modified=True
		)
		frappe.db.commit()
		frappe.publish_progress(
			percent, title=_("Simulation"), doctype=DOCTYPE, docname=self.name, description=text
		)
