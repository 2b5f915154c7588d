"""Tills at once: real processes on the same member. Nothing is spent twice, nothing is lost, everybody gets an answer."""

import random
import time

import frappe
import pytest

from ccms_app.loyalty.store import balances
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice, new_invoice
from tests.site.ledger_checks import check, check_customer, membership_of, points_of, set_balance
from tests.site.processes import Workers
from tests.site.world import CUP, TEA

pytestmark = pytest.mark.commits

WORKERS, ROUNDS, BALANCE = 8, 50, 100


@pytest.fixture(scope="module")
def workers(site):
	with Workers(WORKERS) as started:
		yield started


def member(program, points: float = BALANCE) -> str:
	customer = make_customer(program)
	set_balance(membership_of(customer), points)
	return customer.name


# --- what a worker does ----------------------------------------------------------------------------------------------


def until_through(act, tries: int = 20) -> dict:
	"""Do it again after a deadlock, as background work does; a refusal is an answer."""
	for attempt in range(tries):
		try:
			done = act()
			frappe.db.commit()
			return {"done": done, "attempts": attempt + 1}
		except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
			frappe.db.rollback()
		except frappe.ValidationError as error:
			frappe.db.rollback()
			return {"refused": str(error), "attempts": attempt + 1}
	return {"lost": True}


def spend(customer: str, points: float) -> dict:
	def act():
		fields = {"ccms_redeem_points": points, "disable_rounded_total": 1}
		return new_invoice("Sales Invoice", customer, None, fields).submit().name

	return until_through(act)


def spend_in_rounds(customer: str, asked: list[float], rank: int, race: str) -> list[dict]:
	"""One purchase in each round, at the same moment as everybody else; the first worker fills the balance up before."""
	answers = []
	for number, points in enumerate(asked):
		if rank == 0:
			membership = membership_of(customer)
			missing = BALANCE - float(balances.now(membership).active)
			if missing:
				set_balance(membership, missing)
			frappe.db.commit()
		meet(f"{race}:{number}")
		answers.append(spend(customer, points))
		meet(f"{race}:{number}:over")
		frappe.db.rollback()  # the next round sees what this one has done
	return answers


def meet(place: str, patience: float = 120) -> None:
	"""Wait until every worker is here."""
	until = time.monotonic() + patience
	frappe.cache.incr(place)
	while int(frappe.cache.get(place)) < WORKERS:
		assert time.monotonic() < until, f"nobody came to {place}"
		time.sleep(0.002)
	frappe.cache.expire(place, 600)


def submit(doctype: str, name: str) -> dict:
	return until_through(lambda: frappe.get_doc(doctype, name).submit().name)


def give_back(invoice: str, qty: float) -> dict:
	def act():
		return make_return(frappe.get_doc("Sales Invoice", invoice), qty).name

	answer = until_through(act)
	while "submitted meanwhile" in answer.get("refused", ""):
		answer = until_through(act)  # as the message asks: make it again
	return answer


def shop_around(customer: str, seed: int, steps: int = 6) -> list[dict]:
	"""Sell, spend, take back and cancel at random."""
	chance, mine, answers = random.Random(seed), [], []
	for _ in range(steps):
		what = chance.choice(("sell", "spend", "spend", "take back", "cancel"))
		if what == "sell" or (what in ("take back", "cancel") and not mine):
			answer = until_through(lambda: make_sales_invoice(customer, item_code=CUP, qty=2).name)
		elif what == "spend":
			points = chance.randint(1, 60)
			fields = {"item_code": TEA, "ccms_redeem_points": points}
			answer = until_through(lambda fields=fields: make_sales_invoice(customer, **fields).name)
		elif what == "take back":
			answer = give_back(mine.pop(), chance.choice((0.5, 1)))
			answers.append(answer)
			continue
		else:
			name = mine.pop()
			answer = until_through(lambda name=name: frappe.get_doc("Sales Invoice", name).cancel() and name)
			answers.append(answer)
			continue
		if "done" in answer:
			mine.append(answer["done"])
		answers.append(answer)
	return answers


# --- one balance -------------------------------------------------------------------------------------------------------


def judge(asked: list[float], answers: list[dict]) -> float:
	"""Who redeemed got points, who did not was told how many there are; returns what was spent."""
	assert not [answer for answer in answers if "lost" in answer], answers
	spent = sum(points for points, answer in zip(asked, answers, strict=True) if "done" in answer)
	assert spent <= BALANCE
	for points, answer in zip(asked, answers, strict=True):
		if "refused" in answer:
			assert "points can be used" in answer["refused"], answer
			assert BALANCE - spent < points, "refused although there was enough"
	return spent


