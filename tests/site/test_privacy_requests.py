"""Privacy requests: due dates, identity, refusing, Frappe's own requests, and the customer's page."""

import email
import email.policy

import frappe
import pytest
from frappe.utils import add_days, getdate, nowdate

from ccms_app.privacy.store import erasing, exporting, frappe_requests, held, portal, requests
from tests.site import world
from tests.site.factories import ABROAD, COMPANY, make_customer, make_program, make_sales_invoice
from tests.site.ledger_checks import membership_of, set_balance
from tests.site.own_jobs import run_own_jobs
from tests.site.reach import make_contact

DOCTYPE = "CCMS Privacy Request"


@pytest.fixture(autouse=True)
def sender():
	"""Frappe's requests send mails: from somebody, to the queue."""
	frappe.conf.mail_server, frappe.conf.auto_email_id = "localhost", "shop@example.com"


def ask(customer, request_type="Erasure", **fields):
	values = {"doctype": DOCTYPE, "customer": customer.name, "request_type": request_type, "company": COMPANY}
	return frappe.get_doc({**values, **fields}).insert()


@pytest.mark.parametrize(("country", "days"), [("China", 15), ("Germany", 30)])
def test_the_law_of_the_country_says_by_when(country, days):
	frappe.db.set_value("Company", COMPANY, "country", country)
	frappe.clear_document_cache("Company", COMPANY)
	try:
		assert getdate(ask(make_customer()).due_on) == getdate(add_days(nowdate(), days))
	finally:
		frappe.clear_document_cache("Company", COMPANY)


def test_nothing_happens_before_somebody_made_sure_who_asks():
	doc = ask(make_customer())
	for act in (doc.erase, doc.prepare_export, doc.complete):
		with pytest.raises(frappe.ValidationError, match="Make sure first"):
			act()


def test_refusing_needs_a_reason_and_settles():
	doc = ask(make_customer(), "Access")
	with pytest.raises(frappe.ValidationError):
		doc.refuse("no")
	doc.refuse("Not the person it is about")
	doc.reload()
	assert doc.status == "Refused" and doc.completed_on
	with pytest.raises(frappe.ValidationError):
		doc.refuse("once more, please")


def test_what_is_open_is_waited_for_and_said():
	customer = make_customer()
	invoice = make_sales_invoice(customer)
	doc = ask(customer, identity_checked=1, checked_how="In Person")
	doc.erase()
	doc.reload()
	assert doc.status == "Waiting" and invoice.name in doc.waits_for


def test_typed_status_and_due_date_are_not_believed():
	doc = ask(make_customer(), status="Completed", due_on="2099-01-01", erased_as="erased-me")
	assert doc.status == "Open" and doc.due_on != "2099-01-01" and not doc.erased_as


def test_a_customer_being_erased_is_not_merged():
	from ccms_app.identity.store import merging

	one, other = make_customer(), make_customer()
	doc = ask(one, identity_checked=1, checked_how="In Person")
	doc.erase()
	assert any("erased" in said for said in merging.refusals(one.name, other.name))


def test_analysts_do_not_see_requests(as_user):
	user = frappe.get_doc(
		{"doctype": "User", "email": f"a{frappe.generate_hash(length=6)}@example.com", "first_name": "A",
		"roles": [{"role": "CCMS Analyst"}], "send_welcome_email": 0}
	).insert()  # fmt: skip
	doc = ask(make_customer())
	with as_user(user.name), pytest.raises(frappe.PermissionError):
		frappe.get_doc(DOCTYPE, doc.name).check_permission("read")


def portal_user(customer):
	user = frappe.get_doc(
		{"doctype": "User", "email": f"p{frappe.generate_hash(length=6)}@example.com", "first_name": "Paula",
		"user_type": "Website User", "send_welcome_email": 0}
	).insert()  # fmt: skip
	customer.reload()
	customer.append("portal_users", {"user": user.name})
	customer.save()
	return user


def test_the_page_shows_a_customer_only_their_own():
	mine, other = make_customer(mobile_no="+8613800138007"), make_customer(mobile_no="+8613800138008")
	user = portal_user(mine)
	assert portal.customers_of(user.name) == [mine.name]
	assert portal.customers_of("Guest") == []
	shown = frappe.as_json(held.groups(mine.name))
	assert "+8613800138007" in shown and "+8613800138008" not in shown
	with pytest.raises(frappe.PermissionError):
		held.ask(user.name, other.name, "copy")
	first = held.ask(user.name, mine.name, "erase")
	assert held.ask(user.name, mine.name, "erase") == first
	assert frappe.db.get_value(DOCTYPE, first, "checked_how") == "Logged In"


