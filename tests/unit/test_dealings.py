"""What documents tell, and medians of counts."""

import statistics
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.interactions import documents
from ccms_app.interactions.dwell import median

NOW = datetime(2026, 11, 22, 12, 0)


@given(st.lists(st.integers(0, 600), min_size=1))
def test_the_median_of_counts_is_the_median_of_values(values):
	counts = [(value, values.count(value)) for value in set(values)]
	assert median(counts) == statistics.median(values)


def test_no_values_have_no_median():
	assert median([]) is None and median([(3, 0)]) is None


@given(st.text(max_size=5000))
def test_plain_text_is_short_and_holds_no_control_character(text):
	found = documents.plain(text)
	assert len(found.encode()) <= documents.MOST_CONTENT
	assert not any(sign < " " and sign not in "\n\t" for sign in found)
	assert documents.plain(f"<p>{'x' * 9000}</p>") == "x" * documents.MOST_CONTENT


def test_plain_text_is_what_people_read():
	typed = "<style>p {color: red}</style><p>Dear <b>shop</b>,</p><p>it&nbsp;costs 3 < 4<br>bye</p>"
	assert documents.plain(typed) == "Dear shop,\nit\xa0costs 3 < 4\nbye"
	assert documents.plain("a\0b\x1b[31m") == "ab[31m"
	assert documents.plain(None) == ""


@pytest.mark.parametrize("name", sorted(documents.READERS))
def test_an_empty_document_tells_nothing_or_nobody(name):
	more = {"now": NOW} if name == "Event" else {}
	for one in documents.READERS[name]({"name": "X"}, **more):
		assert one.reach == () and one.customers == ()


def test_keys_name_the_document_and_no_person():
	cart = {
		"name": "Q-1",
		"order_type": "Shopping Cart",
		"quotation_to": "Customer",
		"party_name": "Wang Fang",
		"items": [{"name": "row1", "item_code": "Tea"}, {"name": "row2", "item_code": "Cup"}],
	}
	found = list(documents.quotation(cart))
	assert [one.key for one in found] == ["Quotation/Q-1/row1/Added", "Quotation/Q-1/row2/Added"]
	assert not any("Wang" in one.key for one in found)
	assert [one.key for one in documents.quotation(cart, cart["items"][:1], "Dropped")] == [
		"Quotation/Q-1/row1/Dropped"
	]


def test_a_return_is_told_once_whichever_documents_it_has():
	values = {"name": "R-1", "docstatus": 1, "is_return": 1, "customer": "W", "base_net_total": -30}
	assert [one.values["amount"] for one in documents.invoice("Sales Invoice", values)] == [30]
	for more in (
		{"is_consolidated": 1},
		{"items": [{"delivery_note": "DN-1"}]},
		{"is_return": 0},
		{"docstatus": 0},
	):
		assert list(documents.invoice("Sales Invoice", values | more)) == []


def test_what_was_cancelled_is_taken_back():
	values = {
		"name": "D-1",
		"docstatus": 2,
		"customer": "W",
		"base_net_total": 30,
		"posting_date": NOW.date(),
	}
	first, second = documents.delivery_note({**values, "modified": NOW})
	assert (first.key, second.key) == ("Delivery Note/D-1", "Delivery Note/D-1/cancelled")
	assert first.values["amount"] + second.values["amount"] == 0
	assert second.values["outcome"] == "Cancelled"


def test_a_line_of_recipients_is_read_with_its_names():
	mail = {
		"name": "M-1",
		"communication_type": "Communication",
		"communication_medium": "Email",
		"sent_or_received": "Sent",
		"recipients": '"Wang, Fang" <Fang@Example.com>, li@example.com; fang@example.com',
	}
	(one,) = documents.communication(mail)
	assert [address for _kind, address in one.reach] == ["fang@example.com", "li@example.com"]
	assert one.everybody
