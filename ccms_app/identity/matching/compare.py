"""Pairs compared field by field: a level of agreement each, and for an equal value how common it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from .frequency import Frequencies
from .model import ADDRESS, CROWD, IDENTITIES, RECYCLED, Level, Settings
from .prepare import MOST_VALUES, Prepared

NEAR, CLOSE = 0.92, 0.84  # Jaro-Winkler similarities (Winkler 1990)


@dataclass
class Compared:
	"""What was found in pairs: field → levels (int8), field → P(strangers share the value) where they are equal."""

	level: dict[str, np.ndarray]
	share: dict[str, np.ndarray]
	swapped: np.ndarray  # surname and given name stand in each other's place
	verified: np.ndarray  # kinds of identities that both have, verified on both sides


def compare(
	records: Prepared, left: np.ndarray, right: np.ndarray, frequencies: Frequencies, settings: Settings
) -> Compared:
	"""Compare the records at rows `left` with those at `right`, pair by pair."""
	level, share = {}, {}
	swapped = _names(records, left, right, frequencies, settings, level, share)
	for field in ("gender", "type"):
		a, b = records.hash[field][left], records.hash[field][right]
		level[field] = _plain(a, b)
	for field in ("birth_date", "tax_id", *ADDRESS):
		level[field] = _text(records, field, left, right)
		share[field] = frequencies.share(field, records.hash[field][left], settings.fewest)
	owners = frequencies.counts["tax_id"].of(records.hash["tax_id"][left])
	share["tax_id"] = _coincidence("tax_id", owners, frequencies, settings)
	verified = np.zeros(len(left), dtype=np.int8)
	for kind in IDENTITIES:
		level[kind], share[kind], both = _identities(records, kind, left, right, frequencies, settings)
		verified += both
	return Compared(level, share, swapped, verified)


def _plain(a: np.ndarray, b: np.ndarray) -> np.ndarray:
	"""EXACT, DIFFER or MISSING, by hash."""
	found = np.where(a == b, Level.EXACT, Level.DIFFER)
	found[(a == 0) | (b == 0)] = Level.MISSING
	return found.astype(np.int8)


def _different(texts_a: np.ndarray, texts_b: np.ndarray, judge) -> np.ndarray:
	"""`judge(unique texts, unique texts)` for each pair of texts, once for equal pairs."""
	codes, unique = pd.factorize(np.concatenate([texts_a, texts_b]))
	half = len(texts_a)
	pairs, back = np.unique(codes[:half].astype(np.int64) * len(unique) + codes[half:], return_inverse=True)
	if not len(pairs):
		return np.zeros(0, dtype=np.int8)
	one, other = np.divmod(pairs, len(unique))
	return judge(unique[one], unique[other])[back]


def _text(records: Prepared, field: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
	found = _plain(records.hash[field][left], records.hash[field][right])
	at = np.flatnonzero(found == Level.DIFFER)
	if len(at):
		texts = records.text[field]
		found[at] = _different(texts[left[at]], texts[right[at]], _JUDGES.get(field, _alike))
	return found


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
	return cpdist(a, b, scorer=OSA.distance, score_cutoff=3, dtype=np.int32)


def _alike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
	"""Texts that are not equal: NEAR for a typo, CLOSE when alike, for words split or joined otherwise as well."""
	joined_a = np.array([each.replace(" ", "") for each in a], dtype=object)
	joined_b = np.array([each.replace(" ", "") for each in b], dtype=object)
	similar = cpdist(joined_a, joined_b, scorer=JaroWinkler.similarity, dtype=np.float32)
	distance = _distance(joined_a, joined_b)
	shortest = np.array([min(len(x), len(y)) for x, y in zip(joined_a, joined_b, strict=True)])
	longest = np.array([max(len(x), len(y)) for x, y in zip(joined_a, joined_b, strict=True)])
	found = np.full(len(a), Level.DIFFER, dtype=np.int8)
	within = np.array(
		[x.startswith(y) or y.startswith(x) for x, y in zip(joined_a, joined_b, strict=True)], dtype=bool
	)
	found[(similar >= CLOSE) | within] = Level.CLOSE
	found[within & (shortest >= 3)] = Level.NEAR  # a short form: Rob, Robert
	found[(similar >= NEAR) & (shortest >= 4)] = Level.NEAR
	found[(distance <= 1) & (longest >= 3)] = Level.NEAR
	found[(distance <= 2) & (shortest >= 6)] = Level.NEAR
	return found


def _date(a: np.ndarray, b: np.ndarray) -> np.ndarray:
	"""Dates that are not equal: NEAR for one wrong or two swapped digits, or day and month swapped; CLOSE for two wrong."""
	distance = _distance(a, b)
	found = np.where(distance <= 1, Level.NEAR, np.where(distance == 2, Level.CLOSE, Level.DIFFER))
	turned = np.array([each[:4] + each[6:8] + each[4:6] for each in a], dtype=object)
	found[turned == b] = Level.NEAR
	return found.astype(np.int8)


def _number(a: np.ndarray, b: np.ndarray) -> np.ndarray:
	"""Numbers with one digit wrong, missing or swapped with its neighbour are NEAR."""
	return np.where(_distance(a, b) <= 1, Level.NEAR, Level.DIFFER).astype(np.int8)


def _exact(a: np.ndarray, b: np.ndarray) -> np.ndarray:
	return np.full(len(a), Level.DIFFER, dtype=np.int8)


def _mail(a: np.ndarray, b: np.ndarray) -> np.ndarray:
	"""One letter wrong, or the same mailbox at a domain with a typo.

	The same mailbox at another domain is none: mailboxes are made of names, so namesakes have them too; unless it is told
	by digits.
	"""
	split_a, split_b = ([each.partition("@")[::2] for each in texts] for texts in (a, b))
	host = _distance(np.array([h for _l, h in split_a], object), np.array([h for _l, h in split_b], object))
	same = [x == y and len(x) >= 4 for (x, _h), (y, _g) in zip(split_a, split_b, strict=True)]
	told = [sum(map(str.isdigit, x)) >= 4 for x, _h in split_a]
	found = _number(a, b)
	found[np.array(same, dtype=bool) & ((host <= 2) | np.array(told, dtype=bool))] = Level.NEAR
	return found


def _han(a: np.ndarray, b: np.ndarray) -> np.ndarray:
	"""Characters that are not equal: CLOSE when one of several is another, which many names are to each other."""
	longest = np.array([max(len(x), len(y)) for x, y in zip(a, b, strict=True)])
	return np.where((_distance(a, b) <= 1) & (longest >= 2), Level.CLOSE, Level.DIFFER).astype(np.int8)


_JUDGES = {
	"birth_date": _date,
	"tax_id": _number,
	"house": _number,
	"postcode": _number,
	"state": _exact,
	"Phone": _number,
	"Email": _mail,
}


def _part(records: Prepared, part_a: str, part_b: str, left: np.ndarray, right: np.ndarray):
	"""Levels of one part of the name against one of the other's, and whether they were compared by sound."""
	text_a, text_b = records.hash[part_a][left], records.hash[part_b][right]
	sound_a, sound_b = records.hash[f"{part_a}_sound"][left], records.hash[f"{part_b}_sound"][right]
	han_a, han_b = records.is_han[left], records.is_han[right]
	across = han_a != han_b
	both = han_a & han_b
	found = _plain(text_a, text_b)
	sounded = sound_a == sound_b
	differ = found == Level.DIFFER
	found[differ & sounded] = np.where(across[differ & sounded], Level.EXACT, Level.SOUND)
	at = np.flatnonzero(differ & ~sounded & ~both)
	if len(at):
		a, b = records.text[f"{part_a}_sound"], records.text[f"{part_b}_sound"]
		found[at] = _different(a[left[at]], b[right[at]], _alike)
	at = np.flatnonzero(differ & ~sounded & both)
	if len(at):
		a, b = records.text[part_a], records.text[part_b]
		found[at] = _different(a[left[at]], b[right[at]], _han)
	return found, across


