"""Candidates: only records that share at least one of many keys are compared.

Each pass is a kind of key. A key that more than `most` records share says too little to be worth its square of comparisons;
a narrower pass holds those records, if anything does (sorted and capped blocks: Christen 2012, chapter 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .model import IDENTITIES
from .prepare import Prepared, hashed, mixed, prepare

Keys = tuple[np.ndarray, np.ndarray]  # rows, keys: row i of the records has the key beside it


@dataclass
class Pass:
	"""One kind of key over all records, sorted by key."""

	name: str
	most: int
	rows: np.ndarray
	keys: np.ndarray


def keys(records: Prepared) -> Iterator[tuple[str, int, Keys]]:
	"""(name of the pass, most records a key, rows and keys) for every pass."""
	row = np.arange(len(records), dtype=np.int32)
	hash_ = records.hash
	born = _cut(records.text["birth_date"], slice(None))
	date = hashed(_sorted_date(born))
	year, day = hashed(_cut(born, slice(0, 4))), hashed(_cut(born, slice(4, 8)))
	parts = (hash_["family_sound"], hash_["given_sound"])
	starts = [hashed(_cut(records.text[part], slice(0, 3))) for part in ("family_sound", "given_sound")]
	name, start = _unordered(*parts), _unordered(*starts)
	city, postcode, street, house = (hash_[field] for field in ("city", "postcode", "street", "house"))

	for kind in IDENTITIES:
		yield kind, 40, _many(row, records.value_hash[kind])
	yield "tax id", 40, (row, hash_["tax_id"])
	yield "birth date", 40, (row, date)
	yield "name", 40, (row, name)
	yield "company", 40, (row, np.where(hash_["given"] == 0, hash_["family_sound"], np.uint64(0)))
	for title, other in (
		("birth year", year),
		("birthday", day),
		("city", city),
		("postcode", postcode),
		("street", street),
	):
		yield f"name, {title}", 60, (row, mixed(name, other))
	for part, begin in zip(parts, starts, strict=True):
		for title, other in (
			("birth date", date),
			("postcode", postcode),
			("street", street),
			("birthday", day),
		):
			yield f"part, {title}", 60, (row, mixed(part, other))
		yield "part, house, city", 60, (row, mixed(begin, house, city))
		yield "part, birth year, city", 40, (row, mixed(part, year, city))
	for title, other in (("birth year", year), ("birthday", day), ("postcode", postcode), ("city", city)):
		yield f"beginnings, {title}", 60, (row, mixed(start, other))
	yield "street, house", 30, (row, mixed(street, house))
	yield "street, postcode", 30, (row, mixed(street, postcode))
	yield "postcode, house", 30, (row, mixed(postcode, house))
	yield "city, house, birth year", 30, (row, mixed(city, house, year))
	yield from _halves(records, row, parts)


def _halves(records: Prepared, row: np.ndarray, parts: tuple) -> Iterator[tuple[str, int, Keys]]:
	"""A phone or mailbox with a typo: one of its halves is right, and a part of the name."""
	phones = records.values["Phone"]
	for title, piece in (("end", slice(-5, None)), ("middle", slice(-9, -4))):
		half = hashed(_cut(phones.ravel(), piece).reshape(phones.shape))
		for part in parts:
			rows, found = _many(row, half)
			yield f"phone's {title}, part", 40, (rows, mixed(found, part[rows]))
	mails = records.values["Email"]
	local = hashed(_change(mails.ravel(), lambda mail: mail.partition("@")[0]).reshape(mails.shape))
	yield "mailbox", 20, _many(row, local)


def _cut(texts: np.ndarray, piece: slice) -> np.ndarray:
	return _change(texts, lambda text: text[piece])


def _change(texts: np.ndarray, change) -> np.ndarray:
	codes, unique = pd.factorize(texts)
	return np.array([change(each) for each in unique] or [""], dtype=object)[codes] if len(texts) else texts


def _sorted_date(born: np.ndarray) -> np.ndarray:
	"""Year, then month and day in order of size: a date with the two swapped has the same."""
	return _change(born, lambda date: date[:4] + "".join(sorted((date[4:6], date[6:8]))) if date else "")


def _unordered(one: np.ndarray, other: np.ndarray) -> np.ndarray:
	"""A key of two parts in either order; a part that is missing makes none."""
	return mixed(np.minimum(one, other), np.maximum(one, other))


def _many(row: np.ndarray, values: np.ndarray) -> Keys:
	return np.repeat(row, values.shape[1]), values.ravel()


def kinds() -> list[tuple[str, int]]:
	"""(name, most records a key) of every pass, in order."""
	nobody = prepare(pd.DataFrame({"id": []}))
	return [(name, most) for name, most, _keys in keys(nobody)]


def index(records: Prepared) -> list[Pass]:
	"""Every pass over all records: what candidates for newcomers are looked up in."""
	found = []
	for name, most, (rows, each) in keys(records):
		known = each != 0
		rows, each = rows[known], each[known]
		order = np.argsort(each, kind="stable")
		found.append(Pass(name, most, rows[order].astype(np.int32), each[order]))
	return found


def pairs(passes: list[Pass], count: int) -> np.ndarray:
	"""All candidates: lower row × count + higher row, each once, sorted."""
	found = np.zeros(0, dtype=np.int64)
	for each in passes:
		found = np.union1d(found, _within(each, count))
	return found


def _within(block: Pass, count: int) -> np.ndarray:
	size = len(block.keys)
	if not size:
		return np.zeros(0, dtype=np.int64)
	starts = np.flatnonzero(np.r_[True, block.keys[1:] != block.keys[:-1]])
	sizes = np.diff(np.r_[starts, size])
	kept = np.repeat(sizes <= block.most, sizes)
	keys_, rows = block.keys[kept], block.rows[kept].astype(np.int64)
	found = []
	for step in range(1, min(block.most, int(sizes.max()))):
		alike = keys_[step:] == keys_[:-step]
		if not alike.any():
			break
		one, other = rows[:-step][alike], rows[step:][alike]
		differ = one != other
		one, other = one[differ], other[differ]
		found.append(np.minimum(one, other) * count + np.maximum(one, other))
	return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)


def pairs_of(passes: list[Pass], newcomers: Prepared, count: int) -> np.ndarray:
	"""Candidates among the `count` indexed records for newcomers, who get rows from `count` on: row × total + newcomer."""
	total = count + len(newcomers)
	found = []
	for block, (_name, most, (rows, each)) in zip(passes, keys(newcomers), strict=True):
		known = each != 0
		rows, each = rows[known], each[known]
		left, right = np.searchsorted(block.keys, each, "left"), np.searchsorted(block.keys, each, "right")
		sizes = right - left
		fits = (sizes > 0) & (sizes < most)
		left, sizes, rows = left[fits], sizes[fits], rows[fits]
		if not len(rows):
			continue
		ends = np.cumsum(sizes)
		at = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes) + np.repeat(left, sizes)
		found.append(
			block.rows[at].astype(np.int64) * total + (np.repeat(rows, sizes).astype(np.int64) + count)
		)
	among = pairs(index(newcomers), max(len(newcomers), 1))
	one, other = np.divmod(among, max(len(newcomers), 1))
	found.append((one + count) * total + other + count)
	return np.unique(np.concatenate(found))
