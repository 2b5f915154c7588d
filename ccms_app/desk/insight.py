"""What the reports on customers have in common: where their figures come from, and what they say when there are none.

A report is a class with `columns`, `rows`, `finding`, `chart` and `figures`; its `execute` is one call of `answer`.
Figures of customers come from the published scores in MariaDB, facts of sales from Parquet by way of DuckDB; both only
of customers in scope that the user may see. Nothing is loaded whole: what is counted is counted there.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.utils import escape_html, flt, get_datetime, get_link_to_form, getdate

from . import masking, periods, reporting, scope

if TYPE_CHECKING:
	import pandas as pd
	from ibis.expr.types import Table

	from ccms_app.behaviour.settings import Settings
	from ccms_app.behaviour.store.lake import Lake

RUN = "CCMS Score Run"
GLOSSARY = "/app/insight-glossary"
MANAGERS = ("CCMS Manager", "System Manager")


class NothingYet(Exception):
	"""There is nothing to report on; says (as HTML) why, and what to do."""


class Insight:
	"""A report on the customers of a company.

	Class attributes say what it reads: `uses_scores`, `uses_facts`; without them it is not made, but says what to do.
	`period_choices` are what the report offers, its default first.
	"""

	uses_scores: ClassVar[bool] = True
	uses_facts: ClassVar[bool] = False
	hides_few: ClassVar[bool] = False
	period_choices: ClassVar[tuple[str, ...]] = periods.CHOICES

	def __init__(self, filters: frappe._dict):
		self.filters = filters
		self.company = reporting.company(filters)
		self.currency = reporting.currency_of(self.company)
		self.scope = scope.read(filters, self.company)

	# --- where figures come from -----------------------------------------------------------------------------
	@cached_property
	def run(self) -> frappe._dict:
		"""The published score run.

		Raises:
			NothingYet: there is none.
		"""
		from ccms_app.scoring.store import runs

		name = runs.published(self.company)
		if not name:
			raise NothingYet(nothing_scored(self.company))
		return frappe.get_cached_doc(RUN, name)

	@cached_property
	def lake(self) -> Lake:
		"""Facts of the company.

		Raises:
			NothingYet: none were extracted.
		"""
		from ccms_app.behaviour.store import lake

		try:
			return lake.open(self.company)
		except lake.Empty:
			raise NothingYet(nothing_scored(self.company)) from None

	@cached_property
	def settings(self) -> Settings:
		"""What a manager has set about customer figures."""
		from ccms_app.behaviour.store import settings

		return settings.read()

	def scores(self, *fields: object) -> QueryBuilder:
		"""A query on the published scores of the customers in scope."""
		return self.scope.scores(self.run.name, *fields)

	@cached_property
	def in_scope(self) -> list[str]:
		"""The customers in scope that have a score, for facts that know nothing of scores."""
		from ccms_app.segments.store import names

		return names.read(self.scores(self.score.customer.as_("customer")))

	@property
	def score(self) -> DocType:
		"""The table of scores, for the fields of a query."""
		return DocType(scope.SCORE)

	@property
	def orders(self) -> Table:
		return self.scope.facts(self.lake.orders)

	@property
	def daily(self) -> Table:
		return self.scope.facts(self.lake.daily)

	@property
	def lines(self) -> Table:
		return self.scope.facts(self.lake.lines)

	@property
	def known_lines(self) -> Table:
		"""Lines of the customers who count: a walk-in's are no customer's."""
		return self.scope.facts(self.lake.known_lines)

	def frame(self, table: Table) -> pd.DataFrame:
		"""What a query on facts comes to."""
		return self.lake.engine.frame(table)

	@cached_property
	def as_of(self) -> date:
		"""The first day of which nothing is known yet."""
		return getdate(self.lake.as_of if self.uses_facts else self.run.data_cut)

	@cached_property
	def periods(self) -> periods.Periods:
		return periods.read(self.filters, self.as_of, self.period_choices)

	# --- words -----------------------------------------------------------------------------------------------
	def money(self, value: float | None) -> str:
		"""An amount as people read it, without cents where there are thousands."""
		value = flt(value)
		if abs(value) >= 1000:
			value = round(value)
			return frappe.utils.fmt_money(value, precision=0, currency=self.currency)
		return reporting.amount(value, self.currency)

	def behind(self, **cell: object) -> str:
		"""The address of the list of customers behind a cell."""
		return behind(self.scope, **cell)

	def basis(self) -> str:
		"""How new the figures are."""
		said = [_("Sales until {0}").format(reporting.date_text(self.as_of - timedelta(days=1)))]
		if self.uses_scores:
			cut = getdate(self.run.data_cut)
			done = get_datetime(self.run.ended_on or self.run.started_on or self.run.modified)
			said = [
				_("Sales until {0}").format(reporting.date_text(cut - timedelta(days=1))),
				_("scored on {0}, {1}").format(reporting.date_text(done), f"{done:%H:%M}"),
			]
		words = escape_html(" · ".join(said))
		return (
			f'<span class="ccms-basis">{words} · <a href="{GLOSSARY}">{_("What the words mean")}</a></span>'
		)

	def said(self, *sentences: str, picture: str = "", warning: str = "") -> str:
		"""The finding, how new it is, and the picture that the desk puts beneath."""
		found = reporting.finding(*sentences, self.basis(), warning=warning)
		return f'{found}<div class="ccms-picture">{picture}</div>' if picture else found

	# --- what a report overrides -----------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		raise NotImplementedError

	def rows(self) -> list[dict[str, Any]]:
		raise NotImplementedError

	def finding(self) -> str:
		raise NotImplementedError

	def chart(self) -> dict[str, Any] | None:
		return None

	def figures(self) -> list[dict[str, Any]]:
		return []


def answer(report: type[Insight], filters: dict | str | None) -> tuple:
	"""What Frappe asks of a script report; a report without facts or scores says what to do."""
	try:
		made = report(reporting.read(filters))
		_ready(made)
		return masking.answer(
			made.columns(),
			made.rows(),
			made.finding(),
			made.chart(),
			made.figures(),
			hides_few=made.hides_few,
		)
	except NothingYet as reason:
		return [], [], reporting.finding(str(reason)), None, []


def _ready(report: Insight) -> None:
	"""Open what the report reads, so that it stops here when there is nothing."""
	if report.uses_scores:
		report.run  # noqa: B018
	if report.uses_facts:
		report.lake  # noqa: B018


# --- when there is nothing -----------------------------------------------------------------------------------


def nothing_scored(company: str) -> str:
	"""Why there are no figures yet, and what to do; a manager may start the first run at once."""
	from ccms_app.scoring.store import runs

	last = frappe.get_all(
		RUN,
		filters={"company": company},
		fields=["name", "status", "progress", "creation"],
		order_by="creation desc",
		limit=1,
	)
	name = escape_html(company)
	if last and runs.is_alive(last[0]):
		return _("The customers of {0} are being scored: {1} % done. Come back in a minute.").format(
			name, round(flt(last[0].progress))
		)
	words = [_("The customers of {0} have not been scored yet.").format(f"<b>{name}</b>")]
	if last and last[0].status == "Failed":
		run = get_link_to_form(RUN, last[0].name) if frappe.has_permission(RUN) else escape_html(last[0].name)
		words = [_("Scoring the customers of {0} failed; {1} says why.").format(f"<b>{name}</b>", run)]
	elif last and last[0].status in ("Queued", "Running"):
		words = [_("Scoring the customers of {0} was stopped before it was done.").format(f"<b>{name}</b>")]
	words.append(_("Scoring reads every submitted invoice. It runs each night, by itself."))
	if may_score():
		words.append(
			f'<div class="mt-2"><button class="btn btn-primary btn-sm ccms-score-now" data-company="{name}">'
			f"{_('Run Scoring Now')}</button></div>"
		)
	else:
		words.append(_("A CCMS Manager can start it at once."))
	return " ".join(words)


def may_score() -> bool:
	"""Whether the user in session may start a scoring run."""
	return bool(set(MANAGERS) & set(frappe.get_roles()))


# --- columns -------------------------------------------------------------------------------------------------


def percent(fieldname: str, label: str, width: int = 100) -> dict:
	"""A share in percent."""
	return {
		"fieldname": fieldname,
		"label": label,
		"width": width,
		"fieldtype": "Percent",
	}


def decimal(fieldname: str, label: str, width: int = 100, decimals: int = 1) -> dict:
	"""A mean or a ratio with so many decimals."""
	return {
		"fieldname": fieldname,
		"label": label,
		"width": width,
		"fieldtype": "Float",
		"precision": decimals,
		"decimals": decimals,
	}


def customer_columns() -> list[dict[str, Any]]:
	"""The customer, and the name for whom personal fields are open."""
	found = [reporting.link("customer", _("Customer"), "Customer", 160)]
	if sees_names():
		found.append(reporting.text("customer_name", _("Name"), 160))
	return found


def sees_names() -> bool:
	"""Whether the user in session may know persons."""
	return not masking.is_masked()


def total(row: dict[str, Any], label: str | None = None) -> dict[str, Any]:
	"""A row of a report as its row of totals. Reports make it themselves: Frappe's sums shares and means, in exports too."""
	return {**row, "label": label or _("Total"), "bold": 1, "is_total": 1, "behind": {}}


def hundred(value: float | None) -> float | None:
	"""A share of 0 to 1 in percent, as `percent` shows it; None stays unknown."""
	return None if value is None else round(float(value) * 100, 1)


def ratio(part: float | None, whole: float | None) -> float | None:
	"""part ÷ whole; None when there is nothing to divide by."""
	return float(part or 0) / float(whole) if whole else None


# --- links ---------------------------------------------------------------------------------------------------


def report_path(name: str, **filters: object) -> str:
	"""The address of a report with filters set; empty ones are left out."""
	from urllib.parse import quote, urlencode

	given = {key: value for key, value in filters.items() if value not in (None, "")}
	return f"/app/query-report/{quote(name)}?{urlencode(given)}"


def behind(of: scope.Scope, **cell: object) -> str:
	"""The address of "Customers Behind" for a cell of a report with that scope."""
	return report_path("Customers Behind", **of.filters(), **cell)
