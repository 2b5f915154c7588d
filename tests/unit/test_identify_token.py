"""The word of a shop's server that a visitor is a customer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.interactions.token import LONGEST, customer_of, next_visitor, sign

NOW = 1_800_000_000
GOOD = sign("secret", "客户 1", "visitor-1", NOW + 60)


def test_a_token_names_its_customer():
	assert customer_of(GOOD, "secret", "visitor-1", NOW) == "客户 1"
	assert customer_of(GOOD, "secret", "visitor-1", NOW) == "客户 1"  # sent again it says the same


def test_the_form_is_the_one_in_the_docs():
	import base64
	import hashlib
	import hmac

	customer = base64.urlsafe_b64encode(b"CUST-1").decode().rstrip("=")
	signature = hmac.new(b"secret", b"CUST-1\nvisitor-1\n1800000060", hashlib.sha256).hexdigest()
	assert sign("secret", "CUST-1", "visitor-1", NOW + 60) == f"1800000060.{customer}.{signature}"


@pytest.mark.parametrize(
	("token", "secret", "visitor", "now"),
	[
		(GOOD, "another secret", "visitor-1", NOW),
		(GOOD, "secret", "visitor-2", NOW),
		(GOOD, "secret", "visitor-1", NOW + 61),
		(sign("secret", "c", "visitor-1", NOW + LONGEST + 1), "secret", "visitor-1", NOW),
		(GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), "secret", "visitor-1", NOW),
		(GOOD.replace(str(NOW + 60), str(NOW + 90)), "secret", "visitor-1", NOW),
		("", "secret", "visitor-1", NOW),
		("..", "secret", "visitor-1", NOW),
		("1.é.x", "secret", "visitor-1", NOW),
		("²." + GOOD.partition(".")[2], "secret", "visitor-1", NOW),
		("-1." + GOOD.partition(".")[2], "secret", "visitor-1", NOW),
	],
)
def test_forged_expired_or_of_another_browser_names_nobody(token, secret, visitor, now):
	assert customer_of(token, secret, visitor, now) is None


@given(st.text())
def test_any_text_is_answered(text):
	assert customer_of(text, "secret", "visitor-1", NOW) is None


def test_parts_cannot_be_shifted():
	assert sign("s", "a\nb", "visitor", 5) != sign("s", "a", "b\nvisitor", 5)


def test_the_second_person_of_a_browser_is_always_the_same_visitor():
	second = next_visitor("v" * 128, "CUST-2", b"key")
	assert second == next_visitor("v" * 128, "CUST-2", b"key")
	assert len(second) <= 128
	assert second != next_visitor("v" * 128, "CUST-3", b"key")
