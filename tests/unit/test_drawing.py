"""The order in which lots are drawn, when many of them are empty and some are filled again."""

from datetime import date, timedelta
from decimal import Decimal as D

from ccms_app.loyalty import movements
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import EARN, REDEEM, Member, Program, Sale

PROGRAM = Program("Test", expiry_model="Rolling", expiry_months=24)
START = date(2024, 1, 1)


def test_a_lot_that_was_long_empty_is_drawn_again_after_a_return_fills_it():
	book = Book(Member("anna"))
	for number in range(100):
		day = START + timedelta(days=number)
		movements.sell(book, PROGRAM, Sale("Invoice", f"S{number}", day, D(10)), day)
	day = START + timedelta(days=200)
	movements.sell(book, PROGRAM, Sale("Invoice", "USE", day, redeem_points=D(980)), day)
	# looking through 98 empty lots is what makes the book forget them
	movements.sell(book, PROGRAM, Sale("Invoice", "MORE", day, redeem_points=D(20)), day)
	assert list(book.drawable(day, day)) == []
	spent = next(entry for entry in book.entries_of("Invoice", "USE") if entry.entry_type == REDEEM)
	movements.give_back(
		book,
		PROGRAM,
		voucher_type="Invoice",
		voucher_no="BACK",
		posting_date=day,
		share=D(1),
		earning=None,
		redemption=spent,
	)
	drawn = list(book.drawable(day, day))
	assert sum(lot.remaining for lot in drawn) == movements.spendable(book, PROGRAM, day) == 980
	assert [lot.entry_seq for lot in drawn] == sorted(lot.entry_seq for lot in drawn)
	posted = movements.sell(book, PROGRAM, Sale("Invoice", "AGAIN", day, D(5), redeem_points=D(980)), day)
	assert [(entry.entry_type, entry.points) for entry in posted.entries] == [(REDEEM, -980), (EARN, 5)]
