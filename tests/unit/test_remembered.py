"""What matching remembers between runs answers as the records themselves would."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import people
from ccms_app.identity.matching import engine, frequency
from ccms_app.identity.matching.model import Settings
from ccms_app.identity.matching.prepare import prepare
from ccms_app.identity.matching.remembered import Remembered

COUNT, NEW = 3_000, 100


def number(ids) -> np.ndarray:
	"""C000012 → 13."""
	return np.array([int(name[1:]) + 1 for name in ids], dtype=np.uint64)


class World:
	"""Made customers, the last of them new."""

	def __init__(self, seed: int = 6):
		self.made = people.make(COUNT, seed=seed)
		self.settings, self.asked = Settings(), 0
		names = self.made.records["id"].to_numpy()
		self.old, self.new = (prepare(self.made.records[part], self.made.identities) for part in (names < f"C{COUNT - NEW:06d}", names >= f"C{COUNT - NEW:06d}"))  # fmt: skip

	def read(self, ids: np.ndarray):
		"""As a site reads candidates: in an order of its own."""
		self.asked += len(ids)
		rows = np.flatnonzero(np.isin(number(self.old.ids), ids))[::-1]
		return number(self.old.ids[rows]), self.old.taken(rows)

	def remembered(self) -> Remembered:
		return Remembered.of(self.old, number(self.old.ids))

	def found(self, memory: Remembered) -> pd.DataFrame:
		return memory.new(self.new, self.read, self.settings)


@pytest.fixture
def world():
	return World()


def test_newcomers_find_what_they_find_in_the_records_and_few_are_read(world):
	expected = engine.Matcher(world.old).new(world.new)
	pd.testing.assert_frame_equal(world.found(world.remembered()), expected)
	assert len(expected) and world.asked < 0.2 * COUNT


def test_bytes_bring_it_all_back_and_hold_no_text(world):
	data = world.remembered().to_bytes()
	pd.testing.assert_frame_equal(
		world.found(Remembered.from_bytes(data)), engine.Matcher(world.old).new(world.new)
	)
	texts = {
		text
		for kind in ("Phone", "Email")
		for text in world.old.values[kind].ravel().tolist()
		if len(text) > 6
	}
	assert len(texts) > COUNT and not any(text.encode() in data for text in texts)


@pytest.mark.parametrize("data", [b"", b"PK", b"nonsense" * 99])
def test_torn_bytes_are_told(data):
	from zipfile import BadZipFile

	with pytest.raises((ValueError, KeyError, BadZipFile, EOFError)):
		Remembered.from_bytes(data)


def test_another_version_is_told(world, monkeypatch):
	from ccms_app.identity.matching import remembered

	data = world.remembered().to_bytes()
	monkeypatch.setattr(remembered, "VERSION", remembered.VERSION + 1)
	with pytest.raises(ValueError, match="version"):
		Remembered.from_bytes(data)


def same(one: Remembered, other: Remembered) -> None:
	"""Both hold the same records, in whatever order."""
	assert sorted(one.ids) == sorted(other.ids)
	for mine, theirs in zip(one.passes, other.passes, strict=True):
		held = [set(zip(each.keys.tolist(), memory.ids[each.rows].tolist(), strict=True)) for each, memory in ((mine, one), (theirs, other))]  # fmt: skip
		assert held[0] == held[1], mine.name
		assert (np.diff(mine.keys.astype(object)) >= 0).all(), mine.name
	for field, counts in one.frequencies().counts.items():
		for ours, there in zip(
			vars(counts).values(), vars(other.frequencies().counts[field]).values(), strict=True
		):
			np.testing.assert_array_equal(ours, there, field)


def test_forgetting_and_remembering_again_is_as_if_all_were_remembered_at_once(world):
	memory = world.remembered()
	memory.add(world.new, number(world.new.ids))
	records = prepare(world.made.records, world.made.identities)
	whole = Remembered.of(records, number(records.ids))
	same(memory, whole)
	some = np.arange(0, len(records), 7)
	memory.drop(number(records.ids[some]))
	assert len(memory) == len(records) - len(some)
	memory.add(records.taken(some), number(records.ids[some]))
	same(memory, whole)
	memory.keep(number(world.old.ids))
	same(memory, world.remembered())


def test_who_is_gone_is_no_candidate(world):
	memory = world.remembered()
	there = world.found(memory)
	gone = next(name for name in there["a"] if name in set(world.old.ids))
	memory.drop(number([gone]))
	assert gone not in set(world.found(memory)["a"])
	# one that is gone since, and was not dropped
	memory, read = world.remembered(), world.read

	def without(ids):
		found, records = read(ids)
		rest = found != number([gone])[0]
		return found[rest], records.taken(rest)

	assert gone not in set(memory.new(world.new, without, world.settings)["a"])


def test_nobody_is_remembered_and_nobody_new(world):
	nobody = prepare(pd.DataFrame({"id": []}))
	empty = Remembered.of(nobody, number([]))
	found = empty.new(world.new, world.read, world.settings)
	matcher = engine.Matcher(nobody)
	pd.testing.assert_frame_equal(found, matcher.new(world.new))
	assert len(world.remembered().new(nobody, world.read, world.settings)) == 0
	empty.add(world.new, number(world.new.ids))
	same(empty, Remembered.of(world.new, number(world.new.ids)))


def test_frequencies_are_those_of_the_records(world):
	counted, kept = frequency.count(world.old), world.remembered().frequencies()
	assert counted.records == kept.records and counted.counts.keys() == kept.counts.keys()
	for field, counts in counted.counts.items():
		np.testing.assert_array_equal(counts.hashes, kept.counts[field].hashes, field)
		np.testing.assert_array_equal(counts.counts, kept.counts[field].counts, field)
