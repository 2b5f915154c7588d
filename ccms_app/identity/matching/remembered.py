"""The keys of all records, kept between runs: newcomers are compared with everybody, and only the candidates are read.

Nothing but hashes is kept: of what ids, keys and values are, no text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pandas as pd

from . import blocking, engine, frequency
from .frequency import Frequencies
from .model import IDENTITIES, Settings
from .prepare import Prepared

VERSION = 1
"""Raise it when records are prepared or hashed otherwise: what was kept before is not understood any more."""

Read = Callable[[np.ndarray], tuple[np.ndarray, Prepared]]
"""Ids in; the ids of those that are still there, in any order, and their records out."""


@dataclass
class Remembered:
	"""ids: one number a record, given by the caller. passes: as `blocking.index`. hashes: field → one hash a record."""

	ids: np.ndarray
	passes: list[blocking.Pass]
	hashes: dict[str, np.ndarray]

	@classmethod
	def of(cls, records: Prepared, ids: np.ndarray, passes: list[blocking.Pass] | None = None) -> Remembered:
		"""Remember records.

		Args:
			ids: one a record, 64 bits, none twice.
			passes: what `blocking.index` says of the records, where that is known already.
		"""
		passes = blocking.index(records) if passes is None else passes
		return cls(ids.astype(np.uint64), passes, {field: records.hash[field] for field in frequency.PLAIN})

	def __len__(self) -> int:
		return len(self.ids)

	def frequencies(self) -> Frequencies:
		"""How often each value occurs; identities and tax ids are keys by themselves."""
		names = {**{kind: kind for kind in IDENTITIES}, "tax id": "tax_id"}
		whole = {names[each.name]: each.keys for each in self.passes if each.name in names}
		return frequency.counted(len(self), self.hashes | whole)

	def drop(self, ids: np.ndarray) -> None:
		"""Forget records; ids that are not there are passed over."""
		kept = ~np.isin(self.ids, ids.astype(np.uint64))
		if kept.all():
			return
		number = np.cumsum(kept, dtype=np.int32) - 1
		for each in self.passes:
			there = kept[each.rows]
			each.rows, each.keys = number[each.rows[there]].astype(np.int32), each.keys[there]
		self.ids = self.ids[kept]
		self.hashes = {field: hashes[kept] for field, hashes in self.hashes.items()}

	def keep(self, ids: np.ndarray) -> None:
		"""Forget all records but these."""
		self.drop(self.ids[~np.isin(self.ids, ids.astype(np.uint64))])

	def add(self, records: Prepared, ids: np.ndarray) -> None:
		"""Remember more records; none of them is there yet."""
		count = len(self)
		for each, new in zip(self.passes, blocking.index(records), strict=True):
			at = np.searchsorted(each.keys, new.keys)
			each.keys = np.insert(each.keys, at, new.keys)
			each.rows = np.insert(each.rows, at, new.rows + np.int32(count))
		self.ids = np.concatenate([self.ids, ids.astype(np.uint64)])
		for field, hashes in self.hashes.items():
			self.hashes[field] = np.concatenate([hashes, records.hash[field]])

	def new(
		self,
		newcomers: Prepared,
		read: Read,
		settings: Settings,
		progress: engine.Progress | None = None,
	) -> pd.DataFrame:
		"""Compare newcomers with everybody and among each other; as `engine.Matcher.new`.

		read: reads the candidates.
		"""
		found = blocking.pairs_of(self.passes, newcomers, len(self))

		def few(rows: np.ndarray) -> tuple[np.ndarray, Prepared]:
			order = np.argsort(self.ids[rows])
			there, records = read(self.ids[rows])
			return rows[order[np.searchsorted(self.ids[rows], there, sorter=order)]], records

		return engine.beside(found, len(self), newcomers, few, self.frequencies(), settings, progress)

	def to_bytes(self) -> bytes:
		"""Everything as bytes; see `from_bytes`."""
		arrays = {"version": np.array([VERSION]), "ids": self.ids}
		for at, each in enumerate(self.passes):
			arrays |= {f"keys {at}": each.keys, f"rows {at}": each.rows}
		arrays |= {f"hash {field}": hashes for field, hashes in self.hashes.items()}
		file = BytesIO()
		np.savez(file, **arrays)
		return file.getvalue()

	@classmethod
	def from_bytes(cls, data: bytes) -> Remembered:
		"""The reverse of `to_bytes`.

		Raises:
			ValueError, KeyError: another version wrote them.
		"""
		with np.load(BytesIO(data), allow_pickle=False) as arrays:
			if arrays["version"][0] != VERSION:
				raise ValueError("written by another version")
			passes = [
				blocking.Pass(name, most, arrays[f"rows {at}"], arrays[f"keys {at}"])
				for at, (name, most) in enumerate(blocking.kinds())
			]
			hashes = {field: arrays[f"hash {field}"] for field in frequency.PLAIN}
			return cls(arrays["ids"], passes, hashes)
