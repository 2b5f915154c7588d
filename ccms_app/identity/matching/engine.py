"""The engine: records in, scored pairs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from . import blocking, frequency, score
from .compare import Compared, compare
from .frequency import Frequencies
from .model import FIELDS, Level, Settings
from .prepare import Prepared, prepare

CHUNK = 200_000
Progress = Callable[[float], None]


@dataclass
class Matcher:
	"""All records, ready for comparing: keys sorted and values counted. Kept in memory, it answers for newcomers at once."""

	records: Prepared
	settings: Settings = field(default_factory=Settings)
	passes: list[blocking.Pass] = field(init=False)
	frequencies: Frequencies = field(init=False)

	def __post_init__(self) -> None:
		self.passes = blocking.index(self.records)
		self.frequencies = frequency.count(self.records)

	def candidates(self) -> np.ndarray:
		"""All candidate pairs as row × records + row."""
		return blocking.pairs(self.passes, len(self.records))

	def all(self, progress: Progress | None = None) -> pd.DataFrame:
		"""Compare everybody with everybody; see `COLUMNS` for what comes back."""
		return _scored(
			self.records, self.candidates(), len(self.records), self.frequencies, self.settings, progress
		)

	def new(self, newcomers: Prepared, progress: Progress | None = None) -> pd.DataFrame:
		"""Compare newcomers with everybody and among each other."""
		found = blocking.pairs_of(self.passes, newcomers, len(self.records))

		def few(rows: np.ndarray) -> tuple[np.ndarray, Prepared]:
			return rows, self.records.taken(rows)

		return beside(found, len(self.records), newcomers, few, self.frequencies, self.settings, progress)


def beside(
	found: np.ndarray,
	count: int,
	newcomers: Prepared,
	few: Callable[[np.ndarray], tuple[np.ndarray, Prepared]],
	frequencies: Frequencies,
	settings: Settings,
	progress: Progress | None = None,
) -> pd.DataFrame:
	"""Score candidates for newcomers; see `COLUMNS` for what comes back.

	Args:
		found: candidates among `count` records, as `blocking.pairs_of` returns them.
		few: rows in; those of them that there are, and their records out. Only candidates are put beside the newcomers.
	"""
	one, other = np.divmod(found, count + len(newcomers))
	rows, records = few(np.unique(one[one < count]))
	order = np.argsort(rows)
	rows, records = rows[order], records.taken(order)
	there = (one >= count) | np.isin(one, rows)
	one, other = one[there], other[there]
	together = Prepared.joined([records, newcomers])
	# newcomers come after the candidates
	left = np.where(one < count, np.searchsorted(rows, one), one - count + len(rows))
	codes = left * len(together) + other - count + len(rows)
	return _scored(together, codes, len(together), frequencies, settings, progress)


COLUMNS = ("a", "b", "chance", "certainty", "contradicts", "merges_alone", "swapped", "levels", "bits")
"""a, b: ids, in the order of the records. chance: P(one person). certainty: a word of `model.CERTAINTIES`. levels, bits:
tuples in the order of `model.FIELDS`."""


def match(
	records: pd.DataFrame,
	identities: pd.DataFrame | None = None,
	settings: Settings | None = None,
	progress: Progress | None = None,
) -> pd.DataFrame:
	"""Probable duplicates among records (`prepare.COLUMNS`, `prepare.IDENTITY_COLUMNS`), as `COLUMNS`, best first.

	progress: called with the share that is done, between 0 and 1.
	"""
	return Matcher(prepare(records, identities), settings or Settings()).all(progress)


def _scored(
	records: Prepared,
	codes: np.ndarray,
	count: int,
	frequencies: Frequencies,
	settings: Settings,
	progress: Progress | None,
) -> pd.DataFrame:
	parts = []
	for start in range(0, len(codes), CHUNK):
		left, right = np.divmod(codes[start : start + CHUNK], max(count, 1))
		compared = compare(records, left, right, frequencies, settings)
		parts.append(_kept(records, left, right, compared, frequencies.records, settings))
		if progress:
			progress(min(1.0, (start + CHUNK) / len(codes)))
	if not parts:
		return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
	found = pd.concat(parts, ignore_index=True)
	return found.sort_values(["chance", "a", "b"], ascending=[False, True, True], ignore_index=True)


def _kept(records, left, right, compared: Compared, total: int, settings: Settings) -> pd.DataFrame:
	chance = score.probability(compared, total, settings)
	words = score.certainty(compared, chance, settings)
	kept = np.flatnonzero(words != "")
	weights = score.bits(compared)
	return pd.DataFrame(
		{
			"a": records.ids[left[kept]],
			"b": records.ids[right[kept]],
			"chance": chance[kept],
			"certainty": words[kept],
			"contradicts": score.contradicts(compared)[kept],
			"merges_alone": score.may_merge_alone(compared, words)[kept],
			"swapped": compared.swapped[kept],
			"levels": list(zip(*(compared.level[name][kept].tolist() for name in FIELDS), strict=True)),
			"bits": list(zip(*(weights[name][kept].round(1).tolist() for name in FIELDS), strict=True)),
		}
	)


def evidence(levels: tuple, bits: tuple) -> Iterator[tuple[str, str, float]]:
	"""(field, level in small letters, bits) for each field that both records know, the strongest first."""
	found = [
		(name, Level(level).name.lower(), float(weight))
		for name, level, weight in zip(FIELDS, levels, bits, strict=True)
		if level
	]
	yield from sorted(found, key=lambda item: -abs(item[2]))
