"""Tells how far a run is: on its document, to whoever looks at it, and to the terminal of a command."""

from __future__ import annotations

import resource
from collections.abc import Callable
from time import monotonic

import frappe
from frappe import _
from frappe.utils import now_datetime

from . import runs


class TimedOut(Exception):
	"""A run took longer than it may."""


class Progress:
	"""Steps of known weight; each tells at most once a second, and commits.

	Args:
		echo: of a command: called with (percent, text).
	"""

	def __init__(self, name: str, echo: Callable[[float, str], None] | None = None):
		self.name = name
		self.echo = echo
		self.log: list[str] = []
		self.begun = monotonic()
		self._told = self._step_begun = self.begun
		self._from, self._weight, self._text = 0.0, 0.0, ""

	def step(self, text: str, weight: float) -> None:
		"""Begin a step that is so many percent of the whole."""
		self._close()
		self._from += self._weight
		self._text, self._weight, self._step_begun = text, weight, monotonic()
		self._tell(0.0)

	def __call__(self, share: float, detail: str = "") -> None:
		"""Within a step: the share that is done, 0 to 1."""
		if monotonic() - self.begun > runs.TIMEOUT:
			raise TimedOut(_("The run took longer than {0} hours.").format(runs.TIMEOUT // 3600))
		if monotonic() - self._told >= 1:
			self._tell(min(max(share, 0.0), 1.0), detail)

	def end(self) -> float:
		"""Close the last step; returns the seconds of the whole."""
		self._close()
		self._text = ""
		return monotonic() - self.begun

	def _close(self) -> None:
		if self._text:
			peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
			self.log.append(f"{monotonic() - self._step_begun:7.1f} s {peak:6.0f} MB  {self._text}")

	def _tell(self, share: float, detail: str = "") -> None:
		self._told = monotonic()
		percent = self._from + self._weight * share
		frappe.db.set_value(
			runs.DOCTYPE,
			self.name,
			{"progress": percent, "stage_reached": self._text, "heartbeat": now_datetime()},
		)
		frappe.db.commit()
		text = f"{self._text} {detail}".strip()
		if self.echo:
			self.echo(percent, text)
		else:
			frappe.publish_progress(
				percent, title=_("Scoring"), doctype=runs.DOCTYPE, docname=self.name, description=text
			)
