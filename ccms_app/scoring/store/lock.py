"""One score run at a time on a site, whatever starts it: a lock of the database that ends with the process that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
import pymysql
from frappe import _


class AtWork(frappe.ValidationError):
	"""Another run is at work."""


@contextmanager
def only_one(wait: int = 0) -> Iterator[None]:
	"""Hold the lock of the site, on a connection of its own.

	Args:
		wait: for so many seconds, when somebody else holds it.

	Raises:
		AtWork: somebody else holds it.
	"""
	connection = pymysql.connect(**frappe.db.get_connection_settings())
	try:
		with connection.cursor() as cursor:
			cursor.execute("set session wait_timeout = 86400")
			cursor.execute("select get_lock(%s, %s)", (_name(), wait))
			if cursor.fetchone()[0] != 1:
				raise AtWork(_("Scores are being computed just now."))
			yield
	finally:
		connection.close()


def is_taken() -> bool:
	"""Whether a run is at work on this site."""
	return not frappe.db.sql("select is_free_lock(%s)", (_name(),))[0][0]


def _name() -> str:
	return f"ccms_score_{frappe.conf.db_name}"[:64]
