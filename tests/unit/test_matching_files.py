"""The engine on whole files with known truth: FEBRL's four, and made people. Speed is in `benchmarks/matching.py`."""

import numpy as np
import pytest

from benchmarks import febrl, people
from ccms_app.identity.matching import engine
from ccms_app.identity.matching.model import CERTAIN, POSSIBLE


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_febrl_without_the_social_security_number(number):
	found = febrl.judge(number)
	assert found.f1 >= 0.96
	assert found.block_recall >= 0.99
	assert found.certain_precision >= 0.99


def test_made_people_with_families_namesakes_and_recycled_numbers():
	world = people.make(15_000)
	found = engine.match(world.records, world.identities)
	hit = np.array([frozenset(pair) in world.truth for pair in zip(found["a"], found["b"], strict=True)])
	certain, taken = (found["certainty"] == CERTAIN).to_numpy(), (found["certainty"] != POSSIBLE).to_numpy()
	assert certain.sum() > 0.4 * len(world.truth)
	assert hit[certain].mean() >= 0.99
	assert 2 * hit[taken].sum() / (taken.sum() + len(world.truth)) >= 0.93


def test_made_people_are_the_same_for_a_seed():
	one, other = people.make(500, seed=2), people.make(500, seed=2)
	assert one.records.equals(other.records) and one.truth == other.truth
