"""Dealings that ERPNext's own documents tell of: whose they are, what they say, and never twice."""

from time import monotonic

import frappe
import pytest
from frappe.utils import add_days, add_to_date, get_datetime, now_datetime

from ccms_app.identity import kinds
from ccms_app.identity.store import capture, identities
from ccms_app.interactions import check
from ccms_app.interactions.documents import _addresses as plain_addresses
from ccms_app.interactions.documents import plain
from ccms_app.interactions.store import documents, intake
from ccms_app.patches import private_events
from tests.site.factories import COMPANY, TEA, account, make_customer, make_return, make_sales_invoice
from tests.site.processes import forget_jobs, run_jobs
from tests.site.reach import make_contact, random_phone
from tests.site.world import BOXED_TEA

EVENT = "CCMS Customer Interaction"


@pytest.fixture
def person():
	"""A customer who can be called and written to."""
	customer = make_customer()
	phone, email = random_phone(), f"{frappe.generate_hash(length=8)}@example.com"
	make_contact(customer, phones=[phone], emails=[email])
	capture.one(customer.name)
	return frappe._dict(name=customer.name, phone=phone, email=email)


def tell(*docs) -> dict[str, int]:
	return documents.tell([(doc.doctype, doc.name) for doc in docs], put=intake.write)


def told(doc) -> list[frappe._dict]:
	return frappe.get_all(
		EVENT,
		filters={"reference_doctype": doc.doctype, "reference_name": doc.name},
		fields=["*"],
		order_by="event_id",
	)


def owner(event) -> str | None:
	return identities.owners([event.identity]).get(event.identity)


def kind(event) -> str:
	return frappe.db.get_value("CCMS Identity", event.identity, "kind")


def mail(**fields):
	values = {
		"doctype": "Communication",
		"communication_type": "Communication",
		"communication_medium": "Email",
		"subject": "Where is my tea?",
		"content": "<p>Dear shop,</p><script>alert(1)</script><p>it &lt;b&gt; is late</p>",
		"sent_or_received": "Received",
		"communication_date": add_to_date(now_datetime(), hours=-1),
	}
	return frappe.get_doc({**values, **fields}).insert()


def test_a_mail_goes_by_the_address_and_is_told_once(person):
	doc = mail(sender=person.email.upper())
	assert tell(doc) == {"stored": 1}
	(event,) = told(doc)
	assert (event.interaction_type, event.direction, event.channel) == ("E-mail", "In", "E-mail")
	assert (kind(event), owner(event)) == (kinds.EMAIL, person.name)
	assert event.company and event.occurred_at == get_datetime(doc.communication_date)
	assert "<script" not in event.content and "<p>" not in event.content
	assert "Dear shop," in event.content
	assert tell(doc) == {"duplicate": 1}
	frappe.db.set_value("Communication", doc.name, "subject", "Something else")
	assert tell(doc) == {"conflict": 1}
	assert len(told(doc)) == 1


def test_a_mail_to_three_is_told_of_the_customers_among_them(person):
	other, address = make_customer(), f"{frappe.generate_hash(length=8)}@example.com"
	make_contact(other, emails=[address])
	capture.one(other.name)
	doc = mail(
		sent_or_received="Sent",
		sender="shop@example.com",
		recipients=f"{person.email.upper()}, {address}, nobody@example.org",
	)
	assert tell(doc) == {"stored": 2}
	assert {owner(event) for event in told(doc)} == {person.name, other.name}
	assert {event.direction for event in told(doc)} == {"Out"}


def test_mail_with_nobody_known_tells_nothing():
	doc = mail(sender=f"{frappe.generate_hash(length=8)}@example.org")
	assert tell(doc) == {} and told(doc) == []


def test_an_address_of_several_goes_by_the_customer_the_mail_is_about(person):
	sibling = make_customer()
	make_contact(sibling, emails=[person.email])
	capture.many([sibling.name, person.name])
	doc = mail(sender=person.email, reference_doctype="Customer", reference_name=sibling.name)
	tell(doc)
	(event,) = told(doc)
	assert (kind(event), owner(event)) == (kinds.CUSTOMER, sibling.name)


