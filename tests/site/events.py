"""Events and their sources, for tests of the intake."""

from datetime import datetime, timedelta, timezone

import frappe

from ccms_app.identity import kinds
from ccms_app.identity.store import identities
from ccms_app.interactions.store import intake, sources

from .world import ABROAD, COMPANY  # noqa: F401 (tests read them here)

EVENT, DAY, TOTAL = "CCMS Customer Interaction", "CCMS Interaction Day", "CCMS Interaction Total"
MARK, SOURCE, IDENTITY = "CCMS Interaction Mark", "CCMS Event Source", "CCMS Identity"
PAGES = "CCMS Page Count"
ORIGIN = "https://shop.example.com"
NOON = datetime.now(timezone.utc).replace(hour=4, minute=0, second=0, microsecond=0) - timedelta(days=3)
"""Noon in Shanghai some days ago, where the test site keeps its time."""


def make_source(kind: str = "Server", company: str = COMPANY, **fields):
	"""A source with keys: (its document, what `rotate` told)."""
	name = f"Source {frappe.generate_hash(length=8)}"
	if kind == "Browser":
		fields.setdefault("origins", ORIGIN)
	doc = frappe.get_doc(
		{"doctype": SOURCE, "source_name": name, "company": company, "kind": kind, **fields}
	).insert()
	keys = sources.rotate(name) if kind != "Site" else {}
	return doc.reload(), keys


def server(company: str = COMPANY):
	"""A server source as the intake knows it."""
	return sources.load(make_source("Server", company)[0].name)


def call(event_id: str = "1", **fields) -> dict:
	"""A telephone call, which needs nobody's consent."""
	return {"event_id": event_id, "type": "Call", "occurred_at": NOON.isoformat(), **fields}


def view(event_id: str = "1", visitor: str = "visitor-one", **fields) -> dict:
	return call(event_id, visitor=visitor, **fields) | {"type": "Page View"}


def consent(event_id: str, visitor: str = "visitor-one", state: str = "Given", **fields) -> dict:
	return call(event_id, visitor=visitor, state=state, **fields) | {"type": "Consent"}


def phone(number: str = "+8613800138000") -> dict:
	return {"kind": "Phone", "value": number}


def send(source, *events, received: datetime | None = None, sent: datetime | None = None) -> list[str]:
	"""Write events in the test's transaction; returns their statuses."""
	return [told.status for told in intake.write(list(events), source, received, sent)]


def rows(source, *fields: str, **filters) -> list:
	"""The stored events of a source, by their ids."""
	filters = {"event_source": source.name, **filters}
	return frappe.get_all(EVENT, filters, list(fields) or ["*"], order_by="event_id")


def row(source, event_id: str):
	return frappe.get_doc(EVENT, {"event_source": source.name, "event_id": event_id})


def forget(*source_names: str) -> None:
	"""Delete what committed tests left of sources, and of the visitors above, and commit."""
	for visitor in ("visitor-one", "visitor-two"):
		if found := identities.find(kinds.VISITOR, visitor):
			frappe.db.delete("CCMS Consent", {"subject_hash": found})
			frappe.db.delete("CCMS Identity Link", {"identity": found})
			frappe.db.delete(IDENTITY, {"name": found})
	for name in source_names:
		frappe.db.delete(EVENT, {"event_source": name})
		frappe.db.delete("CCMS Event Source Type", {"parent": name})
		frappe.db.delete(SOURCE, {"name": name})
	frappe.db.delete(DAY)
	frappe.db.delete(TOTAL)
	frappe.db.delete(MARK)
	frappe.db.delete(PAGES)
	frappe.db.commit()
