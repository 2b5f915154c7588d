"""Events from files: mapping, dry run, refused rows, and going on after the worker was killed."""

import csv
import io
import os

import frappe
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from frappe.utils import add_days, now_datetime

from ccms_app.interactions.store import imports
from tests.site import world
from tests.site.events import EVENT, NOON, forget, make_source, row, rows
from tests.site.killing import die_at, writes
from tests.site.refusals import raises_refusal
from tests.site.rest import Browser

pytestmark = pytest.mark.commits
DOCTYPE, ERROR = "CCMS Interaction Import", "CCMS Interaction Import Error"
DAY = f"{NOON:%Y-%m-%d}"
COLUMNS = [
	{"column_name": "id", "target": "Event ID"},
	{"column_name": "when", "target": "Happened At"},
	{"column_name": "mobile", "target": "Phone"},
	{"column_name": "about", "target": "Subject"},
	{"column_name": "unused"},
	{"target": "Type", "fixed_value": "Call"},
]


@pytest.fixture
def made():
	"""Makes imports of files, committed; they, their files and events are deleted in the end."""
	names = []

	def make(content, file_name: str = "events.csv", columns=COLUMNS, source=None, **fields):
		source = source or make_source("Site")[0].name
		doc = frappe.get_doc(
			{"doctype": DOCTYPE, "event_source": source, "columns": columns, **fields}
		).insert()
		attached = {"attached_to_doctype": DOCTYPE, "attached_to_name": doc.name, "attached_to_field": "file"}
		file = frappe.get_doc(
			{"doctype": "File", "file_name": file_name, "content": content, "is_private": 1, **attached}
		).insert()
		doc.file = file.file_url
		doc.save()
		frappe.db.commit()
		names.append(doc.name)
		return doc

	yield make
	frappe.db.rollback()
	sources = {frappe.db.get_value(DOCTYPE, name, "event_source") for name in names}
	for name in names:
		frappe.db.set_value(DOCTYPE, name, "status", "Failed")
		frappe.delete_doc(DOCTYPE, name, force=True)
	forget(*sources)


def run(doc, dry: bool = False):
	imports.start(doc.name, dry)
	frappe.db.commit()
	imports.run(doc.name)
	return doc.reload()


def table(*lines: str) -> str:
	return "\n".join(("id,when,mobile,about,unused", *lines))


def refused(doc) -> list[list[str]]:
	file = frappe.get_doc("File", {"file_url": doc.errors_file})
	assert file.is_private
	text = file.get_content()
	text = text if isinstance(text, str) else text.decode()
	return list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))[1:]


def test_rows_become_events_and_bad_ones_are_listed(made):
	doc = made(
		table(
			f"1,{DAY} 12:00:00,13800138000,hello,x",
			f"2,{DAY} 12:00:00,12,bad phone,x",
			"3,yesterday,,bad time,x",
			f"=cmd|' /C calc'!A0,{DAY},nobody,formula,x",
			f"5,{DAY} 12:00:00,13800138000,hello,x,one cell too many",
			f"6,{DAY} 12:00:00,,nobody known,x",
			f"1,{DAY} 12:00:00,13800138000,another,x",
		)
	)
	doc = run(doc)
	assert (doc.status, doc.rows_in_file, doc.rows_done) == ("Finished", 7, 7)
	assert (doc.stored, doc.duplicate, doc.refused) == (2, 0, 5)
	source = frappe.get_doc("CCMS Event Source", doc.event_source)
	assert [found.event_id for found in rows(source, "event_id")] == ["1", "6"]
	assert row(source, "1").occurred_at.hour == 12 and row(source, "1").subject == "hello"
	assert [(line[0], line[2], line[3]) for line in refused(doc)] == [
		("2", "invalid", "identity"),
		("3", "invalid", "occurred_at"),
		("4", "invalid", "identity"),
		("5", "invalid", ""),
		("7", "conflict", "event_id"),
	]
	assert refused(doc)[2][1] == "'=cmd|' /C calc'!A0"


def test_the_file_goes_when_all_its_rows_are_in(made):
	doc = made(table(f"1,{DAY},,x,x"))
	path = frappe.get_doc("File", {"file_url": doc.file}).get_full_path()
	doc = run(doc)
	assert not doc.file and not os.path.exists(path)
	with raises_refusal("All rows of this import are in"):
		imports.start(doc.name)


def test_refused_rows_can_be_mended_and_imported_again(made):
	doc = run(made(table(f"1,{DAY} 10:00,,x,x", f"2,{NOON:%d/%m/%Y} 10:00,,x,x")))
	assert (doc.status, doc.stored, doc.refused) == ("Finished", 1, 1) and doc.file
	imports.resume_all()
	assert doc.reload().file
	with raises_refusal("it can only go on"):
		imports.start(doc.name, dry=True)
	doc.time_format = "%d/%m/%Y %H:%M"
	doc.save()
	doc = run(doc)
	assert (doc.status, doc.rows_done, doc.stored, doc.duplicate, doc.refused) == ("Finished", 2, 1, 1, 0)
	assert not doc.file and not doc.errors_file
	with raises_refusal("All rows of this import are in"):
		imports.start(doc.name)


