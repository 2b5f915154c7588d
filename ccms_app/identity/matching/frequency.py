"""How often each value occurs: what an agreement on it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import chinese
from .model import IDENTITIES
from .prepare import Prepared, hashed

COUNTED = ("birth_date", "tax_id", "street", "house", "line_2", "city", "postcode", "state")
PARTS = ("family", "given")
PLAIN = (*(field for field in COUNTED if field != "tax_id"), *PARTS, *(f"{part}_sound" for part in PARTS))
"""Fields of which each record has one value, beside the tax id."""


@dataclass(frozen=True)
class Counts:
	"""Values by hash, sorted, and how many records have each."""

	hashes: np.ndarray
	counts: np.ndarray

	def of(self, hashes: np.ndarray) -> np.ndarray:
		"""How many records have each value; 0 for one never seen."""
		if not len(self.hashes):
			return np.zeros(len(hashes), dtype=np.int64)
		at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
		return np.where(self.hashes[at] == hashes, self.counts[at], 0)


@dataclass(frozen=True)
class Frequencies:
	"""field → counts; parts of names, written and sounded, are counted whichever part they are of."""

	records: int
	counts: dict[str, Counts]

	def share(self, field: str, hashes: np.ndarray, fewest: int) -> np.ndarray:
		"""P(another record has the value). A site of few records knows less, and is told what is common in China."""
		counts = self.counts[field].of(hashes)
		share = np.maximum(counts, 1) / (self.records + fewest)
		if field in ("written", "sound"):
			share = np.maximum(share, _COMMON[field].of(hashes) / _SCALE)
		return share


_SCALE = 1_000_000


def _common(sounds: bool) -> Counts:
	shares: dict[str, float] = {}
	for surname, share in chinese.SHARE.items():
		key = chinese.surname_sound(surname) if sounds else surname
		shares[key] = shares.get(key, 0) + share
	hashes = hashed(np.array(list(shares), dtype=object))
	order = np.argsort(hashes)
	# halved: most sites have foreign customers too
	return Counts(hashes[order], (np.array(list(shares.values()))[order] * _SCALE / 2).astype(np.int64))


_COMMON = {"written": _common(sounds=False), "sound": _common(sounds=True)}


def count(records: Prepared) -> Frequencies:
	"""Count the values of all records."""
	return counted(len(records), records.hash | records.value_hash)


def counted(records: int, hashes: dict[str, np.ndarray]) -> Frequencies:
	"""Count the values of so many records.

	Args:
		hashes: field or kind of identity → hashes of all its values, 0 where a record has none.
	"""
	found = {field: _counted(hashes[field]) for field in (*COUNTED, *IDENTITIES)}
	found["written"] = _counted(np.concatenate([hashes[part] for part in PARTS]))
	found["sound"] = _counted(np.concatenate([hashes[f"{part}_sound"] for part in PARTS]))
	found["as family"], found["as given"] = (_counted(hashes[f"{part}_sound"]) for part in PARTS)
	return Frequencies(records, found)


def _counted(hashes: np.ndarray) -> Counts:
	flat = hashes.ravel()
	return Counts(*np.unique(flat[flat != 0], return_counts=True))
