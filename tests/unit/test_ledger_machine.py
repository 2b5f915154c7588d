"""Random histories of random programmes: after every single step all invariants of the ledger hold.

A longer search than continuous integration's: CCMS_EXAMPLES=5000 pytest tests/unit/test_ledger_machine.py
"""

import os
from decimal import Decimal as D

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
	RuleBasedStateMachine,
	initialize,
	invariant,
	precondition,
	rule,
	run_state_machine_as_test,
)

from ccms_app.loyalty.model import OPENING, Program, Tier
from tests.unit.ledger_world import PARTS, World, days

EXAMPLES = int(os.environ.get("CCMS_EXAMPLES", "0"))
STEPS = int(os.environ.get("CCMS_STEPS", "30"))
QUICK = {"deadline": None, "suppress_health_check": list(HealthCheck)}

TIERS = (
	(),
	(Tier("Basic"), Tier("Silver", D(60), D("1.5")), Tier("Gold", D(150), D("2.25"))),
	(Tier("Basic", D(0), D("0.7")), Tier("Silver", D(3), D(1)), Tier("Gold", D(5), D(3))),
	(Tier("Low"), Tier("High", D("33.3"), D("1.2"))),
)
few = st.integers(0, 7)
money_ = st.integers(1, 20_000).map(lambda cents: D(cents) / 100)
parts = st.integers(1, PARTS)
back = st.one_of(st.just(0), st.integers(0, 50))


@st.composite
def programs(draw, **fixed) -> Program:
	"""Any programme a shop could set up; its periods are short, so that a history of months crosses all of them."""
	rules = {
		"amount_per_point": draw(st.sampled_from([D("0.01"), D("0.3"), D(1), D("2.5"), D(7)])),
		"points_precision": draw(st.integers(0, 2)),
		"rounding": draw(st.sampled_from(["Down", "Nearest", "Up"])),
		"accrue_when": draw(st.sampled_from(["On Submit", "When Paid"])),
		"pending_days": draw(st.sampled_from([0, 0, 1, 14, 45])),
		"expiry_model": draw(st.sampled_from(["Never", "Rolling", "Fixed Date", "Inactivity"])),
		"expiry_months": draw(st.integers(1, 3)),
		"expiry_day_month": draw(st.sampled_from(["02-29", "12-31", "06-30"])),
		"point_value": draw(st.sampled_from([D("0.01"), D("0.5"), D("0.003")])),
		"on_shortfall": draw(st.sampled_from(["Arrears", "Forgive"])),
		"restore_grace_days": draw(st.sampled_from([0, 3, 30])),
		"tiers": draw(st.sampled_from(TIERS)),
		"tier_basis": draw(st.sampled_from(["Spend", "Points", "Orders"])),
		"tier_window": draw(st.sampled_from(["Rolling 12 Months", "Calendar Year", "Lifetime"])),
		"downgrade": draw(st.sampled_from(["Never", "One Step", "To Earned Tier"])),
		"tier_grace_days": draw(st.sampled_from([0, 20])),
	}
	return Program("Club", **(rules | fixed))


