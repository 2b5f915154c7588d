"""What the words of a person come to, signed links, and what those see who may not know persons."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.privacy import links, masks
from ccms_app.privacy.answers import Word, is_child, standing
from ccms_app.privacy.words import CHANNELS, GIVEN, GUARDIAN, IMPORT, OBJECTED, PURPOSES, WITHDRAWN

START = datetime(2026, 3, 1, 12)


def word(state: str, day: int, **more) -> Word:
	return Word(state, START + timedelta(days=day), **more)


def answer(words, channel: str = "", **more) -> bool:
	found = standing(words, channel, **more)
	return bool(found and found.is_yes)


def test_nothing_said_is_no():
	assert standing([]) is None


def test_the_latest_word_counts():
	assert answer([word(WITHDRAWN, 1), word(GIVEN, 2)])
	assert not answer([word(GIVEN, 1), word(WITHDRAWN, 2)])
	assert not answer([word(GIVEN, 1), word(OBJECTED, 2)])


def test_of_a_yes_and_a_no_at_one_moment_the_no_counts():
	assert not answer([word(WITHDRAWN, 1), word(GIVEN, 1)])
	assert not answer([word(GIVEN, 1), word(WITHDRAWN, 1)])


def test_a_yes_for_one_channel_is_none_for_another_and_none_in_general():
	said = [word(GIVEN, 1, channel="E-mail")]
	assert answer(said, "E-mail")
	assert not answer(said, "SMS")
	assert not answer(said)


def test_a_no_in_general_is_one_for_every_channel():
	said = [word(GIVEN, 1, channel="E-mail"), word(WITHDRAWN, 2)]
	assert not answer(said, "E-mail")


def test_a_no_for_one_channel_leaves_the_others():
	said = [word(GIVEN, 1), word(WITHDRAWN, 2, channel="E-mail")]
	assert not answer(said, "E-mail")
	assert answer(said, "SMS")
	assert answer(said)


def test_a_no_for_an_address_is_one_for_its_customer():
	assert not answer([word(GIVEN, 1), word(WITHDRAWN, 2, about="email-a")])


def test_a_later_yes_of_the_customer_lifts_the_no_of_an_address():
	assert answer([word(WITHDRAWN, 1, about="email-a"), word(GIVEN, 2)])


def test_a_yes_for_one_address_does_not_lift_the_no_of_another():
	said = [word(WITHDRAWN, 1, about="email-a"), word(GIVEN, 2, about="email-b")]
	assert not answer(said)


def test_an_imported_yes_does_not_lift_a_no():
	said = [word(WITHDRAWN, 1), word(GIVEN, 2, source=IMPORT)]
	assert not answer(said)
	assert answer([*said, word(GIVEN, 3, source="Desk")])
	assert answer([word(GIVEN, 1, source=IMPORT)])


def test_of_a_child_only_a_guardians_yes_is_heard():
	said = [word(GIVEN, 1)]
	assert not answer(said, needs_guardian=True)
	assert answer([*said, word(GIVEN, 2, said_by=GUARDIAN)], needs_guardian=True)


def test_a_childs_no_is_heard():
	said = [word(GIVEN, 1, said_by=GUARDIAN), word(WITHDRAWN, 2)]
	assert not answer(said, needs_guardian=True)


states, abouts = st.sampled_from([GIVEN, WITHDRAWN, OBJECTED]), st.sampled_from(["", "a", "b"])
many = st.lists(st.builds(word, states, st.integers(0, 30), about=abouts, channel=st.sampled_from(CHANNELS)))


@given(many, st.sampled_from(CHANNELS))
def test_a_no_said_last_of_all_is_always_heard(words, channel):
	for about in ("", "a", "b"):
		assert not answer([*words, word(WITHDRAWN, 31, about=about)], channel)


@given(many, st.sampled_from(CHANNELS), st.randoms())
def test_the_order_of_rows_does_not_matter(words, channel, shuffled):
	mixed = list(words)
	shuffled.shuffle(mixed)
	assert answer(words, channel) == answer(mixed, channel)


@given(many, st.sampled_from(CHANNELS))
def test_without_a_yes_there_is_no_yes(words, channel):
	assert not answer([one for one in words if not one.is_yes], channel)


@pytest.mark.parametrize(
	("born", "child"),
	[
		(None, False),
		(date(2012, 3, 2), True),
		(date(2012, 3, 1), False),
		(date(2012, 2, 29), False),
		(date(2026, 3, 1), True),
		(date(2027, 1, 1), False),
		(date(1950, 1, 1), False),
	],
)
def test_who_is_a_child(born, child):
	assert is_child(born, date(2026, 3, 1)) is child


def test_who_is_born_on_29_february_comes_of_age_on_1_march():
	assert is_child(date(2012, 2, 29), date(2026, 2, 28))
	assert not is_child(date(2012, 2, 29), date(2026, 3, 1))


# --- links -----------------------------------------------------------------------------------------------------

SECRET = b"s" * 32
KEY = "email-" + "0a" * 16


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_link_says_what_it_withdraws(purpose, channel):
	asked = links.Withdrawal(KEY, purpose, channel)
	assert links.read(SECRET, links.token(SECRET, asked)) == asked


def test_a_link_of_another_site_is_nothing():
	assert links.read(b"t" * 32, links.token(SECRET, links.Withdrawal(KEY, "Marketing"))) is None


def test_every_changed_letter_breaks_a_link():
	text = links.token(SECRET, links.Withdrawal(KEY, "Marketing", "SMS"))
	for place, letter in enumerate(text):
		forged = text[:place] + ("A" if letter != "A" else "B") + text[place + 1 :]
		found = links.read(SECRET, forged)
		assert found is None, place


@given(st.text(max_size=80))
def test_nonsense_is_no_link(text):
	assert links.read(SECRET, text) is None


def test_no_link_is_no_link():
	assert links.read(SECRET, None) is None


# --- masks -----------------------------------------------------------------------------------------------------


def test_a_pseudonym_is_the_same_every_time_and_tells_nothing():
	first = masks.pseudonym(SECRET, "王芳")
	assert first == masks.pseudonym(SECRET, "王芳") != masks.pseudonym(SECRET, "王 芳")
	assert masks.pseudonym(b"t" * 32, "王芳") != first
	assert len(first) == 12 and first.isascii()


@pytest.mark.parametrize(
	("number", "shown"), [(0, 0), (1, "< 5"), (4, "< 5"), (5, 5), (None, None), (4.0, "< 5"), ("x", "x")]
)
def test_small_groups_are_not_counted_out(number, shown):
	assert masks.few(number) == shown


def test_a_small_group_shows_no_figure_that_tells_its_number():
	rows = [
		{"label": "Gold", "customers": 3, "revenue": 900.0, "share": 3.0},
		{"label": "Silver", "customers": 2, "revenue": 50.0, "share": 2.0},
		{"label": "None", "customers": 95, "revenue": 5000.0, "share": 95.0},
		{"label": "Total", "customers": 100, "revenue": 5950.0, "is_total": 1},
	]
	found, covered = masks.cover(rows, ["customers"], ["label"])
	assert covered == 2
	assert found[0] == {"label": "Gold", "customers": "< 5", "revenue": None, "share": None}
	assert found[2] == rows[2] and found[3] == rows[3]


def test_the_total_does_not_tell_the_one_number_that_is_hidden():
	rows = [
		{"label": "Gold", "customers": 3},
		{"label": "None", "customers": 97},
		{"label": "Total", "customers": 100, "revenue": 1.0, "is_total": 1},
	]
	found, covered = masks.cover(rows, ["customers"], ["label"])
	assert covered == 1
	assert found[2]["customers"] is None