_WORTH = np.array([1, 4, 3.5, 3, 1.5, 0])  # by level; only to choose between the two orders of a name


def _names(records, left, right, frequencies, settings, level, share) -> np.ndarray:
	straight = {part: _part(records, part, part, left, right) for part in ("family", "given")}
	crossed = {
		"family": _part(records, "family", "given", left, right),
		"given": _part(records, "given", "family", left, right),
	}
	worth = [sum(_WORTH[way[part][0]] for part in way) for way in (straight, crossed)]
	swapped = worth[1] > worth[0] + 1.5
	right_order = _in_order(records, left, frequencies) >= _in_order(records, right, frequencies)
	turned = swapped & ~right_order  # the right one's surname is what the left one has as given name
	for part, other in (("family", "given"), ("given", "family")):
		level[part] = np.select([turned, swapped], [crossed[other][0], crossed[part][0]], straight[part][0])
		across = straight[part][1]
		written = frequencies.share(
			"written", _chosen(records.hash, part, other, left, turned), settings.fewest
		)
		sounds = _chosen(records.hash, f"{part}_sound", f"{other}_sound", left, turned)
		sound = frequencies.share("sound", sounds, settings.fewest)
		share[part] = np.where(across | (level[part] == Level.SOUND), sound, written)
	return swapped


