"""Files that nobody planned for: `ccms score` gives a sensible result, or says in one sentence what is wrong."""

import os
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from ccms_app.cli import main

HEADING = "invoice,posted_at,customer,item,qty,net_amount"


def shop(customers: int = 60, days: int = 150, seed: int = 3) -> pd.DataFrame:
	"""One line an order; too small for a test, so scored in a moment."""
	rng = np.random.default_rng(seed)
	bought = [(n, int(day)) for n in range(customers) for day in rng.integers(0, days, rng.integers(1, 5))]
	lines = (
		pd.DataFrame(bought, columns=["customer", "day"]).drop_duplicates().sort_values(["day", "customer"])
	)
	return pd.DataFrame(
		{
			"invoice": [f"S{n}" for n in range(len(lines))],
			"posted_at": (pd.Timestamp("2023-03-01") + pd.to_timedelta(lines["day"], unit="D")).to_numpy(),
			"customer": [f"C{n}" for n in lines["customer"]],
			"item": "tea",
			"qty": 1.0,
			"net_amount": np.round(rng.gamma(3, 9, len(lines)), 2),
		}
	)


def run(path: Path, *options: str) -> tuple[Result, pd.DataFrame | None]:
	"""What the command said, and the scores it wrote."""
	out = path.parent / "scores.parquet"
	found = CliRunner().invoke(
		main, ["score", str(path), "--out", str(out), *options], env={"COLUMNS": "500"}
	)
	assert found.exception is None or isinstance(found.exception, SystemExit), found.exc_info
	# nothing half-written lies about
	assert {file.name for file in path.parent.iterdir()} <= {path.name, out.name}
	assert out.exists() == (found.exit_code == 0)
	return found, pd.read_parquet(out) if out.exists() else None


def of(lines: pd.DataFrame, folder: Path, *options: str) -> tuple[Result, pd.DataFrame | None]:
	path = folder / "shop.csv"
	lines.to_csv(path, index=False)
	return run(path, *options)


def scored(lines: pd.DataFrame, folder: Path, *options: str) -> pd.DataFrame:
	found, scores = of(lines, folder, *options)
	assert found.exit_code == 0, found.stderr
	numbers = scores.select_dtypes("number").to_numpy(float, na_value=np.nan)
	assert not np.isinf(numbers).any()
	return scores


@pytest.mark.parametrize(
	("content", "message"),
	[
		("", "shop.csv: is empty"),
		(HEADING + "\n", "shop.csv: has no rows"),
		(HEADING + "\nS1,2024-01-05,,tea,1,9\n", "row 2, column customer: is empty"),
		(HEADING + "\nS1,2024-01-05,A,tea,1,9\nS1,2024-01-05,B,tea,1,9\n", 'invoice "S1" has two customers'),
		(
			HEADING + "\nS1,2024-01-05,A,tea,1,9\nS1,2024-01-06,A,tea,1,9\n",
			'invoice "S1" has two posting days',
		),
		(HEADING + ",currency\nS1,2024-01-05,A,tea,1,9,EUR\nS2,2024-01-05,A,tea,1,9,USD\n", "one currency"),
		(
			HEADING + ",company\nS1,2024-01-05,A,tea,1,9,X\nS2,2024-01-05,A,tea,1,9,Y\n",
			"a run is for one company",
		),
		(HEADING + "\nS1,2024-01-05,A,tea,-1,-9\n", "is negative on a sale"),
		(HEADING + "\nS1,2024-01-05,A,tea,1,inf\n", "is no number"),
		(HEADING + "\nS1,2024-01-05,A,tea,1,1e300\n", "more than figures can be counted with"),
		(HEADING + "\nS1,31/12/2023,A,tea,1,9\n", "is no date that can be read"),
	],
)
def test_what_cannot_be_scored_is_said(content, message, tmp_path):
	path = tmp_path / "shop.csv"
	path.write_text(content, encoding="utf-8")
	found, _ = run(path)
	assert found.exit_code == 1 and message in found.stderr


def test_a_file_that_is_no_table(tmp_path):
	for name in ("shop.csv", "shop.parquet"):
		(tmp_path / name).write_bytes(bytes(range(256)) * 9)
		found, _ = run(tmp_path / name)
		assert found.exit_code == 1 and f"{name}: is n" in found.stderr
		(tmp_path / name).unlink()