@pytest.mark.parametrize(
	"medium, expected", [("Chat", "Chat"), ("Phone", "Call"), ("SMS", "Chat"), ("Visit", "Visit")]
)
def test_the_medium_says_what_it_was(person, medium, expected):
	doc = mail(communication_medium=medium, phone_no=person.phone, sender=None)
	tell(doc)
	(event,) = told(doc)
	assert event.interaction_type == expected and owner(event) == person.name
	if medium == "SMS":
		assert event.channel == "SMS"


def test_automated_messages_and_copies_of_events_tell_nothing(person):
	assert tell(mail(sender=person.email, communication_type="Automated Message")) == {}
	assert tell(mail(sender=person.email, communication_medium="Event")) == {}


def test_a_call_is_told_when_it_is_over(person):
	call = frappe.get_doc(
		{
			"doctype": "Call Log",
			"id": frappe.generate_hash(length=10),
			"from": person.phone,
			"to": "+861085295525",
			"type": "Incoming",
			"status": "Ringing",
			"start_time": add_to_date(now_datetime(), minutes=-10),
		}
	).insert(ignore_permissions=True)
	assert tell(call) == {}
	call.update({"status": "Completed", "duration": 240}).save(ignore_permissions=True)
	assert tell(call) == {"stored": 1}
	(event,) = told(call)
	assert (event.interaction_type, event.direction, event.outcome) == ("Call", "In", "Completed")
	assert event.duration == 240 and (kind(event), owner(event)) == (kinds.PHONE, person.name)
	assert event.occurred_at == get_datetime(call.start_time)


def test_an_issue_is_a_complaint_where_its_type_counts_as_one(person):
	values = {"doctype": "Issue", "subject": "Cold tea", "company": COMPANY, "customer": person.name}
	doc = frappe.get_doc({**values, "description": "<div>cold</div>"}).insert()
	tell(doc)
	(event,) = told(doc)
	assert (event.interaction_type, event.content, event.company) == ("Complaint", "cold", COMPANY)
	assert owner(event) == person.name
	for name in ("CCMS Late", "CCMS Question"):
		if not frappe.db.exists("Issue Type", name):
			frappe.get_doc({"doctype": "Issue Type", "__newname": name}).insert()
	settings = frappe.get_doc("CCMS Settings")
	settings.append("complaint_types", {"issue_type": "CCMS Late"})
	settings.save()
	doc = frappe.get_doc({**values, "issue_type": "CCMS Question"}).insert()
	tell(doc)
	assert told(doc)[0].interaction_type == "Service Request"
	settings.set("complaint_types", [])
	settings.save()


def visit(*customers, hours=(-12, -11), contacts=(), **fields):
	"""A visit of customers, its start and end in hours from now."""
	start, end = (add_to_date(now_datetime(), hours=hour) for hour in hours)
	values = {"subject": "Tasting", "event_category": "Meeting", "event_type": "Public"}
	doc = frappe.get_doc({"doctype": "Event", **values, "starts_on": start, "ends_on": end, **fields})
	for doctype, names in (("Customer", customers), ("Contact", contacts)):
		for name in names:
			doc.append("event_participants", {"reference_doctype": doctype, "reference_docname": name})
	return doc.insert()


def test_a_visit_is_told_when_it_is_over(person):
	other = make_customer()
	doc = visit(person.name, other.name, hours=(2, 3))
	assert tell(doc) == {}
	doc.starts_on, doc.ends_on = (add_to_date(now_datetime(), hours=hours) for hours in (-2, -1))
	doc.save()
	assert tell(doc) == {}  # how it went may still be said
	doc.starts_on, doc.ends_on = (add_to_date(now_datetime(), hours=hours) for hours in (-9, -8))
	doc.save()
	assert tell(doc) == {"stored": 2}
	assert {owner(event) for event in told(doc)} == {person.name, other.name}
	assert {(event.interaction_type, event.duration) for event in told(doc)} == {("Visit", 3600)}
	assert tell(doc) == {"duplicate": 2}


def test_a_visit_that_is_completed_is_told_with_how_it_went(person):
	doc = visit(person.name, hours=(-1, -0.5), status="Completed", description="three boxes")
	tell(doc)
	(event,) = told(doc)
	assert (event.outcome, event.content, event.subject) == ("Completed", "three boxes", "Tasting")
	assert tell(visit(person.name, status="Cancelled")) == {}


