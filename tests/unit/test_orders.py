"""What an order is: figures counted by hand."""

from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.lines import SCHEMA
from ccms_app.behaviour.orders import daily, left_out, orders
from ccms_app.behaviour.settings import Settings
from tests.unit.shop_lines import line, returned

SETTINGS = Settings()
AS_OF = date(2025, 1, 1)


@pytest.fixture(scope="module")
def engine():
	with Engine() as running:
		yield running


def table(
	engine: Engine, what, rows: list[dict], as_of: date = AS_OF, settings: Settings = SETTINGS
) -> pd.DataFrame:
	lines = engine.lines(pa.Table.from_pylist(rows, schema=SCHEMA))
	with engine.keeping() as keep:
		found = engine.frame(what(lines, as_of, settings, keep))
	return found.sort_values(list(found.columns[:2]), ignore_index=True)


@pytest.fixture
def found(engine):
	return lambda rows, **more: table(engine, orders, rows, **more)


def test_all_invoices_of_a_day_are_one_order(found):
	rows = [
		line("ann", 0, "tea", 10, invoice="A", hour=15, qty=2.0, branch="North"),
		line("ann", 0, "milk", 4, invoice="A", hour=15, branch="North"),
		line("ann", 0, "tea", 20, invoice="B", hour=9, qty=3.0, branch="South"),
		line("ann", 3, "tea", 5, invoice="C"),
		line("ben", 0, "tea", 5, invoice="D"),
	]
	orders_ = found(rows)
	assert orders_["customer"].tolist() == ["ann", "ann", "ben"]
	assert orders_["order_no"].tolist() == [1, 2, 1]
	first = orders_.iloc[0]
	assert (first["documents"], first["lines"], first["items"], first["qty"]) == (2, 3, 2, 6)
	assert (first["value"], first["sold"], first["branch"]) == (34, 34, "South")
	assert first["first_at"] == pd.Timestamp("2024-01-01 09:00")


def test_one_name_of_two_kinds_of_document_is_two_documents(found):
	rows = [line("ann", 0, invoice="1"), line("ann", 0, invoice="1", voucher_type="POS Invoice")]
	assert found(rows)["documents"].tolist() == [2]


def test_equal_branches_of_a_day_go_to_the_smaller_name(found):
	rows = [
		line("ann", 0, "tea", 10, invoice="A", branch="South"),
		line("ann", 0, "tea", 0.1 + 0.2, invoice="B", branch="North"),
		line("ann", 0, "tea", 0.3, invoice="C", branch="East"),
		line("ann", 0, "tea", -10, invoice="D", branch="South", qty=0.0),
	]
	assert found(rows)["branch"].tolist() == ["East"]


def test_a_day_without_any_quantity_is_no_order(found, engine):
	rows = [line("ann", 0, net=7, qty=0.0), line("ann", 1, net=3)]
	assert found(rows)["day"].dt.day.tolist() == [2]
	assert table(engine, daily, rows)["revenue"].tolist() == [7, 3]


def test_goods_given_away_are_an_order_of_no_value(found):
	assert found([line("ann", 0, net=0, is_free=True)])["value"].tolist() == [0]


def test_a_debit_note_is_revenue_and_no_order(found, engine):
	rows = [
		line("ann", 0, net=10),
		line("ann", 0, net=2, invoice="N1", is_debit_note=True),
		line("ann", 5, net=3, invoice="N2", is_debit_note=True),
	]
	orders_ = found(rows)
	assert (len(orders_), orders_["value"][0], orders_["lines"][0]) == (1, 10, 1)
	assert table(engine, daily, rows)["revenue"].tolist() == [12, 3]


def test_a_partial_return_lowers_the_order_and_the_day_it_comes(found, engine):
	sold = line("ann", 0, "tea", 30, qty=3.0, margin=12.0)
	rows = [sold, line("ann", 0, "milk", 10, margin=2.0), line("ann", 8, "tea", 5)]
	rows.append(returned(sold, 5, 10) | {"margin": -4.0})
	orders_ = found(rows)
	assert orders_["value"].tolist() == [30, 5]
	assert orders_["sold"].tolist() == [40, 5]
	assert orders_["margin"][0] == 10
	assert pd.isna(orders_["margin"][1])
	assert orders_["margin_covered"].tolist() == [1, 0]
	by_day = table(engine, daily, rows)
	assert by_day["revenue"].tolist() == [40, -10, 5]
	assert by_day["returned"].tolist() == [0, 10, 0]


