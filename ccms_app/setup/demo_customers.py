"""Demo data about who the customers are and what they did: identities, dealings, consent, duplicates, mistakes, requests.

Everything goes through the doors that real data takes, so that each screen of the customers' side has something to show.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta

import frappe
from frappe import _
from frappe.utils import add_days, getdate, nowdate

from ccms_app.identity.matching.chinese import sound
from ccms_app.identity.store import matching, merging
from ccms_app.interactions import clock
from ccms_app.interactions.store import days, intake, sources, totals
from ccms_app.privacy import words
from ccms_app.privacy.store import consent, requests
from ccms_app.quality.store import findings, fixes, runs

SERVER, BROWSER = "CCMS Demo Shop", "CCMS Demo Web Shop"
PAGES = ("/", "/tea", "/tea/longjing", "/teapots", "/gifts", "/cart", "/checkout")
CALLS = (
	("Asked for the opening hours", "Answered"),
	("Asked where the parcel is", "Answered"),
	("Wanted to change the address", "Called back"),
	("No answer", "Missed"),
)
CHATS = ("Which tea goes with cake?", "Is the teapot back in stock?", "Thank you, it has arrived.")
FACTS = (
	{"ccms_birth_date": "1990-05-01", "ccms_occupation": "茶艺师", "ccms_home_place": "杭州"},
	{"ccms_birth_date": "1978-11-23", "ccms_preferred_channel": "WeChat"},
	{"ccms_occupation": "Teacher", "ccms_work_place": "Shanghai"},
	{"ccms_birth_date": "2001-02-14", "ccms_home_place": "苏州", "ccms_preferred_channel": "E-mail"},
)
# the same people once more, as another till has typed them: (name, whose phone, whose mail)
TWICE = (("Wang Fang", "王芳", "王芳"), ("李 伟", "李伟", ""), ("A. Berg", "Anna Berg", "Anna Berg"))
MERGED = ("Hughes Tom", "Tom Hughes")
# what is wrong with a record: (name, phone, mail, birth date)
MISTAKEN = (
	("测试", "", "test@test.com", None),
	("Carla Gomez", "", "carla.gomez@gmial.com", None),
	("沈阳", "12345", "", None),
	("Peter Brandt", "", "peter.brandt@example.org", "1890-01-01"),
)


def make(company: str, people: list[str]) -> Iterator[str]:
	"""Make it for customers of these names, who are there already; yields a line a step. Again: nothing twice.

	Args:
		company: whose customers they are; people: their `customer_name`s.
	"""
	for line in fill(company, people):
		frappe.db.commit()
		yield line
	runs.run(full=True)
	_mend_one()
	matching.run(full=True)
	_merge()
	yield _("Duplicates, one of them merged, and records to mend")
	days.compute_marked()
	totals.compute_marked()


def fill(company: str, people: list[str]) -> Iterator[str]:
	"""What customers are, said and did, in the caller's transaction; the arguments are those of `make`."""
	customers = {name: frappe.db.get_value("Customer", {"customer_name": name}) for name in people}
	for place, (name, customer) in enumerate(customers.items()):
		_describe(customer, name, place)
	yield _("Phones, mail addresses and facts of {0} customers").format(len(customers))
	for place, customer in enumerate(customers.values()):
		_say(customer, random.Random(place))
	yield _("Their consents")
	yield _("{0} interactions").format(_tell(company, customers, random.Random(4)))
	_orders(company, list(customers.values())[:6])
	_tickets(list(customers.values())[:5])
	yield _("Orders and deliveries under way, and tickets")
	_twice(customers)
	for mistaken in MISTAKEN:
		_person(*mistaken)
	yield _("The same people twice, and people with mistakes")
	_requests(company, list(customers.values()))
	yield _("Privacy requests")


# --- who they are ------------------------------------------------------------------------------------------------
def phone_of(place: int) -> str:
	"""A valid number for the person at a place of the list, like nobody else's."""
	return f"+86139{random.Random(place).randrange(10**7, 10**8)}"


def mail_of(name: str, place: int) -> str:
	"""A mail address in a domain that is nobody's."""
	return f"{''.join(re.findall('[a-z]+', sound(name).casefold()))}{place}@teahouse-members.cn"


def _describe(customer: str, name: str, place: int) -> None:
	if _contact(customer, name, phone_of(place), mail_of(name, place)):
		doc = frappe.get_doc("Customer", customer)
		doc.update(FACTS[place % len(FACTS)] if place % 5 != 4 else {})
		if place % 3 == 0:
			doc.append(
				"ccms_identifiers", {"kind": "WeChat", "value": f"tea_friend_{place:02d}", "verified": 1}
			)
		doc.save(ignore_permissions=True)


