"""Who bought what, on lines by hand: what is kept counts, on the day of the sale."""

from datetime import date

import ibis
import pyarrow as pa
import pytest

from ccms_app.behaviour.lines import SCHEMA
from ccms_app.segments.purchases import Bought, bought

TODAY = date(2026, 3, 10)


def line(customer: str, day: str, qty: float, amount: float, name: str = "", **more) -> dict:
	row = dict.fromkeys(SCHEMA.names)
	row |= {
		"voucher_type": "Sales Invoice",
		"invoice": "I",
		"line": name,
		"day": date.fromisoformat(day),
		"customer": customer,
	}
	row |= {
		"item": "tea",
		"qty": qty,
		"net_amount": amount,
		"is_return": qty < 0,
		"is_debit_note": False,
		"is_free": False,
	}
	return row | more


def who(asked: Bought, *rows: dict) -> set[str]:
	table = ibis.memtable(pa.Table.from_pylist(list(rows), schema=SCHEMA))
	return set(bought(table, asked, TODAY).to_pyarrow()["customer"].to_pylist())


LINES = (
	line("kept", "2026-01-05", 3, 30, "a"),
	line("part", "2026-01-05", 3, 30, "b"),
	line("part", "2026-02-01", -2, -20, "b2", return_line="b"),
	line("all", "2026-01-05", 3, 30, "c"),
	line("all", "2026-03-01", -3, -30, "c2", return_line="c"),
	line("loose", "2026-01-05", 3, 30, "d"),
	line("loose", "2026-02-01", -1, -10, "d2"),
	line("free", "2026-01-05", 1, 0, "e", is_free=True),
	line("debit", "2026-01-05", 1, 10, "f"),
	line("debit", "2026-01-06", 5, 50, "g", is_debit_note=True),
	line("future", "2026-03-11", 9, 90, "h"),
)


@pytest.mark.parametrize(
	("asked", "expected"),
	[
		(Bought("any"), {"kept", "part", "loose", "free", "debit"}),
		(Bought("any", measure="quantity", n=3), {"kept"}),
		(Bought("any", measure="quantity", n=2), {"kept", "loose"}),
		(Bought("any", measure="quantity", n=1), {"kept", "part", "loose", "free", "debit"}),
		(Bought("any", measure="amount", n=60), {"debit"}),
		(Bought("any", measure="amount", n=20), {"kept", "loose", "debit"}),
		(Bought("any", measure="amount", n=10), {"kept", "part", "loose", "debit"}),
		(Bought("any", n=2), set()),
		# the return came later than the days asked about, and still counts on the day of the sale
		(Bought("any", last=date(2026, 1, 31)), {"kept", "part", "loose", "free", "debit"}),
		(Bought("any", first=date(2026, 1, 6)), set()),
		(Bought("item", ("tea",)), {"kept", "part", "loose", "free", "debit"}),
		(Bought("item", ("cup",)), set()),
		(Bought("brand", ("x",)), set()),
	],
)
def test_who_bought(asked, expected):
	assert who(asked, *LINES) == expected


def test_two_days_are_two_orders_and_two_invoices_of_a_day_are_one():
	rows = (
		line("twice", "2026-01-05", 1, 10, "a"),
		line("twice", "2026-01-06", 1, 10, "b"),
		line("once", "2026-01-05", 1, 10, "c", invoice="J"),
		line("once", "2026-01-05", 1, 10, "d", invoice="K"),
	)
	assert who(Bought("any", n=2), *rows) == {"twice"}


def test_lines_of_one_name_on_two_kinds_of_document_are_not_mixed_up():
	rows = (
		line("till", "2026-01-05", 1, 10, "same", voucher_type="POS Invoice"),
		line("invoice", "2026-01-05", 1, 10, "same"),
		line("invoice", "2026-01-06", -1, -10, "back", return_line="same"),
	)
	assert who(Bought("any"), *rows) == {"till"}


def test_cents_that_floats_lose_do_not_matter():
	rows = [line("cents", "2026-01-05", 1, 0.1, f"l{number}") for number in range(10)]
	assert who(Bought("any", measure="amount", n=1), *rows) == {"cents"}
