"""The read suite: what an analyst, a user of another company, a portal user and a guest get, by every door Frappe has.

The DocTypes are found, not listed: one that is added tomorrow is read tomorrow.
"""

import json

import frappe
import pytest
from frappe.desk.query_report import run

from tests.site import readers, world
from tests.site.factories import ABROAD, enrol, make_customer, make_program, make_sales_invoice
from tests.site.readers import EMAIL, MARKER, PHONE, Reader, doors, leaks, through
from tests.site.world import ANALYST, COMPANY

pytestmark = pytest.mark.commits
PORTAL, FOREIGN = "portal@ccms.test", "foreign@ccms.test"
STANDARD = (
	"Customer", "Contact", "Address", "Communication", "Sales Invoice", "POS Invoice", "Sales Order", "Quotation",
	"Delivery Note", "Issue", "Call Log", "Lead", "Payment Entry", "GL Entry",
)  # fmt: skip
# of each list of ours, nothing may be counted either
COUNTS = ("count", "list count", "REST v2 count")


@pytest.fixture(scope="module")
def marked(site):
	"""A customer whose name, phone and e-mail are told nowhere, and a row of theirs in every DocType of ours."""
	_clean()
	for email, roles, kind in (
		(PORTAL, ("Customer",), "Website User"),
		(FOREIGN, ("Sales Manager", "CCMS Manager", "Accounts Manager"), "System User"),
	):
		world.make_user(email, *roles, user_type=kind)
	frappe.permissions.add_user_permission("Company", ABROAD, FOREIGN)
	customer = make_customer(customer_name=f"{MARKER} Person", email_id=EMAIL, mobile_no=PHONE)
	program = make_program(program_name="Reading")
	enrol(customer, program)
	make_sales_invoice(customer)
	names = {doctype: readers.mark(doctype, customer.name) for doctype in readers.ours()}
	frappe.db.commit()
	yield frappe._dict(customer=customer.name, names=names, program=program.name)
	_clean()


def _clean() -> None:
	for doctype in readers.ours():
		frappe.db.delete(doctype, {"name": ["like", "RS-%"]})
		for df in frappe.get_meta(doctype).get_table_fields():
			frappe.db.delete(df.options, {"parent": ["like", "RS-%"]})
	for name in frappe.get_all("Customer", {"customer_name": ["like", f"{MARKER}%"]}, pluck="name"):
		for invoice in frappe.get_all("Sales Invoice", {"customer": name, "docstatus": 1}, pluck="name"):
			frappe.get_doc("Sales Invoice", invoice).cancel()
		frappe.db.set_value("Customer", name, "customer_name", f"Read {frappe.generate_hash(length=6)}")
		new = frappe.rename_doc("Customer", name, f"Read {frappe.generate_hash(length=8)}", force=True)
		frappe.db.set_value("Customer", new, {"email_id": "", "mobile_no": ""})
		frappe.db.delete("CCMS Identity Link", {"customer": new})
	for program in frappe.get_all("CCMS Loyalty Program", {"program_name": "Reading"}, pluck="name"):
		frappe.rename_doc(
			"CCMS Loyalty Program", program, f"Read {frappe.generate_hash(length=8)}", force=True
		)
	frappe.permissions.remove_user_permission("Company", ABROAD, FOREIGN)
	frappe.db.commit()


def test_there_is_something_to_read(marked):
	assert len(marked.names) >= 20
	assert {"CCMS Membership", "CCMS Identity", "CCMS Consent", "CCMS Customer Interaction"} <= set(
		marked.names
	)


# --- who has no business with persons --------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [ANALYST, PORTAL, None], ids=["analyst", "portal", "guest"])
def test_no_door_tells_who_somebody_is(marked, who):
	reader = Reader(who)
	told = []
	for doctype, name in marked.names.items():
		for what, method, arguments in doors(doctype, name, marked.customer):
			status, text = through(reader, method, arguments)
			# what was asked may be said again
			text = text.replace(json.dumps(arguments), "")
			if status == 200 and (found := leaks(text, MARKER, EMAIL, PHONE)):
				told.append((doctype, what, found, text[:200]))
	assert not told, "\n".join(map(str, told))


@pytest.mark.parametrize("who", [ANALYST, PORTAL, None], ids=["analyst", "portal", "guest"])
def test_no_filter_tells_whether_somebody_is_there(marked, who):
	"""The same answer for a customer who is there and one who is not."""
	reader = Reader(who)
	told = []
	for doctype, name in marked.names.items():
		there = {
			what: through(reader, method, arguments)
			for what, method, arguments in doors(doctype, name, marked.customer)
		}
		absent = {
			what: through(reader, method, arguments)
			for what, method, arguments in doors(doctype, name, "Nobody at all")
		}
		for what in there:
			if (
				what not in ("REST v1 filter", "get by filter", *COUNTS, "link search")
				and "by child" not in what
			):
				continue
			one, other = there[what], absent[what]
			if one[0] == 200 and _said(one[1]) != _said(other[1]):
				told.append((doctype, what, one[1][:150], other[1][:150]))
	assert not told, "\n".join(map(str, told))


@pytest.mark.parametrize("who", [ANALYST, PORTAL, FOREIGN], ids=["analyst", "portal", "foreign"])
def test_the_title_of_a_link_is_told_only_to_who_may_see_it(marked, who):
	"""A membership shows its member's name wherever one links to it."""
	asked = {"doctype": "CCMS Membership", "docname": marked.names["CCMS Membership"]}
	method = "frappe.desk.search.get_link_title"
	assert MARKER in through(Reader(world.MANAGER), method, asked)[1]
	assert MARKER not in through(Reader(who), method, asked)[1]


