"""Cohorts, second purchases, new and repeat revenue, by hand."""

from datetime import date

import pandas as pd
import pytest

from ccms_app.behaviour import cohorts
from tests.unit.shop_lines import daily_of, line, orders_of, returned

AS_OF = date(2024, 6, 15)


def rows():
	ann = [line("ann", date(2024, 1, day), net=10) for day in (3, 20)]
	ann += [line("ann", date(2024, 3, 1), net=30), line("ann", date(2024, 6, 2), net=5)]
	ben = [line("ben", date(2024, 1, 31), net=40)]
	cid = [line("cid", date(2024, 4, 1), net=100), line("cid", date(2024, 4, 21), net=20)]
	return [*ann, *ben, returned(ben[0], date(2024, 2, 1), net=10), *cid]


def retention(lines=None, as_of=AS_OF):
	lines = rows() if lines is None else lines
	return cohorts.retention(orders_of(lines, as_of), daily_of(lines, as_of), as_of)


def cell(cells, cohort, month):
	found = cells[(cells["cohort"] == pd.Timestamp(cohort)) & (cells["month"] == pd.Timestamp(month))]
	assert len(found) == 1
	return found.iloc[0]


class TestRetention:
	def test_by_hand(self):
		cells = retention()
		assert len(cells) == 6 + 3
		january = cell(cells, "2024-01-01", "2024-01-01")
		assert (january.offset, january.customers, january.active, january.revenue) == (0, 2, 2, 60)
		february = cell(cells, "2024-01-01", "2024-02-01")
		assert (february.active, february.retention, february.revenue) == (0, 0, -10)
		march = cell(cells, "2024-01-01", "2024-03-01")
		assert (march.offset, march.retention, march.cumulative, march.cumulative_each) == (2, 0.5, 80, 40)
		assert cell(cells, "2024-04-01", "2024-05-01").active == 0

	def test_the_first_three_months_and_the_running_one_are_flagged(self):
		cells = retention()
		assert cells.groupby("cohort")["early"].first().tolist() == [True, False]
		assert cells.loc[cells["running"], "month"].unique().tolist() == [pd.Timestamp(2024, 6, 1)]
		assert not retention(as_of=date(2024, 7, 1))["running"].any()

	def test_average_leaves_out_the_running_month_and_early_cohorts(self):
		found = cohorts.average(retention())
		# only the cohort of April, whose June still runs
		assert found["offset"].tolist() == [0, 1]
		assert found["retention"].tolist() == [1, 0]
		assert found["cumulative_each"].tolist() == [120, 120]
		both = cohorts.average(retention(), early=True)
		assert both["customers"].tolist() == [3, 3, 2, 2, 2]
		assert both["retention"].tolist() == pytest.approx([1, 0, 0.5, 0, 0])

	def test_average_takes_early_cohorts_when_there_are_no_others(self):
		lines = [row for row in rows() if row["customer"] != "cid"]
		assert cohorts.average(retention(lines))["customers"].tolist() == [2] * 5

	def test_everybody_is_in_their_first_month(self):
		cells = retention()
		assert (cells.loc[cells["offset"] == 0, "retention"] == 1).all()

	def test_revenue_adds_up(self):
		lines = rows()
		assert retention(lines)["revenue"].sum() == pytest.approx(sum(row["net_amount"] for row in lines))

	def test_adding_a_customer_changes_no_other_cohort(self):
		before = retention().set_index(["cohort", "month"])
		after = retention([*rows(), line("dora", date(2024, 5, 5))]).set_index(["cohort", "month"])
		pd.testing.assert_frame_equal(after.loc[before.index], before)

	@pytest.mark.parametrize(
		"lines",
		[[], [returned(line("ann", date(2024, 1, 3)), date(2024, 2, 1), linked=False)]],
		ids=["empty", "only returns"],
	)
	def test_without_orders(self, lines):
		cells = retention(lines)
		assert len(cells) == 0
		assert len(cohorts.average(cells)) == 0


class TestSecondPurchase:
	def test_by_hand(self):
		found = cohorts.second_purchase(orders_of(rows(), AS_OF), AS_OF, within=(18, 90)).set_index("cohort")
		january = found.loc["2024-01-01"]
		assert (january.customers, january.second, january.second_rate, january.days_to_second) == (
			2,
			1,
			0.5,
			17,
		)
		assert (january.had_18, january.rate_18) == (2, 0.5)
		april = found.loc["2024-04-01"]
		# 75 days ago: nobody has had 90 days
		assert (april.rate_18, april.had_90) == (0, 0) and pd.isna(april.rate_90)
		everybody = found.loc[found.index.isna()].iloc[0]
		assert (everybody.customers, everybody.second) == (3, 2)
		assert everybody.days_to_second == pytest.approx((17 + 20) / 2)
		assert (everybody.had_90, everybody.rate_90) == (2, 0.5)

	def test_without_orders(self):
		found = cohorts.second_purchase(orders_of([], AS_OF), AS_OF)
		assert found["customers"].tolist() == [0]
		assert found["second_rate"].isna().all()

	def test_nobody_came_again(self):
		found = cohorts.second_purchase(orders_of([line("ann", date(2024, 1, 3))], AS_OF), AS_OF)
		assert found["second_rate"].tolist() == [0, 0]
		assert found["days_to_second"].isna().all()


class TestNewAndRepeat:
	def found(self, lines, as_of=AS_OF):
		return cohorts.new_and_repeat(orders_of(lines, as_of), daily_of(lines, as_of), as_of).set_index(
			"month"
		)

	def test_by_hand(self):
		found = self.found(rows())
		assert found["new_revenue"].tolist() == [50, 0, 0, 100, 0, 0]
		assert found["repeat_revenue"].tolist() == [10, -10, 30, 20, 0, 5]
		assert found["new_customers"].tolist() == [2, 0, 0, 1, 0, 0]
		# Ann came twice in January; her second visit is a repeat
		assert found["repeat_customers"].tolist() == [1, 0, 1, 1, 0, 1]
		assert found["running"].tolist() == [False] * 5 + [True]
		assert found["early"].tolist() == [True] * 3 + [False] * 3

	def test_splitting_an_invoice_of_a_day_changes_nothing(self):
		whole = [line("ann", 0, net=30), line("ann", 40, net=10)]
		parts = [line("ann", 0, net=10, invoice="A"), line("ann", 0, net=20, invoice="B"), whole[1]]
		pd.testing.assert_frame_equal(self.found(whole), self.found(parts))

	def test_without_lines(self):
		assert len(self.found([])) == 0
