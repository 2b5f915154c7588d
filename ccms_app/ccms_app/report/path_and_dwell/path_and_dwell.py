"""Where visitors come in, where they go next, how long they stay, and at which step carts are left."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from frappe import _

from ccms_app.desk import cards, dealing_reports, insight, masking, reporting
from ccms_app.desk.dealing_reports import Dealings, change, share, shown
from ccms_app.interactions.dwell import median
from ccms_app.interactions.store import page_figures
from ccms_app.interactions.store.page_events import CART_ADD, VIEW
from ccms_app.interactions.store.page_figures import Page, PageFigures, Step
from ccms_app.interactions.texts import told

MOST, DRAWN = 200, 10
OFTEN = 20
"""Views from which a page is named in the finding."""
NAMES = {VIEW: "Looked at a page", CART_ADD: "Put something into the cart"}


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	show = reporting.choice(reporting.read(filters).show, ("Pages", "Cart by Step"), _("Show"))
	return dealing_reports.answer(CartSteps if show == "Cart by Step" else Pages, filters)


class Pages(Dealings):
	"""The pages most looked at."""

	is_behind = staticmethod(page_figures.is_behind)

	@cached_property
	def found(self) -> list[Page]:
		return PageFigures(self.where(self.this, interaction_type="")).pages(MOST)

	@cached_property
	def earlier(self) -> dict[str, int]:
		return PageFigures(self.where(self.before, interaction_type="")).views()

	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("path", _("Page"), 230),
			reporting.count("views", _("Views"), 85),
			reporting.count("views_before", _("Before"), 85),
			insight.percent("change", _("Change"), 90),
			reporting.count("customers", _("Visitors"), 90),
			reporting.count("entries", _("Came in here"), 115),
			insight.percent("exit_rate", _("Left here"), 100),
			insight.decimal("dwell", _("Median stay (s)"), 130),
			reporting.text("next", _("Next page"), 230),
			insight.percent("next_share", _("of Views"), 90),
		]

	def rows(self) -> list[dict[str, Any]]:
		return [self._row(page) for page in self.found]

	def _row(self, page: Page) -> dict[str, Any]:
		after, times = page.following[0] if page.following else ("", 0)
		before = self.earlier.get(page.path, 0)
		path = self.list_path(path=page.path, interaction_type=VIEW)
		return {
			"path": page.path,
			"views": page.views,
			"views_before": before,
			"change": change(page.views, before),
			"customers": page.visitors,
			"entries": page.entries,
			"exit_rate": share(page.exits, page.views),
			"dwell": page.dwell,
			"next": after,
			"next_share": share(times, page.views) if after else None,
			"href": {"views": path} if path else {},
		}

	def finding(self) -> str:
		entry = max(self.found, key=lambda page: page.entries)
		entries = sum(page.entries for page in self.found)
		sentences = [
			reporting.sentence(
				_("{0} of visits begin at {1}; half of the stays there last {2} s or less."),
				f"{reporting.number(share(entry.entries, entries))} %",
				told(entry.path),
				reporting.number(round(entry.dwell or 0, 1)),
			)
			if entries
			else ""
		]
		often = [page for page in self.found if page.views >= OFTEN]
		if often:
			worst = max(often, key=lambda page: page.exits / page.views)
			sentences.append(
				reporting.sentence(
					_("Most are lost at {0}: {1} of its views are the last of a visit."),
					told(worst.path),
					f"{reporting.number(share(worst.exits, worst.views))} %",
				)
			)
		return self.said(*sentences)

	def chart(self) -> dict[str, Any] | None:
		pages = sorted(self.found, key=lambda page: -page.entries)[:DRAWN]
		return reporting.chart(
			"bar",
			_("Pages where visits begin, and views in all"),
			[shown(told(page.path)) for page in pages],
			{
				_("Came in here"): [page.entries for page in pages],
				_("Views"): [page.views for page in pages],
			},
			colours=(reporting.GREEN, reporting.BLUE),
		)

	def figures(self) -> list[dict[str, Any]]:
		views = sum(page.views for page in self.found)
		before = sum(self.earlier.values())
		stays = median((page.dwell, page.views) for page in self.found if page.dwell is not None)
		return [
			cards.count(_("Page views"), views, before, indicator="Blue"),
			cards.count(_("Visits that began"), sum(page.entries for page in self.found)),
			cards.number(_("Usual stay (s)"), stays),
		]


class CartSteps(Dealings):
	"""The way of carts to an order."""

	is_behind = staticmethod(page_figures.is_behind)

	@cached_property
	def found(self) -> list[Step]:
		return PageFigures(self.where(self.this, interaction_type="")).steps()

	@cached_property
	def earlier(self) -> dict[tuple[str, str], Step]:
		steps = PageFigures(self.where(self.before, interaction_type="")).steps()
		return {(step.kind, step.name): step for step in steps}

	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("step", _("Step"), 220),
			reporting.count("customers", _("Visitors"), 100),
			reporting.count("before", _("Before"), 95),
			insight.percent("left", _("Not there from the step before"), 215),
			insight.percent("left_before", _("Before"), 95),
			reporting.count("drops", _("Taken out of carts"), 145),
			reporting.money("dropped", _("Amount taken out"), 145),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		if not any(step.visitors for step in self.found):
			return []
		rows, last, last_before = [], None, None
		for step in self.found:
			was = self.earlier.get((step.kind, step.name))
			before = was.visitors if was else 0
			rows.append(
				{
					"step": self._name(step),
					"customers": step.visitors,
					"before": before,
					"left": _left(step.visitors, last),
					"left_before": _left(before, last_before),
					"drops": step.drops,
					"dropped": step.dropped,
					"currency": self.currency,
					"href": self._links(step),
				}
			)
			last, last_before = step.visitors, before
		return rows

	def _name(self, step: Step) -> str:
		return step.name or _(NAMES[step.kind])

	def _links(self, step: Step) -> dict[str, str]:
		path = self.list_path(interaction_type=step.kind, **({"subject": step.name} if step.name else {}))
		return {"customers": path} if path and step.visitors else {}

	def finding(self) -> str:
		pairs = list(zip(self.found[1:], self.found[2:], strict=False))
		losses = {self._name(one): (before.visitors - one.visitors, before) for before, one in pairs}
		drops = sum(step.drops for step in self.found)
		sentences = []
		if losses and max(lost for lost, _before in losses.values()) > 0:
			name = max(losses, key=lambda one: losses[one][0])
			lost, before = losses[name]
			sentences.append(
				reporting.sentence(
					_("Most carts are left before “{0}”: {1} of {2} visitors did not get there."),
					told(name),
					reporting.number(lost),
					reporting.number(before.visitors),
				)
			)
		elif not pairs:
			sentences.append(
				_("Let the pages of the shop tell of each step of buying: ccms.track(“Cart Step”, …).")
			)
		if drops:
			sentences.append(reporting.sentence(_("Items taken out of carts: {0}."), reporting.number(drops)))
		return self.said(*sentences)

	def chart(self) -> dict[str, Any] | None:
		return reporting.chart(
			"bar",
			_("Visitors who got so far"),
			[shown(told(self._name(step))) for step in self.found],
			{
				_("This period"): [masking.drawn(step.visitors) for step in self.found],
				_("Before"): [
					masking.drawn(was.visitors) if (was := self.earlier.get((step.kind, step.name))) else 0
					for step in self.found
				],
			},
			colours=(reporting.BLUE, reporting.GREY),
		)

	def figures(self) -> list[dict[str, Any]]:
		return [
			cards.count(
				_("Taken out of carts"),
				sum(step.drops for step in self.found),
				sum(step.drops for step in self.earlier.values()),
				good=cards.DOWN,
				indicator="Orange",
			),
			cards.money(
				_("Amount taken out"),
				sum(step.dropped for step in self.found),
				sum(step.dropped for step in self.earlier.values()),
				currency=self.currency,
				good=cards.DOWN,
			),
		]


def _left(here: int, before: int | None) -> float | None:
	"""How many percent of those at the step before are not here."""
	return share(max(before - here, 0), before) if before else None
