"""By which channels customers deal with us, and how that has shifted."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from frappe import _

from ccms_app.desk import cards, dealing_reports, insight, masking, reporting
from ccms_app.desk.dealing_reports import NONE, Dealings, change, share, shown
from ccms_app.interactions.store import figures

NOTABLE = 1
"""Percentage points that a share moves before the finding names it."""


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return dealing_reports.answer(ChannelMix, filters)


class ChannelMix(Dealings):
	"""Channels of the period beside those of the period before, or the kinds of dealings within each."""

	def __init__(self, filters):
		super().__init__(filters)
		self.show = reporting.choice(filters.show, ("Channels", "Channels and Types"), _("Show"))
		self.by = ("channel",) if self.show == "Channels" else ("channel", "interaction_type")

	@cached_property
	def found(self) -> list[dict[str, Any]]:
		"""Sums of this period, the most first."""
		rows = figures.sums(self.where(self.this), *self.by)
		return sorted(rows, key=lambda row: (-row.events, *(row[name] for name in self.by)))

	@cached_property
	def earlier(self) -> dict[tuple, dict[str, Any]]:
		rows = figures.sums(self.where(self.before), *self.by)
		return {tuple(row[name] for name in self.by): row for row in rows}

	@cached_property
	def total(self) -> int:
		return int(sum(row.events for row in self.found))

	@cached_property
	def total_before(self) -> int:
		return int(sum(row.events for row in self.earlier.values()))

	def columns(self) -> list[dict[str, Any]]:
		found = [reporting.text("channel", _("Channel"), 130)]
		if len(self.by) > 1:
			found.append(reporting.text("interaction_type", _("Type"), 150))
		return [
			*found,
			reporting.count("events", _("Interactions"), 110),
			insight.percent("share", _("Share"), 85),
			reporting.count("events_before", _("Before"), 95),
			insight.percent("share_before", _("Share before"), 120),
			insight.percent("change", _("Change"), 95),
			reporting.count("customers", _("People"), 90),
			insight.decimal("hours", _("Hours"), 90),
			reporting.money("amount", _("Amount"), 120),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		gone = [key for key in self.earlier if key not in {self._key(row) for row in self.found}]
		rows = [self._row(self._key(row), row) for row in self.found]
		rows += [self._row(key, None) for key in sorted(gone)]
		if not rows:
			return []
		sums = {
			"channel": _("Total"),
			"events": self.total,
			"share": 100.0 if self.total else 0.0,
			"events_before": self.total_before,
			"change": change(self.total, self.total_before),
			"hours": round(sum(row["hours"] for row in rows), 1),
			"amount": sum(row["amount"] for row in rows),
			"currency": self.currency,
		}
		return [*rows, insight.total(sums, _("Total"))]

	def _key(self, row: dict[str, Any]) -> tuple:
		return tuple(row[name] for name in self.by)

	def _row(self, key: tuple, row: dict[str, Any] | None) -> dict[str, Any]:
		was = self.earlier.get(key)
		events, before = int(row.events) if row else 0, int(was.events) if was else 0
		named = dict(zip(self.by, key, strict=True))
		path = self.list_path(**named) if events and named["channel"] else ""
		return {
			"channel": _(named["channel"]) if named["channel"] else NONE,
			"interaction_type": _(named["interaction_type"]) if "interaction_type" in named else None,
			"events": events,
			"share": share(events, self.total),
			"events_before": before,
			"share_before": share(before, self.total_before),
			"change": change(events, before),
			"customers": int(row.customers) if row else 0,
			"hours": round(float(row.dwell + row.duration) / 3600, 1) if row else 0.0,
			"amount": float(row.amount) if row else 0.0,
			"currency": self.currency,
			"href": {"events": path} if path else {},
		}

	def finding(self) -> str:
		if not self.found:
			return self.said(_("Nothing in this period; there was something before."))
		by_channel = self._by_channel(self.found)
		first, events = max(by_channel.items(), key=lambda one: one[1])
		return self.said(
			reporting.sentence(
				_("{0} of {1} interactions came by {2}."),
				f"{reporting.number(share(events, self.total))} %",
				reporting.number(self.total),
				_(first) if first else NONE,
			),
			self._shift(by_channel),
		)

	def _shift(self, by_channel: dict[str, int]) -> str:
		"""The channel whose share moved most."""
		if not self.total_before:
			return ""
		was = self._by_channel(self.earlier.values())
		moves = {
			name: share(by_channel.get(name, 0), self.total) - share(was.get(name, 0), self.total_before)
			for name in {*by_channel, *was}
		}
		name = max(sorted(moves), key=lambda one: abs(moves[one]))
		if abs(moves[name]) < NOTABLE:
			return _("The shares are as before.")
		words = _("{0} won {1} points of share.") if moves[name] > 0 else _("{0} lost {1} points of share.")
		return reporting.sentence(
			words, _(name) if name else NONE, reporting.number(round(abs(moves[name]), 1))
		)

	def _by_channel(self, rows) -> dict[str, int]:
		found: dict[str, int] = {}
		for row in rows:
			found[row.channel] = found.get(row.channel, 0) + int(row.events)
		return found

	def chart(self) -> dict[str, Any] | None:
		now, was = self._by_channel(self.found), self._by_channel(self.earlier.values())
		names = sorted({*now, *was}, key=lambda name: (-now.get(name, 0), name))
		return reporting.chart(
			"bar",
			_("Interactions by channel, this period beside the one before"),
			[shown(_(name)) if name else NONE for name in names],
			{
				_("This period"): [now.get(name, 0) for name in names],
				_("Before"): [was.get(name, 0) for name in names],
			},
			colours=(reporting.BLUE, reporting.GREY),
		)

	def figures(self) -> list[dict[str, Any]]:
		used = len([name for name, events in self._by_channel(self.found).items() if name and events])
		return [
			cards.count(_("Interactions"), self.total, self.total_before, indicator="Blue"),
			cards.count(_("Channels used"), used),
			cards.count(_("People"), self._people(self.this), self._people(self.before))
			if not masking.is_masked()
			else cards.count(_("People"), None),
		]

	def _people(self, span) -> int:
		rows = figures.sums(self.where(span))
		return int(rows[0].customers) if rows else 0
