"""What may change a score and what may not, and shops that have nothing much to score."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner

from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.lines import SCHEMA, from_facts
from ccms_app.behaviour.settings import Settings
from ccms_app.cli import main
from ccms_app.facts.files import check
from ccms_app.scoring import wording
from ccms_app.scoring.score import ScoreResult, score
from tests.unit.shop_lines import line

AS_OF = date(2024, 6, 1)
MONEY = ("revenue", "basket_value", "sold_", "returned_365", "discount", "cost", "historic", "margin_365")
COLUMNS = [
	"invoice", "posted_at", "customer", "item", "qty", "net_amount", "list_amount", "is_return", "return_against",
]  # fmt: skip


def notes(result) -> list[str]:
	return [wording.note(one) for one in result.facts["messages"]]


def world(customers: int = 700, days: int = 620, seed: int = 11) -> pd.DataFrame:
	"""Lines of a shop until its as-of: two an order, a list price, and now and then something comes back."""
	rng = np.random.default_rng(seed)
	rows = []
	for number in range(customers):
		day, left = int(rng.integers(0, days)), rng.random() < 0.5
		gap = rng.gamma(2.0, 25)
		while day < days and not (left and rng.random() < 0.25):
			invoice = f"S{number}-{day}"
			on = (
				pd.Timestamp(AS_OF)
				- pd.Timedelta(days=days - day)
				+ pd.Timedelta(hours=int(rng.integers(9, 20)))
			)
			for item in rng.choice(40, 2, replace=False):
				paid = round(float(rng.gamma(4, 6)), 2)
				rows.append(
					(invoice, on, f"C{number}", f"I{item}", 2, paid, paid * rng.choice([1, 1.2]), False, "")
				)
			if rng.random() < 0.06 and day + 9 < days:
				share = rng.choice([0.5, 1.0])
				for _, _, customer, item, qty, paid, listed, _, _ in rows[-2:]:
					back = (f"R{number}-{day}", on + pd.Timedelta(days=9), customer, item, -qty * share)
					rows.append((*back, -paid * share, -listed * share, True, invoice))
			day += 1 + int(rng.exponential(gap))
	return pd.DataFrame(rows, columns=COLUMNS)


def scored(lines: pd.DataFrame, as_of: date = AS_OF, **options) -> ScoreResult:
	facts = check(lines.reset_index(drop=True), "test")
	with Engine() as engine:
		return score(
			engine, engine.lines(from_facts(facts)), as_of, options.pop("horizon", 90), Settings(), **options
		)


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
	return world()


@pytest.fixture(scope="module")
def base(lines) -> ScoreResult:
	return scored(lines)


def same(found: pd.DataFrame, expected: pd.DataFrame, but: tuple[str, ...] = ()) -> None:
	left = found.drop(columns=[name for name in found if name in but])
	right = expected.drop(columns=[name for name in expected if name in but])
	pd.testing.assert_frame_equal(left, right, rtol=1e-9, atol=1e-9)


def test_the_shop_is_worth_testing_on(base):
	scores, facts = base.scores, base.facts
	assert facts["cut_offs"] >= 8 and facts["test"] == AS_OF - timedelta(days=90)
	assert scores["churn_probability"].nunique() > 200 and scores["stage"].nunique() >= 5
	assert (scores["return_rate"] > 0).any()
	assert {m.target for m in base.metrics} == {"churn", "orders", "revenue", "next_purchase"}


def test_the_order_of_rows_and_the_names_of_customers_change_nothing(lines, base):
	names = {
		name: f"X{hash_}" for hash_, name in enumerate(sorted(set(lines["customer"]), key=lambda n: n[::-1]))
	}
	again = scored(lines.sample(frac=1, random_state=5).assign(customer=lambda f: f["customer"].map(names)))
	expected = base.scores.assign(customer=base.scores["customer"].map(names))
	same(again.scores, expected.sort_values("customer", ignore_index=True))
	assert [m.value for m in again.metrics] == pytest.approx([m.value for m in base.metrics], nan_ok=True)


def test_a_year_of_weeks_later_every_score_is_the_same(lines, base):
	later = timedelta(days=364)
	again = scored(lines.assign(posted_at=lines["posted_at"] + later), AS_OF + later)
	expected = base.scores.copy()
	for name in expected:
		if str(expected[name].dtype).startswith("datetime"):
			expected[name] = expected[name] + later
	same(again.scores, expected, but=("peak_month", "peak_month_share", "churn_reasons"))
	codes = [
		scores["churn_reasons"].str.findall(r'"code": "(\w+)"') for scores in (again.scores, base.scores)
	]
	pd.testing.assert_series_equal(*codes)


def test_seven_times_the_money_changes_money_alone(lines, base):
	again = scored(lines.assign(net_amount=lines["net_amount"] * 7, list_amount=lines["list_amount"] * 7))
	expected = base.scores.copy()
	for name in expected:
		if ("revenue" in name and name != "trend_revenue") or name.startswith(MONEY):
			expected[name] = expected[name] * 7
	same(again.scores, expected)


def test_splitting_an_invoice_on_one_day_changes_no_score(lines, base):
	returned = set(lines["return_against"])
	second = lines.duplicated("invoice") & ~lines["is_return"] & ~lines["invoice"].isin(returned)
	split = lines.assign(invoice=lines["invoice"].where(~second, lines["invoice"] + "b"))
	same(scored(split).scores, base.scores)


def test_twice_the_same_is_twice_the_same(lines, base):
	again = scored(lines)
	pd.testing.assert_frame_equal(again.scores, base.scores)


def test_nothing_of_the_as_of_or_later_is_known(lines, base):
	on = pd.Timestamp(AS_OF)
	later = lines[~lines["is_return"]].head(50)
	later = later.assign(invoice="F" + later["invoice"], posted_at=on + pd.Timedelta(hours=3))
	back = lines[lines["invoice"].isin(lines["invoice"].drop_duplicates().iloc[:30]) & ~lines["is_return"]]
	back = back.assign(
		return_against=back["invoice"],
		invoice="G" + back["invoice"],
		is_return=True,
		posted_at=on,
		qty=-back["qty"],
		net_amount=-back["net_amount"],
		list_amount=-back["list_amount"],
	)
	same(scored(pd.concat([lines, later, back])).scores, base.scores)


def test_what_came_back_later_was_still_bought_then(lines):
	"""An order of a customer that is returned after a cut-off counts at the cut-off, and is gone today."""
	from ccms_app.behaviour.orders import purchases
	from ccms_app.scoring.histories import number_of
	from ccms_app.scoring.score import _histories

	facts = check(lines, "test")
	with Engine() as engine:
		table = engine.lines(from_facts(facts))
		customers = pd.Index(sorted(set(lines["customer"])))

		def known_on(day):
			bought = purchases(table, day, Settings())
			return _histories(engine, table, bought, day, 90, Settings(), customers)

		histories = known_on(AS_OF)
		for back in (90, 240):
			then = AS_OF - timedelta(days=back)
			asked = histories.known_at(number_of(then))
			alone = known_on(then).orders
			assert np.array_equal(asked.code, alone.code) and np.array_equal(asked.day, alone.day)
			assert asked.value == pytest.approx(alone.value)
			assert len(asked.code) > len(histories.orders.before(number_of(then)).code) or back == 240


def simple(rows: list[tuple]) -> pd.DataFrame:
	"""(customer, days before the as-of, amount); a negative amount is a return of nothing known."""
	return pd.DataFrame(
		[
			{
				"invoice": f"N{number}",
				"posted_at": pd.Timestamp(AS_OF) - pd.Timedelta(days=days),
				"customer": customer,
				"item": "I",
				"qty": 1 if amount >= 0 else -1,
				"net_amount": amount,
				"is_return": amount < 0,
			}
			for number, (customer, days, amount) in enumerate(rows)
		]
	)


def test_one_customer():
	result = scored(simple([("A", 40, 10.0), ("A", 20, 12.0), ("A", 9, 11.0)]))
	row = result.scores.iloc[0]
	assert row["orders"] == 3 and row["stage"] == "Repeat" and pd.isna(row["r"])
	assert 0 < row["churn_probability"] < 1
	assert 0 < row["expected_orders"] and row["value_basis"].startswith("Shrunken rate")
	assert pd.Timestamp(AS_OF) <= row["next_purchase_from"] <= row["next_purchase_to"]
	assert any("shrunken" in text for text in notes(result))


def test_all_on_one_day():
	result = scored(simple([(f"C{i}", 1, 10.0) for i in range(60)]))
	assert set(result.scores["rfm"]) == {"3-3-3"} and set(result.scores["stage"]) == {"First Purchase"}
	assert result.scores["churn_probability"].between(0.01, 0.999).all()
	assert result.scores["next_purchase_from"].isna().all()
	assert any(text.startswith("No test") for text in notes(result))


def test_only_returns():
	result = scored(simple([("A", 30, -10.0), ("B", 20, -5.0)]))
	assert list(result.scores["stage"]) == ["Prospect"] * 2
	assert result.scores["churn_probability"].isna().all() and result.scores["revenue"].sum() == -15
	assert notes(result) == ["No orders before the day of the figures: nothing to predict"]


def test_everybody_left_long_ago():
	result = scored(simple([(f"C{i}", 400 + i, 10.0) for i in range(30)]))
	assert result.scores["churn_probability"].isna().all()
	assert "Nobody ordered" in notes(result)[0]
	assert result.scores["rfm"].notna().all()


def test_nothing_before_the_as_of():
	result = scored(simple([("A", -5, 10.0)]))
	assert len(result.scores) == 0 and "churn_probability" in result.scores and "stage" in result.scores


def test_amounts_of_zero():
	rows = [(f"C{i}", 5 + 40 * k, 0.0) for i in range(40) for k in range(3)]
	result = scored(simple(rows))
	assert (result.scores["expected_revenue"] == 0).all() and (result.scores["expected_orders"] > 0).all()
	assert set(result.scores["m"]) == {3}


def test_under_twenty_buyers_are_not_ranked():
	result = scored(simple([(f"C{i}", 3 + i, 10.0) for i in range(19)]))
	assert result.scores["r"].isna().all() and result.scores["churn_probability"].notna().all()


def test_a_horizon_of_nothing_is_refused(lines):
	with pytest.raises(ValueError, match="horizon"):
		scored(lines, horizon=0)


def test_costs_reach_the_bridge_and_complaints_their_rate(lines):
	costs = pd.DataFrame({"customer": ["C1"], "service_cost": [12.0], "complaints_365": [1.0]})
	few = lines[lines["customer"].isin([f"C{i}" for i in range(30)])]
	scores = scored(few, costs=costs).scores.set_index("customer")
	assert scores.loc["C1", "service_cost"] == 12
	assert scores.loc["C1", "historic_value"] == pytest.approx(scores.loc["C1", "revenue"] - 12)
	often = scores["orders_365"] >= 5
	assert (scores.loc[often, "complaint_rate"].notna()).all() and scores.loc[
		~often, "complaint_rate"
	].isna().all()
	assert scores["missing_costs"].iloc[0] == "cost of goods, points, acquisition"


def test_who_is_left_out_moves_nobodys_price_response():
	"""A till sells at list price all year: that says nothing of what customers pay."""

	def every_week(customer: str, day: int, **more) -> list[dict]:
		return [
			line(
				customer,
				7 * week + day,
				invoice=f"{customer}{day}{week}",
				ratio=more.get("ratio", 1 - week % 2 / 10),
			)
			for week in range(30)
		]

	shop = every_week("Ann", 0) + every_week("Ben", 1)
	till = [each for day in range(6) for each in every_week("Till", day, ratio=1.0)]
	settings = Settings(anonymous=frozenset(["Till"]))
	with Engine() as engine:
		without, beside = (
			score(
				engine,
				engine.lines(pa.Table.from_pylist(rows, schema=SCHEMA)),
				date(2024, 12, 31),
				90,
				settings,
			)
			for rows in (shop, shop + till)
		)
	assert without.scores["price_response"].notna().all()
	pd.testing.assert_frame_equal(without.scores, beside.scores)
	assert beside.facts["left_out"]["customer"].tolist() == ["Till"]


# the command


def run(*arguments) -> tuple[int, str]:
	result = CliRunner().invoke(main, ["score", *map(str, arguments)])
	assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
	return result.exit_code, result.output


def test_the_command_writes_a_row_a_customer(lines, tmp_path):
	few = lines[lines["customer"].isin([f"C{i}" for i in range(250)])]
	few.to_csv(tmp_path / "facts.csv", index=False)
	out = tmp_path / "deep" / "scores.parquet"
	code, said = run(tmp_path / "facts.csv", "--horizon", 60, "--out", out)
	assert code == 0 and "Scored" in said and "Wrote" in said
	found = pd.read_parquet(out)
	assert len(found) == few["customer"].nunique() == found["customer"].nunique()
	asked = "customer orders revenue last_order r f m rfm_group stage churn_probability expected_orders expected_revenue"
	assert set(asked.split()) <= set(found)
	last = pd.to_datetime(found["last_order"]).max()
	assert (
		found["days_since"].min() == 1 and last == few.loc[~few["is_return"], "posted_at"].max().normalize()
	)
	assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize(
	"content, options, message",
	[
		("", [], "is empty"),
		("invoice,posted_at,customer,item,qty,net_amount\n", [], "has no rows"),
		("invoice,posted_at,customer,item,qty,net_amount\nA,2024-01-01,C,I,1,x\n", [], "is no number"),
		("invoice,posted_at,customer,item,qty,net_amount\nA,2024-01-05,C,I,1,2\n", ["--as-of", "2024-01-05"], "nothing is known"),
		("invoice,posted_at,customer,item,qty,net_amount,currency\nA,2024-01-01,C,I,1,2,EUR\nB,2024-01-01,C,I,1,2,USD\n", [], "one currency"),
	],
)  # fmt: skip
def test_the_command_says_what_is_wrong_and_writes_nothing(content, options, message, tmp_path):
	path = tmp_path / "facts.csv"
	path.write_text(content)
	code, said = run(path, "--out", tmp_path / "scores.parquet", *options)
	assert code != 0 and message in said
	assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name, message", [("scores.xlsx", "neither"), ("", "folder")])
def test_the_command_refuses_a_place_it_cannot_write(name, message, tmp_path):
	folder = tmp_path / "scores.csv"
	folder.mkdir()
	code, said = run(tmp_path / "none.csv", "--out", folder / name if name else folder)
	assert code != 0 and message in said


def test_the_last_scores_stay_when_a_run_fails(tmp_path):
	out = tmp_path / "scores.csv"
	out.write_text("the last good ones")
	code, _ = run(tmp_path / "none.csv", "--out", out)
	assert code != 0 and out.read_text() == "the last good ones"