def _said(text: str) -> object:
	try:
		body = json.loads(text)
		return body.get("message", body.get("data"))
	except json.JSONDecodeError:
		return text


@pytest.mark.parametrize("who", [ANALYST, PORTAL, None], ids=["analyst", "portal", "guest"])
@pytest.mark.parametrize("doctype", STANDARD)
def test_standard_documents_are_closed(marked, who, doctype):
	reader = Reader(who)
	for what, method, arguments in doors(doctype, marked.customer, marked.customer):
		if what in ("version", "form", "timeline") or "child" in what:
			continue
		status, text = through(reader, method, arguments)
		assert status != 200 or not leaks(text, MARKER, EMAIL, PHONE), (what, text[:200])
	for table in ("DocPerm", "Custom DocPerm"):
		assert not frappe.db.exists(table, {"parent": doctype, "role": "CCMS Analyst"})


def test_no_report_tells_who_somebody_is(marked, as_user):
	names = frappe.get_all("Has Role", {"parenttype": "Report", "role": "CCMS Analyst"}, pluck="parent")
	names = frappe.get_all("Report", {"module": "CCMS App", "name": ["in", names]}, pluck="name")
	with as_user(ANALYST):
		for name in names:
			try:
				found = run(name, filters={"company": COMPANY}, ignore_prepared_report=True)
			except frappe.ValidationError:  # a filter that this report needs
				continue
			assert not leaks(json.dumps(found, default=str), MARKER, EMAIL, PHONE), name


@pytest.mark.parametrize("who", [PORTAL, None, FOREIGN], ids=["portal", "guest", "foreign"])
def test_no_report_opens_to_others(marked, who):
	"""Neither run nor exported: to log-ins of the portal and guests not at all, to another company without our persons."""
	reader = Reader(who)
	told = []
	for name in frappe.get_all("Report", {"module": "CCMS App"}, pluck="name"):
		for method, more in (
			("frappe.desk.query_report.run", {"ignore_prepared_report": True}),
			("frappe.desk.query_report.export_query", {"file_format_type": "CSV", "visible_idx": "[]"}),
		):
			filters = json.dumps({"company": COMPANY, "view": "Members"})
			asked = {"report_name": name, "filters": filters}
			status, text = reader.call(method, **asked, **more)
			if status == 200 and (who != FOREIGN or leaks(text, MARKER, EMAIL, PHONE)):
				told.append((name, method, status, text[:200]))
	assert not told, "\n".join(map(str, told))


# --- another company --------------------------------------------------------------------------------------------------


def test_another_companys_user_sees_nothing_of_ours(marked):
	reader = Reader(FOREIGN)
	told = []
	for doctype, name in marked.names.items():
		if not frappe.get_meta(doctype).has_field("company"):
			continue
		for what, method, arguments in doors(doctype, name, marked.customer):
			if what == "version":
				continue
			status, text = through(reader, method, arguments)
			if status == 200 and (found := leaks(text, MARKER, f'"{name}"')):
				told.append((doctype, what, found, text[:200]))
	assert not told, "\n".join(map(str, told))


def test_customers_are_kept_apart_when_the_settings_say_so(marked):
	reader = Reader(FOREIGN)
	status, _text = reader.text("GET", f"/api/resource/Customer/{marked.customer}")
	assert status == 200
	frappe.db.set_single_value("CCMS Settings", "fence_customers", 1)
	frappe.db.commit()
	try:
		for what, method, arguments in doors("Customer", marked.customer, marked.customer):
			status, text = through(reader, method, arguments)
			assert status != 200 or not leaks(text, MARKER, EMAIL, PHONE), (what, text[:200])
		status, _text = Reader(world.MANAGER).text("GET", f"/api/resource/Customer/{marked.customer}")
		assert status == 200
	finally:
		frappe.db.set_single_value("CCMS Settings", "fence_customers", 0)
		frappe.db.commit()


def test_what_belongs_to_a_customer_is_kept_apart_with_the_customer(marked):
	"""The same user, each DocType of ours that links to a customer and to no company, every door."""
	reader, told, tried = Reader(FOREIGN), [], set()
	frappe.db.set_single_value("CCMS Settings", "fence_customers", 1)
	frappe.db.commit()
	try:
		for doctype, name in marked.names.items():
			meta = frappe.get_meta(doctype)
			# what is of a company is tried above
			if meta.has_field("company") and doctype != "CCMS Privacy Request":
				continue
			if not any(df.options == "Customer" for df in meta.fields):
				continue
			tried.add(doctype)
			for what, method, arguments in doors(doctype, name, marked.customer):
				if what == "version":
					continue
				status, text = through(reader, method, arguments)
				text = text.replace(json.dumps(arguments), "")
				if status == 200 and (found := leaks(text, MARKER, EMAIL, PHONE, f'"{name}"')):
					told.append((doctype, what, found, text[:200]))
	finally:
		frappe.db.set_single_value("CCMS Settings", "fence_customers", 0)
		frappe.db.commit()
	assert not told, "\n".join(map(str, told))
	assert {"CCMS Identity", "CCMS Customer Merge", "CCMS Access Log", "CCMS Privacy Request"} <= tried


# --- the suite can fail ------------------------------------------------------------------------------------------------


def test_a_manager_does_find_the_marker(marked):
	reader = Reader(world.MANAGER)
	seen = set()
	for doctype, name in marked.names.items():
		for what, method, arguments in doors(doctype, name, marked.customer):
			status, text = through(reader, method, arguments)
			if status == 200 and leaks(text, MARKER):
				seen.add((doctype, what))
	assert {
		("CCMS Membership", what)
		for what in ("form", "REST v1", "REST v2 row", "get", "export CSV", "export Excel")
	} <= seen
