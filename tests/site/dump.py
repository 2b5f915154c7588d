"""Where a text stands: in every column of every table of the site, and in every private and public file."""

from pathlib import Path

import frappe

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


def files(marker: str) -> list[str]:
	"""Files of the site in which a text stands, or whose name holds it."""
	found = []
	for folder in ("private/files", "public/files"):
		for path in Path(frappe.get_site_path(folder)).rglob("*"):
			if marker.casefold() in path.name.casefold():
				found.append(str(path))
			elif path.is_file() and marker.casefold().encode() in path.read_bytes().lower():
				found.append(str(path))
	return found


def _text(value) -> str:
	return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
