"""The stages of a customer: every edge, and one rule for one customer and for all of them."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ccms_app.behaviour.lifecycle import STAGES, stage, stages
from ccms_app.behaviour.settings import RFM_GROUPS, Settings

ON = date(2024, 6, 1)
SETTINGS = Settings()


@pytest.mark.parametrize(
	"orders, orders_365, days_ago, own_cycle, expected",
	[
		(0, 0, None, 30, "Prospect"),
		(1, 1, 1, 30, "First Purchase"),
		(2, 1, 1, 30, "Repeat"),
		(4, 3, 1, 30, "Repeat"),
		(4, 4, 1, 30, "Loyal"),
		(1, 1, 60, 30, "First Purchase"),
		(9, 9, 60, 30, "Loyal"),
		(9, 9, 61, 30, "At Risk"),
		(9, 9, 120, 30, "At Risk"),
		(9, 9, 121, 30, "Lost"),
		(9, 0, 730, 365, "Repeat"),
		(9, 0, 731, 365, "Lost"),
		(1, 1, 14, 7, "First Purchase"),
		(1, 1, 15, 7, "At Risk"),
		(1, 1, 29, 7, "Lost"),
		(1, 1, 60, None, "First Purchase"),
		(1, 1, 61, None, "At Risk"),
	],
)
def test_the_first_rule_that_holds(orders, orders_365, days_ago, own_cycle, expected):
	last = None if days_ago is None else ON - timedelta(days=days_ago)
	assert stage(orders, orders_365, last, own_cycle, ON, SETTINGS) == expected


def test_a_manager_moves_the_limits():
	settings = Settings(at_risk_ratio=1, lost_ratio=1.5, lost_days=100, loyal_orders=2)
	last = ON - timedelta(days=31)
	assert stage(5, 5, last, 30, ON, settings) == "At Risk"
	assert stage(5, 5, last, 20, ON, settings) == "Lost"
	assert stage(5, 5, last, 31, ON, settings) == "Loyal"
	assert stage(5, 5, ON - timedelta(days=101), 101, ON, settings) == "Lost"


def test_one_by_one_and_all_at_once_are_the_same():
	random = np.random.default_rng(3)
	count = 4000
	orders = random.integers(0, 7, count)
	days_ago = random.choice([1, 14, 15, 28, 29, 60, 61, 120, 121, 700, 730, 731], count)
	frame = pd.DataFrame(
		{
			"orders": orders,
			"orders_365": np.minimum(orders, random.integers(0, 7, count)),
			"last_order": pd.Timestamp(ON) - pd.to_timedelta(days_ago, "D"),
			"own_cycle": random.choice([7.0, 30.0, 61.5, 365.0, np.nan], count),
		},
		index=random.permutation(count),
	)
	frame.loc[frame["orders"] == 0, "last_order"] = pd.NaT
	found = stages(frame, ON, SETTINGS)
	alone = [
		stage(
			row.orders,
			row.orders_365,
			None if pd.isna(row.last_order) else row.last_order.date(),
			row.own_cycle,
			ON,
			SETTINGS,
		)
		for row in frame.itertuples()
	]
	assert found.tolist() == alone
	assert found.index.equals(frame.index)
	assert set(found) == set(STAGES)


def test_nobody_has_no_stage():
	frame = pd.DataFrame({"orders": [], "orders_365": [], "last_order": [], "own_cycle": []})
	assert len(stages(frame, ON, SETTINGS)) == 0


def test_every_pair_of_scores_has_a_group():
	assert set(RFM_GROUPS) == {(r, fm) for r in range(1, 6) for fm in range(1, 6)}
	assert [RFM_GROUPS[5, 1], RFM_GROUPS[5, 5], RFM_GROUPS[2, 4], RFM_GROUPS[1, 5]] == [
		"New",
		"Champions",
		"At Risk",
		"Cannot Lose",
	]
