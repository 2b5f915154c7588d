"""Files with events: what their columns become, and what is told of broken ones."""

import datetime as dt
import decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ccms_app.interactions import tables
from ccms_app.interactions.mapping import Column, ImportMapping, guess
from ccms_app.interactions.tables import Unreadable


def written(folder, raw: bytes, name: str = "events.csv"):
	path = folder / name
	path.write_bytes(raw)
	return path


def parquet(folder, count: int = 5_000, group: int = 1_000):
	path = folder / "events.parquet"
	table = pa.table(
		{"id": [str(n) for n in range(count)], "text": ["x" * 50 + str(n) for n in range(count)]}
	)
	pq.write_table(table, path, row_group_size=group, compression="snappy")
	return path


@pytest.mark.parametrize(
	"raw",
	[
		"id,名称\n1,茶\n2,杯\n".encode(),
		"id;名称\r\n1;茶\r\n2;杯\r\n".encode("utf-8-sig"),
		"id\t名称\n1\t茶\n2\t杯".encode("gb18030"),
		'id,名称\n"1","茶"\n2,"杯"\n'.encode("gb18030"),
	],
)
def test_csv_in_its_many_forms(tmp_path, raw):
	path = written(tmp_path, raw)
	assert tables.columns(path) == ["id", "名称"]
	assert list(tables.rows(path)) == [{"id": "1", "名称": "茶"}, {"id": "2", "名称": "杯"}]
	assert list(tables.rows(path, 1)) == [{"id": "2", "名称": "杯"}]
	assert tables.count(path) == 2


def test_cells_may_hold_lines_and_quotes(tmp_path):
	path = written(tmp_path, b'id,text\n1,"a\nb ""c"", d"\n2,x\n')
	assert [row["text"] for row in tables.rows(path)] == ['a\nb "c", d', "x"]


@pytest.mark.parametrize("raw", [b"", b"\n", b" , ,\n1,2,3"])
def test_a_file_without_columns_is_said_to_be_empty(tmp_path, raw):
	with pytest.raises(Unreadable, match="empty"):
		tables.columns(written(tmp_path, raw))


def test_two_columns_of_one_name_are_refused(tmp_path):
	with pytest.raises(Unreadable, match="same name: a"):
		tables.columns(written(tmp_path, b"a,b,a\n1,2,3"))


def test_parquet_rows_from_anywhere(tmp_path):
	path = parquet(tmp_path)
	assert tables.columns(path) == ["id", "text"] and tables.count(path) == 5_000
	assert [row["id"] for row in tables.rows(path, 2_999)] == [str(n) for n in range(2_999, 5_000)]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_half_a_parquet_file_is_said_to_be_cut_off(tmp_path, share):
	whole = parquet(tmp_path).read_bytes()
	path = written(tmp_path, whole[: int(len(whole) * share)])
	for reads in (tables.columns, tables.count, lambda path: list(tables.rows(path))):
		with pytest.raises(Unreadable, match="no whole Parquet file"):
			reads(path)


def test_a_parquet_file_broken_inside_gives_what_comes_before(tmp_path):
	path = parquet(tmp_path)
	raw = bytearray(path.read_bytes())
	chunk = pq.ParquetFile(path).metadata.row_group(3).column(0)
	raw[chunk.data_page_offset : chunk.data_page_offset + 300] = b"\xff" * 300
	path = written(tmp_path, bytes(raw))
	got = []
	with pytest.raises(Unreadable, match="broken after row 3000"):
		got.extend(tables.rows(path))
	assert len(got) == 3_000


def mapped(*columns: tuple, **more) -> ImportMapping:
	return ImportMapping(tuple(Column(*column) for column in columns), "mark", **more)


def test_a_row_becomes_an_event():
	found = mapped(
		("Type", "", "Call"),
		("Happened At", "when"),
		("Phone", "mobile"),
		("Email", "mail"),
		("Amount", "sum"),
		("Subject", "about"),
		("Payload", "colour"),
	)
	row = {
		"when": " 2026-05-04 12:00 ",
		"mobile": " ",
		"mail": "a@b.cc",
		"sum": " 12.5",
		"about": 7,
		"colour": "red",
	}
	assert found.event(row, 4) == {
		"type": "Call",
		"occurred_at": "2026-05-04 12:00",
		"identity": {"kind": "Email", "value": "a@b.cc"},
		"amount": 12.5,
		"subject": "7",
		"payload": {"colour": "red"},
		"event_id": "mark:4",
	}


def test_values_of_other_types_become_those_of_json():
	found = mapped(("Happened At", "when"), ("Phone", "mobile"), ("Amount", "sum"), ("Payload", "more"))
	row = {
		"when": dt.datetime(2026, 5, 4, 12, tzinfo=dt.timezone.utc),
		"mobile": 13800138000.0,
		"sum": decimal.Decimal("1.50"),
		"more": {"a": [dt.date(2026, 5, 4), b"x", float("nan")]},
	}
	assert found.event(row, 0) == {
		"occurred_at": "2026-05-04T12:00:00+00:00",
		"identity": {"kind": "Phone", "value": "13800138000"},
		"amount": 1.5,
		"payload": {"more": {"a": ["2026-05-04", "x", None]}},
		"event_id": "mark:0",
	}


def test_times_in_the_form_that_was_told():
	found = mapped(("Happened At", "when"), time_format="%d/%m/%Y %H:%M")
	assert found.event({"when": "4/5/2026 12:30"}, 0)["occurred_at"] == "2026-05-04T12:30:00"
	assert found.event({"when": "2026"}, 0)["occurred_at"] == "2026"


@pytest.mark.parametrize("time_format", ["", "%d/%m/%Y %H:%M"])
def test_times_as_milliseconds_are_numbers(time_format):
	found = mapped(("Happened At", "when"), time_format=time_format)
	assert found.event({"when": " 1777886400000 "}, 1)["occurred_at"] == 1777886400000
	for other in ("20260504", "1777886400000.5", "１７７７８８６４０００００", "9" * 30):
		assert found.event({"when": other}, 1)["occurred_at"] == other


def test_a_row_with_too_many_cells_is_no_event():
	assert isinstance(mapped(("Subject", "a")).event({"a": "1", None: ["2"]}, 0), str)


def test_what_is_missing_and_what_columns_probably_are():
	assert mapped(("Type", "", "Call")).missing() == ["Happened At"]
	found = guess(["event_id", "Timestamp", "mobile", "E-mail Address", "Type", "colour", "event type"])
	assert found == {
		"event_id": "Event ID",
		"Timestamp": "Happened At",
		"mobile": "Phone",
		"E-mail Address": "Email",
		"Type": "Type",
	}