def test_the_page_tells_of_everything_that_the_copy_has():
	customer = make_customer(make_program())
	set_balance(membership_of(customer), 50)
	make_contact(customer)
	found = {doctype: rows for doctype, rows in exporting.collect(customer.name).items() if rows}
	groups = held.groups(customer.name)
	assert {"Contact", "CCMS Points Lot", "CCMS Points Ledger Entry"} <= set(found)
	assert sum(group["count"] for group in groups) == sum(map(len, found.values()))
	assert dict(groups[-1]["rows"])["CCMS Points Lot"] == str(len(found["CCMS Points Lot"]))


@pytest.mark.parametrize(
	("what", "kind"),
	[
		("copy", "Access"),
		("correct", "Correction"),
		("object", "Objection"),
		("restrict", "Restriction"),
		("erase", "Erasure"),
	],
)
def test_each_right_can_be_asked_for_on_the_page(what, kind):
	mine = make_customer()
	asked = held.ask(portal_user(mine).name, mine.name, what)
	assert frappe.db.get_value(DOCTYPE, asked, ["customer", "request_type", "status"]) == (
		mine.name,
		kind,
		"Open",
	)


@pytest.mark.commits
def test_frappes_own_deletion_runs_our_eraser_and_touches_nobody_else():
	frappe.flags.mute_emails = True
	customer, other = make_customer(), make_customer(customer_name="Paula")
	user = portal_user(customer)
	# a contact with the user's own e-mail address: Frappe's own deletion dies of it
	frappe.get_doc(
		{"doctype": "Contact", "first_name": "Paula", "user": user.name,
		"email_ids": [{"email_id": user.name, "is_primary": 1}],
		"links": [{"link_doctype": "Customer", "link_name": customer.name}]}
	).insert()  # fmt: skip
	doc = frappe.get_doc({"doctype": "Personal Data Deletion Request", "email": user.name})
	doc.flags.ignore_permissions = True
	doc.insert()
	doc.db_set("status", "Pending Approval")
	doc.trigger_data_deletion()
	frappe.db.commit()
	(name,) = frappe.get_all(DOCTYPE, {"customer": customer.name}, pluck="name")
	requests.erase_job(name)
	frappe_requests.finish(doc.name)
	assert not frappe.db.exists("Customer", customer.name)
	assert not frappe.db.exists("User", user.name)
	assert frappe.db.get_value("Customer", other.name, "customer_name") == "Paula"
	assert frappe.db.get_value(doc.doctype, doc.name, "status") == "Deleted"


def download(user: str):
	"""What the page /request-data does, as whoever is logged in."""
	doc = frappe.get_doc({"doctype": "Personal Data Download Request", "user": user, "user_name": "Paula"})
	frappe.flags.in_test = True  # the job at once, as the same user
	try:
		return doc.insert(ignore_permissions=True)
	finally:
		frappe.flags.in_test = False


def files_of(doc) -> list[str]:
	return frappe.get_all(
		"File", {"attached_to_doctype": doc.doctype, "attached_to_name": doc.name}, pluck="name"
	)


def forget(*docs) -> None:
	"""Files stand beside the database: no rollback takes them away."""
	for doc in docs:
		for name in files_of(doc):
			frappe.delete_doc("File", name, force=True, ignore_permissions=True, delete_permanently=True)


@pytest.mark.parametrize("asker", ["the person", "Guest"])
def test_frappes_own_download_is_the_persons_alone(as_user, asker):
	frappe.flags.mute_emails = False
	user, other = portal_user(make_customer()), portal_user(make_customer())
	with as_user(user.name if asker == "the person" else "Guest"):
		doc = download(user.name)
	try:
		files = [frappe.get_doc("File", name) for name in files_of(doc)]
		assert {file.file_name.rpartition(".")[2] for file in files} == {"zip", "json"}
		assert all(file.is_private for file in files)
		for reader, may in ((user.name, True), (other.name, False), ("Guest", False), (world.ANALYST, False)):
			with as_user(reader):
				assert [file.has_permission("read") for file in files] == [may, may], reader
				assert bool(frappe.has_permission(doc.doctype, "read", doc=doc.name)) == may
		mail = frappe.get_last_doc("Email Queue")
		assert [row.recipient for row in mail.recipients] == [user.name]
		text = email.message_from_string(mail.message, policy=email.policy.default).get_body().get_content()
		assert all(file.name in text for file in files), "the mail names every file"
	finally:
		forget(doc)


