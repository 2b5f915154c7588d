"""The simulator on histories small enough to check by hand, and against a night-by-night run of the same engine."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccms_app.facts.files import check
from ccms_app.loyalty import movements, tiers
from ccms_app.loyalty.baskets import History
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import EARN, Member, Program, Sale, Tier
from ccms_app.loyalty.simulate import simulate
from ccms_app.loyalty.stated_behaviour import Behaviour
from ccms_app.loyalty.totals import FLOWS

# a point for every 1.00, worth 0.10: ten per cent back
PROGRAM = Program("Test", amount_per_point=D(1), point_value=D("0.10"))
NEVER_USED = Behaviour(redeem_percent=D(0))
ALWAYS_USED = Behaviour(redeem_percent=D(100), redeem_when_worth=D(1))


def history(*rows) -> History:
	"""rows: (invoice, day, customer, net) or with a further return_against."""
	frame = pd.DataFrame(
		[
			{
				"invoice": invoice,
				"posted_at": pd.Timestamp(day),
				"customer": customer,
				"item": "thing",
				"qty": -1.0 if rest else 1.0,
				"net_amount": float(net),
				"return_against": rest[0] if rest else "",
			}
			for invoice, day, customer, net, *rest in rows
		]
	)
	return History(check(frame, "history"))


def month(result, day: str) -> dict:
	frame = result.months
	return frame[frame["month"] == date.fromisoformat(day)].iloc[0].to_dict()


def test_earned_and_open_by_month():
	result = simulate(
		history(
			("A", "2024-01-10", "anna", 50.9), ("B", "2024-01-20", "ben", 20), ("C", "2024-03-05", "anna", 10)
		),
		replace(PROGRAM, expected_redemption_percent=D(80)),
		NEVER_USED,
	)
	january, february, march = (month(result, f"2024-0{n}-01") for n in (1, 2, 3))
	# rounded down once for each document: 50 and 20
	assert (january["earned"], january["open"], january["members"], january["buyers"]) == (70, 70, 2, 2)
	# 70 points x 0.10 x 80 %
	assert (january["liability"], january["cost"]) == (5.6, 5.6)
	assert january["cost_percent"] == round(100 * 5.6 / 70.9, 3)
	assert (february["revenue"], february["earned"], february["open"], february["cost"]) == (0, 0, 70, 0)
	assert pd.isna(february["cost_percent"])
	assert (march["earned"], march["open"], march["members"], march["buyers"]) == (10, 80, 2, 1)
	assert result.summary()["points_earned"] == 80
	assert result.summary()["cost"] == 6.4


def test_points_are_used_once_they_are_worth_enough_and_earn_nothing_themselves():
	result = simulate(
		history(("A", "2024-01-10", "anna", 100), ("B", "2024-01-11", "anna", 40)),
		PROGRAM,
		Behaviour(redeem_percent=D(100), redeem_when_worth=D(10)),
	)
	january = month(result, "2024-01-01")
	# 100 points pay 10.00 of the 40.00; the other 30.00 earn 30
	assert (january["redeemed"], january["redeemed_value"]) == (100, 10)
	assert (january["earned"], january["open"]) == (130, 30)
	assert january["cost"] == 13


def test_points_wait_until_the_balance_is_worth_enough():
	result = simulate(
		history(("A", "2024-01-10", "anna", 99), ("B", "2024-01-11", "anna", 40)),
		PROGRAM,
		Behaviour(redeem_percent=D(100), redeem_when_worth=D(10)),
	)
	assert result.summary()["points_redeemed"] == 0


@pytest.mark.parametrize(
	("rules", "behaviour", "points"),
	[
		({}, {}, 100),
		({"max_redeem_percent": D(10)}, {}, 40),
		({}, {"max_basket_percent": D(10)}, 40),
		({"max_redeem_percent": D(5)}, {"max_basket_percent": D(10)}, 20),
		({"max_redeem_amount": D("3.50")}, {}, 35),
		({"redeem_step": D(30)}, {}, 90),
		({"min_redeem_points": D(101)}, {}, 0),
		({}, {"max_basket_percent": D(0)}, 0),
	],
)
def test_the_programmes_limits_and_the_stated_ones_hold(rules, behaviour, points):
	result = simulate(
		history(("A", "2024-01-10", "anna", 100), ("B", "2024-01-11", "anna", 40)),
		replace(PROGRAM, **rules),
		replace(ALWAYS_USED, **behaviour),
	)
	assert result.summary()["points_redeemed"] == points


def test_expiry_falls_in_the_month_after_the_last_day():
	# 31 January + 1 month = 29 February: usable that day, gone on 1 March
	result = simulate(
		history(("A", "2024-01-31", "anna", 50), ("B", "2024-03-31", "ben", 1)),
		replace(PROGRAM, expiry_model="Rolling", expiry_months=1),
		NEVER_USED,
	)
	assert [month(result, f"2024-0{n}-01")["expired"] for n in (1, 2, 3)] == [0, 0, 50]
	assert result.summary()["points_open"] == 1


def test_what_lapses_after_the_history_is_still_open():
	result = simulate(
		history(("A", "2024-01-31", "anna", 50), ("B", "2024-02-29", "ben", 1)),
		replace(PROGRAM, expiry_model="Rolling", expiry_months=1),
		NEVER_USED,
	)
	assert (result.summary()["points_expired"], result.summary()["points_open"]) == (0, 51)


def test_idle_members_lose_points_on_the_day_after_their_time():
	result = simulate(
		history(
			("A", "2024-01-15", "anna", 50), ("B", "2024-02-15", "anna", 5), ("C", "2024-05-01", "ben", 1)
		),
		replace(PROGRAM, expiry_model="Inactivity", expiry_months=2),
		NEVER_USED,
	)
	# the purchase of 15 February keeps all points alive until 15 April
	assert [month(result, f"2024-0{n}-01")["expired"] for n in (3, 4)] == [0, 55]


def test_pending_points_cannot_be_used_yet():
	sales = [("A", "2024-01-10", "anna", 100), ("B", "2024-01-16", "anna", 40)]
	waiting = replace(PROGRAM, pending_days=7)
	assert simulate(history(*sales), waiting, ALWAYS_USED).summary()["points_redeemed"] == 0
	sales.append(("C", "2024-01-17", "anna", 40))
	assert simulate(history(*sales), waiting, ALWAYS_USED).summary()["points_redeemed"] == 100


def test_points_wait_for_payment():
	sales = [
		("A", "2024-01-10", "anna", 100),
		("B", "2024-02-08", "anna", 40),
		("C", "2024-02-09", "anna", 40),
	]
	paid = replace(PROGRAM, accrue_when="When Paid")
	late = replace(ALWAYS_USED, paid_after_days=30)
	assert simulate(history(*sales[:2]), paid, late).summary()["points_redeemed"] == 0
	assert simulate(history(*sales), paid, late).summary()["points_redeemed"] == 100
	assert simulate(history(*sales[:2]), paid, ALWAYS_USED).summary()["points_redeemed"] == 100


TIERS = (Tier("Bronze"), Tier("Silver", D(100), D("1.5")), Tier("Gold", D(300), D(2)))


def held(result, day: str) -> list[int]:
	frame = result.tiers
	return frame[frame["month"] == date.fromisoformat(day)]["members"].tolist()


def test_a_tier_is_reached_by_one_sale_and_pays_on_the_next():
	result = simulate(
		history(
			("A", "2024-01-10", "anna", 100), ("B", "2024-02-10", "anna", 100), ("C", "2024-02-11", "ben", 99)
		),
		replace(PROGRAM, tiers=TIERS),
		NEVER_USED,
	)
	assert (month(result, "2024-01-01")["earned"], month(result, "2024-02-01")["earned"]) == (100, 150 + 99)
	assert (held(result, "2024-01-01"), held(result, "2024-02-01")) == ([0, 1, 0], [1, 1, 0])
	silver = result.tiers[
		(result.tiers["tier"] == "Silver") & (result.tiers["month"] == date(2024, 2, 1))
	].iloc[0]
	assert (silver["revenue"], silver["baskets"]) == (100, 1)


def test_a_tier_is_lost_when_its_year_and_grace_are_over():
	rules = replace(PROGRAM, tiers=TIERS, downgrade="One Step", tier_grace_days=30)
	sales = history(("A", "2024-01-10", "anna", 300), ("B", "2025-04-30", "ben", 1))
	result = simulate(sales, rules, NEVER_USED)
	# Gold through 10 January 2025, graced through 9 February, one step down on the 10th
	assert (held(result, "2025-01-01"), held(result, "2025-02-01")) == ([0, 0, 1], [0, 1, 0])
	kept = simulate(sales, replace(rules, downgrade="Never"), NEVER_USED)
	assert held(kept, "2025-04-01") == [1, 0, 1]
	fallen = simulate(sales, replace(rules, downgrade="To Earned Tier"), NEVER_USED)
	assert held(fallen, "2025-02-01") == [1, 0, 0]


def test_a_full_return_leaves_points_and_tier_value_as_if_the_sale_had_not_been():
	rows = [("A", "2024-01-10", "anna", 100), ("B", "2024-01-11", "anna", 50)]
	rules = replace(PROGRAM, tiers=TIERS)
	result = simulate(history(*rows, ("R", "2024-02-01", "anna", -50, "B")), rules, ALWAYS_USED)
	# B spent 100 points and earned 1.5 x (50 - 10): both go back
	january, february = month(result, "2024-01-01"), month(result, "2024-02-01")
	assert (january["earned"], january["redeemed"], january["open"]) == (160, 100, 60)
	assert (february["restored"], february["clawed_back"], february["open"]) == (100, 60, 100)
	assert (february["redeemed_value"], february["revenue"]) == (-10, -50)
	summary = result.summary()
	assert (summary["redeemed_value"], summary["revenue"], summary["cost"]) == (0, 100, 10)


def test_returns_by_parts_sum_to_the_whole():
	frame = pd.DataFrame(
		{
			"invoice": ["A", "R1", "R2", "R3"],
			"posted_at": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]),
			"customer": "anna",
			"item": "thing",
			"qty": [3, -1, -1, -1],
			# a third of 10.00 is 3.33 on two notes and 3.34 on the last
			"net_amount": [10, -3.33, -3.33, -3.34],
			"return_against": ["", "A", "A", "A"],
		}
	)
	result = simulate(History(check(frame, "history")), PROGRAM, NEVER_USED)
	assert (result.summary()["points_clawed_back"], result.summary()["points_open"]) == (10, 0)


def test_points_already_spent_are_owed_after_a_return():
	result = simulate(
		history(
			("A", "2024-01-10", "anna", 100),
			("B", "2024-01-11", "anna", 10),
			("R", "2024-01-12", "anna", -100, "A"),
			("C", "2024-01-13", "anna", 30),
		),
		PROGRAM,
		ALWAYS_USED,
	)
	# B used all 100 (10.00) and earned nothing; the return takes 100 that are gone; C earns 30 towards them
	assert result.summary()["points_open"] == -70
	assert result.members.iloc[0]["open"] == -70


def test_a_return_of_a_sale_before_the_programme_moves_nothing():
	result = simulate(
		history(
			("A", "2024-01-10", "anna", 100),
			("B", "2024-02-01", "anna", 5),
			("R", "2024-02-02", "anna", -100, "A"),
		),
		replace(PROGRAM, from_date=date(2024, 2, 1), enabled=False),
		NEVER_USED,
	)
	assert (result.summary()["points_earned"], result.summary()["points_clawed_back"]) == (5, 0)
	assert result.members.iloc[0]["joined_on"] == date(2024, 2, 1)


def test_who_joins_and_who_redeems_depends_on_seed_and_name_alone():
	names = [f"c{n}" for n in range(2000)]
	half = Behaviour(join_percent=D(50), redeem_percent=D(30), walk_in=frozenset({"c7"}))
	joined = [name for name in names if half.joins(name)]
	assert 900 < len(joined) < 1100 and not half.joins("c7")
	assert 500 < sum(half.redeems(name) for name in names) < 700
	assert joined == [name for name in reversed(names) if half.joins(name)][::-1]
	assert joined != [name for name in names if replace(half, seed=2).joins(name)]
	assert all(Behaviour().joins(name) for name in names)
	assert not any(NEVER_USED.redeems(name) for name in names)


def test_walk_in_sales_count_as_revenue_only():
	result = simulate(
		history(("A", "2024-01-10", "anna", 50), ("B", "2024-01-11", "cash", 150)),
		PROGRAM,
		replace(NEVER_USED, walk_in=frozenset({"cash"}), margin_percent=D(40)),
	)
	summary = result.summary()
	assert (summary["revenue"], summary["member_revenue"], summary["members"], summary["customers"]) == (
		200,
		50,
		1,
		2,
	)
	# 5.00 for 200.00; margin 20.00 on what members bought; they must buy 5 / (20 - 5) more
	assert (summary["cost_percent"], summary["margin"], summary["break_even_percent"]) == (2.5, 20, 33.33)


def test_margins_of_the_facts_are_used_as_far_as_they_are_known():
	frame = pd.DataFrame(
		{
			"invoice": ["A", "B", "C"],
			"posted_at": pd.to_datetime(["2024-01-10", "2024-01-11", "2024-01-12"]),
			"customer": ["anna", "anna", "cash"],
			"item": "thing",
			"qty": 1,
			"net_amount": [60.0, 40.0, 500.0],
			"margin": [30.0, None, 1.0],
		}
	)
	stated = replace(NEVER_USED, walk_in=frozenset({"cash"}))
	result = simulate(History(check(frame, "history")), PROGRAM, stated)
	assert result.margin == 50
	assert result.messages == [
		"the margin is known for 60 % of what members bought, and taken to be the same on the rest"
	]
	# 10.00 of points on a margin of 50.00, which is 50 % of what members buy: 10 / (50 - 10)
	assert result.break_even_percent == 25
	assert simulate(History(check(frame.drop(columns="margin"), "history")), PROGRAM, stated).margin is None


def test_tax_counts_where_the_rules_say_so():
	frame = pd.DataFrame(
		{
			"invoice": ["A", "B"],
			"posted_at": pd.to_datetime(["2024-01-10", "2024-01-11"]),
			"customer": "anna",
			"item": "thing",
			"qty": 1,
			"net_amount": [100.0, 10.0],
			"gross_amount": [120.0, 12.0],
		}
	)
	sales = History(check(frame, "history"))
	net = simulate(sales, PROGRAM, ALWAYS_USED).summary()
	# 100 points pay 10.00 of 12.00 with tax; 10 x (1 - 10/12) = 1.66 earn 1
	assert (net["points_earned"], net["points_redeemed"], net["redeemed_value"]) == (101, 100, 10)
	gross = simulate(sales, replace(PROGRAM, earn_basis="Grand Total"), ALWAYS_USED).summary()
	# all 120 points pay the 12.00
	assert (gross["points_earned"], gross["points_redeemed"]) == (120, 120)


def test_progress_ends_at_all_baskets():
	seen = []
	simulate(
		history(("A", "2024-01-10", "anna", 1), ("B", "2024-01-11", "ben", 1)),
		PROGRAM,
		progress=lambda done, all_: seen.append((done, all_)),
	)
	assert seen == [(1, 2), (2, 2)]


# --- against the nightly jobs, run every night ----------------------------------------------------------------------

START = date(2023, 1, 1)
RULES = st.builds(
	lambda **rules: replace(PROGRAM, tiers=TIERS, **rules),
	pending_days=st.sampled_from([0, 0, 10]),
	accrue_when=st.sampled_from(["On Submit", "When Paid"]),
	expiry_model=st.sampled_from(["Never", "Rolling", "Fixed Date", "Inactivity"]),
	expiry_months=st.integers(1, 6),
	expiry_day_month=st.sampled_from(["12-31", "02-29"]),
	on_shortfall=st.sampled_from(["Arrears", "Forgive"]),
	tier_basis=st.sampled_from(["Spend", "Points", "Orders"]),
	tier_window=st.sampled_from(["Rolling 12 Months", "Calendar Year", "Lifetime"]),
	downgrade=st.sampled_from(["Never", "One Step", "To Earned Tier"]),
	tier_grace_days=st.sampled_from([0, 20]),
)
SALES = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 200)), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(RULES, SALES, st.sampled_from([0, 25]))
def test_equals_running_every_job_every_night(program, sales, paid_after):
	days = sorted(START + timedelta(days=offset) for offset, _ in sales)
	rows = [
		(f"S{n}", day, "anna", amount) for n, (day, (_, amount)) in enumerate(zip(days, sales, strict=True))
	]
	rows.append(("END", START + timedelta(days=1000), "other", 1))
	behaviour = replace(NEVER_USED, paid_after_days=paid_after, walk_in=frozenset({"other"}))
	found = simulate(history(*rows), program, behaviour)

	book = Book(Member("anna"))
	due = []
	day = days[0]
	movements.set_status(book, "Active", day, "joined")
	tiers.review(book, program, day)
	held_by_month = {}
	while day <= rows[-1][1]:
		movements.catch_up(book, day)
		movements.expire(book, program, day)
		tiers.review(book, program, day)
		for paid_on, earning in due:
			if paid_on == day:
				movements.activate(book, program, earning, day)
		for invoice, posted, _, amount in rows[:-1]:
			if posted != day:
				continue
			sale = Sale("Invoice", invoice, day, D(amount), paid=not paid_after, paid_on=day)
			for entry in movements.sell(book, program, sale, day).entries:
				if entry.entry_type == EARN and paid_after and program.accrue_when == "When Paid":
					due.append((day + timedelta(days=paid_after), entry))
		held_by_month[day.replace(day=1)] = book.member.tier
		day += timedelta(days=1)

	by_month = Counter()
	for entry in book.new_entries:
		by_month[entry.posting_date.replace(day=1)] += entry.points
	flow = found.months.set_index("month")
	net = (
		flow["earned"]
		+ flow["restored"]
		+ flow["other"]
		- flow["redeemed"]
		- flow["expired"]
		- flow["clawed_back"]
	)
	assert {key: value for key, value in net.items() if value} == {
		key: float(value) for key, value in by_month.items() if value
	}
	assert flow["open"].iloc[-1] == float(sum(by_month.values()))
	tier_of = {row.month: row.tier for row in found.tiers.itertuples() if row.members}
	assert tier_of == held_by_month


@settings(max_examples=60, deadline=None)
@given(RULES, SALES)
def test_open_points_are_the_sum_of_all_flows(program, sales):
	rows = [
		(f"S{n}", START + timedelta(days=offset), f"c{n % 3}", amount)
		for n, (offset, amount) in enumerate(sales)
	]
	returned = [
		(f"R{n}", row[1] + timedelta(days=40), row[2], -row[3], row[0])
		for n, row in enumerate(rows)
		if n % 2 == 0
	]
	result = simulate(history(*rows, *returned), program, ALWAYS_USED)
	months = result.months
	moved = months["earned"] + months["restored"] + months["other"]
	moved = moved - months["redeemed"] - months["expired"] - months["clawed_back"]
	assert months["open"].tolist() == moved.cumsum().tolist()
	assert months["open"].iloc[-1] == result.members["open"].sum()
	assert (months[list(FLOWS[:5])] >= 0).all().all()
	assert result.tiers.groupby("month")["members"].sum().tolist() == months["members"].tolist()
