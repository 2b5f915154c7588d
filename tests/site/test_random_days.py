"""A shop's days at random: sales, returns, payments, cancels, nights, in whatever order ERPNext allows. Every step is checked."""

import os
import random

import frappe
import pytest

from ccms_app.loyalty import movements
from ccms_app.loyalty.store import balances, invoices, ledger
from ccms_app.loyalty.store import payments as paying
from tests.site import payments, world
from tests.site.books import check_books
from tests.site.clock import at, day
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice, make_tiers
from tests.site.ledger_checks import (  # noqa: F401 (strict is a fixture)
	check,
	entries,
	membership_of,
	snapshot,
	strict,
)

TAXES = [None, world.VAT, world.VAT_INCLUDED, world.STACKED_TAXES]
DISCOUNTS = [
	{},
	{},
	{"apply_discount_on": "Grand Total", "additional_discount_percentage": 7},
	{"apply_discount_on": "Grand Total", "discount_amount": 5.55},
	{"apply_discount_on": "Net Total", "additional_discount_percentage": 12.5},
]
CURRENCIES = [{}, {}, {"currency": "USD"}]
TIERS = make_tiers(Basic=(0, 1), Silver=(400, 1.5), Gold=(1500, 2))
PROGRAMS = {
	"on submit": {"tiers": TIERS, "tier_window": "Lifetime"},
	"paid, expiring": {
		"accrue_when": "When Paid",
		"pending_days": 3,
		"expiry_model": "Rolling",
		"expiry_months": 1,
		"restore_grace_days": 5,
		"points_precision": 2,
		"tiers": TIERS,
	},
	"forgiving, pending": {
		"on_shortfall": "Forgive",
		"pending_days": 5,
		"points_precision": 1,
		"rounding": "Nearest",
	},
	"paid": {"accrue_when": "When Paid", "tier_basis": "Orders", "tiers": make_tiers(New=0, Known=(3, 2))},
	"idle": {"expiry_model": "Inactivity", "expiry_months": 1, "restore_grace_days": 0},
}


STEPS = int(os.environ.get("CCMS_RANDOM_STEPS", "14"))
SEEDS = int(os.environ.get("CCMS_RANDOM_SEEDS", "1"))