def test_what_becomes_of_a_visit_later_is_told_too(person):
	doc = visit(person.name)
	assert tell(doc) == {"stored": 1}
	doc.update({"status": "Completed", "description": "bought < 3 boxes"}).save()
	assert tell(doc)["stored"] == 1
	assert [(event.outcome, event.content, event.duration) for event in told(doc)] == [
		("Open", None, 3600),
		("Completed", "bought < 3 boxes", 0),
	]
	assert "stored" not in tell(doc)
	doc.update({"status": "Cancelled"}).save()
	assert tell(doc) == {"stored": 1} and tell(doc) == {}
	assert {event.outcome for event in told(doc)} == {"Open", "Completed", "Cancelled"}
	closed = visit(person.name)
	tell(closed)
	# Frappe closes what is over, which says nothing of how it went
	closed.update({"status": "Closed"}).save()
	assert tell(closed) == {"conflict": 1}
	closed.update({"description": "liked it"}).save()
	assert tell(closed) == {"conflict": 1, "stored": 1}
	assert [event.content for event in told(closed)] == [None, "liked it"]
	assert tell(closed) == {"conflict": 1}


def test_of_a_private_visit_only_what_when_and_how_long(person):
	doc = visit(person.name, event_type="Private", description="we will sue her", status="Completed")
	tell(doc)
	(event,) = told(doc)
	assert (event.interaction_type, event.duration, owner(event)) == ("Visit", 3600, person.name)
	assert not (event.subject or event.content or event.outcome)
	doc.update({"status": "Cancelled"}).save()
	assert tell(doc) == {} and len(told(doc)) == 1
	public = visit(person.name, description="nice", status="Completed")
	tell(public)
	assert told(public)[0].content == "nice"
	public.update({"event_type": "Private"}).save()
	tell(public)
	(event,) = told(public)
	assert not (event.subject or event.content or event.outcome)


def test_an_update_takes_the_words_of_private_visits(person):
	doc, public = visit(person.name, description="we will sue"), visit(person.name, description="nice")
	tell(doc, public)
	doc.db_set("event_type", "Private")
	private_events.execute()
	assert [(event.subject, event.content) for event in told(doc)] == [(None, None)]
	assert told(public)[0].content == "nice"


def test_a_visit_with_a_contact_is_with_the_customers_of_the_contact(person):
	contact = frappe.db.get_value(
		"Dynamic Link", {"parenttype": "Contact", "link_name": person.name}, "parent"
	)
	doc = visit(contacts=[contact])
	assert tell(doc) == {"stored": 1}
	assert owner(told(doc)[0]) == person.name
	both = visit(person.name, contacts=[contact])
	assert tell(both) == {"stored": 1}


def test_a_mail_to_several_is_told_of_each_once_whenever_they_become_known(person):
	address = f"{frappe.generate_hash(length=8)}@example.com"
	doc = mail(sent_or_received="Sent", sender="shop@example.com", recipients=f"{address}, {person.email}")
	assert tell(doc) == {"stored": 1}
	other = make_customer()
	make_contact(other, emails=[address])
	capture.one(other.name)
	assert tell(doc) == {"duplicate": 1, "stored": 1}
	assert sorted(owner(event) for event in told(doc)) == sorted([person.name, other.name])
	assert tell(doc) == {"duplicate": 2}
	assert not any(address in event.event_id for event in told(doc))


def test_what_was_told_under_the_places_of_recipients_is_not_told_again(person):
	"""Keys as they were made before: the place among those who were known."""
	address = f"{frappe.generate_hash(length=8)}@example.com"
	doc = mail(sent_or_received="Sent", sender="shop@example.com", recipients=f"{address}, {person.email}")
	tell(doc)
	(first,) = told(doc)
	name = check.event_name(first.event_source, f"Communication/{doc.name}")
	new = {"name": name, "event_id": f"Communication/{doc.name}"}
	event = frappe.qb.DocType(EVENT)
	query = frappe.qb.update(event).where(event.name == first.name)
	for field, value in new.items():
		query = query.set(event[field], value)
	query.run()
	other = make_customer()
	make_contact(other, emails=[address])
	capture.one(other.name)
	assert tell(doc).get("stored") == 1
	assert sorted(owner(event) for event in told(doc)) == sorted([person.name, other.name])
	# known by the customer's own record from now on: still the same mail
	doc.db_set({"reference_doctype": "Customer", "reference_name": person.name})
	frappe.db.delete("CCMS Identity Link", {"identity": first.identity})
	identities.settle([first.identity])
	identities.link(first.identity, person.name, "Import")
	assert "stored" not in tell(doc) and len(told(doc)) == 2


