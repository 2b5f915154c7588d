"""The nouns of the points ledger, free of any framework.

Points, rates and money are `Decimal`; days are `datetime.date`; an empty date is `None` ("never" for an
expiry, "not yet known" for an availability). Names follow `docs/ledger.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)
ONE = Decimal(1)
NEVER = date(9999, 12, 31)

# lot states
PENDING, ACTIVE, DEPLETED, EXPIRED, CANCELLED = "Pending", "Active", "Depleted", "Expired", "Cancelled"

# entry types that move points
EARN, BONUS, OPENING, ADJUST, REDEEM, EXPIRE = "Earn", "Bonus", "Opening", "Adjust", "Redeem", "Expire"
CLAWBACK, RESTORE, CANCEL = "Clawback", "Restore", "Cancel"
TRANSFER_OUT, TRANSFER_IN = "Transfer Out", "Transfer In"
# entry types that record what else changed, always with zero points
ACTIVATE, EXTEND, TIER, STATUS = "Activate", "Extend", "Tier", "Status"


class LedgerError(Exception):
	"""A movement the ledger refuses. Nothing was changed."""


class NotEnoughPoints(LedgerError):
	"""A debit asked for more than can be spent."""

	def __init__(self, asked: Decimal, spendable: Decimal):
		super().__init__(f"asked for {asked} points, {spendable} can be spent")
		self.asked = asked
		self.spendable = spendable


@dataclass(slots=True, frozen=True)
class Tier:
	"""One level of a programme: reached at `threshold` of qualifying value, earning `earn_multiplier` times."""

	name: str
	threshold: Decimal = ZERO
	earn_multiplier: Decimal = ONE
	benefits: str = ""


@dataclass(slots=True, frozen=True)
class Program:
	"""The rules of one loyalty programme, as they stand now. Zero or None in a limit means "no limit"."""

	name: str
	company: str = ""
	enabled: bool = True
	from_date: date | None = None
	to_date: date | None = None
	auto_enroll: bool = False
	customer_group: str = ""
	territory: str = ""
	amount_per_point: Decimal = ONE
	earn_basis: str = "Net Total"
	points_precision: int = 0
	rounding: str = "Down"
	accrue_when: str = "On Submit"
	pending_days: int = 0
	expiry_model: str = "Never"
	expiry_months: int = 0
	expiry_day_month: str = ""
	point_value: Decimal = Decimal("0.01")
	min_redeem_points: Decimal = ZERO
	redeem_step: Decimal = ZERO
	max_redeem_percent: Decimal = ZERO
	max_redeem_amount: Decimal = ZERO
	on_shortfall: str = "Arrears"
	restore_grace_days: int = 30
	tier_basis: str = "Spend"
	tier_window: str = "Rolling 12 Months"
	downgrade: str = "Never"
	tier_grace_days: int = 0
	tiers: tuple[Tier, ...] = ()
	liability_account: str = ""
	expense_account: str = ""
	cost_center: str = ""
	liability_mode: str = "None"
	expected_redemption_percent: Decimal = Decimal(100)

	def runs_on(self, day: date) -> bool:
		"""Whether points are earned and spent on that day."""
		return bool(
			self.enabled
			and (not self.from_date or self.from_date <= day)
			and (not self.to_date or day <= self.to_date)
		)

	@property
	def points_account(self) -> str:
		"""The ledger account that a redemption is booked against."""
		return self.liability_account if self.liability_mode == "Provision" else self.expense_account


@dataclass(slots=True)
class Entry:
	"""One movement in the journal. Never changed once written."""

	name: str
	membership: str
	seq: int
	entry_type: str
	points: Decimal
	posting_date: date
	available_from: date | None = None
	expires_on: date | None = None
	lot: str = ""
	qualifying_value: Decimal = ZERO
	qualifying_date: date | None = None
	old_value: str = ""
	new_value: str = ""
	voucher_type: str = ""
	voucher_no: str = ""
	voucher_detail_no: str = ""
	rule: str = ""
	tier: str = ""
	base_amount: Decimal = ZERO
	rate: Decimal = ZERO
	monetary_value: Decimal = ZERO
	reason: str = ""
	reverses: str = ""
	idempotency_key: str = ""
	chain_hash: str = ""

	@property
	def opens_lot(self) -> bool:
		"""Whether this movement opened a lot of its own (then the lot carries the entry's name)."""
		return self.lot == self.name


@dataclass(slots=True)
class Allocation:
	"""Which lot a debit consumed, and how much; what a reversal gives back is a negative row."""

	membership: str
	entry: str
	lot: str
	points: Decimal
	by_entry: str
	posting_date: date
	number: int = 0
	"""Which of the rows that `by_entry` made."""


@dataclass(slots=True)
class Lot:
	"""What is left of one positive movement. Carries the name of the entry that opened it."""

	name: str
	membership: str
	original: Decimal
	remaining: Decimal
	available_from: date | None
	expires_on: date | None
	state: str
	origin: str
	entry_seq: int = 0
	entry_type: str = EARN
	voucher_type: str = ""
	voucher_no: str = ""

	@property
	def draw_key(self) -> tuple[date, int]:
		"""Drawing order: soonest-expiring first, then oldest; never-expiring last."""
		return (self.expires_on or NEVER, self.entry_seq)

	def usable(self, available_by: date, valid_on: date) -> bool:
		"""Active, available since `available_by` at the latest, and not past its expiry on `valid_on`."""
		return (
			self.state == ACTIVE
			and self.remaining > 0
			and (self.available_from is None or self.available_from <= available_by)
			and not self.lapsed(valid_on)
		)

	def lapsed(self, day: date) -> bool:
		"""A lot is usable through its expiry date and gone the day after."""
		return self.expires_on is not None and self.expires_on < day

	def waits(self, day: date) -> bool:
		"""Whether its points are still pending on that day."""
		return self.available_from is None or self.available_from > day


@dataclass(slots=True)
class Member:
	"""Identity and projection of one customer in one programme."""

	name: str
	program: str = ""
	customer: str = ""
	company: str = ""
	status: str = "Active"
	tier: str = ""
	tier_since: date | None = None
	tier_until: date | None = None
	points_active: Decimal = ZERO
	points_pending: Decimal = ZERO
	points_held: Decimal = ZERO
	points_arrears: Decimal = ZERO
	qualifying_value: Decimal = ZERO
	qualifying_on: date | None = None
	last_activity_on: date | None = None
	last_seq: int = 0
	last_hash: str = ""


@dataclass(slots=True)
class Sale:
	"""One selling document as the ledger sees it; `earn_base` is in company currency."""

	voucher_type: str
	voucher_no: str
	posting_date: date
	earn_base: Decimal = ZERO
	redeem_points: Decimal = ZERO
	redeem_value: Decimal = ZERO
	paid: bool = True
	paid_on: date | None = None


@dataclass(slots=True)
class Posted:
	"""What one document posted: the entries, in order."""

	entries: list[Entry] = field(default_factory=list)

	def add(self, entry: Entry | None) -> None:
		if entry is not None:
			self.entries.append(entry)
