"""What the reports on dealings with customers have in common: their filters, two periods side by side, what they say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

import frappe
from frappe import _
from frappe.utils import escape_html

from ccms_app.interactions.check import CHANNELS
from ccms_app.interactions.store import figures
from ccms_app.interactions.store.figures import Where

from . import masking, periods, permitted, reporting

TYPE, EVENT = "CCMS Interaction Type", "CCMS Customer Interaction"
PERIODS = (
	periods.MONTH,
	periods.QUARTER,
	periods.YEAR,
	periods.THIS_MONTH,
	periods.THIS_YEAR,
	periods.DATES,
)
NONE = "-"


class Dealings:
	"""A report on the events of a company: `columns`, `rows`, `finding`, `chart`, `figures`."""

	is_behind: ClassVar[Callable[[str], bool]] = staticmethod(figures.is_behind)
	"""Whether the counts that it reads, which follow events within the hour, do not hold all of a company yet."""

	def __init__(self, filters: frappe._dict):
		self.filters = filters
		self.company = reporting.company(filters)
		self.currency = reporting.currency_of(self.company)
		self.branch = self._branch()
		self.channel = reporting.choice(filters.channel, ("", *CHANNELS), _("Channel"))
		self.interaction_type = self._type()

	def _branch(self) -> str:
		branch = self.filters.branch or ""
		if branch:
			permitted.check_choice("Branch", branch)
		return branch

	def _type(self) -> str:
		name = self.filters.interaction_type or ""
		if name and not frappe.db.exists(TYPE, name):
			frappe.throw(_("There is no such type of interaction."))
		return name

	# --- periods -----------------------------------------------------------------------------------------------
	@cached_property
	def periods(self) -> periods.Periods:
		return periods.read(self.filters, reporting.today() + timedelta(days=1), PERIODS)

	@property
	def this(self) -> periods.Span:
		return self.periods.this

	@property
	def before(self) -> periods.Span:
		"""The period to compare with: the one before, or last year's where both are one."""
		return self.periods.before or self.periods.last_year

	def where(self, span: periods.Span, **more: str) -> Where:
		chosen = {
			"branch": self.branch,
			"channel": self.channel,
			"interaction_type": self.interaction_type,
			**more,
		}
		return Where(self.company, span.start, span.end, **chosen)

	# --- words -------------------------------------------------------------------------------------------------
	def said(self, *sentences: str) -> str:
		words = [self.this.text(), _("beside {0}").format(self.before.text())]
		if self.is_behind(self.company):
			words.append(_("the newest events are counted within the hour"))
		basis = f'<span class="ccms-basis">{escape_html(" · ".join(words))}</span>'
		return reporting.finding(*sentences, basis)

	def nothing(self) -> str:
		"""What to do where there is nothing to count."""
		return reporting.finding(
			_("No interactions of {0} in these filters.").format(f"<b>{escape_html(self.company)}</b>"),
			_(
				"Mails, calls, visits, issues and deliveries come by themselves; web pages and other systems send theirs."
			)
			+ f' <a href="/app/ccms-event-source">{_("Event Sources")}</a>',
			escape_html(self.this.text()),
		)

	def list_path(self, **filters: Any) -> str:
		"""The address of the list of events behind a figure; "" for whom it is closed."""
		if masking.is_masked() or not frappe.has_permission(EVENT, "read"):
			return ""
		days = json.dumps(["Between", [str(self.this.start), str(self.this.last)]])
		chosen = {
			"company": self.company,
			"branch": self.branch,
			"channel": self.channel,
			"interaction_type": self.interaction_type,
			**filters,
			"occurred_at": days,
		}
		return "/app/ccms-customer-interaction?" + urlencode(
			{name: value for name, value in chosen.items() if value}
		)

	# --- what a report overrides ---------------------------------------------------------------------------------
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


def answer(report: type[Dealings], filters: dict | str | None) -> tuple:
	"""What Frappe asks of a script report, as the user may see it."""
	made = report(reporting.read(filters))
	rows = made.rows()
	if not rows:
		return [], [], made.nothing(), None, []
	return masking.answer(made.columns(), rows, made.finding(), made.chart(), made.figures())


def change(now: float, other: float) -> float | None:
	"""How much more in percent; None when there was nothing."""
	return round((now - other) * 100 / other, 1) if other else None


def share(part: float, whole: float) -> float:
	"""How many percent a part is of the whole."""
	return round(part * 100 / whole, 1) if whole else 0.0


def shown(text: str) -> str:
	"""A text from outside as a label of a chart. Frappe's charts write it as text on the axis and as markup in the hint, so
	it goes without the signs that markup is made of."""
	plain = re.sub(r"[<>&\"'`]+", "·", text)
	return plain if len(plain) <= 40 else f"{plain[:39]}…"
