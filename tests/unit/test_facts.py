"""Reading purchase facts: what is taken, what is refused, and that a refusal names file, row and column."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from ccms_app.facts.files import FactsError, check, read
from ccms_app.loyalty.baskets import History, Line

HEADING = "invoice,posted_at,customer,item,qty,net_amount"
GOOD = f"""{HEADING}
A1,2024-01-31 09:00:00,anna,tea,2,8.50
A1,2024-01-31 09:00:00,anna,cake,1,3.20
B1,2024-02-01,ben,tea,1,4.25
"""


@pytest.fixture
def csv(tmp_path):
	def write(text, name="sales.csv", encoding="utf-8"):
		path = tmp_path / name
		path.write_text(text, encoding=encoding)
		return path

	return write


def refusal(path, **options) -> str:
	with pytest.raises(FactsError) as caught:
		read(path, **options)
	return str(caught.value)


def test_reads_a_csv_and_keeps_extra_columns(csv):
	facts = read(
		csv(GOOD.replace("amount\n", "amount,till\n").replace("0\n", "0,7\n").replace("25\n", "25,8\n"))
	)
	assert list(facts.lines["till"]) == [7, 7, 8]
	assert (facts.from_date, facts.to_date) == (date(2024, 1, 31), date(2024, 2, 1))
	assert facts.messages == [] and facts.duplicates == 0


def test_parquet_gives_the_same_facts_as_csv(csv, tmp_path):
	from_csv = read(csv(GOOD)).lines
	frame = pd.read_csv(tmp_path / "sales.csv", parse_dates=["posted_at"], date_format="ISO8601")
	frame["invoice"] = frame["invoice"].astype("category")
	frame.to_parquet(tmp_path / "sales.parquet")
	from_parquet = read(tmp_path / "sales.parquet").lines
	assert from_parquet.to_dict("records") == from_csv.to_dict("records")


@pytest.mark.parametrize(
	("text", "encoding", "options"),
	[
		(GOOD.replace(",", ";"), "utf-8", {}),
		(GOOD.replace(",", "\t"), "utf-8", {}),
		(GOOD, "utf-8-sig", {}),
		(GOOD.replace("cake", "蛋糕"), "gbk", {"encoding": "gbk"}),
		(GOOD.replace("invoice,posted_at", "Invoice, Posted_At"), "utf-8", {}),
	],
	ids=["semicolon", "tab", "byte order mark", "gbk", "heading in capitals"],
)
def test_the_csv_files_that_spreadsheets_write(csv, text, encoding, options):
	assert len(read(csv(text, encoding=encoding), **options).lines) == 3


@pytest.mark.parametrize("column", HEADING.split(","))
def test_a_missing_column_is_named(csv, column):
	frame = pd.read_csv(csv(GOOD), dtype=str).drop(columns=column)
	frame.to_csv(csv("", "less.csv"), index=False)
	message = refusal(csv(frame.to_csv(index=False), "less.csv"))
	assert message.startswith(f"less.csv, column {column}: is missing; the file has: ")


@pytest.mark.parametrize(
	("old", "new", "expected"),
	[
		("2024-02-01", "31/13/2024", 'sales.csv, row 4, column posted_at: "31/13/2024" is no date'),
		("2024-02-01", "2024-02-30", 'sales.csv, row 4, column posted_at: "2024-02-30" is no date'),
		("2024-02-01", "2024-02", 'sales.csv, row 4, column posted_at: "2024-02" is no date'),
		("2024-02-01", "0203-02-01", 'sales.csv, row 4, column posted_at: "0203-02-01" is no date'),
		("2024-02-01", "", "sales.csv, row 4, column posted_at: is empty"),
		("cake,1", "cake,-1", "sales.csv, row 3, column qty: is negative on a sale"),
		("cake,1", "cake,one", 'sales.csv, row 3, column qty: "one" is no number'),
		("3.20", "inf", 'sales.csv, row 3, column net_amount: "inf" is no number'),
		("3.20", "", "sales.csv, row 3, column net_amount: is empty"),
		(",ben,", ",,", "sales.csv, row 4, column customer: is empty"),
		("B1", " ", "sales.csv, row 4, column invoice: is empty"),
		(
			"anna,cake",
			"ben,cake",
			'sales.csv, row 3, column customer: invoice "A1" has two customers: "anna" in row 2 and "ben" here',
		),
		(
			"31 09:00:00,anna,cake",
			"30 09:00:00,anna,cake",
			'sales.csv, row 3, column posted_at: invoice "A1" has two posting days: "2024-01-31" in row 2 and "2024-01-30" here',
		),
		("anna,cake,1,3.20", "anna,cake,1", "sales.csv, row 3: has 5 cells, the heading has 6"),
	],
)
def test_a_mistake_is_named_with_file_row_and_column(csv, old, new, expected):
	assert old in GOOD
	assert refusal(csv(GOOD.replace(old, new))).startswith(expected)


def test_blank_lines_count_as_people_see_them(csv):
	text = GOOD.replace("\nB1", "\n\n\nB1").replace("2024-02-01", "soon")
	assert "row 6, column posted_at" in refusal(csv(text))


def test_rows_of_a_parquet_file_count_from_one(csv, tmp_path):
	frame = pd.read_csv(csv(GOOD))
	frame.loc[1, "qty"] = -1
	frame.to_parquet(tmp_path / "sales.parquet")
	assert refusal(tmp_path / "sales.parquet").startswith("sales.parquet, row 2, column qty: is negative")


def test_every_kind_of_mistake_is_reported_at_once_with_its_count(csv):
	message = refusal(
		csv(GOOD.replace("2024-01-31 09:00:00", "soon").replace("4.25", "4,25x").replace("4,25x", "x"))
	)
	assert message.splitlines() == [
		'sales.csv, row 2, column posted_at: "soon" is no date that can be read; write YYYY-MM-DD or '
		"YYYY-MM-DD HH:MM:SS (1 more row like it)",
		'sales.csv, row 4, column net_amount: "x" is no number; write plain figures such as 1234.50',
	]


def test_files_that_are_no_table(csv, tmp_path):
	assert refusal(csv("")) == "sales.csv: is empty"
	assert refusal(csv(HEADING + "\n")) == "sales.csv: has no rows"
	assert refusal(csv("PK", "sales.parquet")).startswith("sales.parquet: is no Parquet file")
	assert "column qty: stands twice" in refusal(csv(GOOD.replace("net_amount", "qty")))
	(tmp_path / "gbk.csv").write_bytes(GOOD.replace("cake", "蛋糕").encode("gbk"))
	assert "is not utf-8 text" in refusal(tmp_path / "gbk.csv")
	with pytest.raises(FileNotFoundError):
		read(tmp_path / "none.csv")


def test_dates_keep_the_wall_clock_of_the_shop(csv):
	text = GOOD.replace("2024-01-31 09:00:00", "2024-01-31T23:30:00+08:00").replace(
		"2024-02-01", "2024/02/01 10:00"
	)
	assert [str(moment) for moment in read(csv(text)).lines["posted_at"]] == [
		"2024-01-31 23:30:00",
		"2024-01-31 23:30:00",
		"2024-02-01 10:00:00",
	]


def test_identical_rows_are_kept_and_counted_or_dropped(csv):
	path = csv(GOOD + "B1,2024-02-01,ben,tea,1,4.25\n")
	kept = read(path)
	assert len(kept.lines) == 4 and kept.duplicates == 1
	assert kept.messages == ["1 row is identical to an earlier one: kept (--drop-duplicates leaves it out)"]
	dropped = read(path, drop_duplicates=True)
	assert len(dropped.lines) == 3
	assert dropped.messages == ["1 row is identical to an earlier one: dropped"]


def test_one_currency_and_one_company(csv):
	rows = GOOD.replace("amount\n", "amount,company,currency\n").replace("0\n", "0,North,EUR\n")
	mixed = csv(rows.replace("25\n", "25,North,USD\n"))
	assert 'row 4, column currency: "USD" after "EUR"' in refusal(mixed)
	two = csv(rows.replace("25\n", "25,South,USD\n"), "two.csv")
	assert 'row 4, column company: "South" after "North"' in refusal(two)
	south = read(two, company="South")
	assert (len(south.lines), south.company, south.currency) == (1, "South", "USD")
	assert 'column company: has no row of "West"' in refusal(two, company="West")


def test_rows_are_named_by_the_file_when_other_companies_are_left_out(csv):
	rows = (
		GOOD.replace("amount\n", "amount,company\n")
		.replace("0\n", "0,North\n")
		.replace("tea,1,4", "tea,-1,4")
	)
	assert "row 4, column qty" in refusal(csv(rows.replace("25\n", "25,South\n")), company="South")


RETURNS = f"""{HEADING},is_return,return_against
A1,2024-01-31,anna,tea,2,8.50,0,
A1,2024-01-31,anna,tea,1,4.25,0,
A1,2024-01-31,anna,cake,1,3.20,0,
R1,2024-02-02,anna,tea,-1,-4.25,yes,A1
R2,2024-02-03,anna,cake,-1,-3.20,1,
"""


def test_returns_stand_after_their_sale_with_the_lines_of_both(csv):
	facts = read(csv(RETURNS.replace("2024-01-31", "2024-02-02 18:00")))
	assert facts.messages == ["1 return names no sale of this file: it lowers revenue, and no points move"]
	history = History(facts)
	((customer, baskets),) = history.customers()
	assert customer == "anna"
	assert [(b.invoice, b.is_return, b.return_against, b.net) for b in baskets] == [
		("A1", False, "", Decimal("15.95")),
		("R1", True, "A1", Decimal("-4.25")),
		("R2", True, "", Decimal("-3.2")),
	]
	assert history.lines("A1") == [
		Line("tea", Decimal(3), Decimal("12.75")),
		Line("cake", Decimal(1), Decimal("3.2")),
	]
	assert history.lines("R1") == [Line("tea", Decimal(-1), Decimal("-4.25"))]
	assert history.lines("R2") == []


@pytest.mark.parametrize(
	("old", "new", "expected"),
	[
		("tea,-1", "tea,1", "row 5, column qty: is positive on a return"),
		("yes", "perhaps", 'row 5, column is_return: "perhaps" is neither yes nor no'),
		("cake,-1,-3.20,1,", "cake,-1,-3.20,1,R1", "row 6, column return_against: a return against a return"),
		("2024-02-02,anna", "2024-01-30,anna", "row 5, column posted_at: the return is before its sale"),
		("2024-02-02,anna", "2024-02-02,ben", "row 5, column customer: the return is of another customer"),
		(
			"R2,2024-02-03,anna,cake,-1",
			"R1,2024-02-02,anna,cake,-1",
			'invoice "R1" has two returned invoices',
		),
		(
			"R2,2024-02-03",
			"A1,2024-01-31",
			'row 6, column is_return: invoice "A1" has two kinds, a sale and a return',
		),
	],
)
def test_mistakes_in_returns(csv, old, new, expected):
	assert old in RETURNS
	assert expected in refusal(csv(RETURNS.replace(old, new)))


def test_baskets_come_by_customer_and_time(csv):
	text = f"{HEADING}\nX,2024-03-02,ben,a,1,1\nY,2024-03-01,anna,a,1,0.1\nZ,2024-03-01,ben,a,0,0.2\nY,2024-03-01,anna,b,1,0.2\n"
	found = [
		(name, [(b.invoice, str(b.net)) for b in baskets])
		for name, baskets in History(read(csv(text))).customers()
	]
	assert found == [("ben", [("Z", "0.2"), ("X", "1.0")]), ("anna", [("Y", "0.3")])]


def test_a_frame_from_elsewhere_is_checked_alike():
	frame = pd.DataFrame(
		{
			"invoice": ["S-1"],
			"posted_at": pd.to_datetime(["2024-05-01 10:00"]),
			"customer": ["anna"],
			"item": ["tea"],
			"qty": [Decimal("1")],
			"net_amount": [Decimal("2.50")],
		}
	)
	assert check(frame, "Sales Invoice").lines["net_amount"].tolist() == [2.5]