def test_nobody_asks_for_the_download_of_another_log_in(as_user):
	victim, other = portal_user(make_customer()), portal_user(make_customer())
	for asker in (other.name, world.ANALYST, world.MANAGER):
		with as_user(asker), pytest.raises(frappe.PermissionError):
			download(victim.name)
	assert not frappe.db.exists("Personal Data Download Request", {"user": victim.name})


def as_sent(doc, **says):
	"""A document as the desk sends it to `run_doc_method`: a copy that says what its sender likes."""
	return frappe.get_doc({**frappe.get_doc(doc.doctype, doc.name).as_dict(), **says})


def test_a_copy_that_says_otherwise_is_not_believed():
	doc = ask(make_customer(), "Access", identity_checked=1, checked_how="In Person")
	doc.complete()
	with pytest.raises(frappe.ValidationError, match="settled"):
		as_sent(doc, status="Open").refuse("A reason that is long enough")
	unchecked = ask(make_customer(), "Access")
	with pytest.raises(frappe.ValidationError, match="Make sure first"):
		as_sent(unchecked, identity_checked=1).prepare_export()
	other = make_customer()
	assert "POS" not in str(as_sent(ask(make_customer()), customer=other.name).what_erasing_does())
	assert frappe.db.get_value(DOCTYPE, doc.name, "status") == "Completed"


def test_the_strictest_law_of_the_companies_that_a_customer_deals_with_says_by_when():
	for company, country in ((COMPANY, "Germany"), (ABROAD, "China")):
		frappe.db.set_value("Company", company, "country", country)
		frappe.clear_document_cache("Company", company)
	try:
		customer = make_customer(make_program(company=ABROAD))
		make_sales_invoice(customer)
		asked = held.ask(portal_user(customer).name, customer.name, "copy")
		company, due_on = frappe.db.get_value(DOCTYPE, asked, ["company", "due_on"])
		assert (company, getdate(due_on)) == (ABROAD, getdate(add_days(nowdate(), 15)))
	finally:
		for company in (COMPANY, ABROAD):
			frappe.clear_document_cache("Company", company)


def test_an_erased_customer_is_neither_renamed_nor_merged():
	from ccms_app.identity.store import merging

	customer, other = make_customer(), make_customer()
	name = erasing.new_name()
	erasing.now(customer.name, name)
	with pytest.raises(frappe.ValidationError, match="erased"):
		frappe.rename_doc("Customer", name, "Anna Again", force=True)
	with pytest.raises(frappe.ValidationError, match="erased"):
		frappe.rename_doc("Customer", name, other.name, merge=True, force=True)
	assert any("erased" in said for said in merging.refusals(name, other.name))
	assert frappe.db.exists("Customer", name)


@pytest.mark.commits
def test_the_books_forget_whom_the_request_names(monkeypatch):
	customer = make_customer()
	invoice = make_sales_invoice(customer, is_pos=0)
	frappe.db.set_value("Sales Invoice", invoice.name, "outstanding_amount", 0)
	frappe.db.set_value("Payment Ledger Entry", {"party": customer.name}, "delinked", 1)
	doc = ask(customer, identity_checked=1, checked_how="In Person")
	doc.erase()
	frappe.db.commit()
	requests.erase_job(doc.name)
	doc.reload()
	assert doc.status == "Completed" and doc.books_forget_on
	monkeypatch.setattr(erasing, "refuse_rename", lambda name: None)  # as it was before renaming was refused
	renamed = f"Renamed {frappe.generate_hash(length=8)}"
	frappe.rename_doc("Customer", doc.customer, renamed, force=True)
	requests.books_forget()
	doc.reload()
	assert doc.customer == renamed and doc.books_forget_on and not doc.books_forgotten_on
	frappe.rename_doc("Customer", renamed, doc.erased_as, force=True)
	frappe.db.commit()


@pytest.mark.commits
def test_a_file_whose_job_died_is_made_by_the_next_night():
	doc = ask(make_customer(), "Access", identity_checked=1, checked_how="In Person")
	doc.prepare_export()
	assert frappe.db.get_value(DOCTYPE, doc.name, "export_asked_on")
	asked_on = frappe.db.get_value(DOCTYPE, doc.name, "export_asked_on")
	frappe.db.rollback()  # what had been queued is not: as after a worker's death
	doc = ask(make_customer(), "Access", identity_checked=1, checked_how="In Person")
	frappe.db.set_value(DOCTYPE, doc.name, "export_asked_on", asked_on)
	frappe.db.commit()
	requests.resume()
	run_own_jobs("ccms_app.privacy")
	doc.reload()
	assert doc.export_file and not doc.export_asked_on
	forget(doc)
	frappe.db.commit()
