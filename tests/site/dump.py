"""Where a text stands: in every column of every table of the site, and in every private and public file."""

import gzip
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import frappe
import pyarrow as pa
import pyarrow.parquet as pq

TEXTS = ("char", "varchar", "text", "tinytext", "mediumtext", "longtext", "json", "blob", "longblob")


def places(marker: str) -> dict[str, set[str]]:
	"""Table → columns in which a text stands, in any case, as a dump of the database would show it."""
	tables: dict[str, list[str]] = {}
	rows = frappe.db.sql(
		"""select table_name, column_name from information_schema.columns
		where table_schema = database() and data_type in %s""",
		[TEXTS],
	)
	for table, column in rows:
		tables.setdefault(table, []).append(column)
	found: dict[str, set[str]] = {}
	for table, columns in tables.items():
		holds = " or ".join(f"`{column}` like %(like)s" for column in columns)
		hits = frappe.db.sql(
			f"select {', '.join(f'`{column}`' for column in columns)} from `{table}` where {holds}",
			{"like": f"%{marker}%"},
		)
		for row in hits:
			for column, value in zip(columns, row, strict=True):
				if marker.casefold() in _text(value).casefold():
					found.setdefault(table.removeprefix("tab"), set()).add(column)
	return found


def dumped(marker: str) -> set[str]:
	"""Tables in whose rows a text stands in a dump of the database, as `mariadb-dump` writes it; also as JSON escapes it."""
	settings = frappe.db.get_connection_settings()
	command = [
		shutil.which("mariadb-dump") or shutil.which("mysqldump"),
		f"--host={settings['host']}",
		f"--port={settings['port']}",
		f"--user={settings['user']}",
		"--single-transaction",
		"--skip-extended-insert",
		"--no-create-info",
		settings["database"],
	]
	found, wanted = set(), [text.encode() for text in spellings(marker)]
	secret = {"MYSQL_PWD": settings["password"]}
	with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | secret) as dump:
		for line in dump.stdout:
			if any(text in line.lower() for text in wanted):
				found.add(line.split(b"`", 2)[1].decode().removeprefix("tab"))
	assert dump.returncode == 0
	return found


def spellings(text: str) -> set[str]:
	"""How a text may stand in a dump, in small letters: as it is, and as JSON and then the dump escape it."""
	escaped = json.dumps(text)[1:-1].lower()
	return {text.casefold(), escaped, escaped.replace("\\", "\\\\")}


def files(marker: str) -> list[str]:
	"""Private and public files of the site in which a text stands, or whose name holds it; what is packed is unpacked."""
	found, wanted = [], [text.encode() for text in spellings(marker)]
	for folder in ("private", "public"):
		for path in Path(frappe.get_site_path(folder)).rglob("*"):
			if "backups" in path.parts or not path.is_file():
				continue
			if marker.casefold() in path.name.casefold():
				found.append(str(path))
			elif any(text in part.lower() for text in wanted for part in _unpacked(path)):
				found.append(str(path))
	return found


def _unpacked(path: Path) -> Iterator[bytes]:
	if path.suffix == ".gz":
		yield gzip.decompress(path.read_bytes())
	elif path.suffix in (".zip", ".xlsx"):
		with zipfile.ZipFile(path) as archive:
			yield from (archive.read(name) for name in archive.namelist())
	elif path.suffix == ".parquet":
		with suppress(pa.ArrowInvalid):  # half a file, of an import that was refused: its bytes are below
			yield json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False).encode()
	yield path.read_bytes()


def _text(value) -> str:
	return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
