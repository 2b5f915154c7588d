"""RFM: how recently, how often and for how much a customer bought, each scored 1 to 5 against the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ccms_app.behaviour.settings import Settings

FEWEST_BUYERS = 20
LOWEST = 1


def rfm(
	days_since: np.ndarray,
	orders: np.ndarray,
	revenue: np.ndarray,
	all_orders: np.ndarray,
	settings: Settings,
) -> pd.DataFrame:
	"""Scores of one company's customers: r, f, m (Int64, missing where unknown), rfm ("5-4-4"), rfm_group.

	Args:
		days_since: since the last order.
		orders, revenue: of the last `settings.rfm_days` days.
		all_orders: of all time.

	The population are those with an order in the window; earlier buyers get 1-1-1, others stay empty. Under 20 buyers all
	are empty: there is nobody to compare with.
	"""
	days_since, orders, revenue = (np.asarray(a, float) for a in (days_since, orders, revenue))
	all_orders = np.asarray(all_orders, float)
	ever = all_orders > 0
	inside = ever & (orders > 0) & (days_since <= settings.rfm_days)
	found = pd.DataFrame(
		{name: pd.array([pd.NA] * len(ever), dtype="Int64") for name in ("r", "f", "m")},
		columns=["r", "f", "m"],
	)
	found["rfm"] = None
	found["rfm_group"] = None
	if inside.sum() < FEWEST_BUYERS:
		return found
	edges = settings.rfm_edges or {}
	scores = {}
	for name, measure in (("r", -days_since), ("f", orders), ("m", revenue)):
		score = np.full(len(ever), LOWEST)
		if name in edges:
			limits = np.asarray(edges[name], float)
			# fewer days are better: the limits of recency are read from the other side
			score[inside] = (
				1 + len(limits) - np.searchsorted(limits, days_since[inside], side="left")
				if name == "r"
				else 1 + np.searchsorted(limits, measure[inside], side="right")
			)
		else:
			score[inside] = rank_score(measure[inside])
		scores[name] = score
	fm = (scores["f"] + scores["m"] + 1) // 2  # half up
	group = _groups(scores["r"], fm, all_orders, settings)
	text = _by_place(lambda r, f, m: f"{r}-{f}-{m}", scores["r"], scores["f"], scores["m"])
	for name, score in scores.items():
		found[name] = pd.array(np.where(ever, score, 0), dtype="Int64")
		found.loc[~ever, name] = pd.NA
	found["rfm"] = np.where(ever, text, None)
	found["rfm_group"] = np.where(ever, group, None)
	return found


def rank_score(measure: np.ndarray) -> np.ndarray:
	"""1 to 5 by p = (below + ½ · equal) ÷ n: min(5, 1 + ⌊5p⌋). Ties share a score; a constant gives 3."""
	measure = np.asarray(measure, float)
	ordered = np.sort(measure)
	below = np.searchsorted(ordered, measure, side="left")
	upto = np.searchsorted(ordered, measure, side="right")
	# ⌊5 · (below + upto) ÷ 2n⌋ in whole numbers: no rounding decides a score
	return np.minimum(5, 1 + 5 * (below + upto) // (2 * len(measure)))


def _groups(r: np.ndarray, fm: np.ndarray, orders: np.ndarray, settings: Settings) -> np.ndarray:
	name = _by_place(lambda r, fm: settings.rfm_groups[(r, fm)], r, fm)
	return np.where((name == "New") & (orders != 1), "Promising", name)


def _by_place(word: Callable[..., str], *scores: np.ndarray) -> np.ndarray:
	"""A word for each row: there are few different rows of scores, and millions of customers."""
	place = np.zeros(len(scores[0]), np.int64)
	for score in scores:
		place = place * 10 + score
	different, where = np.unique(place, return_inverse=True)
	words = [word(*(int(digit) for digit in str(number))) for number in different]
	return np.array(words, object)[where]