def _chosen(hashes, part: str, other: str, rows: np.ndarray, turned: np.ndarray) -> np.ndarray:
	return np.where(turned, hashes[other][rows], hashes[part][rows])


def _in_order(records: Prepared, rows: np.ndarray, frequencies: Frequencies) -> np.ndarray:
	"""How much a name looks as if its surname were in the place of the surname; equal ones are told apart by their hash."""
	found = np.zeros(len(rows))
	for part, sign in (("family", 1), ("given", -1)):
		hashes = records.hash[f"{part}_sound"][rows]
		found += sign * np.log(frequencies.counts["as family"].of(hashes) + 0.5)
		found -= sign * np.log(frequencies.counts["as given"].of(hashes) + 0.5)
	return found + (records.hash["family_sound"][rows] % np.uint64(1000)).astype(np.float64) * 1e-9


def _identities(records, kind, left, right, frequencies, settings):
	"""Level of one kind, P(strangers share), and whether both sides verified the value they share."""
	a, b = records.value_hash[kind][left], records.value_hash[kind][right]
	checked_a, checked_b = records.verified[kind][left], records.verified[kind][right]
	none = (a[:, 0] == 0) | (b[:, 0] == 0)
	owners = np.full(len(left), np.iinfo(np.int64).max)
	both = np.zeros(len(left), dtype=bool)
	for i in range(MOST_VALUES):
		for j in range(MOST_VALUES):
			at = np.flatnonzero((a[:, i] == b[:, j]) & (a[:, i] != 0))
			if len(at):
				owners[at] = np.minimum(owners[at], frequencies.counts[kind].of(a[at, i]))
				both[at] |= checked_a[at, i] & checked_b[at, j]
	shared = owners < np.iinfo(np.int64).max
	found = np.where(shared, Level.EXACT, Level.DIFFER).astype(np.int8)
	found[none] = Level.MISSING
	if kind in _JUDGES:
		texts = records.values[kind]
		for i in range(2):
			for j in range(2):
				at = np.flatnonzero((found == Level.DIFFER) & (a[:, i] != 0) & (b[:, j] != 0))
				if len(at):
					found[at] = _different(texts[left[at], i], texts[right[at], j], _JUDGES[kind])
	return found, _coincidence(kind, np.where(shared, owners, 2), frequencies, settings), both


def _coincidence(kind: str, owners: np.ndarray, frequencies: Frequencies, settings: Settings) -> np.ndarray:
	"""P(strangers share an identifier that so many records have)."""
	others = np.maximum(owners - 2, 0)
	return (RECYCLED[kind] + CROWD[kind] * others) / (frequencies.records + settings.fewest)