class Ledger(RuleBasedStateMachine):
	"""Members, documents, payments, vouchers, merges and nights, in any order the documents allow."""

	@initialize(program=programs(), members=st.integers(1, 3))
	def open_shop(self, program: Program, members: int) -> None:
		self.world = World(program, members)

	def who(self, number: int) -> str:
		names = self.world.members()
		return names[number % len(names)]

	def quantum(self) -> D:
		return D(1).scaleb(-self.world.program.points_precision)

	def some(self, twelfths: int, of: D) -> D:
		"""A part of some points, at the programme's precision."""
		return (of * twelfths / PARTS).quantize(self.quantum(), rounding="ROUND_DOWN")

	# time
	@rule(number=st.one_of(st.integers(1, 20), st.sampled_from([31, 45, 90, 200, 366])))
	def days_pass(self, number: int) -> None:
		self.world.today += days(number)
		self.world.check()

	@rule()
	def activation_job(self) -> None:
		self.world.catch_up()

	@rule()
	def expiry_job(self) -> None:
		self.world.expire()

	@rule()
	def tier_job(self) -> None:
		self.world.review()

	# sales
	@rule(who=few, base=money_, back=back, paid=st.booleans())
	def sell(self, who: int, base: D, back: int, paid: bool) -> None:
		self.world.sell(base, member=self.who(who), back=back, paid=paid)

	@rule(who=few, base=money_, spent=parts, back=back, paid=st.booleans())
	def redeem(self, who: int, base: D, spent: int, back: int, paid: bool) -> None:
		name = self.who(who)
		points = self.some(spent, self.world.spendable(name, back))
		if points:
			self.world.sell(base, points, member=name, back=back, paid=paid)

	@rule(who=few, spent=st.integers(0, PARTS))
	def redeem_too_much(self, who: int, spent: int) -> None:
		name = self.who(who)
		can = self.world.spendable(name)
		before = len(self.world.documents)
		self.world.sell(D(1), can + self.quantum() + self.some(spent, can), member=name)
		assert len(self.world.documents) == before

	# documents that exist
	@precondition(lambda self: self.world.documents)
	@rule(which=st.integers(0, 40), parts=parts, back=back)
	def give_back(self, which: int, parts: int, back: int) -> None:
		self.world.give_back(self.document(which), parts, back)

	@precondition(lambda self: self.world.documents)
	@rule(which=st.integers(0, 40), one=few)
	def cancel_return(self, which: int, one: int) -> None:
		document = self.document(which)
		if document.returns:
			self.world.cancel_return(document, document.returns[one % len(document.returns)])

	@precondition(lambda self: self.world.documents)
	@rule(which=st.integers(0, 40))
	def cancel_sale(self, which: int) -> None:
		self.world.cancel_sale(self.document(which))

	@precondition(lambda self: self.world.documents)
	@rule(which=st.integers(0, 40), back=back)
	def pay(self, which: int, back: int) -> None:
		self.world.pay(self.document(which), back)

	@precondition(lambda self: self.world.documents)
	@rule(which=st.integers(0, 40))
	def unpay(self, which: int) -> None:
		self.world.unpay(self.document(which))

	def document(self, which: int):
		"""The latest documents are the likeliest."""
		documents = self.world.documents
		return documents[-1 - which % len(documents)]

	# vouchers
	@rule(
		who=few, points=parts, back=back, lives=st.one_of(st.none(), st.integers(0, 60)), kind=st.booleans()
	)
	def grant(self, who: int, points: int, back: int, lives: int | None, kind: bool) -> None:
		points = D(points) * 7 * self.quantum()
		self.world.grant(
			points, member=self.who(who), back=back, lives=lives, kind=OPENING if kind else "Adjust"
		)

	@rule(who=few, points=parts, back=back)
	def deduct(self, who: int, points: int, back: int) -> None:
		name = self.who(who)
		points = self.some(points, self.world.spendable(name, back))
		if points:
			self.world.deduct(points, member=name, back=back)

	@precondition(lambda self: len(self.world.members()) > 1)
	@rule(source=few, to=few, points=parts)
	def transfer(self, source: int, to: int, points: int) -> None:
		source = self.who(source)
		points = self.some(points, self.world.spendable(source))
		if points:
			self.world.transfer(points, source, self.who(to))

	@rule(who=few, by=st.integers(1, 90))
	def extend(self, who: int, by: int) -> None:
		self.world.extend(by, self.who(who))

	@precondition(lambda self: self.world.vouchers)
	@rule(which=st.integers(0, 20))
	def cancel_voucher(self, which: int) -> None:
		self.world.cancel_voucher(self.world.vouchers[-1 - which % len(self.world.vouchers)])

	# members
	@precondition(lambda self: len(self.world.members()) > 1)
	@rule(source=few, to=few)
	def merge(self, source: int, to: int) -> None:
		self.world.merge(self.who(source), self.who(to))

	@rule(who=few, frozen=st.booleans())
	def freeze(self, who: int, frozen: bool) -> None:
		self.world.status("Frozen" if frozen else "Active", self.who(who))

	@invariant()
	def the_world_holds(self) -> None:
		"""Each act has been checked when it was done."""


def test_every_invariant_holds_after_every_step():
	run_state_machine_as_test(
		Ledger, settings=settings(max_examples=EXAMPLES or 60, stateful_step_count=STEPS, **QUICK)
	)
