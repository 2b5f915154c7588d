"""Records as the engine compares them: names in parts, everything as hashes beside the text, addresses split."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from . import chinese, names
from .model import IDENTITIES

COLUMNS = (
	"id",
	"name",
	"given",
	"family",
	"type",
	"gender",
	"birth_date",
	"tax_id",
	"street",
	"house",
	"line_2",
	"city",
	"postcode",
	"state",
)
"""Columns of a frame of records; all but `id` may be missing. Texts, "" or None where unknown; birth_date as YYYY-MM-DD or
YYYYMMDD. `given` and `family` only where the two are known apart; else `name` is taken apart."""

IDENTITY_COLUMNS = ("id", "kind", "value", "verified")
"""Columns of a frame of identities: the record's id, a kind of `model.IDENTITIES`, the normalised value, verified or not."""

TEXTS = (
	"family",
	"given",
	"family_sound",
	"given_sound",
	"birth_date",
	"gender",
	"type",
	"tax_id",
	"street",
	"house",
	"line_2",
	"city",
	"postcode",
	"state",
)
MOST_VALUES = 4
"""Identities of one kind that are compared, the verified first."""

_NUMBER = re.compile(r"^(\d+[a-z]?)\b[\s,]*|[\s,]+(\d+[a-z]?)(?:号|號)?$|(\d+)(?:号|號)")


@dataclass
class Prepared:
	"""Records ready to be compared. Arrays have one row for each record.

	text: field of `TEXTS` → texts, "" where unknown. hash: the same as stable 64-bit hashes, 0 where unknown.
	values, value_hash: kind of identity → (records, MOST_VALUES) texts and hashes. verified: beside them.
	"""

	ids: np.ndarray
	is_han: np.ndarray
	text: dict[str, np.ndarray]
	hash: dict[str, np.ndarray]
	values: dict[str, np.ndarray]
	value_hash: dict[str, np.ndarray]
	verified: dict[str, np.ndarray]

	def __len__(self) -> int:
		return len(self.ids)

	@classmethod
	def joined(cls, parts: list[Prepared]) -> Prepared:
		"""The records of all parts, one after the other."""
		found = {}
		for field in fields(cls):
			each = [getattr(part, field.name) for part in parts]
			if isinstance(each[0], dict):
				found[field.name] = {key: np.concatenate([one[key] for one in each]) for key in each[0]}
			else:
				found[field.name] = np.concatenate(each)
		return cls(**found)

	def taken(self, rows: np.ndarray) -> Prepared:
		"""Some of the records, by numbers of rows or a mask."""
		found = {}
		for field in fields(self):
			mine = getattr(self, field.name)
			found[field.name] = (
				{key: each[rows] for key, each in mine.items()} if isinstance(mine, dict) else mine[rows]
			)
		return Prepared(**found)


def hashed(texts: np.ndarray) -> np.ndarray:
	"""Stable 64-bit hashes of texts; 0 for ""."""
	flat = texts.ravel()
	codes, unique = pd.factorize(flat)
	unique_hashes = pd.util.hash_array(unique.astype(object), categorize=False) if len(unique) else unique
	found = np.asarray(unique_hashes, dtype=np.uint64)[codes] if len(flat) else np.zeros(0, np.uint64)
	found[flat == ""] = 0
	return found.reshape(texts.shape)


def mixed(*parts: np.ndarray) -> np.ndarray:
	"""Several hashes as one; 0 where one of them is 0."""
	found = np.zeros(len(parts[0]), dtype=np.uint64)
	known = np.ones(len(parts[0]), dtype=bool)
	with np.errstate(over="ignore"):
		for part in parts:
			known &= part != 0
			found = (found ^ part) * np.uint64(0x9E3779B97F4A7C15)
			found ^= found >> np.uint64(29)
	return np.where(known, found | np.uint64(1), np.uint64(0))


def prepare(records: pd.DataFrame, identities: pd.DataFrame | None = None) -> Prepared:
	"""Make records comparable.

	Args:
		records: columns of `COLUMNS`, one row a record, ids unique.
		identities: columns of `IDENTITY_COLUMNS`, any number of rows a record.
	"""
	count = len(records)
	column = {name: _column(records, name) for name in COLUMNS}
	text = {name: np.full(count, "", dtype=object) for name in TEXTS}
	is_han = _names(column, text)
	text["birth_date"] = _each(column["birth_date"], _digits)
	text["gender"] = _each(column["gender"], names.fold)
	text["type"] = _each(column["type"], names.fold)
	text["tax_id"] = _each(column["tax_id"], _code)
	_addresses(column, text)
	ids = column["id"]
	values, verified = _values(ids, identities)
	return Prepared(
		ids=ids,
		is_han=is_han,
		text=text,
		hash={name: hashed(each) for name, each in text.items()},
		values=values,
		value_hash={kind: hashed(each) for kind, each in values.items()},
		verified=verified,
	)


