"""Movements in the words of a member: what happened, not what the ledger calls it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from frappe import _
from frappe.utils import fmt_money, formatdate

from ccms_app.loyalty import model
from ccms_app.loyalty.model import Entry, Program

OF_POINTS = (
	model.EARN,
	model.BONUS,
	model.OPENING,
	model.ADJUST,
	model.REDEEM,
	model.EXPIRE,
	model.CLAWBACK,
	model.RESTORE,
	model.CANCEL,
	model.TRANSFER_OUT,
	model.TRANSFER_IN,
)


class Words:
	"""Says what entries of one program mean.

	Args:
		currency: the company's.
	"""

	def __init__(self, program: Program, currency: str):
		self.program, self.currency = program, currency

	def of(self, entry: Entry) -> str:
		"""One entry in a short sentence."""
		say: Callable[[Entry], str] = getattr(self, "_" + entry.entry_type.lower().replace(" ", "_"))
		return say(entry)

	def expired(self, last_day: date | None) -> str:
		"""Points that have expired, whether or not it has been written."""
		if last_day is None:
			return _("Expired")
		return _("Expired: {0} was the last day").format(formatdate(last_day))

	# --- movements of points ---------------------------------------------------------------------------------
	def _earn(self, entry: Entry) -> str:
		if entry.tier:
			return _("Earned on {0} spent, as {1}").format(self._money(entry.base_amount), _(entry.tier))
		return _("Earned on {0} spent").format(self._money(entry.base_amount))

	def _bonus(self, entry: Entry) -> str:
		return _("Bonus")

	def _opening(self, entry: Entry) -> str:
		return _("Balance taken over")

	def _adjust(self, entry: Entry) -> str:
		words = _("Granted by hand") if entry.points > 0 else _("Deducted by hand")
		return f"{words}: {_(entry.reason)}" if entry.reason else words

	def _redeem(self, entry: Entry) -> str:
		return _("Used to pay {0}").format(self._money(entry.monetary_value))

	def _expire(self, entry: Entry) -> str:
		return self.expired(entry.expires_on)

	def _clawback(self, entry: Entry) -> str:
		if entry.reason == "forgiven":
			return _("Taken back for returned goods; what was already used is forgiven")
		return _("Taken back for returned goods")

	def _restore(self, entry: Entry) -> str:
		return _("Given back for returned goods")

	def _cancel(self, entry: Entry) -> str:
		if entry.points > 0:
			return _("Given back: the document was cancelled")
		return _("Taken back: the document was cancelled")

	def _transfer_out(self, entry: Entry) -> str:
		if entry.reason == "merge":
			return _("Moved to the customer this one was merged into")
		return _("Transferred to another member")

	def _transfer_in(self, entry: Entry) -> str:
		if entry.reason == "merge":
			return _("Moved here from a customer who was merged")
		return _("Transferred from another member")

	# --- what else changed -----------------------------------------------------------------------------------
	def _activate(self, entry: Entry) -> str:
		if not entry.new_value:
			return _("Points wait for payment again")
		return _("Points can be used from {0}").format(_day(entry.new_value))

	def _extend(self, entry: Entry) -> str:
		if not entry.new_value:
			return _("Points no longer expire")
		return _("Points can be used until {0}").format(_day(entry.new_value))

	def _tier(self, entry: Entry) -> str:
		if entry.old_value == entry.new_value:
			return _("Stays {0}").format(_(entry.new_value))
		if not entry.old_value:
			return _("Starts as {0}").format(_(entry.new_value))
		return _("From {0} to {1}").format(_(entry.old_value), _(entry.new_value))

	def _status(self, entry: Entry) -> str:
		match (entry.old_value, entry.new_value):
			case ("", _new):
				return _("Joined")
			case ("Left", "Active"):
				return _("Came back")
			case (_old, "Left"):
				return _("Left")
			case (_old, "Frozen"):
				return _("Frozen: points are kept, not used")
		return _("Active again")

	def _money(self, amount: object) -> str:
		return fmt_money(float(amount), currency=self.currency)


def _day(text: str) -> str:
	return formatdate(date.fromisoformat(text))