def test_a_file_with_refused_rows_goes_after_a_week(made):
	doc = run(made(table("1,never,,x,x")))
	path = frappe.get_doc("File", {"file_url": doc.file}).get_full_path()
	frappe.db.set_value(DOCTYPE, doc.name, "modified", add_days(now_datetime(), -8), update_modified=False)
	imports.resume_all()
	assert not doc.reload().file and not os.path.exists(path)


def test_a_dry_run_writes_nothing(made):
	doc = made(table(f"1,{DAY},,x,x", "2,never,,x,x", f"1,{DAY},,y,x"))
	doc = run(doc, dry=True)
	assert (doc.status, doc.stored, doc.refused) == ("Checked", 1, 2)
	assert not frappe.db.count(EVENT, {"event_source": doc.event_source})
	assert [line[0] for line in refused(doc)] == ["2", "3"] and doc.file
	doc = run(doc)
	assert (doc.status, doc.stored, doc.refused) == ("Finished", 1, 2)


def test_the_same_file_again_adds_nothing_even_without_ids(made):
	without = [column for column in COLUMNS if column.get("target") != "Event ID"]
	content = table(f"1,{DAY},,x,x", f"2,{DAY},,x,x")
	first = run(made(content, columns=without))
	again = run(made(content, columns=without, source=first.event_source))
	assert (first.stored, again.stored, again.duplicate) == (2, 0, 2)


def test_columns_are_read_and_guessed(made):
	doc = made("event_id,Time,E-mail,Type,colour\n1,2,3,4,5", columns=[])
	assert imports.columns(doc.name) == [
		{"column_name": "event_id", "target": "Event ID"},
		{"column_name": "Time", "target": "Happened At"},
		{"column_name": "E-mail", "target": "Email"},
		{"column_name": "Type", "target": "Type"},
		{"column_name": "colour", "target": ""},
	]
	with raises_refusal("Say which column becomes: Type, Happened At"):
		imports.start(doc.name)


def test_times_are_in_the_zone_and_form_of_the_import(made):
	doc = made(table(f"1,{NOON:%d/%m/%Y} 01:30,,x,x"), time_zone="UTC", time_format="%d/%m/%Y %H:%M")
	doc = run(doc)
	assert doc.stored == 1
	found = row(frappe.get_doc("CCMS Event Source", doc.event_source), "1").occurred_at
	assert (found.hour, found.minute) == (9, 30)  # in Shanghai


def many(count: int = 3_500) -> str:
	return table(
		*(f"{n},{DAY} 10:00:00,138001380{n % 100:02d},row {n},x" for n in range(count - 1)), "bad,x,,,"
	)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_killed_worker_leaves_an_import_that_goes_on(made, share):
	doc = made(many())
	name = doc.name
	imports.start(name)
	frappe.db.commit()
	sent = writes(lambda: imports.run(name))  # finishes it, in another process
	doc.reload()
	frappe.db.delete(EVENT, {"event_source": doc.event_source})
	frappe.delete_doc("File", frappe.db.get_value("File", {"attached_to_name": name}), force=True)
	assert doc.status == "Finished"

	doc = made(many(), source=doc.event_source)
	name = doc.name
	imports.start(name)
	frappe.db.commit()
	die_at(lambda: imports.run(name), int(len(sent) * share))
	doc = frappe.get_doc(DOCTYPE, name)
	assert doc.status in ("Running", "Finished")  # finished, when it died deleting the file
	assert frappe.db.count(EVENT, {"event_source": doc.event_source}) == doc.stored
	imports.resume_all()
	imports.run(name)
	doc.reload()
	assert (doc.status, doc.rows_done, doc.stored, doc.refused) == ("Finished", 3_500, 3_499, 1)
	assert frappe.db.count(EVENT, {"event_source": doc.event_source}) == 3_499
	assert len(refused(doc)) == 1


def test_an_import_deleted_while_it_waits_is_no_failed_job(made):
	doc = made(table(f"1,{DAY} 10:00:00,13800138000,hi,x"))
	imports.start(doc.name)
	frappe.db.set_value(DOCTYPE, doc.name, "status", "Failed")
	frappe.delete_doc(DOCTYPE, doc.name, force=True)
	frappe.db.commit()
	imports.run(doc.name)
	assert not frappe.db.count(EVENT, {"event_source": doc.event_source})


def test_a_second_worker_gives_way(made):
	doc = made(many(1_500))
	imports.start(doc.name)
	frappe.db.commit()
	stale = frappe.get_doc(DOCTYPE, doc.name)
	imports.run(doc.name)
	assert imports._take(stale, 0, [{"id": "again"}], dry=False) is False


def parquet_of(count: int = 3_000) -> bytes:
	file = io.BytesIO()
	values = {
		"id": [f"p{n}" for n in range(count)],
		"when": [NOON.replace(tzinfo=None)] * count,
		"mobile": [13800138000 + n % 50 for n in range(count)],
		"about": [f"row {n}" for n in range(count)],
		"unused": [None] * count,
	}
	pq.write_table(pa.table(values), file, row_group_size=1_000)
	return file.getvalue()


