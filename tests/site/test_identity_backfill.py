"""Filling the map for customers who were there before: resumable, and the same as capturing them one by one."""

import frappe
import pytest

from ccms_app.identity.store import backfill, capture
from tests.site.factories import make_customer
from tests.site.reach import add_identifier, links_of, make_contact, owner_of, random_phone


@pytest.fixture
def unread():
	"""Customers whom the map does not know."""
	customers = [make_customer() for _number in range(5)]
	numbers = [random_phone() for _customer in customers]
	for customer, number in zip(customers, numbers, strict=True):
		make_contact(customer, phones=[number])
	for doctype in ("CCMS Identity Link", "CCMS Identity"):
		frappe.db.delete(doctype)
	return dict(zip([customer.name for customer in customers], numbers, strict=True))


@pytest.mark.commits
def test_a_run_that_dies_goes_on_where_it_was(unread, monkeypatch):
	backfill.before_uninstall()
	try:
		total = frappe.db.count("Customer")
		run = backfill.run(batch=2)
		assert next(run) == 2
		run.close()
		assert backfill.standing()["reached"] == 2
		seen = []
		many = capture.many
		monkeypatch.setattr(capture, "many", lambda customers: seen.extend(customers) or many(customers))
		assert list(backfill.run(batch=2))[-1] == total
		assert len(seen) == total - 2
		for customer, number in unread.items():
			assert owner_of("Phone", number) == (customer, 0)
		standing = backfill.standing()
		assert standing["reached"] == 0 and standing["last"] and standing["known"] >= 5
	finally:
		for customer in unread:
			for contact in frappe.get_all("Dynamic Link", {"link_name": customer}, pluck="parent"):
				frappe.delete_doc("Contact", contact)
			frappe.delete_doc("Customer", customer)
		frappe.db.commit()


def test_twice_is_once(unread):
	assert capture.many(unread) == 5
	assert capture.many(unread) == 0
	assert all(len(links_of(customer)) == 1 for customer in unread)


def test_a_noted_identifier_whose_identity_is_gone_harms_nobody():
	customer = make_customer()
	add_identifier(customer, "WeChat", "wang_fang_88")
	for doctype in ("CCMS Identity Link", "CCMS Identity"):
		frappe.db.delete(doctype)
	assert capture.one(customer.name) is False
	doc = frappe.get_doc("Customer", customer.name)
	doc.save()
	doc.ccms_identifiers[0].value = "wang_fang_88"
	doc.save()
	assert len(links_of(customer)) == 1