def _column(records: pd.DataFrame, name: str) -> np.ndarray:
	if name not in records:
		return np.full(len(records), "", dtype=object)
	found = records[name].astype(object)
	if name != "id":
		found = found.where(found.notna(), "")
	# a list first: a frame of pandas 3 would hand out its own arrays of texts
	return np.array([value if isinstance(value, str) else str(value) for value in found] or [], dtype=object)


def _each(texts: np.ndarray, change) -> np.ndarray:
	"""`change` of every text, once for equal ones."""
	codes, unique = pd.factorize(texts)
	changed = np.array([change(each) if each else "" for each in unique] or [""], dtype=object)
	return changed[codes] if len(texts) else texts


def _digits(text: str) -> str:
	found = "".join(c for c in text[:10] if c.isdigit())
	return found if len(found) == 8 else ""


def _code(text: str) -> str:
	return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


def _names(column: dict[str, np.ndarray], text: dict[str, np.ndarray]) -> np.ndarray:
	"""Fill the four texts of a name; returns which are in Chinese characters."""
	frame = pd.DataFrame({name: column[name] for name in ("name", "given", "family", "type")}, dtype=object)
	if frame.empty:
		return np.zeros(0, dtype=bool)
	codes, unique = pd.factorize(pd.MultiIndex.from_frame(frame))
	parsed = [
		names.parse(name, given, family, is_company=kind == "Company") for name, given, family, kind in unique
	]
	for at, part in enumerate(names.Name._fields[:4]):
		text[part] = np.array([name[at] for name in parsed], dtype=object)[codes]
	return np.array([name.is_han for name in parsed])[codes]


def _addresses(column: dict[str, np.ndarray], text: dict[str, np.ndarray]) -> None:
	text["city"] = _each(column["city"], _place)
	text["line_2"] = _each(column["line_2"], _place)
	text["postcode"] = _each(column["postcode"], _code)
	text["state"] = _each(column["state"], _place)
	text["house"] = _each(column["house"], _code)
	streets = _each(column["street"], _place)
	alone = text["house"] == ""
	codes, unique = pd.factorize(streets)
	split = [_numbered(street) for street in unique]
	if split:
		street, house = (np.array(each, dtype=object)[codes] for each in zip(*split, strict=True))
		text["street"] = np.where(alone, street, streets)
		text["house"] = np.where(alone, house, text["house"])


def _place(text: str) -> str:
	"""A place in small simplified letters, words apart by one blank."""
	if chinese.HAN.search(text):
		text = chinese.simplified(text)
	return " ".join(re.sub(r"[^\w']+", " ", names.fold(text)).split())


def _numbered(street: str) -> tuple[str, str]:
	"""("king street", "7") of "7 king street"."""
	found = _NUMBER.search(street)
	if not found:
		return street, ""
	number = next(group for group in found.groups() if group)
	rest = " ".join((street[: found.start()] + " " + street[found.end() :]).split())
	return rest, number.upper()


def _values(ids: np.ndarray, identities: pd.DataFrame | None):
	values = {kind: np.full((len(ids), MOST_VALUES), "", dtype=object) for kind in IDENTITIES}
	verified = {kind: np.zeros((len(ids), MOST_VALUES), dtype=bool) for kind in IDENTITIES}
	if identities is None or not len(identities):
		return values, verified
	row_of = pd.Index(ids)
	frame = identities.assign(row=row_of.get_indexer(identities["id"]))
	frame = frame[(frame["row"] >= 0) & frame["kind"].isin(list(IDENTITIES))]
	if "verified" not in frame:
		frame = frame.assign(verified=False)
	frame = frame.sort_values(["row", "verified", "value"], ascending=[True, False, True])
	frame = frame.drop_duplicates(["row", "kind", "value"])
	frame = frame.assign(place=frame.groupby(["row", "kind"]).cumcount())
	for kind, part in frame[frame["place"] < MOST_VALUES].groupby("kind"):
		at = part["row"].to_numpy(), part["place"].to_numpy()
		values[kind][at] = part["value"].to_numpy(dtype=object)
		verified[kind][at] = part["verified"].to_numpy(dtype=bool)
	return values, verified
