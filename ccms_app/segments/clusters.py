"""Clusters: customers grouped by how they buy, without anybody naming the groups first.

Amounts, counts and days are skewed, so they are read as log1p and scaled by median and interquartile range (a spread that
outliers do not move). k-means (MacQueen 1967; Arthur and Vassilvitskii 2007 for its start) is tried for k from 3 to 8; the
silhouette (Rousseeuw 1987) on a seeded sample chooses k. A new fit is matched to the old one by the Hungarian method
(Kuhn 1955), so that a group keeps its name while it stays where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

SAMPLE = 10_000
SMALLEST, LARGEST = 3, 8
FEWEST = 50  # customers: below that groups are chance
LEAST_SHARE = 0.01  # of the customers: a smaller group is a handful of outliers
FAR = 0.5  # IQR units: an old and a new group further apart than that (per feature) are different groups
CLIP = 4.0  # IQR units: how far out one customer may pull a centre

# feature → what a group is called that has much of it, and little of it
FEATURES: dict[str, tuple[str, str]] = {
	"orders_365": ("Frequent", "Rare"),
	"basket_value": ("Large baskets", "Small baskets"),
	"basket_items": ("Many items", "Few items"),
	"own_cycle": ("Long cycles", "Short cycles"),
	"ratio": ("Away for long", "Here lately"),
	"return_rate": ("Many returns", "Few returns"),
	"below_list_share": ("Bargains", "Full price"),
	"margin_365": ("High margin", "Low margin"),
}


class TooFew(ValueError):
	"""Too few customers, or nothing that tells them apart. words, values: what to say, to be translated."""

	def __init__(self, words: str, *values: object):
		super().__init__(words.format(*values))
		self.words, self.values = words, values


@dataclass
class Clusters:
	"""A fitted model, as plain numbers that can be stored.

	features: in the order of the columns. medians, scales: of log1p of each feature over the customers fitted on.
	centres: one row a cluster, in scaled units. names: one a cluster. traits: of each, [(feature, IQR units from the median)], the furthest first.
	sizes: customers of the fit in each. silhouette: of the sample, −1 to 1.
	"""

	features: list[str]
	medians: list[float]
	scales: list[float]
	centres: list[list[float]]
	names: list[str]
	traits: list[list[tuple[str, float]]] = field(default_factory=list)
	sizes: list[int] = field(default_factory=list)
	silhouette: float = 0.0
	seed: int = 7

	def assign(self, frame: pd.DataFrame) -> pd.Series:
		"""The cluster's name for every row; empty where no feature is known. A single unknown counts as the median."""
		scaled, known = self._scaled(frame)
		centres = np.array(self.centres)
		distances = (centres**2).sum(
			axis=1
		) - 2 * scaled @ centres.T  # each row's own square is the same for all
		names = np.array(self.names, dtype=object)[distances.argmin(axis=1)]
		names[~known] = None
		return pd.Series(names, index=frame.index, name="cluster", dtype=object)

	def _scaled(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
		logs = _logs(frame, self.features)
		known = ~np.isnan(logs).all(axis=1)
		scaled = (logs - np.array(self.medians)) / np.array(self.scales)
		return np.clip(np.nan_to_num(scaled), -CLIP, CLIP), known

	def to_dict(self) -> dict[str, Any]:
		return asdict(self)

	@classmethod
	def from_dict(cls, stored: dict[str, Any]) -> Clusters:
		stored = {
			**stored,
			"traits": [[tuple(pair) for pair in traits] for traits in stored.get("traits", [])],
		}
		return cls(**stored)


def fit(frame: pd.DataFrame, seed: int = 7, previous: Clusters | None = None) -> Clusters:
	"""Group the customers of a frame.

	Args:
		frame: columns of `FEATURES` (those that are there are used), one row a customer; NaN is unknown. The order of the rows
			makes no difference if its index is the customers' names.
		previous: the model before, whose names live on in the groups that are nearest to its own.

	Raises:
		TooFew: under `FEWEST` customers, or fewer than two features that vary.
	"""
	frame = frame.sort_index()
	features = [name for name in FEATURES if name in frame]
	logs = _logs(frame, features)
	frame = frame[~np.isnan(logs).all(axis=1)] if features else frame.iloc[:0]
	if len(frame) < FEWEST:
		raise TooFew("Clusters need {0} customers with orders; there are {1}.", FEWEST, len(frame))
	features, medians, scales = _scales(frame, features)
	if len(features) < 2:
		raise TooFew("Customers do not differ in enough figures to be grouped.")
	model = Clusters(features, medians, scales, [], [], seed=seed)
	scaled, _known = model._scaled(frame)
	labels = _best(scaled, model)
	model.sizes = np.bincount(labels, minlength=len(model.centres)).tolist()
	model.traits = [_traits(centre, features) for centre in model.centres]
	model.names = _names(model, previous)
	return model


def _logs(frame: pd.DataFrame, features: Sequence[str]) -> np.ndarray:
	"""log1p of each feature, one column a feature; one that the frame does not have is unknown."""
	values = np.full((len(frame), len(features)), np.nan)
	for place, name in enumerate(features):
		if name in frame:
			values[:, place] = pd.to_numeric(frame[name], errors="coerce").to_numpy(float)
	# a loss or a negative rate is as far below zero as it is large
	return np.sign(values) * np.log1p(np.abs(values))


def _scales(frame: pd.DataFrame, features: Sequence[str]) -> tuple[list[str], list[float], list[float]]:
	"""The features that vary, with their medians and spreads. One of which half is one value has no IQR: its standard deviation
	stands in."""
	found: list[tuple[str, float, float]] = []
	logs = _logs(frame, features)
	for place, name in enumerate(features):
		known = logs[~np.isnan(logs[:, place]), place]
		if len(known) < FEWEST or np.ptp(known) < 1e-9:
			continue
		low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
		spread = high - low if high - low > 1e-9 else float(known.std())
		found.append((name, float(middle), float(spread)))
	names, medians, scales = zip(*found, strict=True) if found else ((), (), ())
	return list(names), list(medians), list(scales)


def _best(scaled: np.ndarray, model: Clusters) -> np.ndarray:
	"""Try every k on a sample; set the model's centres and silhouette; return the labels of all rows."""
	from sklearn.cluster import KMeans
	from sklearn.metrics import silhouette_score
	from threadpoolctl import threadpool_limits

	random = np.random.default_rng(model.seed)
	chosen = (
		np.sort(random.choice(len(scaled), SAMPLE, replace=False)) if len(scaled) > SAMPLE else slice(None)
	)
	sample = scaled[chosen]
	different = len(np.unique(sample, axis=0))
	if different < SMALLEST:
		raise TooFew("Customers do not differ in enough figures to be grouped.")
	tried = []
	with threadpool_limits(
		1
	):  # threads that wait for each other cost more than they bring, and change the last digits
		for k in range(SMALLEST, min(LARGEST, different - 1, len(sample) - 1) + 1):
			means = KMeans(n_clusters=k, n_init=4, random_state=model.seed).fit(sample)
			# the silhouette compares every pair: a part of the sample says as much
			score = silhouette_score(
				sample, means.labels_, sample_size=min(len(sample), 3000), random_state=model.seed
			)
			whole = bool(np.bincount(means.labels_).min() >= LEAST_SHARE * len(sample))
			tried.append((whole, round(float(score), 9), -k, means.cluster_centers_))
		if not tried:
			raise TooFew("Customers do not differ in enough figures to be grouped.")
		_whole, score, _k, start = max(tried, key=lambda one: one[:3])
		means = KMeans(n_clusters=len(start), init=start, n_init=1, random_state=model.seed).fit(scaled)
	model.silhouette = score
	order = np.lexsort(means.cluster_centers_.T[::-1])
	model.centres = means.cluster_centers_[order].tolist()
	return np.argsort(order)[means.labels_]


def _traits(centre: Sequence[float], features: Sequence[str]) -> list[tuple[str, float]]:
	"""Features and how far the centre is from the median in them, in IQR units; the furthest first."""
	ranked = sorted(zip(features, centre, strict=True), key=lambda pair: (-abs(pair[1]), pair[0]))
	return [(name, round(float(units), 2)) for name, units in ranked]


def _names(model: Clusters, previous: Clusters | None) -> list[str]:
	kept = _matched(model, previous) if previous else {}
	taken = set(kept.values())
	names = []
	for number, traits in enumerate(model.traits):
		name = kept.get(number) or _free(traits, taken)
		taken.add(name)
		names.append(name)
	return names


def _name(traits: Sequence[tuple[str, float]]) -> str:
	return " · ".join(FEATURES[feature][0 if units > 0 else 1] for feature, units in traits)


def _free(traits: Sequence[tuple[str, float]], taken: set[str]) -> str:
	"""A name by the two furthest features; if that is another group's, by the first and the next one; else with a number."""
	for second in traits[1:]:
		name = _name([traits[0], second])
		if name not in taken:
			return name
	number = 2
	while f"{_name(traits[:2])} {number}" in taken:
		number += 1
	return f"{_name(traits[:2])} {number}"


def _matched(model: Clusters, previous: Clusters) -> dict[int, str]:
	"""New cluster → name of the old one it continues: the pairing with the least total distance, the far ones left out."""
	from scipy.optimize import linear_sum_assignment

	common = [name for name in model.features if name in previous.features]
	if not common:
		return {}
	ours = _unscaled(model, common)
	theirs = _unscaled(previous, common)
	scales = np.array([model.scales[model.features.index(name)] for name in common])
	distances = np.sqrt((((ours[:, None, :] - theirs[None, :, :]) / scales) ** 2).mean(axis=2))
	rows, columns = linear_sum_assignment(distances)
	return {
		int(row): previous.names[column]
		for row, column in zip(rows, columns, strict=True)
		if distances[row, column] <= FAR
	}


def _unscaled(model: Clusters, features: Sequence[str]) -> np.ndarray:
	"""Centres as logarithms, which two fits have in common."""
	places = [model.features.index(name) for name in features]
	centres = np.array(model.centres)[:, places]
	return centres * np.array(model.scales)[places] + np.array(model.medians)[places]
