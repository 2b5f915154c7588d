"""The BG/NBD model of repeat buying: how often customers come, and when they have gone for good.

While active, a customer buys at a rate λ; after each purchase the customer leaves with probability p. λ differs between
customers as Gamma(r, α), p as Beta(a, b). Fader, Hardie & Lee, "Counting Your Customers" the Easy Way (Marketing Science
24, 2005). Of each customer only three numbers matter: x repeat orders, t_x the time from the first order to the last, T
the time from the first order to the as-of. Any unit of time will do; every method must be asked in the one of the fit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize
from scipy.special import betainc, betaln, digamma, expit, gammaln, hyp2f1

# of the logarithms of the parameters, time being measured in mean ages: without them a history in which nobody ever
# left (or all did) sends the search to infinity
_BOUNDS = [(-7.0, 5.0), (-9.0, 7.0), (-7.0, 7.0), (-7.0, 7.0)]
_START = (-0.7, -0.7, -0.7, 0.7)


class BGNBD:
	"""Maximum-likelihood BG/NBD. After ``fit``: ``r_``, ``alpha_`` (in the data's unit of time), ``a_``, ``b_``,
	``log_likelihood_``, ``converged_``, ``customers_``.
	"""

	def fit(
		self, x: np.ndarray, t_x: np.ndarray, T: np.ndarray, start: tuple[float, ...] | None = None
	) -> BGNBD:
		"""Estimate the four parameters from one entry a customer.

		start: (r, alpha, a, b) to begin the search at, say those of a month earlier. Raises ValueError on histories
		that cannot be: negative, or 0 ≤ t_x ≤ T violated.
		"""
		x, t_x, T = _checked(x, t_x, T)
		if not len(x):
			raise ValueError("BG/NBD needs at least one customer")
		self.customers_ = len(x)
		# identical histories are counted, not repeated; sorting them makes the sums independent of the rows' order
		groups = pd.DataFrame({"x": x, "t_x": t_x, "T": T}).groupby(["x", "t_x", "T"], sort=True).size()
		x, t_x, T = (groups.index.get_level_values(name).to_numpy(float) for name in ("x", "t_x", "T"))
		weight = groups.to_numpy(float)
		unit = _dot(weight, T) / weight.sum() or 1.0
		likelihood = _Likelihood(x, t_x / unit, T / unit, weight)
		scale = np.array([1.0, unit, 1.0, 1.0])
		begin = np.array(_START) if start is None else np.log(np.array(start) / scale)
		begin = np.clip(begin, [low for low, _ in _BOUNDS], [high for _, high in _BOUNDS])
		found = optimize.minimize(
			likelihood,
			begin,
			jac=True,
			# unlike L-BFGS-B it calls no BLAS, whose threads cost more than four parameters are worth
			method="TNC",
			bounds=_BOUNDS,
			options={"maxfun": 500, "ftol": 1e-14, "gtol": 1e-8, "xtol": 1e-9},
		)
		self.r_, self.alpha_, self.a_, self.b_ = (np.exp(found.x) * scale).tolist()
		self.converged_ = bool(found.success)
		# density of the times themselves: undo the change of unit
		self.log_likelihood_ = float(-found.fun * weight.sum() - _dot(weight, x) * np.log(unit))
		return self

	@property
	def parameters_(self) -> tuple[float, float, float, float]:
		return self.r_, self.alpha_, self.a_, self.b_

	def probability_alive(self, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
		"""P(still a customer | history): 1 for one who never came back, by this model's own assumption.

		No measure of churn: rank customers by :meth:`probability_no_order` instead.
		"""
		x, t_x, T = _checked(x, t_x, T)
		r, alpha, a, b = self.parameters_
		repeat = x > 0
		odds_gone = np.log(a) - np.log(np.where(repeat, b + x - 1, 1.0))
		odds_gone += (r + x) * (np.log(alpha + T) - np.log(alpha + t_x))
		return np.where(repeat, expit(-odds_gone), 1.0)

	def probability_no_order(self, h: float, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
		"""P(no order in the next h | history): gone already, or active and not coming."""
		return 1.0 - self.probability_more_than(0, h, x, t_x, T)

	def probability_more_than(
		self, n: float | np.ndarray, h: float, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
	) -> np.ndarray:
		"""P(more than n orders in the next h | history); n broadcasts against the customers.

		Given that the customer is active, λ is Gamma(r + x, α + T) and p is Beta(a, b + x), independently, and the
		number of orders is the smaller of a Poisson count and the order after which the customer leaves. So
		P(X > n) = P(active) · P(NB > n) · E[(1 − p)^n].
		"""
		n = np.asarray(n, float)
		r, alpha, a, b = self.parameters_
		x, t_x, T = _checked(x, t_x, T)
		coming = betainc(n + 1.0, r + x, h / (alpha + T + h))
		staying = np.exp(betaln(a, b + x + n) - betaln(a, b + x))
		return self.probability_alive(x, t_x, T) * coming * staying

	def expected_orders(self, h: float, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
		"""Mean number of orders in the next h, given the history (eq. 10 of the paper).

		Its 2F1 is taken as it stands where customers leave sooner than they have ordered, else after Euler's
		transformation: so neither hundreds of orders nor a shop that nobody comes back to for long overflow.
		"""
		x, t_x, T = _checked(x, t_x, T)
		r, alpha, a, b = self.parameters_
		if abs(a - 1) < 1e-5:
			a = 1 + 1e-5  # the formula's removable 0 ÷ 0
		z = h / (alpha + T + h)
		c = a + b + x - 1
		plain = a - 1 > r + x
		power = np.where(plain, r + x, a - 1)
		first, second = np.where(plain, r + x, c - r - x), np.where(plain, b + x, a - 1)
		active = c / (a - 1) * (1 - (1 - z) ** power * hyp2f1(first, second, c, z))
		return self.probability_alive(x, t_x, T) * active

	def expected_new(self, t: np.ndarray) -> np.ndarray:
		"""Mean number of repeat orders of a customer in the time t after the first order (eq. 9)."""
		zero = np.zeros_like(np.asarray(t, float))
		return self.expected_orders(t, zero, zero, zero)


class _Likelihood:
	"""Minus the mean log-likelihood and its gradient, in the logarithms of the parameters."""

	def __init__(self, x: np.ndarray, t_x: np.ndarray, T: np.ndarray, weight: np.ndarray):
		self.x, self.t_x, self.T, self.weight = x, t_x, T, weight / weight.sum()
		self.repeat = x > 0
		# gamma functions depend on x alone, and few different counts occur
		self.counts, code = np.unique(x, return_inverse=True)
		self.mass = np.bincount(code, self.weight)

	def __call__(self, logs: np.ndarray) -> tuple[float, np.ndarray]:
		r, alpha, a, b = np.exp(logs)
		x, weight, counts, mass = self.x, self.weight, self.counts, self.mass
		log_T, log_t = np.log(alpha + self.T), np.log(alpha + self.t_x)
		left = np.where(self.repeat, b + x - 1, 1.0)
		stay = -(r + x) * log_T
		gone = np.where(self.repeat, np.log(a) - np.log(left) - (r + x) * log_t, -np.inf)
		both = np.logaddexp(stay, gone)
		share = np.exp(gone - both)
		value = mass @ (gammaln(r + counts) + gammaln(b + counts) - gammaln(a + b + counts))
		value += r * np.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b) + _dot(weight, both)
		psi_ab = digamma(a + b) - mass @ digamma(a + b + counts)
		log_time = (1 - share) * log_T + share * log_t
		slope_r = mass @ digamma(r + counts) - digamma(r) + np.log(alpha) - _dot(weight, log_time)
		inverse = (1 - share) / (alpha + self.T) + share / (alpha + self.t_x)
		slope_alpha = r / alpha - _dot(weight, (r + x) * inverse)
		slope_a = psi_ab + _dot(weight, share) / a
		slope_b = psi_ab + mass @ digamma(b + counts) - digamma(b) - _dot(weight, share / left)
		slope = np.array([slope_r * r, slope_alpha * alpha, slope_a * a, slope_b * b])
		return -float(value), -slope


def _dot(a: np.ndarray, b: np.ndarray) -> float:
	"""Without BLAS, whose threads would spend longer on waiting for each other than on this."""
	return float(np.einsum("i,i->", a, b))


def _checked(x, t_x, T) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
	x, t_x, T = np.broadcast_arrays(*(np.asarray(values, float) for values in (x, t_x, T)))
	if not (np.all(x >= 0) and np.all(t_x >= 0) and np.all(t_x <= T) and np.all(np.isfinite(T))):
		raise ValueError("BG/NBD needs 0 ≤ x and 0 ≤ t_x ≤ T for every customer")
	return x, t_x, T
