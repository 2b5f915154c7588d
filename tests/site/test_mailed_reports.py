"""Auto Email Reports, data exports and import templates: as their user sees it, and no cell that a spreadsheet runs."""

import json

import frappe
import pytest

from ccms_app.privacy.store import mailed_reports
from tests.site import world
from tests.site.factories import COMPANY, enrol, make_customer, make_program
from tests.site.readers import MARKER, Reader, leaks
from tests.site.world import ANALYST, MANAGER

pytestmark = pytest.mark.commits
EVIL = '=HYPERLINK("http://evil.example","see")'
MAILER = "mailer@ccms.test"


@pytest.fixture(scope="module")
def program(site) -> str:
	"""Six members, whose names are formulas or a marker, with points that end soon."""
	from tests.site.ledger_checks import membership_of, set_balance

	world.make_user(MAILER, "CCMS Analyst", "Report Manager")
	program = make_program(expiry_model="Rolling", expiry_months=1)
	for number in range(6):
		customer = make_customer(customer_name=f"{MARKER} {frappe.generate_hash(length=6)}")
		enrol(customer, program)
		set_balance(membership_of(customer, program), 100 + number)
	first = frappe.get_all("CCMS Membership", {"program": program.name}, pluck="name", limit=1)
	frappe.db.set_value("CCMS Membership", first[0], "customer_name", EVIL)
	frappe.db.commit()
	yield program.name
	frappe.db.set_value("CCMS Membership", {"program": program.name}, "customer_name", "Read")
	for customer in frappe.get_all("Customer", {"customer_name": ["like", f"{MARKER}%"]}, pluck="name"):
		frappe.db.set_value("Customer", customer, "customer_name", "Read")
		frappe.rename_doc("Customer", customer, f"Read {frappe.generate_hash(length=8)}", force=True)
	frappe.db.delete("Auto Email Report", {"report": ["in", ["Expiring Points", "Members Mailed"]]})
	frappe.db.delete("Report", {"name": "Members Mailed"})
	frappe.db.commit()


def mailed(user: str, program: str, kind: str = "CSV", report: str = "Expiring Points", **fields):
	"""A report by mail of what ends soon, or of the list of members."""
	filters = {"company": COMPANY, "program": program, "view": "Members"}
	values = {
		"doctype": "Auto Email Report",
		"report": report,
		"user": user,
		"report_type": frappe.db.get_value("Report", report, "report_type"),
		"email_to": "somebody@example.com",
		"format": kind,
		"frequency": "Daily",
		"no_of_rows": 100,
		"filters": json.dumps(filters),
	}
	return frappe.get_doc({**values, **fields})