def test_a_summary_typed_after_the_call_is_told(person):
	values = {"from": person.phone, "to": "1", "type": "Incoming", "status": "Completed", "duration": 60}
	start = add_to_date(now_datetime(), hours=-1)
	name = frappe.generate_hash(length=10)
	call = frappe.get_doc({"doctype": "Call Log", "id": name, "start_time": start, **values})
	call.insert(ignore_permissions=True)
	assert tell(call) == {"stored": 1}
	documents._forget()
	call.reload()
	call.summary = "wants a refund"
	call.save(ignore_permissions=True)
	assert ("Call Log", call.name) in documents._forget()["names"]
	assert tell(call)["stored"] == 1 and "stored" not in tell(call)
	assert [(event.content, event.duration) for event in told(call)] == [(None, 60), ("wants a refund", 0)]
	assert {owner(event) for event in told(call)} == {person.name}


@pytest.mark.parametrize("unit", ["<script>", "<style ", "<a", "<br ", "</p", "a"])
def test_a_mail_that_means_harm_takes_no_time(person, unit):
	started = monotonic()
	content = unit * (1_000_000 // len(unit))
	assert len(plain(content)) <= 3500 and plain_addresses(content) == []
	assert monotonic() - started < 1


def test_scripts_and_styles_are_no_text():
	text = "<p>Dear</p><STYLE type=x>p > a {}</style >us<script>bad()</script><br>ends <script> here"
	assert plain(text) == "Dear\n us \nends  here"


def deliver(customer, qty=2, **fields):
	note = frappe.new_doc("Delivery Note")
	note.update({"customer": customer, "company": COMPANY, "set_warehouse": account("Stores")} | fields)
	note.append("items", {"item_code": TEA, "qty": qty, "rate": 100, "warehouse": account("Stores")})
	return note.insert().submit()


def test_a_delivery_and_its_cancelling(person):
	note = deliver(person.name)
	assert tell(note) == {"stored": 1}
	(event,) = told(note)
	assert (event.interaction_type, event.amount, owner(event)) == ("Delivery", 200, person.name)
	assert kind(event) == kinds.CUSTOMER
	note.cancel()
	assert tell(note).get("stored") == 1
	assert sum(one.amount for one in told(note)) == 0
	assert "Cancelled" in {one.outcome for one in told(note)}


def test_goods_that_came_back(person):
	invoice = make_sales_invoice(person.name, rate=100, qty=3)
	assert tell(invoice) == {}
	back = make_return(invoice, 1)
	tell(back)
	(event,) = told(back)
	assert (event.interaction_type, event.amount, owner(event)) == ("Return", 100, person.name)


def cart(customer, **fields):
	doc = frappe.new_doc("Quotation")
	doc.update(
		{
			"quotation_to": "Customer",
			"party_name": customer,
			"company": COMPANY,
			"order_type": "Shopping Cart",
		}
		| fields
	)
	for item, rate in ((TEA, 100), (BOXED_TEA, 50)):
		doc.append("items", {"item_code": item, "qty": 1, "rate": rate})
	return doc.insert()


def test_a_cart_tells_what_comes_and_goes(person):
	doc = cart(person.name)
	tell(doc)
	assert {(event.item, event.outcome, event.amount) for event in told(doc)} == {
		(TEA, "Added", 100),
		(BOXED_TEA, "Added", 50),
	}
	noted = []
	frappe.db.after_commit.reset()
	doc.set("items", doc.items[:1])
	doc.save()
	noted = documents._forget()
	assert len(noted["extra"]) == 1
	documents.tell(noted["names"], noted["extra"], put=intake.write)
	dropped = [event for event in told(doc) if event.outcome == "Dropped"]
	assert [(event.item, owner(event)) for event in dropped] == [(BOXED_TEA, person.name)]
	assert tell(cart(person.name, order_type="Sales")) == {}


def test_a_dealing_longer_ago_than_events_are_kept_is_left_out(person):
	doc = mail(sender=person.email, communication_date=add_days(now_datetime(), -500))
	assert tell(doc) == {"too_old": 1}


def test_ugly_texts_are_told(person):
	doc = mail(sender=person.email, subject="茶" * 400, content="茶" * 9000)
	assert tell(doc) == {"stored": 1}
	hostile = mail(
		sender=person.email, subject="Hi <img src=x onerror=alert(1)>", content="=cmd()|' /C calc'!A0"
	)
	assert tell(hostile) == {"stored": 1}
	assert "onerror" not in (told(hostile)[0].subject or "")


# --- after the commit ----------------------------------------------------------------------------------------
def test_saving_only_notes_the_document(person):
	documents._forget()
	doc = mail(sender=person.email)
	assert told(doc) == []
	assert ("Communication", doc.name) in documents._forget()["names"]


def test_what_is_rolled_back_is_forgotten(person):
	documents._forget()
	frappe.db.savepoint("here")
	mail(sender=person.email)
	assert getattr(frappe.local, documents.NOTED)
	frappe.db.rollback()
	assert not getattr(frappe.local, documents.NOTED, None)


@pytest.mark.commits
def test_a_committed_document_queues_one_job_and_a_dead_queue_harms_nothing(person, monkeypatch):
	jobs, started = [], now_datetime()
	monkeypatch.setattr(frappe, "enqueue", lambda method, **given: jobs.append((method, given)))
	documents._forget()
	frappe.db.after_commit.reset()
	first, second = mail(sender=person.email), mail(sender=person.email)
	frappe.db.commit()
	mine = [given for method, given in jobs if method.endswith("documents.tell")]
	assert len(mine) == 1
	assert {("Communication", first.name), ("Communication", second.name)} <= set(mine[0]["names"])

	def dead(method, **_given):
		raise ConnectionError("no queue")

	monkeypatch.setattr(frappe, "enqueue", dead)
	third = mail(sender=person.email)
	frappe.db.commit()
	assert frappe.db.exists("Communication", third.name)
	try:
		found = sum(
			counts.get("stored", 0) for _read, counts in documents.backfill(add_days(now_datetime(), -1))
		)
		assert found >= 3
		again = sum(
			counts.get("stored", 0) for _read, counts in documents.backfill(add_days(now_datetime(), -1))
		)
		assert again == 0
	finally:
		# the backfill told of whatever documents other tests have left, too
		frappe.db.delete(EVENT, {"creation": [">=", started], "reference_name": ["is", "set"]})
		for doc in (first, second, third):
			frappe.db.delete("Communication", {"name": doc.name})
		frappe.db.commit()


def test_a_document_that_is_gone_tells_nothing():
	"""ERPNext commits within Contact.after_insert when a Call Log has its number; what follows may be rolled back."""
	assert documents.tell([("Communication", "not there")], put=intake.write) == {}


@pytest.mark.commits
def test_a_worker_tells_what_was_committed_and_nothing_of_what_was_not(person):
	"""ERPNext itself commits within Contact.after_insert when a Call Log has the number: what is noted until then is told,
	what is rolled back after it is not."""
	forget_jobs()
	documents._forget()
	number = random_phone()
	call = frappe.get_doc(
		{
			"doctype": "Call Log",
			"id": frappe.generate_hash(length=10),
			"from": number,
			"type": "Incoming",
			"status": "Completed",
			"duration": 60,
			"customer": person.name,
			"start_time": add_to_date(now_datetime(), minutes=-10),
		}
	).insert(ignore_permissions=True)
	contact = make_contact(person.name, phones=[number])
	lost = mail(sender=person.email)
	frappe.db.rollback()
	try:
		frappe.db.commit()
		run_jobs("short")
		frappe.db.rollback()
		there = frappe.db.exists("Call Log", call.name)
		assert len(told(call)) == (1 if there else 0)
		assert told(lost) == []
		kept = mail(sender=person.email)
		frappe.db.commit()
		run_jobs("short")
		frappe.db.rollback()
		assert [owner(event) for event in told(kept)] == [person.name]
	finally:
		frappe.db.rollback()
		for doctype, name in (
			("Call Log", call.name),
			("Contact", contact.name),
			("Communication", kept.name),
		):
			frappe.db.delete(EVENT, {"reference_name": name})
			if frappe.db.exists(doctype, name):
				frappe.delete_doc(doctype, name, force=True)
		frappe.db.commit()