def test_an_encoding_that_does_not_exist(tmp_path):
	found, _ = of(shop(), tmp_path, "--encoding", "klingon")
	assert found.exit_code == 1 and 'no encoding "klingon"' in found.stderr


@pytest.mark.parametrize(
	("option", "value"), [("--as-of", "2023-13-45"), ("--horizon", "0"), ("--horizon", "731")]
)
def test_an_option_that_cannot_be_is_refused(option, value, tmp_path):
	found, _ = of(shop(), tmp_path, option, value)
	assert found.exit_code == 2 and value in found.stderr


def test_before_the_first_purchase_nothing_is_known(tmp_path):
	found, _ = of(shop(), tmp_path, "--as-of", "2010-05-05")
	assert found.exit_code == 1 and "the first purchase is of 2023-03-0" in found.stderr


def test_years_after_the_last_purchase_nobody_is_predicted(tmp_path):
	scores = scored(shop(), tmp_path, "--as-of", "2035-05-05")
	assert set(scores["stage"]) == {"Lost"} and scores["churn_probability"].isna().all()


@pytest.mark.parametrize("horizon", ["1", "730"])
def test_the_shortest_and_the_longest_horizon(horizon, tmp_path):
	scores = scored(shop(), tmp_path, "--horizon", horizon)
	known = scores.dropna(subset=["churn_probability"])
	assert len(known) and known["churn_probability"].between(0, 1).all()
	assert (known["expected_orders_low"] <= known["expected_orders"]).all()
	assert (known["expected_orders"] <= known["expected_orders_high"]).all()


def test_a_slip_into_the_future_does_not_make_everybody_a_customer_of_long_ago(tmp_path):
	lines = shop()
	slip = lines.tail(1).assign(invoice="F1", posted_at=pd.Timestamp(date.today() + timedelta(days=9000)))
	found, scores = of(pd.concat([lines, slip]), tmp_path)
	assert "1 line is dated after today" in found.stderr
	pd.testing.assert_frame_equal(scores, scored(lines, tmp_path))


def test_a_walk_in_customer_of_ten_thousand_orders_is_left_out(tmp_path):
	lines = shop()
	many = pd.DataFrame({"invoice": [f"W{n}" for n in range(10_000)]})
	many["posted_at"] = lines["posted_at"].min() + pd.to_timedelta(np.arange(10_000) % 150, unit="D")
	many = many.assign(customer="Walk In", item="tea", qty=1.0, net_amount=5.0)
	without = scored(lines, tmp_path, "--as-of", "2023-08-01")
	pd.testing.assert_frame_equal(
		scored(pd.concat([lines, many]), tmp_path, "--as-of", "2023-08-01"), without
	)


def test_says_who_is_left_out_and_counts_them_when_told(tmp_path):
	lines = shop()
	till = lines.head(25).assign(invoice=[f"T{n}" for n in range(25)], customer="Till [1]")
	lines = pd.concat([lines, till.assign(posted_at=lines["posted_at"].min())])
	found, scores = of(lines, tmp_path, "--leave-out", "C7")
	assert 'customer "Till [1]" is left out: up to 25 invoices a day' in found.stderr
	assert 'customer "C7" is left out: as you asked' in found.stderr
	assert not {"Till [1]", "C7"} & set(scores["customer"])
	found, scores = of(lines, tmp_path, "--keep", "Till [1]")
	assert "is left out" not in found.stderr
	assert {"Till [1]", "C7"} <= set(scores["customer"])


def test_names_that_look_like_something_else_stay_names(tmp_path):
	names = [
		"007",
		"7",
		"7.0",
		"1e5",
		"NULL",
		"nan",
		"None",
		"true",
		"=1+1",
		"Zoë 🛒",
		"王小明",
		"A" * 3000,
		'O"H, x',
	]
	extra = shop().head(len(names)).assign(customer=names, invoice=[f"N{n}" for n in range(len(names))])
	scores = scored(pd.concat([shop(), extra]), tmp_path)
	assert set(names) <= set(scores["customer"])
	assert scores["customer"].is_unique