def _contact(customer: str, name: str, phone: str = "", mail: str = "") -> bool:
	"""Make a contact unless the customer has one. Returns whether it was made."""
	there = {"parenttype": "Contact", "link_doctype": "Customer", "link_name": customer}
	if frappe.db.exists("Dynamic Link", there):
		return False
	contact = frappe.get_doc({"doctype": "Contact", "first_name": name})
	contact.append("links", {"link_doctype": "Customer", "link_name": customer})
	if phone:
		contact.append("phone_nos", {"phone": phone, "is_primary_mobile_no": 1})
	if mail:
		contact.append("email_ids", {"email_id": mail, "is_primary": 1})
	contact.insert(ignore_permissions=True)
	return True


def _say(customer: str, chance: random.Random) -> None:
	if frappe.db.exists(consent.DOCTYPE, {"customer": customer}):
		return
	for purpose in (words.MARKETING, words.PROFILING, words.WEB_TRACKING):
		draw = chance.random()
		if draw < 0.25:
			continue
		proof = _("Form signed at the till")
		consent.record(
			customer, purpose, words.GIVEN, source="Till", proof=proof, at=add_days(nowdate(), -90)
		)
		if draw > 0.9:
			consent.record(customer, purpose, words.WITHDRAWN, source="Phone Call")


# --- what they did -----------------------------------------------------------------------------------------------
def _source(name: str, kind: str, company: str, **fields) -> sources.Source:
	if not frappe.db.exists(sources.DOCTYPE, name):
		doc = {"doctype": sources.DOCTYPE, "source_name": name, "kind": kind, "company": company, **fields}
		frappe.get_doc(doc).insert(ignore_permissions=True)
		sources.rotate(name)
	return sources.load(name)


def _tell(company: str, customers: dict[str, str], chance: random.Random) -> int:
	"""Two months of calls, chats and page views. Returns how many were new."""
	server = _source(SERVER, sources.SERVER, company)
	browser = _source(BROWSER, sources.BROWSER, company, origins="https://shop.example.com")
	events, views = [], []
	for place in range(len(customers)):
		person = {"kind": "Phone", "value": phone_of(place)}
		for number in range(chance.randint(2, 7)):
			events.append(_dealing(f"{place}-{number}", person, chance))
		for visit in range(chance.randint(0, 4)):
			views += _visit(f"{place}-{visit}", f"demo-browser-{place}", chance)
			events += _visit(f"{place}-{visit}", "", chance, person)
	for stranger in range(20):
		views += _visit(f"s{stranger}", f"demo-stranger-{stranger}", chance)
	seen = {view["visitor"] for view in views}
	allowed = [_allowed(visitor) for visitor in sorted(seen)]
	told = intake.write(events, server) + intake.write([*allowed, *views], browser)
	return sum(answer.status == "stored" for answer in told)


def _at(chance: random.Random) -> datetime:
	"""Some moment of an opening hour in the last two months."""
	day = getdate(nowdate()) - timedelta(days=chance.randint(1, 60))
	return datetime.combine(day, time(chance.randint(1, 11), chance.randint(0, 59)))


def _event(event_id: str, kind: str, at: datetime, **fields) -> dict:
	return {
		"event_id": event_id,
		"type": kind,
		"occurred_at": at.replace(tzinfo=clock.UTC).isoformat(),
		**fields,
	}


def _dealing(key: str, person: dict, chance: random.Random) -> dict:
	at, draw = _at(chance), chance.random()
	if draw < 0.4:
		subject, outcome = chance.choice(CALLS)
		long = chance.randint(20, 600)
		call = {"subject": subject, "outcome": outcome, "duration": long, "direction": "In"}
		return _event(f"call-{key}", "Call", at, identity=person, **call)
	if draw < 0.75:
		chat = {"subject": chance.choice(CHATS), "channel": chance.choice(("Chat", "WeChat"))}
		return _event(f"chat-{key}", "Chat", at, identity=person, direction="In", **chat)
	return _event(f"visit-{key}", "Visit", at, identity=person, duration=chance.randint(300, 2400))


def _visit(key: str, visitor: str, chance: random.Random, person: dict | None = None) -> list[dict]:
	"""A walk through the pages of the shop, of a browser or of somebody who is signed in."""
	who = {"identity": person} if person else {"visitor": visitor}
	at, before, made = _at(chance), "", []
	for step in range(chance.randint(1, 6)):
		path = chance.choice(PAGES)
		stay = round(chance.lognormvariate(3, 1), 1)
		view = {"path": path, "previous_path": before, "dwell": stay}
		made.append(_event(f"view-{key}-{step}", "Page View", at, **who, **view))
		if path.startswith("/tea/") and chance.random() < 0.6:
			made.append(
				_event(f"add-{key}-{step}", "Cart Add", at, **who, path=path, item="CCMS Demo Tea", amount=68)
			)
		at, before = at + timedelta(seconds=stay), path
	return made


