"""What the till's most frequent question costs: few queries, and no more rows for a long history than for a short one."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import frappe
import pytest
from frappe.utils import add_days, getdate, nowdate

from ccms_app.api import loyalty as api
from ccms_app.loyalty import movements
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import Sale
from ccms_app.loyalty.store import balances, ledger, programs
from tests.site.factories import make_customer, make_program, make_sales_invoice
from tests.site.ledger_checks import membership_of
from tests.site.world import CASHIER, COMPANY

RULES = {"expiry_model": "Rolling", "expiry_months": 240}


def a_member(program, lots: int) -> str:
	"""A customer with that many live lots, one for each of the last days."""
	customer = make_customer(program)
	locked = ledger.lock(membership_of(customer))
	book, rules = Book(locked.member, locked.chain_key), programs.get(program.name)
	today = getdate(nowdate())
	for number in range(lots):
		day = today - timedelta(days=number)
		sale = Sale("Sales Invoice", f"{customer.name}-{number}", day, Decimal(10))
		movements.earn(book, rules, sale)
	ledger.write([book])
	return customer.name


def queries_of(action) -> list[str]:
	"""The statements that an action sends to the database."""
	original, sent = frappe.db.sql, []

	def listening(query, *args, **kwargs):
		sent.append(str(query))
		return original(query, *args, **kwargs)

	frappe.db.sql = listening
	try:
		action()
	finally:
		frappe.db.sql = original
	return sent


def rows_read(action) -> int:
	"""How many rows and index entries the storage engine handed out for an action."""

	def counted() -> int:
		rows = dict(frappe.db.sql("show session status like 'Handler\\_read\\_%%'"))
		return sum(int(rows[f"Handler_read_{how}"]) for how in ("key", "next", "prev", "rnd", "rnd_next"))

	before = counted()
	own = counted() - before  # what asking reads itself
	action()
	return counted() - before - 2 * own


@pytest.mark.parametrize("user", ["Administrator", CASHIER])
def test_five_queries_at_most(as_user, user):
	customer = a_member(make_program(**RULES), 3)
	with as_user(user):
		api.get_balance(customer)
		sent = queries_of(lambda: api.get_balance(customer))
	assert len(sent) <= 5, "\n".join(sent)


@pytest.mark.parametrize("model", ["Rolling", "Never", "Inactivity"])
def test_a_long_history_reads_no_more_than_a_short_one(model):
	program = make_program(expiry_model=model, expiry_months=240)
	short, long = (a_member(program, lots) for lots in (15, 5_000))
	api.get_balance(short)
	assert rows_read(lambda: api.get_balance(long)) == rows_read(lambda: api.get_balance(short))


def test_earning_and_redeeming_read_no_more_for_a_long_history():
	program = make_program(**RULES)
	reads = Counter()
	for lots in (30, 3_000):
		customer = a_member(program, lots)
		make_sales_invoice(customer)  # whatever is remembered from now on
		for name, fields in (("earn", {}), ("redeem", {"ccms_redeem_points": 25})):
			draft = make_sales_invoice(customer, submit=False, **fields)
			reads[name, lots] = rows_read(draft.submit)
	assert reads["earn", 3_000] <= reads["earn", 30] + 50, reads
	assert reads["redeem", 3_000] <= reads["redeem", 30] + 50, reads


def plainly(membership: str, on, until=None) -> dict:
	"""Upcoming batches counted lot by lot."""
	found = Counter()
	for lot in frappe.get_all("CCMS Points Lot", {"membership": membership}, ["*"]):
		counts = lot.state == "Active" or (
			lot.state == "Pending" and lot.available_from and lot.available_from <= on
		)
		if counts and lot.remaining and lot.expires_on and lot.expires_on >= on:
			if until is None or lot.expires_on <= until:
				found[lot.expires_on] += lot.remaining
	return dict(sorted(found.items()))


def test_batches_are_what_the_lots_say():
	program = make_program(pending_days=20, **RULES)
	customer = a_member(program, 60)
	name = membership_of(customer)
	make_sales_invoice(customer, ccms_redeem_points=35)
	for on in (getdate(add_days(nowdate(), days)) for days in (0, 7)):
		expected = plainly(name, on)
		assert expected
		found = {row["date"]: row["points"] for row in balances.expiring(name, on, limit=1000)}
		assert found == expected
		soonest = [row["date"] for row in balances.expiring(name, on)]
		assert soonest == list(expected)[:12]
		until = list(expected)[min(3, len(expected) - 1)]
		found = {row["date"]: row["points"] for row in balances.expiring(name, on, until)}
		assert found == plainly(name, on, until)


def test_points_with_and_without_a_date_under_inactivity():
	program = make_program(expiry_model="Inactivity", expiry_months=6)
	customer = make_customer(program)
	make_sales_invoice(customer)
	soon = getdate(add_days(nowdate(), 10))
	voucher = frappe.new_doc("CCMS Points Adjustment")
	voucher.update(
		{
			"membership": membership_of(customer),
			"adjustment_type": "Grant",
			"points": 7,
			"posting_date": nowdate(),
			"expires_on": soon,
			"reason_code": "Opening",
			"reason": "test",
		}
	)
	voucher.insert().submit()
	first, second = balances.expiring(membership_of(customer))
	assert first == {"date": soon, "points": 7}
	assert second == {"date": getdate(frappe.utils.add_months(nowdate(), 6)), "points": 100}
	assert balances.expiring(membership_of(customer), limit=1) == [first]
	assert balances.expiring(membership_of(customer), until=soon) == [first]


def test_input_that_is_none_is_answered_in_words():
	customer = make_customer(make_program())
	with pytest.raises(frappe.ValidationError, match="too long ago"):
		api.get_balance(customer.name, on="0001-01-01")
	doc = {"doctype": "Sales Invoice", "company": COMPANY, "customer": customer.name}
	assert "is not a number of points" in api.preview({**doc, "ccms_redeem_points": "abc"})["error"]
	with pytest.raises(frappe.PermissionError):
		api.preview({**doc, "customer": ["a"]})