@pytest.mark.parametrize("factor", [1e12, 1e-9])
def test_huge_and_tiny_amounts(factor, tmp_path):
	lines = shop()
	scores = scored(lines.assign(net_amount=lines["net_amount"] * factor), tmp_path)
	assert scores["revenue"].sum() == pytest.approx(lines["net_amount"].sum() * factor, rel=1e-6, abs=1e-8)
	assert (scores["expected_revenue"].dropna() >= 0).all()


@pytest.mark.parametrize(
	("change", "what"),
	[
		(lambda lines: lines.assign(net_amount=0.0), "all free"),
		(lambda lines: lines.assign(net_amount=10.0), "all the same"),
		(
			lambda lines: lines.assign(net_amount=lines["net_amount"] * np.where(lines.index % 3, 1, -1)),
			"credits",
		),
		(lambda lines: lines.assign(net_amount=-lines["net_amount"]), "all negative"),
	],
)
def test_amounts_that_no_model_expects(change, what, tmp_path):
	scores = scored(change(shop()), tmp_path)
	known = scores["churn_probability"].notna()
	assert known.any()
	assert scores.loc[known, ["expected_orders", "expected_revenue"]].notna().all(axis=None)


def test_no_quantity_is_no_order(tmp_path):
	scores = scored(shop().assign(qty=0.0), tmp_path)
	assert scores["churn_probability"].isna().all()


def test_thirty_years(tmp_path):
	rng = np.random.default_rng(4)
	days = np.sort(rng.integers(0, 11_000, 900))
	lines = pd.DataFrame({"invoice": [f"S{n}" for n in range(900)]})
	lines["posted_at"] = pd.Timestamp("1994-03-01") + pd.to_timedelta(days, unit="D")
	lines = lines.assign(
		customer=[f"C{n}" for n in rng.integers(0, 90, 900)], item="tea", qty=1.0, net_amount=5.0
	)
	scores = scored(lines, tmp_path)
	assert scores["orders"].sum() == len(lines.groupby(["customer", "posted_at"]))


def test_every_kind_of_column_says_the_same(tmp_path):
	lines = shop()
	plain = scored(lines, tmp_path)
	table = pa.table(
		{
			"invoice": pa.array(lines["invoice"]).dictionary_encode(),
			"posted_at": pa.array(lines["posted_at"].dt.date),
			"customer": pa.array(lines["customer"], pa.large_string()),
			"item": pa.array(lines["item"]).dictionary_encode(),
			"qty": pa.array([1] * len(lines), pa.int8()),
			"net_amount": pa.array([Decimal(str(amount)) for amount in lines["net_amount"]]),
		}
	)
	folder = tmp_path / "other"
	folder.mkdir()
	abroad = pa.array(lines["posted_at"].dt.tz_localize("Asia/Kolkata"))
	for kinds in (table, table.set_column(1, "posted_at", abroad)):
		pq.write_table(kinds, folder / "shop.parquet")
		found, scores = run(folder / "shop.parquet")
		assert found.exit_code == 0, found.stderr
		pd.testing.assert_frame_equal(scores, plain)


def test_the_clock_of_a_time_zone_is_the_shops_own(tmp_path):
	lines = shop()
	written = lines["posted_at"].dt.strftime("%Y-%m-%dT23:30:00+05:30")
	shown = scored(lines.assign(posted_at=written), tmp_path)
	pd.testing.assert_series_equal(shown["last_order"], scored(lines, tmp_path)["last_order"])


def test_a_run_that_is_ended_leaves_the_last_scores_and_no_scratch(tmp_path):
	path, out, scratch = tmp_path / "shop.csv", tmp_path / "scores.parquet", tmp_path / "scratch"
	shop().to_csv(path, index=False)
	out.write_text("the last scores")
	scratch.mkdir()
	command = [
		sys.executable,
		"-c",
		"from ccms_app.cli import main; main()",
		"score",
		str(path),
		"--out",
		str(out),
	]
	running = subprocess.Popen(
		command, env={**os.environ, "TMPDIR": str(scratch)}, stderr=subprocess.PIPE, text=True
	)
	# the engine is at work when it has a place for its scratch files
	until = monotonic() + 60
	while not list(scratch.iterdir()) and monotonic() < until:
		sleep(0.02)
	running.terminate()
	_, said = running.communicate(timeout=60)
	assert running.returncode == 143 and "Traceback" not in said
	assert out.read_text() == "the last scores" and not list(scratch.iterdir())
