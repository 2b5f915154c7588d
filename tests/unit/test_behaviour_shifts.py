"""What must not change a feature, whatever the purchases: other days, other names, another order, one more invoice."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.features import compute
from ccms_app.behaviour.lifecycle import stages
from ccms_app.behaviour.settings import Settings
from tests.unit.made_purchases import AS_OF, purchases, table

SETTINGS = Settings()
MONEY = (
	"revenue revenue_365 revenue_rfm revenue_90 revenue_prev basket_value sold_365 returned_365 discount_365 margin "
	"margin_365"
).split()
SEEDS = st.integers(0, 10_000)
# every example asks the engine twice
few = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def engine():
	with Engine() as running:
		yield running


@pytest.fixture
def known(engine):
	def _known(lines: pd.DataFrame, as_of=AS_OF) -> pd.DataFrame:
		found = compute(engine, engine.lines(table(lines)), as_of, SETTINGS)
		return found.assign(stage=stages(found, as_of, SETTINGS)).set_index("customer")

	return _known


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
	pd.testing.assert_frame_equal(found, expected, rtol=1e-9, atol=1e-9)


@few
@given(SEEDS)
def test_another_year_changes_dates_only(known, seed):
	"""364 days keep the weekday; the month of most orders may move."""
	lines = purchases(900, seed)
	later = lines.assign(posted_at=lines["posted_at"] + pd.Timedelta(days=364))
	later["day"] = later["posted_at"].dt.date
	before, after = known(lines), known(later, AS_OF + timedelta(days=364))
	for name in ("first_order", "last_order"):
		after[name] -= pd.Timedelta(days=364).as_unit("us")
	months = ["peak_month", "peak_month_share"]
	same(after.drop(columns=months), before.drop(columns=months))


@few
@given(SEEDS)
def test_an_invoice_split_in_two_on_its_day_changes_nothing(known, seed):
	lines = purchases(900, seed)
	second = pd.Series(np.random.default_rng(seed).random(len(lines)) < 0.3)
	split = lines.copy()
	moved = dict.fromkeys(lines.loc[second & ~lines["is_return"], "line"], True)
	split.loc[second, "invoice"] += "b"
	there = split["return_line"].isin(list(moved))
	# a return names the invoice that its line now stands in; one without lines goes by what it names
	split.loc[there, "return_against"] += "b"
	linked = lines["return_against"].notna() & lines["return_line"].isna()
	split, lines = split[~linked], lines[~linked]
	same(known(split), known(lines))


@few
@given(SEEDS)
def test_a_new_customer_changes_nobody_elses_own_figures(known, seed):
	lines = purchases(900, seed)
	stranger = purchases(60, seed + 1)
	for name in ("customer", "invoice", "return_against", "line", "return_line"):
		stranger[name] = "new " + stranger[name]
	before, after = known(lines), known(pd.concat([lines, stranger], ignore_index=True))
	# the company's gap is everybody's, and so is what leans on it
	shared = ["company_gap", "own_cycle", "ratio", "stage"]
	same(after.loc[before.index].drop(columns=shared), before.drop(columns=shared))


@few
@given(SEEDS)
def test_the_order_of_rows_and_the_names_of_customers_do_not_matter(known, seed):
	lines = purchases(900, seed)
	other = lines.sample(frac=1, random_state=seed).reset_index(drop=True)
	names = {name: f"{hash((name, seed)) % 10**12} {name}" for name in sorted(set(lines["customer"]))}
	other["customer"] = other["customer"].map(names)
	same(known(other), known(lines).rename(index=names).sort_index())


@few
@given(SEEDS)
def test_seven_times_the_amounts_are_seven_times_the_money_and_nothing_else(known, seed):
	lines = purchases(900, seed)
	dearer = lines.assign(**{name: lines[name] * 7 for name in ("net_amount", "list_amount", "margin")})
	before, after = known(lines), known(dearer)
	before[MONEY] *= 7
	same(after, before)


def test_rows_that_stand_twice_count_twice_and_make_no_second_order(known):
	lines = purchases(600, 3)
	lines = lines[~lines["is_return"]]
	once, twice = known(lines), known(pd.concat([lines, lines]))
	counts = ["orders", "gaps", "gap_median", "basket_items", "peak_weekday", "favourite_item"]
	same(twice[counts], once[counts])
	assert twice["revenue"].to_numpy() == pytest.approx(2 * once["revenue"].to_numpy())
