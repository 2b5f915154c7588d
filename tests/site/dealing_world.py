"""Events for the reports on dealings: a company of its own, so that every figure can be counted by hand."""

from datetime import datetime, timedelta

import frappe

from ccms_app.identity.store import identities
from ccms_app.interactions.clock import UTC
from ccms_app.interactions.store import days, intake, sources
from ccms_app.privacy.store import consent
from tests.site.factories import make_customer
from tests.site.reach import random_phone
from tests.site.world import ensure

COMPANY = "CCMS Dealings Co"


def company() -> str:
	"""The company, with nothing of other tests in it."""
	ensure(
		"Company",
		{"company_name": COMPANY},
		abbr="CDC",
		default_currency="CNY",
		country="China",
		chart_of_accounts="Standard",
	)
	for doctype in (
		"CCMS Customer Interaction",
		"CCMS Interaction Day",
		"CCMS Interaction Mark",
		"CCMS Page Count",
	):
		frappe.db.delete(doctype, {"company": COMPANY})
	return COMPANY


def person() -> dict:
	"""Who an event is of: a customer with a phone."""
	customer, phone = make_customer().name, random_phone()
	identities.link(identities.ensure("Phone", phone), customer, "Import", verified=True)
	return {"identity": {"kind": "Phone", "value": phone}}


def visitor() -> dict:
	"""A visitor who may be followed."""
	name = frappe.generate_hash(length=20)
	consent.record(
		identities.ensure("Visitor", name), "Web Tracking", "Given", source="Web Site", proof="test"
	)
	return {"visitor": name}


def happen(*events: dict, days_ago: float = 1) -> None:
	"""Write events so many days ago, a minute apart, and count their days."""
	first = datetime.now(UTC) - timedelta(days=days_ago)
	made = [
		{
			"event_id": frappe.generate_hash(length=20),
			"occurred_at": (first + timedelta(seconds=place)).isoformat(),
			**event,
		}
		for place, event in enumerate(events)
	]
	told = {answer.status for answer in intake.write(made, sources.of_site(COMPANY))}
	assert told == {"stored"}, told
	mark = frappe.qb.DocType("CCMS Interaction Mark")
	marked = frappe.qb.from_(mark).select(mark.day).where((mark.company == COMPANY) & (mark.span == "Day"))
	for (day,) in marked.run():
		days.compute(COMPANY, day)


def walk(who: dict, *paths: str, dwell: float = 10) -> list[dict]:
	"""Page views one after the other."""
	pairs = zip(("", *paths), paths, strict=False)
	return [
		{"type": "Page View", "path": path, "previous_path": before, "dwell": dwell, **who}
		for before, path in pairs
	]
