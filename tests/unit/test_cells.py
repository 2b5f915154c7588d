"""What stands in files of many rows."""

import gzip
import io
import json

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ccms_app.privacy import cells


def xlsx(*rows) -> bytes:
	book = openpyxl.Workbook()
	for row in rows:
		book.active.append(row)
	buffer = io.BytesIO()
	book.save(buffer)
	return buffer.getvalue()


def parquet(**columns) -> bytes:
	buffer = io.BytesIO()
	pq.write_table(pa.table(columns), buffer)
	return buffer.getvalue()


FILES = {
	"a.csv": "name;city\n张伟;Leipzig\n".encode(),
	"old.csv": "name,city\n张伟,北京\n".encode("gb18030"),
	"a.xlsx": xlsx(["name", "paid"], ["张伟", 12.5]),
	"a.parquet": parquet(name=["Bo", "张伟"], paid=[1.0, None]),
	"a.json.gz": gzip.compress(json.dumps({"result": [{"party": "张伟"}]}).encode()),
}


@pytest.mark.parametrize("name", FILES)
def test_a_short_name_is_found_as_a_whole_cell(name):
	assert cells.names(cells.texts(name, FILES[name]), [], ["张伟"])
	assert not cells.names(cells.texts(name, FILES[name]), [], ["张"])


def test_a_long_word_is_found_within_a_cell_in_any_case():
	content = b"said\nthat Aurelia Quittenbaum came\n"
	assert cells.names(cells.texts("a.csv", content), ["aurelia quittenbaum"], [])
	assert not cells.names(cells.texts("a.csv", content), ["aurelia q."], [])


@pytest.mark.parametrize(
	("name", "content"), [("a.parquet", b"PAR1 broken"), ("a.xlsx", b"x"), ("a.gz", b"x"), ("a.png", b"x")]
)
def test_what_is_broken_or_no_table_is_said(name, content):
	with pytest.raises(cells.Unreadable):
		list(cells.texts(name, content))
