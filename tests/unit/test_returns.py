"""The share of a return, by hand and in every order."""

from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.loyalty.money import part
from ccms_app.loyalty.returns import ReturnedLine, SoldLine, line_part, share


def sold(*lines: tuple) -> dict[str, SoldLine]:
	"""lines: (name, qty, rate) or with a net amount of its own, after a discount."""
	made = {}
	for name, qty, rate, *net in lines:
		amount = D(qty) * D(rate)
		made[name] = SoldLine(name, D(qty), D(net[0]) if net else amount, amount, D(rate))
	return made


def back(name: str, qty, rate, amount=None) -> ReturnedLine:
	return ReturnedLine(name, D(qty), D(qty) * D(rate) if amount is None else D(amount), D(rate))


TWO_LINES = sold(("a", 4, "10"), ("b", 1, "60"))  # 40 and 60


@pytest.mark.parametrize(
	("lines", "expected"),
	[
		([], "0"),
		([back("a", 1, "10")], "0.1"),
		([back("a", 4, "10")], "0.4"),
		([back("b", 1, "60")], "0.6"),
		([back("a", 2, "10"), back("b", 1, "60")], "0.8"),
		([back("a", 4, "10"), back("b", 1, "60")], "1"),
		# a reduced rate counts its own amount: 2 at 4.00 of 40.00
		([back("a", 2, "4")], "0.08"),
		# quantity 0, an allowance of 5.00
		([back("a", 0, "0", amount="5")], "0.05"),
		# a higher rate counts the quantity
		([back("a", 1, "11")], "0.1"),
		# more than was sold is all of the line
		([back("a", 9, "10")], "0.4"),
		# a line of another document counts nothing
		([back("zz", 4, "10")], "0"),
	],
)
def test_share(lines, expected):
	assert share(TWO_LINES, lines) == D(expected)


def test_a_discount_on_the_sale_weighs_lines_by_what_they_cost_in_the_end():
	lines = sold(("a", 4, "10", "30"), ("b", 1, "60", "60"))  # 10 off the first
	assert share(lines, [back("a", 2, "10")]) == D(15) / D(90)
	assert share(lines, [back("b", 1, "60")]) == D(60) / D(90)


def test_thirds_of_a_line_are_the_whole_line():
	three = sold(("a", 3, "0.10"), ("b", 7, "1.99"))
	one_by_one = [back("a", 1, "0.10")] * 3 + [back("b", 1, "1.99")] * 7
	assert share(three, one_by_one) == 1
	assert share(three, one_by_one[:-1]) < 1
	assert sum(line_part(three["a"], back("a", 1, "0.10")) for _ in range(3)) == 1


def test_a_line_back_in_quantity_and_allowance_is_back_once():
	one = sold(("a", 2, "10"))
	assert share(one, [back("a", 1, "10"), back("a", 0, "0", amount="5")]) == D("0.75")
	assert share(one, [back("a", 2, "10"), back("a", 0, "0", amount="5")]) == 1


def test_free_goods_count_by_quantity():
	free = sold(("a", 3, "0"), ("b", 1, "0"))
	assert share(free, [back("a", 1, "0")]) == D("0.25")
	assert share(free, [back("a", 3, "0"), back("b", 1, "0")]) == 1
	# beside paid goods they weigh nothing, but all is not back without them
	mixed = sold(("a", 2, "10"), ("gift", 1, "0"))
	assert share(mixed, [back("a", 1, "10")]) == D("0.5")
	assert share(mixed, [back("a", 2, "10"), back("gift", 1, "0")]) == 1


def test_a_negative_line_keeps_the_share_between_nothing_and_all():
	lines = sold(("a", 1, "100"), ("voucher", 1, "-20"))
	assert share(lines, [back("a", 1, "100")]) == 1  # 100 of 80
	assert share(lines, [back("voucher", 1, "-20")]) == 0


def test_a_line_sold_at_quantity_zero_counts_its_amount():
	lines = {"fee": SoldLine("fee", D(0), D(50), D(50), D(50)), "a": SoldLine("a", D(1), D(50), D(50), D(50))}
	assert share(lines, [back("fee", 0, "0", amount="25")]) == D("0.25")


sales = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 5000)), min_size=1, max_size=4)


@given(sales, st.data())
def test_partial_returns_in_any_order_sum_to_the_full_one(lines, data):
	"""To the point and the cent: what each return gives is due so far less what was given."""
	goods = sold(*((str(number), qty, D(cents) / 100) for number, (qty, cents) in enumerate(lines)))
	units = [back(line.name, 1, line.rate) for line in goods.values() for _ in range(int(line.qty))]
	order = data.draw(st.permutations(units))
	points, money = D(data.draw(st.integers(0, 999))), D(data.draw(st.integers(0, 99_999))) / 100
	got = [D(0), D(0)]
	last = D(0)
	for number in range(1, len(order) + 1):
		so_far = share(goods, order[:number])
		assert last <= so_far <= 1
		assert so_far == 1 if number == len(order) else so_far < 1
		exact = sum(Fraction(line.amount) for line in order[:number]) / sum(
			Fraction(line.amount) for line in units
		)
		assert abs(Fraction(so_far) - exact) < Fraction(1, 10**20)
		for place, (whole, precision) in enumerate(((points, 0), (money, 2))):
			due = part(so_far, whole, precision) - got[place]
			assert due >= 0
			got[place] += due
		last = so_far
	assert got == [points, money]


# --- lines typed by hand -----------------------------------------------------------------------------------------


def typed(item: str, qty, rate) -> ReturnedLine:
	amount = D(qty) * D(rate)
	return ReturnedLine("", D(qty), amount, D(rate), item, amount)


def tea(name: str, qty=1, rate="100") -> SoldLine:
	amount = D(qty) * D(rate)
	return SoldLine(name, D(qty), amount, amount, D(rate), "tea")


TWICE = {"a": tea("a"), "b": tea("b")}


@pytest.mark.parametrize(
	("lines", "expected"),
	[
		([typed("tea", 1, "100")], "0.5"),
		# what finds no room on the first line counts for the next one
		([typed("tea", 1, "100"), typed("tea", 1, "100")], "1"),
		([typed("tea", 2, "100")], "1"),
		# a line that names its sale has its room first
		([typed("tea", 1, "100"), back("a", 1, "100")], "1"),
		# what was never sold, or not so many of it, counts what it costs
		([typed("cup", 2, "50")], "0.5"),
		([typed("cup", 9, "50")], "1"),
		([typed("tea", 3, "20")], "0.3"),
	],
)
def test_a_typed_line_counts_where_there_is_room_and_else_by_its_money(lines, expected):
	assert share(TWICE, lines) == D(expected)


def test_more_of_an_item_than_was_sold_counts_its_money():
	lines = {"a": tea("a"), "b": SoldLine("b", D(1), D(300), D(300), D(300), "pot")}
	assert share(lines, [typed("tea", 2, "100")]) == D("0.5")
