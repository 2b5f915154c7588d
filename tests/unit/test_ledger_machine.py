"""Random histories of random programmes: after every single step all invariants of the ledger hold.

Each step is done twice, and the second time must change nothing; no step may change the balance of a day before its
posting date; no job may change any balance at all. `ledger_world.World` does the checking.

A longer search than that of continuous integration: CCMS_EXAMPLES=5000 pytest tests/unit/test_ledger_machine.py
"""

import os

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ccms_app.loyalty.model import Program
from tests.unit.ledger_world import PLAYS, World, numbers, programs

EXAMPLES = int(os.environ.get("CCMS_EXAMPLES", "0"))
STEPS = int(os.environ.get("CCMS_STEPS", "40"))
QUICK = {"deadline": None, "suppress_health_check": list(HealthCheck)}


class Ledger(RuleBasedStateMachine):
	"""Members, documents, payments, vouchers, merges and nights, in any order the documents allow."""

	@initialize(program=programs(), members=st.integers(1, 3))
	def open_shop(self, program: Program, members: int) -> None:
		self.world = World(program, members)

	@rule(number=numbers)
	def days_pass(self, number: tuple[int, ...]) -> None:
		self.world.play("days", number)

	@rule(number=numbers)
	def sell(self, number: tuple[int, ...]) -> None:
		self.world.play("sell", number)

	@rule(number=numbers)
	def redeem(self, number: tuple[int, ...]) -> None:
		self.world.play("redeem", number)

	@rule(number=numbers)
	def give_back(self, number: tuple[int, ...]) -> None:
		self.world.play("give_back", number)

	@rule(number=numbers)
	def cancel_return(self, number: tuple[int, ...]) -> None:
		self.world.play("cancel_return", number)

	@rule(number=numbers)
	def cancel_sale(self, number: tuple[int, ...]) -> None:
		self.world.play("cancel_sale", number)

	@rule(number=numbers)
	def pay(self, number: tuple[int, ...]) -> None:
		self.world.play("pay", number)

	@rule(number=numbers)
	def unpay(self, number: tuple[int, ...]) -> None:
		self.world.play("unpay", number)

	@rule(what=st.sampled_from(["grant", "deduct", "transfer", "extend", "cancel_voucher"]), number=numbers)
	def post_a_voucher(self, what: str, number: tuple[int, ...]) -> None:
		self.world.play(what, number)

	@rule(what=st.sampled_from(["catch_up", "expire", "review"]), number=numbers)
	def run_a_job(self, what: str, number: tuple[int, ...]) -> None:
		self.world.play(what, number)

	@rule(what=st.sampled_from(["merge", "freeze", "overdraw"]), number=numbers)
	def do_something_rare(self, what: str, number: tuple[int, ...]) -> None:
		self.world.play(what, number)

	@rule(
		what=st.sampled_from([name for name, weight in PLAYS.items() for _each in range(weight)]),
		number=numbers,
	)
	def do_anything(self, what: str, number: tuple[int, ...]) -> None:
		note(what)
		self.world.play(what, number)


def test_every_invariant_holds_after_every_step():
	run_state_machine_as_test(
		Ledger, settings=settings(max_examples=EXAMPLES or 100, stateful_step_count=STEPS, **QUICK)
	)