def test_an_order_that_came_back_whole_is_none_from_the_day_it_is_known(found):
	tea, milk = line("ann", 0, "tea", 30), line("ann", 0, "milk", 10)
	rows = [tea, milk, returned(tea, 5), returned(milk, 9), line("ann", 20)]
	assert found(rows)["day"].dt.day.tolist() == [21]
	# nothing of a day on or after the as-of is known
	on_the_ninth = found(rows, as_of=date(2024, 1, 10))
	assert on_the_ninth["value"].tolist() == [10]
	assert len(found(rows, as_of=date(2024, 1, 11))) == 0


def test_thirds_that_come_back_one_by_one_are_the_whole(found):
	sold = line("ann", 0, "tea", 10, qty=3.0)
	backs = [returned(sold, day, net) for day, net in ((1, 3.33), (2, 3.33), (3, 3.34))]
	for back in backs:
		back["qty"] = -1.0
	assert len(found([sold, *backs])) == 0
	assert len(found([sold, *backs[:2]])) == 1


def test_a_return_at_a_lower_rate_brings_back_its_amount_only(found):
	"""A price cut after the sale: the goods stay."""
	sold = line("ann", 0, "tea", 100)
	cut = returned(sold, 2) | {"net_amount": -20.0}
	assert found([sold, cut])["value"].tolist() == [80]


def test_goods_of_one_order_that_are_free_do_not_keep_it_alive(found):
	"""By amount everything is back: what the points ledger says of the same sale."""
	sold = line("ann", 0, "tea", 30)
	rows = [sold, line("ann", 0, "cup", 0, is_free=True), returned(sold, 2)]
	assert len(found(rows)) == 0


def test_a_return_that_names_no_sale_is_revenue_only(found, engine):
	rows = [line("ann", 0, net=30), returned(line("ann", 0, net=30), 4, linked=False)]
	assert found(rows)["value"].tolist() == [30]
	assert table(engine, daily, rows)["revenue"].tolist() == [30, -30]


def test_a_return_without_lines_lowers_the_order_and_leaves_it_one(found):
	sold = line("ann", 0, net=30)
	assert found([sold, returned(sold, 4) | {"return_line": None}])["value"].tolist() == [0]


def test_paid_ratios_are_counted_on_sales(found):
	rows = [
		line("ann", 0, "tea", 10, ratio=1.0, list_amount=10.0),
		line("ann", 0, "milk", 9, ratio=0.9, list_amount=10.0),
		line("ann", 0, "bread", 9.95, ratio=0.995, list_amount=10.0),
		line("ann", 0, "cup", 5),
	]
	order = found(rows).iloc[0]
	assert (order["priced_lines"], order["below_list_lines"], order["list_amount"]) == (3, 1, 30)


def test_who_buys_more_often_than_a_person_is_left_out(engine):
	busy = [line("till", 0, invoice=f"T{number}") for number in range(21)]
	quiet = [line("ann", 0, invoice=f"A{number}") for number in range(20)]
	lines = [line("big", 0, f"item {number}", invoice="B") for number in range(50)]
	found = table(engine, left_out, busy + quiet + lines)
	assert found[["customer", "reason", "invoices_a_day"]].values.tolist() == [["till", "invoices", 21]]
	assert set(table(engine, orders, busy + quiet)["customer"]) == {"ann"}
	assert set(table(engine, daily, busy + quiet)["customer"]) == {"ann"}
	kept = Settings(overruled=frozenset({"till"}))
	assert set(table(engine, orders, busy + quiet, settings=kept)["customer"]) == {"ann", "till"}


def test_an_order_on_every_day_of_a_leap_year_is_no_person(engine):
	every_day = [line("till", day) for day in range(366)]
	found = table(engine, left_out, every_day)
	assert found[["customer", "reason", "order_days"]].values.tolist() == [["till", "order_days", 366]]
	assert len(table(engine, left_out, every_day[1:])) == 0


def test_anonymous_customers_are_never_counted(engine):
	settings = Settings(anonymous=frozenset({"ann"}), overruled=frozenset({"ann"}))
	rows = [line("ann", 0), line("ben", 0)]
	assert table(engine, orders, rows, settings=settings)["customer"].tolist() == ["ben"]
	assert table(engine, left_out, rows, settings=settings)["reason"].tolist() == ["anonymous"]


def test_ten_thousand_orders_of_one_walk_in_move_no_one_else(engine):
	walk_in = [line("till", number % 300, invoice=f"T{number}") for number in range(10_000)]
	ann = [line("ann", 3), line("ann", 40)]
	pd.testing.assert_frame_equal(table(engine, orders, walk_in + ann), table(engine, orders, ann))


def test_no_lines_are_no_orders(engine):
	assert len(table(engine, orders, [])) == len(table(engine, daily, [])) == 0
	assert len(table(engine, orders, [line("ann", 0)], as_of=date(2024, 1, 1))) == 0
