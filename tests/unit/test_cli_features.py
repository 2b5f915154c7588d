"""`ccms features` as people call it."""

from datetime import date, timedelta

import pandas as pd
import pytest
from click.testing import CliRunner

from ccms_app.behaviour.features import COLUMNS
from ccms_app.cli import main

FACTS = """invoice,posted_at,customer,item,qty,net_amount,list_amount,is_return,return_against
A,2024-01-10,anna,tea,1,100.00,125,,
B,2024-02-11,anna,tea,1,40.00,,,
B,2024-02-11,anna,cup,1,40.00,,,
R,2024-02-12,anna,cup,-1,-40.00,,1,B
C,2024-02-12,ben,tea,2,9.90,,,
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
	monkeypatch.chdir(tmp_path)
	(tmp_path / "facts.csv").write_text(FACTS)
	return tmp_path


def ccms(*arguments: str):
	return CliRunner().invoke(main, ["features", "facts.csv", "--out", "features.parquet", *arguments])


def names(folder) -> list[str]:
	return sorted(path.name for path in folder.iterdir())


def test_writes_one_row_a_customer(here):
	result = ccms()
	assert result.exit_code == 0, result.output
	assert names(here) == ["facts.csv", "features.parquet"]
	found = pd.read_parquet(here / "features.parquet").set_index("customer")
	assert ["customer", *found.columns] == list(COLUMNS)
	anna = found.loc["anna"]
	assert (anna["orders"], anna["revenue"], anna["basket_value"], anna["age"]) == (2, 140, 70, 34)
	assert (anna["below_list_share"], anna["returned_365"]) == (1, 40)
	# days alone do not tell at what hour people buy
	assert pd.isna(anna["peak_hour"])
	assert "as of 2024-02-13" in result.output


def test_nothing_on_or_after_the_as_of_is_known(here):
	result = ccms("--as-of", "2024-02-12")
	assert result.exit_code == 0, result.output
	assert "2 lines of 2024-02-12 or later" in result.output
	found = pd.read_parquet(here / "features.parquet")
	assert found["customer"].tolist() == ["anna"]
	assert found["revenue"].tolist() == [180]


def test_says_who_is_left_out(here):
	many = "".join(f"W{number},2024-02-01,till,tea,1,1.00,,,\n" for number in range(25))
	(here / "facts.csv").write_text(FACTS + many)
	result = ccms("--leave-out", "ben")
	assert 'customer "till" is left out: up to 25 invoices a day' in result.output
	assert 'customer "ben" is left out: as you asked' in result.output
	assert pd.read_parquet(here / "features.parquet")["customer"].tolist() == ["anna"]
	ccms("--keep", "till")
	assert pd.read_parquet(here / "features.parquet")["customer"].tolist() == ["anna", "ben", "till"]


def test_a_slip_into_the_future_moves_no_day(here):
	slip = f"F,{date.today() + timedelta(days=9000)},ben,tea,1,5,,,\n"
	(here / "facts.csv").write_text(FACTS + slip)
	result = ccms()
	assert "1 line is dated after today" in result.output and "as of 2024-02-13" in result.output
	assert pd.read_parquet(here / "features.parquet")["revenue"].tolist() == [140, 9.9]


def test_identical_rows_are_kept_and_counted(here):
	(here / "facts.csv").write_text(FACTS + "C,2024-02-12,ben,tea,2,9.90,,,\n")
	result = ccms()
	assert "1 row is identical to an earlier one: kept" in result.output
	assert pd.read_parquet(here / "features.parquet")["revenue"].tolist() == [140, 19.8]
	ccms("--drop-duplicates")
	assert pd.read_parquet(here / "features.parquet")["revenue"].tolist() == [140, 9.9]


@pytest.mark.parametrize(
	"more, words",
	[
		("A,2024-01-10,ben,tea,1,5,,,\n", ['invoice "A" has two customers', "row 2", "row 7"]),
		("A,2024-01-11,anna,tea,1,5,,,\n", ['invoice "A" has two posting days', "row 2", "row 7"]),
		("D,yesterday,anna,tea,1,5,,,\n", ["row 7, column posted_at", "yesterday"]),
	],
	ids=["two customers", "two days", "no date"],
)
def test_a_wrong_file_is_refused_and_the_last_result_stays(here, more, words):
	ccms()
	before = (here / "features.parquet").read_bytes()
	(here / "facts.csv").write_text(FACTS + more)
	result = ccms()
	assert result.exit_code == 1
	assert all(word in result.output for word in words), result.output
	assert (here / "features.parquet").read_bytes() == before
	assert names(here) == ["facts.csv", "features.parquet"]


@pytest.mark.parametrize(
	"arguments, code, words",
	[
		(("--as-of", "2024-01-10"), 1, "Nothing was known on 2024-01-10: the first line is of 2024-01-10"),
		(("--master", "local[2]"), 2, "--master is for --engine spark"),
		(("--engine", "flink"), 2, "is not one of 'duckdb', 'spark'"),
		(("--out", "."), 1, "is a folder; name a file"),
	],
)
def test_says_what_is_wrong_and_writes_nothing(here, arguments, code, words):
	result = ccms(*arguments)
	assert result.exit_code == code
	assert words in " ".join(result.output.split())
	assert names(here) == ["facts.csv"]
