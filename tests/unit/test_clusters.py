"""Clusters: the same answer for the same customers, whatever their order and unit; names that live on."""

import numpy as np
import pandas as pd
import pytest

from ccms_app.segments.clusters import FEATURES, Clusters, TooFew, fit


def shoppers(count: int = 600, seed: int = 3) -> pd.DataFrame:
	"""Three habits, well apart: small and often, large and rare, bargains with returns."""
	random = np.random.default_rng(seed)
	kind = random.integers(0, 3, count)
	columns = {
		"orders_365": np.array([40, 3, 8])[kind] * random.lognormal(0, 0.1, count),
		"basket_value": np.array([10, 400, 60])[kind] * random.lognormal(0, 0.1, count),
		"own_cycle": np.array([7, 120, 40])[kind] * random.lognormal(0, 0.1, count),
		"return_rate": np.array([0.01, 0.02, 0.4])[kind] * random.lognormal(0, 0.1, count),
		"below_list_share": np.array([0.2, 0.05, 0.9])[kind] * random.lognormal(0, 0.05, count),
	}
	names = [f"C{number:04d}" for number in random.permutation(count)]
	return pd.DataFrame(columns | {"kind": kind}, index=names)


def test_groups_that_are_there_are_found():
	frame = shoppers()
	model = fit(frame)
	assert len(model.names) == 3 and model.silhouette > 0.6
	found = model.assign(frame)
	assert pd.crosstab(frame["kind"], found).gt(0).sum().sum() == 3, "each habit is one cluster"
	assert sum(model.sizes) == len(frame)
	assert found.value_counts().to_dict() == dict(zip(model.names, model.sizes, strict=True))


def test_names_say_what_stands_out_most():
	frame = shoppers()
	model = fit(frame)
	for name, traits, centre in zip(model.names, model.traits, model.centres, strict=True):
		first, units = traits[0]
		assert abs(units) == pytest.approx(np.abs(centre).max(), abs=0.01)
		assert name.startswith(FEATURES[first][0 if units > 0 else 1])
	assert len(set(model.names)) == len(model.names)


def test_the_same_customers_in_any_order_are_grouped_the_same():
	frame = shoppers()
	shuffled = frame.sample(frac=1, random_state=9)
	one, other = fit(frame), fit(shuffled)
	assert one == other
	pd.testing.assert_series_equal(one.assign(frame).sort_index(), other.assign(shuffled).sort_index())


def test_a_constant_feature_changes_nothing():
	frame = shoppers()
	with_constant = frame.assign(margin_365=5.0)
	model = fit(with_constant)
	assert "margin_365" not in model.features
	assert model == fit(frame)


def test_an_unknown_figure_counts_as_the_median_and_a_row_without_any_has_no_cluster():
	frame = shoppers()
	model = fit(frame)
	row = frame.iloc[:1].copy()
	row["return_rate"] = np.nan
	assert model.assign(row).iloc[0] == model.assign(frame.iloc[:1]).iloc[0]
	nothing = row.copy()
	nothing[model.features] = np.nan
	assert model.assign(nothing).iloc[0] is None


def test_names_live_on_while_the_groups_stay():
	frame = shoppers(seed=3)
	old = fit(frame)
	old.names = ["Regulars", "Collectors", "Bargain hunters"]
	new = fit(shoppers(seed=4), previous=old)
	assert set(new.names) == set(old.names)
	moved = shoppers(seed=4)
	pd.testing.assert_series_equal(new.assign(moved), old.assign(moved))


def test_a_group_that_is_new_gets_a_name_of_its_own():
	frame = shoppers()
	old = fit(frame[frame["kind"] != 2].assign(kind=0))
	kept = set(old.names)
	new = fit(frame, previous=old)
	assert set(new.names) - kept, "the bargain hunters were not there before"


def test_a_model_survives_being_stored():
	import json

	model = fit(shoppers())
	assert Clusters.from_dict(json.loads(json.dumps(model.to_dict()))) == model


def test_an_outlier_does_not_make_a_group_of_its_own():
	frame = shoppers()
	frame.loc["Whale"] = {**frame.iloc[0].to_dict(), "basket_value": 1e9, "orders_365": 1e6}
	assert min(fit(frame).sizes) > 50


@pytest.mark.parametrize(
	"frame",
	[
		pd.DataFrame({"orders_365": []}),
		shoppers(20),
		pd.DataFrame({"orders_365": np.ones(200), "basket_value": np.full(200, 3.0)}),
		pd.DataFrame({"orders_365": np.arange(200.0)}),
		pd.DataFrame({"orders_365": np.arange(200) % 2, "basket_value": np.arange(200) % 2}),
		pd.DataFrame({"something": np.arange(200.0)}),
	],
	ids=["nobody", "few", "constant", "one feature", "two points", "no feature"],
)
def test_too_little_to_group_is_said(frame):
	with pytest.raises(TooFew):
		fit(frame)