def text_of(content: str | bytes) -> str:
	if isinstance(content, str):
		return content
	import io

	import openpyxl

	book = openpyxl.load_workbook(io.BytesIO(content))
	return repr([[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()])


@pytest.mark.parametrize("kind", ["CSV", "XLSX", "HTML"])
def test_what_the_night_mails_is_what_its_user_sees(program, kind):
	"""The job runs as Administrator, who would see everybody."""
	for user, is_masked in ((ANALYST, True), (MANAGER, False)):
		content = text_of(mailed(user, program, kind).get_report_content())
		assert "100" in content
		assert bool(leaks(content, MARKER)) is not is_masked, user
		assert frappe.session.user == "Administrator"


@pytest.mark.parametrize("kind", ["CSV", "XLSX"])
def test_no_cell_of_a_mailed_report_is_a_formula(program, kind):
	if not frappe.db.exists("Report", "Members Mailed"):
		frappe.get_doc(
			{
				"doctype": "Report",
				"report_name": "Members Mailed",
				"ref_doctype": "CCMS Membership",
				"report_type": "Report Builder",
				"is_standard": "No",
				"json": json.dumps(
					{
						"fields": [["name", "CCMS Membership"], ["customer_name", "CCMS Membership"]],
						"filters": [["CCMS Membership", "program", "=", program]],
					}
				),
			}
		).insert()
	doc = mailed(MANAGER, program, kind, "Members Mailed", filters="{}")
	before = frappe.db.count("CCMS Access Log")
	content = text_of(doc.get_report_content())
	assert "HYPERLINK" in content and "'=HYPERLINK" in content
	assert frappe.db.count("CCMS Access Log") == before + 1
	log = frappe.get_last_doc("CCMS Access Log")
	assert (log.user, log.action, log.what) == (MANAGER, "Exported", "Report Members Mailed")


def test_nobody_mails_a_report_in_a_managers_name(program, as_user):
	with as_user(MAILER):
		mailed(MAILER, program).insert()
		with pytest.raises(frappe.PermissionError, match="what its user may see"):
			mailed(MANAGER, program).insert()
	theirs = mailed(MANAGER, program).insert()
	frappe.db.commit()
	reader = Reader(MAILER)
	for method in ("download", "send_now"):
		status, text = reader.call(
			f"frappe.email.doctype.auto_email_report.auto_email_report.{method}", name=theirs.name
		)
		assert status == 403 and not leaks(text, MARKER), method
	status, _text = reader.text(
		"PUT", f"/api/resource/Auto Email Report/{theirs.name}", json={"email_to": MAILER}
	)
	assert status == 403


def test_the_session_goes_on_after_a_download(program):
	theirs = mailed(ANALYST, program).insert()
	world.make_user("boss@ccms.test", "System Manager", "CCMS Manager")
	frappe.db.commit()
	reader = Reader("boss@ccms.test")
	status, text = reader.call(
		"frappe.email.doctype.auto_email_report.auto_email_report.download", name=theirs.name
	)
	assert status == 200 and "100" in text and not leaks(text, MARKER)
	_status, text = reader.call("frappe.auth.get_logged_user")
	assert "boss@ccms.test" in text


def test_a_report_of_erpnext_is_left_alone():
	assert not mailed_reports.is_ours(frappe._dict(report="General Ledger"))
	assert mailed_reports.is_ours(frappe._dict(report="Expiring Points"))


# --- exports that ask no permission for rows -------------------------------------------------------------------------

TEMPLATE = "frappe.core.doctype.data_import.data_import.download_template"
EXPORT = "frappe.core.doctype.data_export.exporter.export_data"


@pytest.mark.parametrize("kind", ["CSV", "Excel"])
def test_no_cell_of_an_import_template_or_data_export_is_a_formula(program, kind):
	fields = json.dumps({"CCMS Membership": ["name", "customer_name"]})
	reader = Reader(MANAGER)
	for method, asked in (
		(TEMPLATE, {"export_fields": fields, "export_records": "all"}),
		(EXPORT, {"with_data": 1, "all_doctypes": False}),
	):
		before = frappe.db.count("CCMS Access Log")
		status, text = reader.call(method, doctype="CCMS Membership", file_type=kind, **asked)
		assert status == 200 and "'=HYPERLINK" in text, method
		assert frappe.db.count("CCMS Access Log") == before + 1


def test_rows_of_tables_that_name_persons_are_not_exported_to_analysts(program, site):
	customer = frappe.get_all("CCMS Membership", {"program": program}, pluck="customer", limit=1)[0]
	segment = frappe.get_doc(
		{
			"doctype": "CCMS Customer Segment",
			"segment_name": f"Mailed {frappe.generate_hash(length=6)}",
			"company": COMPANY,
			"static_members": [{"customer": customer}],
		}
	)
	segment.flags.ignore_validate = segment.flags.ignore_mandatory = True
	segment.insert(ignore_permissions=True)
	frappe.db.commit()
	fields = json.dumps({"CCMS Customer Segment": ["name"], "static_members": ["customer"]})
	for who, may in ((MANAGER, True), (ANALYST, False)):
		reader = Reader(who)
		for method, asked in (
			(TEMPLATE, {"export_fields": fields, "export_records": "all"}),
			(EXPORT, {"with_data": 1}),
		):
			status, text = reader.call(method, doctype="CCMS Customer Segment", **asked)
			assert (status == 200 and customer in text) is may, (who, method)
	frappe.delete_doc("CCMS Customer Segment", segment.name, force=True)
	frappe.db.commit()
