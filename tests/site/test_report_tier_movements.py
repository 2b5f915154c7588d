"""Tier Movements: who joined, went up, went down, stayed; counts, matrix and the members themselves."""

import frappe
import pytest
from frappe.utils import add_days, getdate, nowdate

from ccms_app.loyalty import tiers
from ccms_app.loyalty.store import ledger, programs
from tests.site.clock import at, day
from tests.site.factories import make_customer, make_program, make_sales_invoice, make_tiers
from tests.site.ledger_checks import membership_of
from tests.site.reports import Report
from tests.site.world import ANALYST, CASHIER, COMPANY, MANAGER

NAME = "Tier Movements"
TIERS = make_tiers(Basic=0, Silver=100, Gold=(500, 2))


def movements(of, **filters) -> Report:
	return Report(NAME, **{"company": COMPANY, "program": of.name, **filters})


def review(customer, on: str) -> None:
	"""The nightly look at one member's tier."""
	book = ledger.lock(membership_of(customer))
	tiers.review(book, programs.get(book.member.program), getdate(on))
	ledger.write([book])


@pytest.fixture
def club():
	"""One joined, one went up twice, one was renewed, one went down."""
	program = make_program(tiers=TIERS, downgrade="To Earned Tier")
	make_customer(program)
	climber = make_customer(program)
	make_sales_invoice(climber, rate=150)
	make_sales_invoice(climber, rate=400)
	with at(day(-370)):
		stays, falls = make_customer(program), make_customer(program)
		make_sales_invoice(falls, rate=600)
	review(stays, nowdate())
	review(falls, nowdate())
	return frappe._dict(program=program, climber=climber, stays=stays, falls=falls)


def test_counts_by_tier(club):
	found = movements(club.program)
	by_tier = {row.tier: row for row in found.rows}
	assert list(by_tier) == ["Basic", "Silver", "Gold"]
	assert [by_tier[name].joined for name in by_tier] == [2, 0, 0]
	assert [by_tier[name].up for name in by_tier] == [0, 1, 1]
	assert [by_tier[name].went_up for name in by_tier] == [1, 1, 0]
	assert [by_tier[name].down for name in by_tier] == [1, 0, 0]
	assert [by_tier[name].went_down for name in by_tier] == [0, 0, 1]
	assert [by_tier[name].renewed for name in by_tier] == [1, 0, 0]
	assert [by_tier[name].members for name in by_tier] == [3, 0, 1]
	assert found.total.members == 4
	assert "2 joined, 2 went up, 1 went down, 1 kept their tier" in found.message
	assert found.figures == {"Joined": "2", "Went up": "2", "Went down": "1", "Renewed": "1"}


def test_from_and_to(club):
	found = movements(club.program, view="From → To")
	labels = [found.columns[f"to_{place}"]["label"] for place in range(3)]
	assert labels == ["Basic", "Silver", "Gold"]
	assert [(row.tier, row.to_0, row.to_1, row.to_2) for row in found.rows] == [
		("New member", 2, 0, 0),
		("Basic", 1, 1, 0),
		("Silver", 0, 0, 1),
		("Gold", 1, 0, 0),
	]


def test_the_members_behind_a_number(club):
	found = movements(club.program, view="Members", movement="Went up", tier="Gold")
	(row,) = found.rows
	assert (row.customer, row.from_tier, row.to_tier) == (club.climber.name, "Silver", "Gold")
	assert row.membership == membership_of(club.climber) and found.total is None
	(row,) = movements(club.program, view="Members", movement="Went down", from_tier="Gold").rows
	assert row.customer == club.falls.name


def test_the_days_are_kept_to(club):
	long_ago = movements(club.program, from_date=day(-400), to_date=day(-300))
	assert long_ago.figures["Joined"] == "2" and long_ago.figures["Went down"] == "0"


def test_no_movement():
	program = make_program()
	make_sales_invoice(make_customer(program), rate=50)
	found = movements(program)
	assert found.rows == [] and found.chart is None
	assert "No member changed tier" in found.message


def test_filters_are_checked(club):
	for filters, words in (
		({"view": "Colours"}, "must be one of"),
		({"movement": "Sideways"}, "must be one of"),
		({"from_date": nowdate(), "to_date": add_days(nowdate(), -1)}, "is after"),
	):
		with pytest.raises(frappe.ValidationError, match=words):
			movements(club.program, **filters)


def test_a_reader_counts_the_customers_they_may_see(club, as_user):
	frappe.permissions.add_user_permission("Customer", club.falls.name, MANAGER)
	frappe.clear_cache(user=MANAGER)
	try:
		with as_user(MANAGER):
			found = movements(club.program)
			assert found.figures == {"Joined": "0", "Went up": "0", "Went down": "1", "Renewed": "0"}
			assert found.total.members == 1
			assert movements(club.program, view="Members").column("customer") == [club.falls.name]
	finally:
		frappe.cache.hdel("user_permissions", MANAGER)


def test_roles(club, as_user):
	with as_user(ANALYST):
		assert movements(club.program, view="Members").columns["customer"]["fieldtype"] == "Data"
	with as_user(CASHIER), pytest.raises(frappe.PermissionError):
		movements(club.program)
