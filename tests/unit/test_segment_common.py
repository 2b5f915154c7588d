"""What members have in common: shares against everybody else's, strongest first."""

import pytest

from ccms_app.segments.in_common import Mean, Trait, traits


def test_over_and_under_by_the_difference_of_shares():
	counts = [
		("stage", "Loyal", 50, 10),
		("stage", "Lost", 10, 80),
		("band", "A", 30, 20),
		("band", "B", 70, 180),
		("rare", "x", 2, 0),
	]
	over, under = traits(counts, size=100, others=200)
	assert [(one.value, round(one.index)) for one in over] == [("Loyal", 1000), ("A", 300)]
	assert [(one.value, round(one.index)) for one in under] == [("Lost", 25), ("B", 78)]


def test_small_differences_and_few_customers_say_nothing():
	over, under = traits([("a", "x", 51, 100), ("a", "y", 49, 100), ("b", "z", 4, 0)], 100, 200)
	assert over == under == []


@pytest.mark.parametrize(("size", "others"), [(0, 10), (10, 0)])
def test_nobody_to_compare_with(size, others):
	assert traits([("a", "x", 9, 9)], size, others) == ([], [])


def test_an_index_needs_a_base():
	assert Trait("f", "v", 5, 0.5, 0.0).index is None
	assert Mean("f", 4.0, 2.0).index == 200
	assert Mean("f", 4.0, 0.0).index is None and Mean("f", None, 2.0).index is None
