"""The Gamma-Gamma model of spend: what a customer's next order will be worth.

Order values of one customer are Gamma(p, ν); ν differs between customers as Gamma(q, v). A customer seen often is
believed, one seen once is pulled towards the others. Fader & Hardie, The Gamma-Gamma Model of Monetary Value (2013).
"""

from __future__ import annotations

import numpy as np
from scipy import optimize
from scipy.special import digamma, gammaln

_BOUNDS = [(-4.0, 8.0), (-4.0, 8.0), (-12.0, 12.0)]


class GammaGamma:
	"""Maximum-likelihood Gamma-Gamma. After ``fit``: ``p_``, ``q_``, ``v_`` (in units of money), ``log_likelihood_``,
	``converged_``, ``customers_``.
	"""

	def fit(self, orders: np.ndarray, mean_value: np.ndarray) -> GammaGamma:
		"""orders: counted orders of positive value, ≥ 1 each; mean_value: their mean, > 0. One entry a customer.

		Raises ValueError on others: zero and negative values must stay out.
		"""
		orders, mean_value = np.asarray(orders, float), np.asarray(mean_value, float)
		if not len(orders):
			raise ValueError("Gamma-Gamma needs at least one customer")
		if not (np.all(orders >= 1) and np.all(mean_value > 0)):
			raise ValueError("Gamma-Gamma needs orders ≥ 1 and values > 0")
		self.customers_ = len(orders)
		# sorted, so that the sums do not depend on the rows' order; in units of the median, whatever the currency
		unit = float(np.median(mean_value))
		order = np.lexsort((mean_value, orders))
		# rounded, so that the same amounts in another currency take the same steps
		n, m = orders[order], np.maximum(np.round(mean_value[order] / unit, 10), 1e-10)
		counts, code = np.unique(n, return_inverse=True)
		mass = np.bincount(code) / len(n)
		log_m, log_n = np.log(m), np.log(n)
		mean_log_m, mean_n_log = log_m.mean(), (n * (log_m + log_n)).mean()

		def negative(logs: np.ndarray) -> tuple[float, np.ndarray]:
			p, q, v = np.exp(logs)
			pooled = np.log(v + m * n)
			value = mass @ (gammaln(p * counts + q) - gammaln(p * counts)) - gammaln(q) + q * np.log(v)
			value += p * mean_n_log - mean_log_m - ((p * n + q) * pooled).mean()
			psi = digamma(p * counts + q)
			slope_p = mass @ (counts * (psi - digamma(p * counts))) + mean_n_log - (n * pooled).mean()
			slope_q = mass @ psi - digamma(q) + np.log(v) - pooled.mean()
			slope_v = q / v - ((p * n + q) / (v + m * n)).mean()
			return -float(value), -np.array([slope_p * p, slope_q * q, slope_v * v])

		found = optimize.minimize(
			negative,
			np.log([3.0, 3.0, 1.0]),
			jac=True,
			method="L-BFGS-B",
			bounds=_BOUNDS,
			options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-9},
		)
		self.p_, self.q_, v = np.exp(found.x).tolist()
		self.v_ = v * unit
		self.converged_ = bool(found.success)
		self.log_likelihood_ = float(-found.fun * len(n) - len(n) * np.log(unit))
		return self

	def expected_value(self, orders: np.ndarray, mean_value: np.ndarray) -> np.ndarray:
		"""Mean value of a future order: the customer's own mean and everybody's, weighed by what is known of both.

		orders may be 0: then only everybody's counts. With q ≤ 1 the model has no mean for a customer never seen; such
		a fit is read at the smallest q that has one to speak of.
		"""
		orders = np.asarray(orders, float)
		own = np.where(orders > 0, np.nan_to_num(np.asarray(mean_value, float)), 0.0)
		return (self.v_ + orders * own) * self.p_ / (self.p_ * orders + max(self.q_, 1.05) - 1)

	def variance_of_value(self, orders: np.ndarray, mean_value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
		"""(variance of one future order given the customer's true mean, variance of that true mean), on average."""
		orders = np.asarray(orders, float)
		shape = self.p_ * orders + max(self.q_, 2.1)
		mean = self.expected_value(orders, mean_value)
		of_mean = mean**2 / (shape - 2)
		return (mean**2 + of_mean) / self.p_, of_mean
