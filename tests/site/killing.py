"""A process that dies at a chosen statement, as a worker does whose machine is switched off.

The child is a fork of the test with a connection of its own. Reads change nothing, so dying between any two
statements is dying before one that writes, or before the commit.
"""

import os
import pickle
import signal
import traceback
from collections.abc import Callable

import frappe
import pymysql.cursors

from tests.on_site import connect

READS = ("select", "with ", "show", "savepoint", "release", "set ", "start ")


def writes(action: Callable[[], object]) -> list[str]:
	"""Do it in another process, rolled back in the end; returns every writing statement it sent to the database."""
	return _in_child(action, commit=False)


def points_of_death(sent: list[str], stride: int = 6) -> list[int]:
	"""Before which writes to die: all to our tables and the next one, some of the others, and the commit at the end."""
	own = {number for number, text in enumerate(sent) if "`tabCCMS " in text}
	return sorted({*own, *(number + 1 for number in own), *range(0, len(sent), stride), len(sent)})


def die_at(action: Callable[[], object], write: int) -> None:
	"""Do it in another process that is killed before it sends that write, counted from 0."""
	assert _in_child(action, write) is None, f"the process lived through write {write}"


def _in_child(
	action: Callable[[], object], kill_at: int | None = None, commit: bool = True
) -> list[str] | None:
	site = frappe.local.site
	frappe.db.commit()
	frappe.destroy()  # a connection shared with a child would be closed by it
	reading, writing = os.pipe()
	child = os.fork()
	if not child:
		_live(action, site, writing, kill_at, commit)
	os.close(writing)
	with os.fdopen(reading, "rb") as answer:
		said = answer.read()
	_child, status = os.waitpid(child, 0)
	connect(site)
	if os.WIFSIGNALED(status):
		assert os.WTERMSIG(status) == signal.SIGKILL
		return None
	result = pickle.loads(said)
	assert isinstance(result, list), result
	return result


def _live(action, site: str, writing: int, kill_at: int | None, commit: bool) -> None:
	try:
		connect(site)
		sent = _counting(kill_at)
		action()
		if commit:
			frappe.db.commit()
		result: object = list(sent)
		frappe.db.rollback()
	except BaseException:
		result = traceback.format_exc()
	os.write(writing, pickle.dumps(result))
	os._exit(0)


def _counting(kill_at: int | None) -> list[str]:
	sent: list[str] = []
	real = pymysql.cursors.Cursor._query

	def query(cursor, statement):
		text = statement if isinstance(statement, str) else bytes(statement).decode(errors="replace")
		if not text.lstrip().lower().startswith(READS):
			if kill_at is not None and len(sent) == kill_at:
				os.kill(os.getpid(), signal.SIGKILL)
			sent.append(text)
		return real(cursor, statement)

	pymysql.cursors.Cursor._query = query
	return sent
