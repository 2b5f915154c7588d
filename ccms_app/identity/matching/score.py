"""Agreements weighed: the probability that two records are one person, against strangers and against a household."""

from __future__ import annotations

import numpy as np

from .compare import Compared
from .model import (
	ADDRESS,
	CERTAIN,
	CONTRADICTIONS,
	FIELDS,
	IDENTITIES,
	LIKELY,
	PERSON,
	POSSIBLE,
	Level,
	Likelihood,
	Settings,
)

TINY = 1e-9
_MODEL: dict[str, Likelihood] = {**PERSON, **ADDRESS, **IDENTITIES}


def _table(probabilities: dict[Level, float]) -> np.ndarray:
	"""Logarithms by level; MISSING says nothing."""
	found = np.array([probabilities.get(level, TINY) for level in Level], dtype=np.float64)
	found[Level.MISSING] = 1
	return np.log(found)


_SAME = {field: _table(each.same) for field, each in _MODEL.items()}
_HOUSEHOLD = {field: _table(each.household) for field, each in _MODEL.items()}
_STRANGERS = {field: _table(each.strangers) for field, each in _MODEL.items()}


def _strangers(field: str, compared: Compared) -> np.ndarray:
	"""log P(level | strangers): a value's frequency where it agrees."""
	level = compared.level[field]
	found = _STRANGERS[field][level]
	if field in compared.share:
		share = np.log(np.minimum(compared.share[field], 0.9))
		agree = (level == Level.EXACT) | (level == Level.SOUND)
		found = np.where(agree, share, found)
	return found


def bits(compared: Compared) -> dict[str, np.ndarray]:
	"""field → evidence in bits, for one person against strangers; 0 where a value is missing."""
	return {
		field: ((_SAME[field][compared.level[field]] - _strangers(field, compared)) / np.log(2)).astype(
			np.float32
		)
		for field in FIELDS
	}


def probability(compared: Compared, records: int, settings: Settings) -> np.ndarray:
	"""P(one person) for each pair, between 0 and 1.

	Mixtures stand where agreements depend on each other: people who moved agree in no part of the address, members of a
	household in most, and neighbours share one by chance.
	"""
	total = records + settings.fewest
	level = compared.level
	same = sum(_SAME[field][level[field]] for field in (*PERSON, *IDENTITIES))
	strangers = sum(_strangers(field, compared) for field in (*PERSON, *IDENTITIES))
	household = sum(_HOUSEHOLD[field][level[field]] for field in (*PERSON, *IDENTITIES))
	# two of a family may have one given name by chance as well
	household = household + np.where(
		level["given"] == Level.EXACT,
		np.log1p(np.minimum(compared.share["given"], 0.5) / _MODEL["given"].household[Level.EXACT]),
		0,
	)
	name_turned = np.log(np.where(compared.swapped, settings.swapped, 1 - settings.swapped))

	here = sum(_SAME[field][level[field]] for field in ADDRESS)
	elsewhere = sum(_strangers(field, compared) for field in ADDRESS)
	together = sum(_HOUSEHOLD[field][level[field]] for field in ADDRESS)
	known = level["street"] != Level.MISSING
	neighbours = np.where(known, np.log(settings.neighbours / total) + here, -np.inf)
	by_chance = np.logaddexp(elsewhere, neighbours)
	same = same + name_turned + _mixture(here, elsewhere, settings.moved)
	strangers = strangers + by_chance
	household = household + _mixture(together, elsewhere, 0.15)

	one = np.log(settings.duplicates / total) + same
	two = np.logaddexp(strangers, np.log(settings.household / total) + household)
	return 1 / (1 + np.exp(np.clip(two - one, -500, 500)))


def _mixture(usual: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
	return np.logaddexp(np.log(1 - share) + usual, np.log(share) + other)


def contradicts(compared: Compared) -> np.ndarray:
	"""Whether birth date, gender, tax id or type plainly differ."""
	return np.any([compared.level[field] == Level.DIFFER for field in CONTRADICTIONS], axis=0)


def certainty(compared: Compared, chance: np.ndarray, settings: Settings) -> np.ndarray:
	"""A word of `model.CERTAINTIES` for each pair, or "" for one that is not worth showing.

	Whatever its probability, a pair is proposed only by more than one shared identity: by a name, a birth date, an address
	or a tax id that agree too, or by identities of two kinds. Names alone are of namesakes: at most Possible. Certain needs a
	given name (or a firm's name) that agrees, and no contradiction.
	"""
	weights = bits(compared)
	named = weights["given"] + weights["family"] > 0
	beside = (weights["birth_date"] > 0).astype(int) + (weights["tax_id"] > 0)
	beside = beside + (sum(weights[field] for field in ADDRESS) > 0)
	shared = sum((compared.level[kind] == Level.EXACT).astype(int) for kind in IDENTITIES)
	nearly = np.any([compared.level[kind] == Level.NEAR for kind in IDENTITIES], axis=0)
	proposed = named | (beside > 0) | (shared >= 2)
	supported = named.astype(int) + beside + shared + nearly >= 2
	good = (Level.EXACT, Level.SOUND, Level.NEAR)
	given, family = compared.level["given"], compared.level["family"]
	agrees = np.isin(given, good) | ((given == Level.MISSING) & np.isin(family, good))
	sure = (chance >= settings.certain) & agrees & ~contradicts(compared)
	found = np.full(len(chance), "", dtype=object)
	found[proposed & (chance >= settings.possible)] = POSSIBLE
	found[proposed & supported & (chance >= settings.likely)] = LIKELY
	found[proposed & supported & sure] = CERTAIN
	return found


def may_merge_alone(compared: Compared, certain: np.ndarray) -> np.ndarray:
	"""Whether no person need look: certain, and two kinds of identities agree that are verified on both sides."""
	return (certain == CERTAIN) & (compared.verified >= 2) & ~contradicts(compared)
