"""How far from its mean the truth may lie: intervals for orders and revenue of one customer.

Many will not order at all, and those who do follow a long tail: the truth is taken to be 0 with the probability of no
order, else Gamma-distributed, with mean and variance as the models have them. Nominal levels of such intervals are never
quite kept, so it is set on customers whose future is known: as wide as makes four of five of them fall inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import betaincinv, gammainc, gammaincinv

from .bgnbd import BGNBD
from .buying import Buying

NOMINAL = 0.80
# held-out coverage that is good enough to leave the nominal level alone; where most customers order nothing, every
# interval holds 0, and the rest must be narrower for the whole to come near four of five
_TOLERATED = (0.77, 0.83)
# not narrower than this: where most order nothing, the few who do still deserve an interval of some width
_LEVELS = (0.3, 0.995)
_ENOUGH = 2000
_NODES = 24


@dataclass(frozen=True)
class Spread:
	"""Zero with probability `zero`, else a Gamma of this mean and variance. Entries are customers.

	counts: whole numbers from 1 on, instead of amounts.
	"""

	zero: np.ndarray
	mean: np.ndarray
	variance: np.ndarray
	counts: bool = False

	def at_most(self, y: np.ndarray) -> np.ndarray:
		"""P(truth ≤ y)."""
		shape, scale = self._gamma
		y = np.asarray(y, float)
		positive = gammainc(shape, np.maximum(y, 0) / scale)
		return np.where(y < 0, 0.0, self.zero + (1 - self.zero) * np.where(y > 0, positive, 0.0))

	def quantile(self, u: float) -> np.ndarray:
		"""The smallest truth that is not exceeded with probability u."""
		shape, scale = self._gamma
		rest = np.clip((u - self.zero) / np.maximum(1 - self.zero, 1e-12), 0, 1 - 1e-9)
		found = np.zeros(len(self.zero))
		some = rest > 0
		found[some] = gammaincinv(shape[some], rest[some]) * scale[some]
		return np.where(some, np.maximum(np.floor(found + 1), 1) if self.counts else found, 0.0)

	def interval(self, level: float) -> tuple[np.ndarray, np.ndarray]:
		return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)

	def level_needed(self, truth: np.ndarray) -> np.ndarray:
		"""The lowest level whose interval holds the truth; 0 or less when every one does."""
		truth = np.asarray(truth, float)
		before = self.at_most(truth - 1) if self.counts else np.where(truth > 0, self.at_most(truth), 0.0)
		return np.maximum(1 - 2 * self.at_most(truth), 2 * before - 1)

	def claimed(self, level: float) -> float:
		"""The coverage that the model itself expects of a level: more than the level where most is at 0."""
		few = self._few
		low, high = few.interval(level)
		below = few.at_most(low - 1) if few.counts else np.where(low > 0, few.at_most(low), 0.0)
		return float(np.mean(few.at_most(high) - below))

	def level_claiming(self, coverage: float) -> float:
		"""The level of which the model expects this coverage, as nearly as it can be had."""
		few = self._few
		low, high = _LEVELS
		for _ in range(20):
			middle = (low + high) / 2
			low, high = (middle, high) if few.claimed(middle) < coverage else (low, middle)
		# whole numbers make steps, and one step may be the whole way from too narrow to wide enough
		return min(high, low, key=lambda level: abs(few.claimed(level) - coverage))

	@cached_property
	def _few(self) -> Spread:
		"""Two thousand customers spread evenly over all, which do for a mean."""
		if len(self.zero) <= _ENOUGH:
			return self
		order = np.lexsort((self.variance, self.mean, self.zero))
		chosen = order[np.linspace(0, len(order) - 1, _ENOUGH).astype(int)]
		return Spread(self.zero[chosen], self.mean[chosen], self.variance[chosen], self.counts)

	@cached_property
	def _gamma(self) -> tuple[np.ndarray, np.ndarray]:
		"""Shape and scale of the positive part. A count n stands for what lies in (n - 1, n]."""
		some = np.maximum(1 - self.zero, 1e-9)
		mean = self.mean / some
		variance = np.maximum(self.variance / some - self.zero * mean**2, 0)
		if self.counts:
			mean = np.maximum(mean - 0.5, 0.3)
		variance = np.maximum(variance, 0.01 * mean**2)
		mean = np.maximum(mean, 1e-9)
		return mean**2 / np.maximum(variance, 1e-12), np.maximum(variance, 1e-12) / mean


def count_variance(buying: Buying, h: float, snapshot) -> tuple[np.ndarray, np.ndarray]:
	"""(mean, variance) of the orders in the next h under the model of buying.

	For BG/NBD: given λ and p, orders while active are a pure birth process that stops with p after each, so
	E[X(X - 1)] = 2 (1 - p) ÷ p² · (1 - e^(-λpt) (1 + λpt)); λ is integrated out in closed form, p over quantiles of
	its Beta distribution.
	"""
	model = buying.model_
	mean = buying.expected_orders(h, snapshot)
	if not isinstance(model, BGNBD):
		shape, rate = model.posterior(snapshot)
		return mean, mean + h**2 * shape / rate**2
	x, t_x, age = (snapshot[name].to_numpy(float) for name in ("x", "t_x", "age"))
	counts, code = np.unique(x, return_inverse=True)
	middles = (np.arange(_NODES) + 0.5) / _NODES
	leaving = betaincinv(model.a_, model.b_ + counts[:, None], middles)
	leaving = np.clip(leaving, 1e-6, 1 - 1e-9)
	shape, rate = model.r_ + x, model.alpha_ + age
	factorial = np.zeros(len(x))
	for node in range(_NODES):
		p = leaving[code, node]
		stay = np.exp(shape * np.log(rate / (rate + p * h)))
		gone = 1 - stay * (1 + shape * p * h / (rate + p * h))
		# for tiny p both sides vanish: the limit of a plain Poisson process
		limit = shape * (shape + 1) * (h / rate) ** 2
		factorial += np.where(p * h * shape / rate > 1e-4, 2 * (1 - p) / p**2 * gone, limit)
	factorial *= model.probability_alive(x, t_x, age) / _NODES
	return mean, np.maximum(factorial + mean - mean**2, mean * 0.05)


def promise(spread: Spread, truth: np.ndarray | None) -> float:
	"""The coverage that the model must claim for about four of five customers to fall inside.

	It is what the model claims of the nominal level, unless the customers whose truth is known say that this level covers
	too few or too many: then of the level that they would have asked for.
	"""
	low, high = _TOLERATED
	if truth is None:
		return float(np.clip(spread.claimed(NOMINAL), low, high))
	needed = spread.level_needed(truth)
	# an interval of a level holds whatever needs less
	covered = float(np.mean(needed < NOMINAL))
	if low <= covered <= high:
		return spread.claimed(NOMINAL)
	asked = float(np.quantile(needed, low if covered < low else high))
	return spread.claimed(float(np.clip(asked, 0.02, _LEVELS[1])))