class Shop:
	"""One member's documents and the dice."""

	def __init__(self, program: dict, seed: int):
		frappe.db.set_single_value(
			"Accounts Settings", "allow_multi_currency_invoices_against_single_party_account", 1
		)
		self.dice = random.Random(f"{sorted(program)} {seed}")
		self.customer = make_customer(make_program(point_value=0.37, **program))
		self.membership = membership_of(self.customer)
		self.today = 0
		self.sales: list[str] = []
		self.notes: list[str] = []
		self.paid: list[str] = []
		self.log: list[str] = []

	def play(self, steps: int) -> None:
		acts = [self.sell] * 5 + [self.take_back] * 4 + [self.pay] * 3
		acts += [self.unpay, self.cancel_sale, self.cancel_note, self.cancel_note, self.sleep, self.sleep]
		acts += [self.night, self.again]
		for _ in range(steps):
			act = self.dice.choice(acts)
			self.log.append(act.__name__)
			with at(day(self.today)):
				doc = act()
				check(self.membership)
				if doc is not None:
					check_books(doc)

	def date(self) -> str:
		return frappe.utils.nowdate()

	def sell(self):
		dice = self.dice
		lines = [
			(item, dice.randint(1, 4), round(dice.uniform(0.5, 150), 2))
			for item in dice.sample([world.TEA, world.CUP, world.BOXED_TEA], dice.randint(1, 3))
		]
		fields = {
			"items": lines,
			"taxes": dice.choice(TAXES),
			"disable_rounded_total": 1,
			"posting_date": self.date(),
			**dice.choice(DISCOUNTS),
			**dice.choice(CURRENCIES),
		}
		draft = make_sales_invoice(self.customer, submit=False, **fields)
		if dice.random() < 0.6:
			program = balances.now(self.membership).program
			precision = program.points_precision
			most = min(float(balances.now(self.membership).spendable), draft.base_grand_total / 0.37)
			draft.ccms_redeem_points = int(most * dice.choice([0.3, 0.7, 1]) * 10**precision) / 10**precision
			draft.save()
		draft.submit()
		self.sales.append(draft.name)
		self.log[-1] += f" {draft.grand_total} for {draft.ccms_redeem_points}"
		return draft

	def take_back(self):
		for name in self.dice.sample(self.sales, len(self.sales)):
			sale = frappe.get_doc("Sales Invoice", name)
			left = self.left(sale)
			if left:
				back = {
					item: self.dice.randint(1, qty) for item, qty in left.items() if self.dice.random() < 0.7
				}
				back = back or left
				note = make_return(sale, back, posting_date=self.date(), update_outstanding_for_self=1)
				self.notes.append(note.name)
				self.log[-1] += f" {back} of {name}"
				return note

	def left(self, sale) -> dict:
		"""What has not come back yet: {item: quantity}."""
		left = {row.item_code: int(row.qty) for row in sale.items}
		for note in self.notes:
			doc = frappe.get_doc("Sales Invoice", note)
			if doc.return_against == sale.name:
				for row in doc.items:
					left[row.item_code] += int(row.qty)
		return {item: qty for item, qty in left.items() if qty}

	def pay(self):
		for name in self.dice.sample(self.sales, len(self.sales)):
			sale = frappe.get_doc("Sales Invoice", name)
			if sale.outstanding_amount > 0 and sale.currency == "CNY":
				self.paid.append(payments.pay(sale, posting_date=self.date()).name)
				return sale

	def unpay(self):
		if self.paid:
			name = self.paid.pop(self.dice.randrange(len(self.paid)))
			frappe.get_doc("Payment Entry", name).cancel()

	def cancel_sale(self):
		against = {frappe.db.get_value("Sales Invoice", note, "return_against") for note in self.notes}
		free = [name for name in self.sales if name not in against]
		if free:
			name = self.dice.choice(free)
			frappe.get_doc("Sales Invoice", name).cancel()
			self.sales.remove(name)
			self.log[-1] += f" {name}"

	def cancel_note(self):
		if self.notes:
			name = self.notes.pop(self.dice.randrange(len(self.notes)))
			frappe.get_doc("Sales Invoice", name).cancel()
			self.log[-1] += f" {name}"

	def sleep(self) -> None:
		self.today += self.dice.choice([1, 4, 12])

	def night(self) -> None:
		book = ledger.lock(self.membership)
		program = balances.now(self.membership).program
		movements.expire(book, program, frappe.utils.getdate())
		ledger.write([book])
		before = snapshot()
		again = ledger.lock(self.membership)
		movements.expire(again, program, frappe.utils.getdate())
		ledger.write([again])
		assert snapshot() == before

	def again(self) -> None:
		"""Every hook of every document once more."""
		before = snapshot()
		for name in self.sales + self.notes:
			invoices.post(frappe.get_doc("Sales Invoice", name))
			paying.changed(frappe.get_doc("Sales Invoice", name))
		assert snapshot() == before

	def close(self) -> None:
		"""Cancel everything."""
		with at(day(self.today)):
			for name in self.dice.sample(self.notes, len(self.notes)):
				frappe.get_doc("Sales Invoice", name).cancel()
				check(self.membership)
			for name in self.dice.sample(self.sales, len(self.sales)):
				frappe.get_doc("Sales Invoice", name).cancel()
				check(self.membership)


def play(program: dict, seed: int, steps: int) -> None:
	shop = Shop(program, seed)
	try:
		shop.play(steps)
		shop.close()
		with at(day(shop.today)):
			balance = check(shop.membership)
			assert balance.qualifying_value == 0
			if program.get("expiry_model", "Never") == "Never":
				assert balance.pending == 0
				if program.get("on_shortfall") != "Forgive":
					assert balance.active - balance.arrears == 0
	except Exception:
		print("\n".join(shop.log))
		for entry in entries(shop.membership):
			print(
				entry.seq,
				entry.entry_type,
				entry.points,
				entry.posting_date,
				entry.voucher_no,
				entry.new_value,
			)
		raise


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("program", PROGRAMS)
def test_random_days(program, seed):
	"""More of them: CCMS_RANDOM_SEEDS and CCMS_RANDOM_STEPS."""
	play(PROGRAMS[program], seed, steps=STEPS)
