"""The outlook of demand by hand, its interval and its error."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ccms_app.behaviour import demand
from tests.unit.shop_lines import line, returned, table


def months(*quantities: float, item: str = "tea", start: tuple[int, int] = (2023, 1)) -> list[dict]:
	"""One line on the second day of each month."""
	found = []
	for number, qty in enumerate(quantities):
		year, month = start[0] + (start[1] - 1 + number) // 12, (start[1] - 1 + number) % 12 + 1
		if qty:
			found.append(line("ann", date(year, month, 2), item, net=10 * qty, qty=float(qty)))
	return found


def outlook(rows, as_of, **more):
	return demand.outlook(table(rows), as_of, **more)


def test_the_mean_of_three_months_while_there_are_under_fifteen():
	found = outlook(months(*range(1, 15)), date(2024, 3, 1))
	assert found["month"].tolist() == [pd.Timestamp(2024, number, 1) for number in (3, 4, 5)]
	assert found["forecast"].tolist() == [13, 13, 13]
	assert found["basis"].tolist() == [demand.RECENT] * 3
	assert found["last_month"].tolist() == [14] * 3
	assert found["same_month_last_year"].tolist() == [3, 4, 5]


def test_last_year_times_the_trend_from_fifteen_months_on():
	# 12 months, then three at twice the level of the year before
	found = outlook(months(10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 20, 40, 60), date(2024, 4, 1))
	assert found["basis"].tolist() == [demand.LAST_YEAR] * 3
	assert found["forecast"].tolist() == [80, 100, 120]


def test_a_running_month_is_forecast_and_not_learnt_from():
	rows = months(10, 10, 10)
	before = outlook(rows, date(2023, 4, 1))
	running = outlook([*rows, line("ann", date(2023, 4, 2), qty=99.0)], date(2023, 4, 20))
	pd.testing.assert_frame_equal(before, running)


def test_error_beside_last_month():
	found = outlook(months(10, 20, 30, 40, 10), date(2023, 6, 1), ahead=1).iloc[0]
	# tried on April (mean 20, was 40; last month 30) and May (mean 30, was 10; last month 40)
	assert found["months_tried"] == 2
	assert found["error"] == pytest.approx((20 + 20) / 50)
	assert found["error_last_month"] == pytest.approx((10 + 30) / 50)


def test_interval_by_hand():
	found = outlook(months(10, 20, 30, 40, 10), date(2023, 6, 1), ahead=1).iloc[0]
	missed = np.log([40.5 / 20.5, 10.5 / 30.5]) ** 2
	spread = np.sqrt((missed.sum() + 6 * np.median(missed) / 0.4549) / (2 + 6))
	forecast = (30 + 40 + 10) / 3
	assert found["forecast"] == pytest.approx(forecast)
	assert found["low"] == pytest.approx((forecast + 0.5) * np.exp(-1.2816 * spread) - 0.5)
	assert found["high"] == pytest.approx((forecast + 0.5) * np.exp(1.2816 * spread) - 0.5)


def test_four_of_five_months_lie_in_the_interval():
	random = np.random.default_rng(11)
	inside = []
	for number in range(40):
		values = random.lognormal(5, 0.25, 14).round()
		rows = months(*values, item=f"item {number}")
		found = outlook(rows[:-1], date(2024, 2, 1), ahead=1).iloc[0]
		inside.append(found["low"] <= values[-1] <= found["high"])
	assert 0.65 <= np.mean(inside) <= 0.95


def test_no_interval_and_no_error_before_a_month_was_tried():
	found = outlook(months(10, 20), date(2023, 3, 1))
	assert found["forecast"].tolist() == [15] * 3
	assert found[["low", "high", "error", "error_last_month"]].isna().all(axis=None)


def test_a_month_without_sales_is_a_zero_and_returns_lower_it():
	rows = months(10, 0, 10)
	rows.append(returned(rows[0], date(2023, 2, 10), net=40.0))
	assert demand.monthly(table(rows), date(2023, 4, 1))["teas"].tolist() == [10, -4, 10]
	assert outlook(rows, date(2023, 4, 1))["forecast"].iloc[0] == pytest.approx(16 / 3)


def test_a_month_whose_first_days_are_missing_is_left_out():
	rows = [line("ann", date(2023, 1, 20), qty=3.0), *months(10, 10, start=(2023, 2))]
	assert demand.monthly(table(rows), date(2023, 4, 1))["teas"].tolist() == [10, 10]


def test_revenue_and_other_groups():
	rows = months(1, 2, 3) + months(5, 5, 5, item="jam")
	found = outlook(rows, date(2023, 4, 1), by="item", measure="revenue", ahead=1).set_index("group")
	assert found["forecast"].to_dict() == {"jam": 50, "tea": 20}


def test_another_group_moves_no_forecast():
	alone = outlook(months(10, 20, 30, 40), date(2023, 5, 1))
	both = outlook(months(10, 20, 30, 40) + months(1, 99, 5, 70, item="jam"), date(2023, 5, 1))
	same = ["month", "forecast", "error", "error_last_month"]
	pd.testing.assert_frame_equal(both.loc[both["group"] == "teas", same].reset_index(drop=True), alone[same])


def test_stock_days():
	stock = pd.DataFrame({"group": ["teas", "jams"], "actual_qty": [62.0, 5.0]})
	found = demand.stock_days(outlook(months(31, 31, 31), date(2023, 5, 1)), stock)
	assert found["group"].tolist() == ["teas"]
	# April sold nothing: 62 in May's 31 days
	assert found["days"].tolist() == pytest.approx([62 / (62 / 3 / 31)])
	nothing = demand.stock_days(outlook(months(31, 0, 0, 0), date(2023, 5, 1)), stock)
	assert nothing["days"].isna().all()


@pytest.mark.parametrize(
	"rows", [[], [line("ann", date(2023, 1, 2), item_group=None)]], ids=["empty", "no group"]
)
def test_nothing_to_tell(rows):
	found = outlook(rows, date(2023, 4, 1))
	assert len(found) == 0
	assert (
		"forecast" in found
		and len(demand.stock_days(found, pd.DataFrame({"group": [], "actual_qty": []}))) == 0
	)


def test_first_month_of_a_shop():
	found = outlook([line("ann", date(2023, 4, 2))], date(2023, 4, 20))
	assert found["forecast"].isna().all() or len(found) == 0
