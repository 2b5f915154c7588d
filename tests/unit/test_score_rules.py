"""The scores that are rules: RFM, flags, value bands, the value bridge, the figures of accuracy, the sentences."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from ccms_app.behaviour.settings import Settings
from ccms_app.scoring import bands, metrics, reasons, wording
from ccms_app.scoring.bridge import bridge
from ccms_app.scoring.flags import FlagError, FlagRule, flags
from ccms_app.scoring.rfm import rank_score, rfm

numbers = st.lists(st.integers(-50, 50), min_size=1, max_size=60)


# RFM


@given(numbers)
def test_a_score_of_five_is_the_law_in_fractions(values):
	n = len(values)
	for value, score in zip(values, rank_score(values), strict=True):
		p = (sum(v < value for v in values) + sum(v == value for v in values) / 2) / n
		assert score == min(5, 1 + int(round(5 * p, 9)))


@given(numbers, st.randoms())
def test_ties_share_a_score_and_more_is_never_less(values, random):
	scores = dict(zip(values, rank_score(values), strict=True))
	ordered = sorted(scores)
	assert [scores[v] for v in ordered] == sorted(scores.values())
	mixed = values[:]
	random.shuffle(mixed)
	assert [scores[v] for v in mixed] == list(rank_score(mixed))


def test_a_constant_scores_three():
	assert set(rank_score([7.0] * 40)) == {3}


def population(n=25):
	return {
		"days_since": np.arange(n) * 10.0,
		"orders": np.r_[1, np.arange(n - 1) + 1.0],
		"revenue": np.linspace(10, 900, n),
		"all_orders": np.r_[1, np.arange(n - 1) + 1.0],
	}


def test_who_is_scored():
	who = population()
	who["days_since"][-2] = 731  # bought, but long ago
	who["orders"][-2] = 0
	who["all_orders"][-1] = who["orders"][-1] = 0  # never bought
	who["days_since"][-1] = np.nan
	found = rfm(**who, settings=Settings())
	assert found["rfm"].iloc[-2] == "1-1-1" and found["rfm_group"].iloc[-2] == "Lost"
	assert found.iloc[-1].isna().all()
	assert found["r"].iloc[0] == 5


def test_under_twenty_buyers_nobody_is_scored():
	assert rfm(**population(19), settings=Settings()).isna().all(axis=None)
	assert rfm(**population(20), settings=Settings()).notna().all(axis=None)


def test_new_needs_exactly_one_order():
	who = population(40)
	who["days_since"][:] = 5
	who["days_since"][:2] = 1
	who["orders"][:2] = 1
	who["all_orders"][:2] = 1, 6  # the second had ordered before the window
	found = rfm(**who, settings=Settings())
	assert list(found["rfm"][:2]) == ["5-1-1", "5-1-1"]
	assert list(found["rfm_group"][:2]) == ["New", "Promising"]


def test_f_and_m_are_averaged_half_up():
	settings = Settings(rfm_edges={"r": (10, 20, 30, 40), "f": (2, 3, 4, 5), "m": (100, 200, 300, 400)})
	who = {
		name: np.repeat(values, 20)
		for name, values in {"days_since": [10.0, 45.0], "orders": [5.0, 1.0]}.items()
	}
	found = rfm(**who, revenue=np.repeat([150.0, 400.0], 20), all_orders=who["orders"], settings=settings)
	assert list(found["rfm"].drop_duplicates()) == ["5-5-2", "1-1-5"]
	assert list(found["rfm_group"].drop_duplicates()) == ["Champions", "Hibernating"]


# flags and bands


def people(orders, revenue) -> pd.DataFrame:
	customers = [f"C{i}" for i in range(len(orders))]
	return pd.DataFrame(
		{"customer": customers, "orders_365": orders, "revenue_365": np.array(revenue, float)}
	)


def test_the_best_tenth_is_flagged_and_rules_add_up():
	customers = people(list(range(100)), [10.0 * i for i in range(100)])
	marked = flags(customers)
	assert marked["high_frequency"].sum() == 10 and marked["high_value"].sum() == 10
	both = flags(
		customers,
		[
			FlagRule("high_value", "revenue_365", ">", value=900.0),
			FlagRule("high_value", "orders_365", "<", value=95),
		],
	)
	assert list(np.flatnonzero(both["high_value"])) == [91, 92, 93, 94]
	assert not both["high_frequency"].any()


def test_one_order_is_not_often_even_where_nobody_orders_more():
	assert not flags(people([1] * 30, [5.0] * 30))["high_frequency"].any()


@pytest.mark.parametrize(
	"rule",
	[
		{"flag": "golden", "measure": "orders", "value": 1},
		{"flag": "high_value", "measure": "name", "value": 1},
		{"flag": "high_value", "measure": "orders", "operator": "~", "value": 1},
		{"flag": "high_value", "measure": "orders"},
		{"flag": "high_value", "measure": "orders", "value": 1, "percentile": 3},
		{"flag": "high_value", "measure": "orders", "percentile": 101},
	],
)
def test_a_rule_that_cannot_be_applied_is_refused(rule):
	with pytest.raises(FlagError, match="Flag rule"):
		FlagRule(**rule)


def test_bands_hold_their_shares_and_their_averages():
	customers = people([2] * 100 + [0], [float(i) for i in range(1, 101)] + [0.0])
	customers["value_band"] = bands.bands(customers["revenue_365"], customers["orders_365"], Settings())
	assert customers["value_band"].value_counts().to_dict() == {"A": 5, "B": 15, "C": 30, "D": 50}
	assert pd.isna(customers["value_band"].iloc[-1])
	table = bands.averages(customers, Settings()).set_index("value_band")
	assert table.loc["A", "average_customer"] == 98 and table.loc["A", "average_order"] == 49
	assert table.loc["D", "average_frequency"] == 2
	assert table["share_of_revenue"].sum() == pytest.approx(1)


def test_equal_revenue_shares_a_band():
	assert set(bands.bands(np.full(50, 8.0), np.ones(50), Settings())) == {"A"}
	assert list(bands.bands([5.0], [1], Settings())) == ["A"]
	assert list(bands.bands([], [], Settings())) == []


# the value bridge


def test_the_bridge_deducts_what_is_known_and_names_what_is_not():
	customers = pd.DataFrame(
		{
			"customer": ["A", "B", "C"],
			"revenue": [1000.0, 500.0, 0.0],
			"margin": [300.0, np.nan, np.nan],
			"margin_covered": [0.8, np.nan, np.nan],
			"discount_365": [40.0, 0.0, 0.0],
		}
	)
	costs = pd.DataFrame({"customer": ["A"], "points_cost": [25.0], "service_cost": [10.0]})
	found = bridge(customers, costs)
	assert found["cost_of_goods"].iloc[0] == pytest.approx(500)  # 80 % of 1000, of which 300 was margin
	assert found["historic_value"].iloc[0] == pytest.approx(1000 - 500 - 25 - 10)
	assert found["missing_costs"].tolist() == [
		"acquisition",
		"cost of goods, acquisition",
		"cost of goods, acquisition",
	]
	assert found["discounts"].iloc[0] == 40
	assert bridge(customers)["historic_value"].tolist() == [500, 500, 0]


# accuracy


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=80))
def test_figures_agree_with_scikit_learn(rows):
	truth = np.array([event for event, _ in rows])
	said = np.array([level / 10 for _, level in rows])
	assert metrics.brier(truth, said) == pytest.approx(brier_score_loss(truth, said, pos_label=True))
	if truth.all() or not truth.any():
		assert np.isnan(metrics.auc(truth, said))
	else:
		assert metrics.auc(truth, said) == pytest.approx(roc_auc_score(truth, said))


def test_calibration_is_of_equal_groups_by_rank():
	said = np.linspace(0.05, 0.95, 100)
	table = metrics.calibration(said > 0.5, said)
	assert [row["customers"] for row in table] == [10] * 10
	assert table[0]["observed"] == 0 and table[-1]["observed"] == 1
	assert metrics.largest_gap(table) == pytest.approx(abs(table[4]["predicted"] - table[4]["observed"]))


def test_ties_share_what_happened_to_them():
	truth = np.r_[np.ones(30), np.zeros(70)]
	for order in (slice(None), slice(None, None, -1)):
		table = metrics.calibration(truth[order], np.full(100, 0.4))
		assert [row["observed"] for row in table] == pytest.approx([0.3] * 10)
		assert metrics.top_decile(truth[order], np.full(100, 0.4)) == pytest.approx(0.1)


def test_the_rest_of_the_figures():
	truth, said = np.array([0, 0, 1, 9.0]), np.array([1, 0, 2, 4.0])
	assert metrics.top_decile(truth, said) == 0.9
	assert metrics.total_error(truth, said) == pytest.approx(-0.3)
	assert metrics.coverage(truth, said - 1, said + 1) == 0.75
	assert np.isnan(metrics.spearman(truth, np.ones(4)))
	assert not metrics.lower_by_a_standard_error([1, 0, 1, 0], [0, 1, 1, 0])
	assert metrics.lower_by_a_standard_error([0, 0.1, 0, 0], [0.5, 0.4, 0.6, 0.5])


# sentences


def customers_with_a_story() -> pd.DataFrame:
	"""30 who come as ever, one who has stayed away, one who buys less, one seen once."""
	rows = [
		{
			"orders": 20,
			"orders_365": 12,
			"ratio": 0.4 + 0.01 * i,
			"own_cycle": 18.0,
			"gaps": 19,
			"last_order": pd.Timestamp("2024-05-20"),
			"trend_orders": 0.0,
			"trend_revenue": 0.0,
			"return_rate": 0.0,
		}
		for i in range(33)
	]
	rows[30] |= {"ratio": 2.3}
	rows[31] |= {"trend_revenue": -0.4}
	rows[32] |= {
		"ratio": 3.0,
		"orders": 1,
		"orders_365": 1,
		"gaps": 0,
		"trend_orders": np.nan,
		"trend_revenue": np.nan,
	}
	return pd.DataFrame(rows)


def test_reasons_say_what_stands_out():
	probability = np.r_[np.full(30, 0.1), 0.7, 0.4, 0.9]
	found = reasons.reasons(customers_with_a_story(), probability)
	said = [wording.reasons(text) for text in found]
	assert said[30][0] == "Has stayed away 2.3 times as long as the usual 18 days"
	assert "Spent 40 % less in the last 90 days than before" in said[31]
	assert {"Has ordered only once", "No order since 2024-05-20"} == set(said[32])
	assert said[0] and all("less" not in text and "stayed away" not in text for text in said[0])


def test_nothing_is_said_of_whom_nothing_is_known():
	assert reasons.reasons(customers_with_a_story(), np.full(33, np.nan)) == [None] * 33
	assert wording.reasons(None) == []


def test_every_code_has_its_sentence_and_every_sentence_its_values():
	for code, template in wording.REASONS.items():
		assert code in reasons._CODES
		values = {"times": 2.3, "cycle": 18, "date": "2024-05-01", "percent": 40, "orders": 3}
		text = wording.reason({"code": code, "values": values})
		assert "{" not in text and (("{0}" in template or "{1}" in template) == (text != template))
	assert set(wording.REASONS) == set(reasons._CODES)
	assert wording.reason(
		{"code": "away_since", "values": {"date": "2024-05-01"}}, date=lambda day: "1 May"
	) == ("No order since 1 May")
	assert wording.reason({"code": "something new"}) == "something new"
