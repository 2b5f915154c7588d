"""An erased customer in the files of facts: every line stays, under the new name, whoever reads meanwhile."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ccms_app.behaviour.engine import DUCKDB, Engine
from ccms_app.behaviour.store import files, renaming

COMPANY = "Facts of Erasure Co"


@pytest.fixture
def place(site):
	folder = files.folder(COMPANY)
	(folder / "lines").mkdir(parents=True)
	yield folder
	files.forget(COMPANY)


def kept(path, customers) -> None:
	pq.write_table(
		pa.table({"invoice": [f"I{n}" for n in range(len(customers))], "customer": customers}), path
	)


def test_lines_stay_under_the_new_name_in_every_file(place):
	plain, coded, other = (
		place / "lines/2026-01.a.parquet",
		place / "orders.b.parquet",
		place / "daily.c.parquet",
	)
	kept(plain, ["张伟", "Bo", "张伟", None])
	kept(coded, pa.array(["张伟", "Bo"]).dictionary_encode())
	kept(other, ["Bo"])
	untouched = other.stat().st_mtime_ns
	notes = place / "computed.mark.json"
	notes.write_text(json.dumps({"left_out": [{"customer": "张伟"}]}))
	(place / files.PUBLISHED).write_text("{}")

	assert renaming.rename({"张伟"}, "erased-1") == 3

	assert pq.read_table(plain)["customer"].to_pylist() == ["erased-1", "Bo", "erased-1", None]
	assert pq.read_table(plain)["invoice"].to_pylist() == ["I0", "I1", "I2", "I3"]
	assert pq.read_table(coded)["customer"].to_pylist() == ["erased-1", "Bo"]
	assert other.stat().st_mtime_ns == untouched
	assert not notes.exists() and (place / files.PUBLISHED).exists()
	assert renaming.rename({"张伟"}, "erased-1") == 0
	assert not [
		path for path in place.rglob("*") if path.is_file() and path.suffix not in (".parquet", ".json")
	]


def test_a_torn_file_goes_and_holds_nobody_up(place):
	torn, whole = place / "lines/2026-01.a.parquet", place / "orders.b.parquet"
	kept(torn, ["Anna", "Bo"])
	torn.write_bytes(torn.read_bytes()[:-30])
	kept(whole, ["Anna", "Bo"])

	assert renaming.rename({"Anna"}, "erased-1") == 2

	assert not torn.exists()
	assert pq.read_table(whole)["customer"].to_pylist() == ["erased-1", "Bo"]


def test_a_connection_that_is_kept_open_reads_the_new_name(place):
	path = place / "orders.b.parquet"
	kept(path, ["Anna", "Bo"])
	engine = Engine(DUCKDB, memory="100MB")
	try:
		table = engine.table(path)
		assert sorted(engine.frame(table)["customer"]) == ["Anna", "Bo"]
		renaming.rename({"Anna"}, "erased-1")
		assert sorted(engine.frame(table)["customer"]) == ["Bo", "erased-1"]
	finally:
		engine.close()