def _allowed(visitor: str) -> dict:
	"""A browser's yes to being followed, before everything it sends."""
	said = {"purpose": words.WEB_TRACKING, "state": words.GIVEN}
	return _event(
		f"yes-{visitor}",
		"Consent",
		datetime.combine(getdate(nowdate()) - timedelta(days=70), time(4)),
		visitor=visitor,
		**said,
	)


def _orders(company: str, customers: list[str]) -> None:
	"""An order for each, every other one delivered in part or whole."""
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

	for place, customer in enumerate(customers):
		if frappe.db.exists("Sales Order", {"customer": customer, "company": company}):
			continue
		order = frappe.get_doc(
			{
				"doctype": "Sales Order",
				"customer": customer,
				"company": company,
				"transaction_date": add_days(nowdate(), -6),
				"delivery_date": add_days(nowdate(), 2 + place),
				"items": [{"item_code": "CCMS Demo Teapot", "qty": 2, "rate": 240}],
			}
		)
		order.insert(ignore_permissions=True).submit()
		if place % 2:
			continue
		note = make_delivery_note(order.name)
		note.items[0].qty = 1 + place % 4 // 2
		note.lr_no = f"SF-{1000 + place}"
		note.insert(ignore_permissions=True).submit()


def _tickets(customers: list[str]) -> None:
	for place, customer in enumerate(customers):
		if not frappe.db.exists("Issue", {"customer": customer}):
			issue = {"doctype": "Issue", "customer": customer, "raised_by": "hello@teahouse-members.cn"}
			issue["subject"] = _("The lid of the teapot is broken") if place % 2 else _("A box was missing")
			frappe.get_doc(issue).insert(ignore_permissions=True)


# --- what is wrong with the records ------------------------------------------------------------------------------
def _twice(customers: dict[str, str]) -> None:
	places = {name: place for place, name in enumerate(customers)}
	for name, phone, mail in TWICE:
		if phone in places:
			_person(name, phone_of(places[phone]), mail_of(mail, places[mail]) if mail else "")
	source, target = MERGED
	merged = frappe.db.exists("CCMS Customer Merge", {"source_title": source})
	if target in places and not merged:
		_person(source, phone_of(places[target]), mail_of(target, places[target]))


def _person(name: str, phone: str, mail: str, born: str | None = None) -> str:
	"""A customer with a contact; the name of the record, also when it is there already."""
	if there := frappe.db.get_value("Customer", {"customer_name": name}):
		return there
	group = frappe.db.get_value("Customer Group", {"is_group": 0})
	doc = frappe.get_doc({"doctype": "Customer", "customer_name": name, "customer_group": group})
	doc.territory = frappe.db.get_value("Territory", {"is_group": 0}) or "All Territories"
	doc.customer_type, doc.ccms_birth_date = "Individual", born
	doc.insert(ignore_permissions=True)
	if phone or mail:
		_contact(doc.name, name, phone, mail)
	return doc.name


def _mend_one() -> None:
	"""Apply the fix of a mistyped mail address, so that its log has a row."""
	finding = frappe.db.get_value(findings.DOCTYPE, {"suggestion": ["like", "%@gmail.com"], "status": "Open"})
	if finding:
		fixes.apply(finding)
		frappe.db.commit()


def _merge() -> None:
	source, target = (frappe.db.get_value("Customer", {"customer_name": name}) for name in MERGED)
	if source and target:
		merging.run(source, target, reason=_("The same phone and mail address"))
		frappe.db.commit()


# --- what they ask for -------------------------------------------------------------------------------------------
def _requests(company: str, customers: list[str]) -> None:
	asked = (("Access", -20, False), ("Erasure", -3, True), ("Objection", -10, True))
	for customer, (kind, day, is_checked) in zip(customers[8:], asked, strict=False):
		if frappe.db.exists(requests.DOCTYPE, {"customer": customer}):
			continue
		doc = frappe.get_doc({"doctype": requests.DOCTYPE, "customer": customer, "company": company})
		doc.update({"request_type": kind, "received_on": add_days(nowdate(), day)})
		if is_checked:
			doc.update({"identity_checked": 1, "checked_how": "Called Back"})
		doc.insert(ignore_permissions=True)
