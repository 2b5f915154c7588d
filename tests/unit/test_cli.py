"""`ccms` as people call it: results, refusals, and that nothing half-written is ever left behind."""

import csv
import json
from importlib.util import find_spec

import pytest
from click.testing import CliRunner

from ccms_app.cli import main
from ccms_app.loyalty import simulation_files

FACTS = """invoice,posted_at,customer,item,qty,net_amount,currency
A,2024-01-10,anna,tea,1,100.00,EUR
B,2024-02-11,anna,tea,1,40.00,EUR
C,2024-02-12,ben,tea,2,9.90,EUR
"""
PROGRAM = """
program_name = "Tea Club"
amount_per_point = 1
point_value = 0.1
[[tiers]]
tier_name = "Green"
[behaviour]
redeem_percent = 100
margin_percent = 40
"""
FILES = ["members.csv", "months.csv", "summary.json", "tiers.csv"]


@pytest.fixture
def here(tmp_path, monkeypatch):
	monkeypatch.chdir(tmp_path)
	(tmp_path / "facts.csv").write_text(FACTS)
	(tmp_path / "club.toml").write_text(PROGRAM)
	return tmp_path


def ccms(*arguments: str, **options):
	return CliRunner().invoke(
		main, ["simulate", "facts.csv", "--program", "club.toml", "--out", "result", *arguments], **options
	)


def names(folder) -> list[str]:
	return sorted(path.name for path in folder.iterdir())


def test_writes_the_tables_and_says_what_came_out(here):
	result = ccms("--no-dashboard")
	assert result.exit_code == 0, result.output
	assert names(here) == ["club.toml", "facts.csv", "result"]
	assert names(here / "result") == FILES
	summary = json.loads((here / "result" / "summary.json").read_text())
	# A earns 100, worth 10.00 and used on B, whose other 30.00 earn 30; C earns 9
	assert (summary["points_earned"], summary["points_redeemed"], summary["points_open"]) == (139, 100, 39)
	assert (summary["redeemed_value"], summary["liability"], summary["cost"]) == (10, 3.9, 13.9)
	assert (summary["currency"], summary["margin"]) == ("EUR", 59.96)
	with open(here / "result" / "months.csv") as file:
		months = list(csv.DictReader(file))
	assert [(row["month"], row["earned"], row["open"]) for row in months] == [
		("2024-01-01", "100.0", "100.0"),
		("2024-02-01", "39.0", "39.0"),
	]
	assert "9.27 %" in result.output and "€13.90" not in result.output
	assert "Replayed 3 baskets" in result.output


def test_messages_on_the_facts_are_passed_on(here):
	(here / "facts.csv").write_text(FACTS + FACTS.splitlines()[-1] + "\n")
	assert "1 row is identical to an earlier one: kept" in ccms("--no-dashboard").output.replace("\n", " ")
	assert (
		"1 row is identical to an earlier one: dropped" in ccms("--no-dashboard", "--drop-duplicates").output
	)


@pytest.mark.parametrize(
	("name", "text", "expected"),
	[
		("facts.csv", FACTS.replace("2024-02-11", "yesterday"), "facts.csv, row 3, column posted_at"),
		("facts.csv", FACTS.replace(",1,40", ",-1,40"), "facts.csv, row 3, column qty"),
		("facts.csv", FACTS.replace("customer", "client"), "facts.csv, column customer: is missing"),
		("facts.csv", None, "facts.csv: there is no such file"),
		("club.toml", PROGRAM.replace("point_value", "value"), "club.toml: unknown key value"),
		("club.toml", PROGRAM + "[", "club.toml: is no TOML"),
		("club.toml", None, "club.toml: there is no such file"),
	],
)
def test_bad_input_leaves_nothing_behind(here, name, text, expected):
	(here / name).unlink() if text is None else (here / name).write_text(text)
	before = names(here)
	result = ccms("--no-dashboard")
	assert result.exit_code == 1
	assert f"Error: {expected}" in result.output
	assert "Traceback" not in result.output
	assert names(here) == before


def test_an_earlier_result_is_replaced_as_a_whole_or_not_at_all(here, monkeypatch):
	assert ccms("--no-dashboard").exit_code == 0
	before = {path.name: path.read_text() for path in (here / "result").iterdir()}

	def fail(result, folder):
		(folder / "months.csv").write_text("half")
		raise OSError("no space left on device")

	with monkeypatch.context() as broken:
		broken.setattr(simulation_files, "write", fail)
		result = ccms("--no-dashboard")
	assert result.exit_code == 1 and "no space left on device" in result.output
	assert {path.name: path.read_text() for path in (here / "result").iterdir()} == before
	assert names(here) == ["club.toml", "facts.csv", "result"]

	(here / "facts.csv").write_text(FACTS.replace("9.90", "19.90"))
	assert ccms("--no-dashboard").exit_code == 0
	assert json.loads((here / "result" / "summary.json").read_text())["points_earned"] == 149
	assert names(here / "result") == FILES


def test_a_run_that_is_interrupted_leaves_nothing(here, monkeypatch):
	def interrupt(result, folder):
		raise KeyboardInterrupt

	monkeypatch.setattr(simulation_files, "write", interrupt)
	assert ccms("--no-dashboard").exit_code == 1
	assert names(here) == ["club.toml", "facts.csv"]


def test_a_folder_with_other_files_is_not_touched(here):
	(here / "result").mkdir()
	(here / "result" / "thesis.docx").write_text("ten years of work")
	result = ccms("--no-dashboard")
	assert result.exit_code == 1 and "holds other files (thesis.docx)" in result.output
	assert names(here / "result") == ["thesis.docx"]
	(here / "taken").write_text("a file")
	assert "is a file; name a folder" in ccms("--no-dashboard", "--out", "taken").output


def test_a_missing_library_is_named_with_its_remedy(here, monkeypatch):
	if find_spec("plotly") is not None:
		pytest.skip("plotly is installed")
	result = ccms("--dashboard")
	assert result.exit_code == 1 and "pip install 'ccms_app[demo]'" in result.output
	assert names(here) == ["club.toml", "facts.csv"]


def test_the_dashboard_is_one_page_that_needs_no_network(here):
	pytest.importorskip("plotly")
	(here / "club.toml").write_text(PROGRAM.replace("Tea Club", "Tea <b>Club</b>"))
	assert ccms("--dashboard").exit_code == 0
	page = (here / "result" / "dashboard.html").read_text(encoding="utf-8")
	body = page[page.index("<body>") :]
	assert "Tea &lt;b&gt;Club&lt;/b&gt;" in body and "Tea <b>" not in body
	assert "src=" not in body and "http" not in body.replace("https://plot.ly", "")
	for words in (
		"10 January 2024 to 12 February 2024",
		"facts.csv",
		"100 % of customers join",
		"€14 of €150",
	):
		assert words in body.replace("\u00a0", " ")


def test_the_program_is_described_in_its_help():
	result = CliRunner().invoke(main, ["--help"])
	assert result.exit_code == 0
	assert "simulate" in result.output and "demo" in result.output
