"""Frozen copies: a segment that keeps the customers another had at one moment."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import formatdate, now, nowdate

from . import members, segments


def freeze(segment: str, title: str | None = None) -> str:
	"""Copy the members a segment has now into a new segment without rules; returns its name. Part of the caller's
	transaction. Asks no permission: the caller does."""
	source = frappe.get_doc(segments.DOCTYPE, segment)
	doc = frappe.get_doc(
		{
			"doctype": segments.DOCTYPE,
			"segment_name": title or _title(source),
			"company": source.company,
			"description": source.description,
			"is_frozen": 1,
			"copy_of": source.name,
			"frozen_on": now(),
		}
	)
	doc.flags.is_copy = True
	doc.insert(ignore_permissions=True)
	copy = segments.load(source.company, names=[doc.name])[doc.name]
	members.enter(copy, sorted(members.current([segment])[segment]), members.COPY, lambda: None, tell=False)
	size = frappe.db.count(members.DOCTYPE, {"segment": doc.name})
	frappe.db.set_value(
		segments.DOCTYPE, doc.name, {"size": size, "last_refreshed": now()}, update_modified=False
	)
	return doc.name


def _title(source) -> str:
	base = _("{0} on {1}").format(source.segment_name, formatdate(nowdate()))
	title, number = base, 1
	while frappe.db.exists(segments.DOCTYPE, {"company": source.company, "segment_name": title}):
		number += 1
		title = f"{base} ({number})"
	return title
