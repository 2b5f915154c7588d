"""The funnel of two days, who moved and who was won back."""

from datetime import date, timedelta

import ibis
import pandas as pd
import pytest

from ccms_app.behaviour import funnel
from ccms_app.behaviour.lifecycle import STAGES
from ccms_app.behaviour.settings import Settings

NOW, BEFORE = date(2024, 7, 1), date(2024, 6, 1)
SETTINGS = Settings()


def orders(visits: dict[str, list[date]]) -> ibis.expr.types.Table:
	rows = [(customer, day) for customer, days in visits.items() for day in days]
	frame = pd.DataFrame(rows, columns=["customer", "day"])
	return ibis.memtable(frame, schema=ibis.schema({"customer": "string", "day": "date"}))


def back(*days: int) -> list[date]:
	"""So many days before NOW."""
	return [NOW - timedelta(days=number) for number in days]


# under 100 gaps the company's cycle is 30 days, towards which the own one is drawn
VISITS = {
	"loyal": back(5, 35, 65, 95, 125),
	"new": back(10),
	"was new": back(40),
	"returns home": back(3, 203, 233),
	"drifts": back(62, 92),
	"gone": back(300, 330),
}


def both(visits=VISITS):
	table = orders(visits)
	return funnel.stages_on(table, NOW, SETTINGS), funnel.stages_on(table, BEFORE, SETTINGS)


def test_stages_of_both_days():
	now, before = (each.set_index("customer")["stage"].to_dict() for each in both())
	assert now == {
		"loyal": "Loyal",
		"new": "First Purchase",
		"was new": "First Purchase",
		"returns home": "Repeat",
		"drifts": "At Risk",
		"gone": "Lost",
	}
	assert before == {
		"loyal": "Loyal",
		"was new": "First Purchase",
		"returns home": "Lost",
		"drifts": "Repeat",
		"gone": "Lost",
	}


def test_own_cycle_by_hand():
	now, _before = both()
	# gaps 200 and 30: (3 · 30 + 2 · 115) / 5
	assert now.set_index("customer").loc["returns home", "own_cycle"] == pytest.approx(64)


def test_funnel_counts():
	table = funnel.funnel(*both(), prospects=4).set_index("stage")
	assert list(table.index) == list(STAGES)
	assert table["now"].tolist() == [4, 2, 1, 1, 1, 1]
	assert table["before"].tolist() == [5, 1, 1, 1, 0, 2]
	assert table["entered"].tolist() == [0, 1, 1, 0, 1, 0]
	assert table["left"].tolist() == [1, 0, 1, 0, 0, 1]
	assert table["share"].iloc[1:].tolist() == pytest.approx([2 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6])
	assert (table["now"] - table["before"]).tolist() == (table["entered"] - table["left"]).tolist()


def test_moves():
	table = funnel.moves(*both())
	assert table["customers"].sum() == len(VISITS)
	moved = table[table["from_stage"] != table["to_stage"]]
	assert set(moved[["from_stage", "to_stage"]].itertuples(index=False, name=None)) == {
		("Lost", "Repeat"),
		("Prospect", "First Purchase"),
		("Repeat", "At Risk"),
	}


def test_won_back():
	found = funnel.won_back(*both())
	assert (found["away"], found["won_back"], found["rate"]) == (2, 1, 0.5)
	assert found["away_at_risk"] == 0 and pd.isna(found["rate_at_risk"])


def test_moving_all_dates_moves_no_stage():
	week = timedelta(days=364)
	moved = orders({customer: [day + week for day in days] for customer, days in VISITS.items()})
	found = funnel.stages_on(moved, NOW + week, SETTINGS)
	assert found["stage"].tolist() == both()[0]["stage"].tolist()


def test_nobody():
	now, before = both({})
	table = funnel.funnel(now, before)
	assert table["now"].sum() == 0 and table["share"].isna().all()
	assert len(funnel.moves(now, before)) == 0
	assert pd.isna(funnel.won_back(now, before)["rate"])