def test_parquet_is_taken_in(made):
	doc = run(made(parquet_of(), "events.parquet"))
	assert (doc.status, doc.stored, doc.refused) == ("Finished", 3_000, 0)


def test_half_a_parquet_file_is_a_clear_error(made):
	whole = parquet_of()
	doc = run(made(whole[: len(whole) // 2], "events.parquet"))
	assert doc.status == "Failed" and "no whole Parquet file" in doc.problem
	assert not doc.stored and doc.file


def broken_inside() -> bytes:
	whole = bytearray(parquet_of())
	chunk = pq.ParquetFile(io.BytesIO(bytes(whole))).metadata.row_group(2).column(0)
	whole[chunk.data_page_offset : chunk.data_page_offset + 200] = b"\xff" * 200
	return bytes(whole)


def test_a_parquet_file_broken_inside_keeps_what_came_before(made):
	doc = run(made(broken_inside(), "events.parquet"))
	assert doc.status == "Failed" and "broken after row 2000" in doc.problem
	assert doc.stored == doc.rows_done == 2_000


def test_a_check_that_fails_leaves_all_rows_to_the_import(made, monkeypatch):
	doc = run(made(broken_inside(), "events.parquet"), dry=True)
	assert doc.status == "Failed" and not (doc.rows_done or doc.stored or doc.duplicate or doc.refused)
	doc = run(doc)
	assert frappe.db.count(EVENT, {"event_source": doc.event_source}) == doc.stored == 2_000

	doc = made(many(1_500))
	monkeypatch.setattr(imports, "_show_progress", lambda doc: 1 / 0)
	with pytest.raises(ZeroDivisionError):
		run(doc, dry=True)
	monkeypatch.undo()
	assert doc.reload().status == "Failed" and not doc.rows_done
	doc = run(doc)
	assert (doc.status, doc.stored, doc.refused) == ("Finished", 1_499, 1)


def test_no_file_of_somebody_else_is_read(made):
	mine = made(table(f"1,{DAY},,x,x"))
	secret = frappe.get_doc(
		{"doctype": "File", "file_name": "secret.csv", "content": table("1,2,3,4,5"), "is_private": 1}
	).insert()
	frappe.db.set_value(DOCTYPE, mine.name, "file", secret.file_url)
	frappe.db.commit()
	status, _body = Browser(world.MANAGER).post("ccms_app.api.interaction_imports.columns", name=mine.name)
	assert status == 403
	frappe.delete_doc("File", secret.name, force=True)
	frappe.db.commit()


def test_nothing_changes_while_it_runs(made):
	mine = made(table(f"1,{DAY},,x,x"))
	secret = frappe.get_doc(
		{"doctype": "File", "file_name": "secret.csv", "content": table("1,2,3,4,5"), "is_private": 1}
	).insert()
	for dry in (True, False):
		imports.start(mine.name, dry)
		for change in ({"file": secret.file_url}, {"time_zone": "UTC"}, {"columns": COLUMNS[:2]}):
			doc = frappe.get_doc(DOCTYPE, mine.name).update(change)
			with raises_refusal("This import is running"):
				doc.save()
		frappe.get_doc(DOCTYPE, mine.name).save()
	frappe.db.set_value(DOCTYPE, mine.name, "file", secret.file_url)
	frappe.db.commit()
	imports.run(mine.name)
	doc = mine.reload()
	assert (doc.status, doc.rows_done) == ("Failed", 0) and "not the one that this import" in doc.problem
	frappe.delete_doc("File", secret.name, force=True)
	frappe.db.commit()


def test_who_may_import(made):
	doc = made(table(f"1,{DAY},,x,x"))
	for user in (world.ANALYST, world.SELLER):
		status, _body = Browser(user).post("ccms_app.api.interaction_imports.start", name=doc.name)
		assert status == 403


def test_over_http_a_run_is_no_check(made):
	doc = made(table(f"1,{DAY},,x,x"))
	for dry, expected in ((1, "Checking"), (0, "Running")):
		frappe.db.set_value(DOCTYPE, doc.name, "status", "Draft")
		frappe.db.commit()
		status, _body = Browser(world.MANAGER).post(
			"ccms_app.api.interaction_imports.start", name=doc.name, dry=str(dry)
		)
		assert (status, frappe.db.get_value(DOCTYPE, doc.name, "status")) == (200, expected)


def test_what_the_form_refuses(made):
	pages = make_source("Browser")[0].name
	for values, words in (
		({"event_source": pages}, "no web page"),
		({"time_zone": "Mars"}, "no time zone"),
		({"columns": [{"target": "Type"}]}, "name a column of the file"),
	):
		source = make_source("Site")[0].name
		with raises_refusal(words):
			frappe.get_doc({"doctype": DOCTYPE, "event_source": source, **values}).insert()
	frappe.db.rollback()