def test_eight_tills_spend_one_balance(workers):
	customer = member(make_program(amount_per_point=1_000_000))  # these sales earn nothing
	frappe.db.commit()
	chance, race = random.Random(1), f"ccms_race_{frappe.generate_hash()}"
	asked = [[chance.choice((15, 30, 40, 60, 100)) for _ in range(WORKERS)] for _ in range(ROUNDS)]
	calls = [
		{"customer": customer, "asked": [row[rank] for row in asked], "rank": rank, "race": race}
		for rank in range(WORKERS)
	]
	replies = workers.run(f"{__name__}.spend_in_rounds", calls)
	assert all("value" in reply for reply in replies), replies
	rounds = list(zip(*(reply["value"] for reply in replies), strict=True))
	spent = [judge(row, answers) for row, answers in zip(asked, rounds, strict=True)]
	frappe.db.rollback()
	assert check(membership_of(customer)).active == BALANCE - spent[-1]
	for number, answers in enumerate(rounds):
		names = [answer["done"] for answer in answers if "done" in answer]
		assert redeemed_on(names) == spent[number], f"round {number}"


def redeemed_on(names: list[str]) -> float:
	filters = {"voucher_no": ["in", names], "entry_type": "Redeem"}
	return -sum(frappe.get_all("CCMS Points Ledger Entry", filters=filters, pluck="points"))


def test_eight_drafts_promise_the_same_points(workers):
	program = make_program(amount_per_point=1_000_000)
	for _ in range(3):
		customer = member(program)
		drafts = [make_sales_invoice(customer, ccms_redeem_points=30, submit=False) for _ in range(WORKERS)]
		frappe.db.commit()
		calls = [{"doctype": draft.doctype, "name": draft.name} for draft in drafts]
		answers = [reply["value"] for reply in workers.run(f"{__name__}.submit", calls)]
		assert judge([30] * WORKERS, answers) == 90
		frappe.db.rollback()
		assert check(membership_of(customer)).active == 10


# --- one sale comes back at several tills --------------------------------------------------------------------------------


def test_eight_tills_take_back_one_piece_each(workers):
	for _ in range(2):
		customer = member(make_program())
		sale = make_sales_invoice(customer, qty=8, ccms_redeem_points=100)
		frappe.db.commit()
		answers = workers.run(f"{__name__}.give_back", [{"invoice": sale.name, "qty": 1}] * WORKERS)
		assert all("done" in answer.get("value", {}) for answer in answers), answers
		frappe.db.rollback()
		posted = [points_of(frappe.get_doc("Sales Invoice", answer["value"]["done"])) for answer in answers]
		assert sum(row.get("Restore", 0) for row in posted) == 100
		assert sum(row["Clawback"] for row in posted) == -points_of(sale)["Earn"]
		(balance,) = check_customer(customer)
		assert (balance.active, balance.qualifying_value) == (BALANCE, 0)


@pytest.mark.parametrize("redeemed", [0, 100])
def test_a_sale_taken_back_whole_at_several_tills_gives_its_points_once(workers, redeemed):
	customer = member(make_program())
	sale = make_sales_invoice(customer, qty=2, ccms_redeem_points=redeemed)
	frappe.db.commit()
	answers = workers.run(f"{__name__}.give_back", [{"invoice": sale.name, "qty": 2}] * 4)
	assert all(not answer["value"].get("lost") for answer in answers), answers
	frappe.db.rollback()
	(balance,) = check_customer(customer)
	assert (balance.active, balance.qualifying_value) == (BALANCE, 0)


# --- everything at once ------------------------------------------------------------------------------------------------------


def test_four_members_at_eight_tills(workers):
	program = make_program()
	customers = [member(program) for _ in range(4)]
	frappe.db.commit()
	calls = [{"customer": customers[number % 4], "seed": number} for number in range(WORKERS)]
	answers = workers.run(f"{__name__}.shop_around", calls)
	frappe.db.rollback()
	assert all("value" in answer for answer in answers), answers
	every = [answer for some in answers for answer in some["value"]]
	assert not [answer for answer in every if "lost" in answer]
	assert [answer for answer in every if "done" in answer]
	for customer in customers:
		check_customer(customer)


def merge(old: str, new: str) -> dict:
	return until_through(lambda: frappe.rename_doc("Customer", old, new, merge=True))


def test_customers_are_merged_while_they_shop(workers):
	program = make_program()
	for _ in range(2):
		old, new = member(program), member(program)
		frappe.db.commit()
		memberships = [membership_of(old), membership_of(new)]
		calls = [{"customer": old, "points": 10}] * 3 + [{"customer": new, "points": 10}] * 3
		answers = workers.run_mixed(
			[(f"{__name__}.spend", call) for call in calls]
			+ [(f"{__name__}.merge", {"old": old, "new": new})]
		)
		assert "done" in answers[-1].get("value", {}), answers[-1]
		frappe.db.rollback()
		for membership in memberships:
			check(membership)
