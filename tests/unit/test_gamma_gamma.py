"""Gamma-Gamma against the figures of its paper and against simulated customers."""

import numpy as np
import pytest

from ccms_app.scoring.gamma_gamma import GammaGamma
from tests.unit import cdnow


@pytest.fixture(scope="module")
def fitted() -> GammaGamma:
	data = cdnow.summary()
	data = data[data["x"] > 0]
	return GammaGamma().fit(data["x"], data["zbar"])


def test_parameters_of_the_paper(fitted):
	assert fitted.converged_
	assert fitted.p_ == pytest.approx(6.25, abs=0.01)
	assert fitted.q_ == pytest.approx(3.74, abs=0.01)
	assert fitted.v_ == pytest.approx(15.44, abs=0.05)


def test_seven_times_the_money_changes_only_its_unit(fitted):
	data = cdnow.summary()
	data = data[data["x"] > 0]
	dear = GammaGamma().fit(data["x"], data["zbar"] * 7)
	assert (dear.p_, dear.q_, dear.v_) == pytest.approx((fitted.p_, fitted.q_, fitted.v_ * 7), rel=1e-6)


def test_a_customer_seen_often_is_believed(fitted):
	everybody = fitted.expected_value(0, np.nan)
	assert everybody == pytest.approx(35.2, abs=0.3)  # Fader & Hardie (2013), table 3
	once, often = fitted.expected_value(1, 100.0), fitted.expected_value(50, 100.0)
	assert everybody < once < often < 100
	assert often == pytest.approx(100, rel=0.02)


def test_parameters_and_variance_come_back_from_simulated_customers():
	rng = np.random.default_rng(2)
	nu = rng.gamma(5.0, 1 / 60.0, 40_000)
	orders = rng.integers(1, 9, len(nu))
	mean = rng.gamma(4.0 * orders, 1 / nu) / orders
	model = GammaGamma().fit(orders, mean)
	assert (model.p_, model.q_, model.v_) == pytest.approx((4.0, 5.0, 60.0), rel=0.06)
	following = rng.gamma(4.0, 1 / nu)
	within, between = model.variance_of_value(orders, mean)
	error = (following - model.expected_value(orders, mean)) ** 2
	assert (within + between).mean() == pytest.approx(error.mean(), rel=0.1)


@pytest.mark.parametrize("orders, mean", [([], []), ([0], [3.0]), ([1], [0.0]), ([2], [-4.0])])
def test_what_must_stay_out_is_refused(orders, mean):
	with pytest.raises(ValueError):
		GammaGamma().fit(orders, mean)


def test_a_constant_value():
	model = GammaGamma().fit([3] * 50, [20.0] * 50)
	assert model.expected_value(3, 20.0) == pytest.approx(20, rel=0.05)
