"""Where else people leave a customer's name: the books beside invoices, the desk's own papers, logs, mails, imports."""

import gzip

import frappe
from frappe.desk.form.assign_to import add
from frappe.utils import now_datetime, nowdate

from tests.site.factories import COMPANY, TEA, account, make_customer


def everywhere(customer, contact, marker: str) -> None:
	"""Leave the marker in all of them, as real flows would. `customer` and `contact` are documents."""
	in_books(customer, marker)
	in_crm(customer, marker)
	in_desk(customer, contact, marker)
	in_mails(customer, contact, marker)
	in_logs(customer, marker)
	in_papers(customer, marker)
	in_log_in(customer, marker)


# --- books -------------------------------------------------------------------------------------------------------


def in_books(customer, marker: str) -> None:
	other = make_customer(customer_name=f"Other {frappe.generate_hash(length=6)}")
	journal(marker, {"debit": customer.name, "credit": other.name})
	journal(marker, {"debit": other.name, "credit": customer.name})
	bank = f"{frappe.generate_hash(length=6)} Bank"
	frappe.get_doc({"doctype": "Bank", "bank_name": bank}).insert()
	frappe.get_doc(
		{"doctype": "Bank Account", "account_name": f"{marker} Anna", "bank": bank, "iban": "", "party_type": "Customer",
		"party": customer.name, "bank_account_no": f"{marker}-99"}
	).insert()  # fmt: skip
	line = {
		"doctype": "Bank Transaction",
		"date": nowdate(),
		"deposit": 10,
		"currency": "CNY",
		"company": COMPANY,
	}
	named = {"description": f"SEPA {marker} Anna", "reference_number": f"{marker}-r"}
	frappe.get_doc(
		{**line, **named, "bank_party_name": f"{marker} A", "party_type": "Customer", "party": customer.name}
	).insert().submit()


def journal(marker: str, parties: dict[str, str]):
	"""A submitted Journal Entry between two customers, the marker in its texts; between two of them nothing is owed."""
	entry = frappe.new_doc("Journal Entry")
	entry.update(
		{
			"company": COMPANY,
			"posting_date": nowdate(),
			"title": f"{marker} title",
			"user_remark": f"{marker} remark",
			"cheque_no": f"{marker}-chq",
			"cheque_date": nowdate(),
			"pay_to_recd_from": f"{marker} Anna",
		}
	)
	for side, party in parties.items():
		row = {"account": account("Debtors", COMPANY), "party_type": "Customer", "party": party}
		entry.append("accounts", {**row, f"{side}_in_account_currency": 10, "user_remark": f"{marker} row"})
	return entry.insert().submit()


# --- before and beside sales -------------------------------------------------------------------------------------


def in_crm(customer, marker: str) -> None:
	lead = frappe.get_doc(
		{"doctype": "Lead", "first_name": f"{marker} Anna", "email_id": f"{marker.lower()}@lead.example", "phone": "+49 341 5557777",
		"city": marker, "notes": [{"note": f"{marker} is keen", "added_by": "Administrator", "added_on": now_datetime()}]}
	).insert()  # fmt: skip
	lead.add_comment("Comment", f"{marker} asked")
	customer.reload()
	customer.lead_name = lead.name
	customer.save()
	frappe.get_doc(
		{"doctype": "Quotation", "quotation_to": "Lead", "party_name": lead.name, "company": COMPANY,
		"terms": f"{marker} lead terms", "items": [{"item_code": TEA, "qty": 1, "rate": 5}]}
	).insert()  # fmt: skip
	frappe.get_doc(
		{"doctype": "Opportunity", "opportunity_from": "Customer", "party_name": customer.name, "company": COMPANY,
		"contact_email": f"{marker.lower()}@example.com", "notes": [{"note": f"{marker} may buy", "added_on": now_datetime()}]}
	).insert()  # fmt: skip
	appointment = {"customer_name": f"{marker} Anna", "customer_details": f"{marker} comes", "status": "Open"}
	frappe.get_doc(
		{"doctype": "Appointment", **appointment, "customer_email": f"{marker.lower()}@example.com", "scheduled_time": now_datetime(),
		"appointment_with": "Customer", "party": customer.name}
	).insert()  # fmt: skip
	for _each in range(2):  # the second one gets a number of its own, counted under the first one's name
		frappe.get_doc(
			{"doctype": "Address", "address_title": f"{marker} twice", "address_type": "Billing", "address_line1": "1",
			"city": "X", "country": "Germany", "links": [{"link_doctype": "Customer", "link_name": customer.name}]}
		).insert()  # fmt: skip


# --- the desk's own papers ---------------------------------------------------------------------------------------


def in_desk(customer, contact, marker: str) -> None:
	frappe.get_doc(
		{"doctype": "Note", "title": f"About {marker} Anna", "content": f"<p>{marker} Anna, tea</p>"}
	).insert()
	frappe.get_doc(
		{"doctype": "Event", "subject": f"Tea with {marker} Anna", "description": f"{marker} Anna comes",
		"starts_on": now_datetime(), "event_type": "Public",
		"event_participants": [{"reference_doctype": "Contact", "reference_docname": contact.name}]}
	).insert()  # fmt: skip
	frappe.get_doc(
		{"doctype": "List Filter", "filter_name": f"{marker} Anna", "reference_doctype": "Sales Invoice",
		"filters": frappe.as_json([["Sales Invoice", "customer", "=", customer.name]])}
	).insert()  # fmt: skip
	settings = {"Customer": {"filters": [["Customer", "name", "=", customer.name]]}}
	query = "insert into `__UserSettings` (`user`, doctype, data) values (%s, %s, %s)"
	frappe.db.sql(
		query, ("Administrator", f"List {frappe.generate_hash(length=6)}", frappe.as_json(settings))
	)
	add(
		{"assign_to": ["Administrator"], "doctype": "Customer", "name": customer.name, "description": f"{marker} waits"}
	)  # fmt: skip


# --- mails -------------------------------------------------------------------------------------------------------


def in_mails(customer, contact, marker: str) -> None:
	address = f"{marker.lower()}@example.com"
	queued = {
		"doctype": "Email Queue",
		"sender": "shop@example.com",
		"status": "Sent",
		"message": "Subject: hello\n\nhello",
	}
	frappe.get_doc({**queued, "recipients": [{"recipient": address, "status": "Sent"}]}).insert()
	frappe.get_doc({**queued, "status": "Not Sent", "recipients": [{"recipient": address}, {"recipient": "b@example.com"}]}).insert()  # fmt: skip
	mail = {
		"doctype": "Communication",
		"communication_medium": "Email",
		"subject": "An order",
		"content": "of tea",
	}
	frappe.get_doc({**mail, "sent_or_received": "Received", "sender": address, "sender_full_name": f"{marker} Anna"}).insert()  # fmt: skip
	frappe.get_doc(
		{**mail, "sent_or_received": "Sent", "sender": "shop@example.com", "recipients": f"{address}, b@example.com",
		"content": f"Dear {marker} Anna, dear Bert"}
	).insert()  # fmt: skip
	frappe.get_doc({"doctype": "Email Group", "title": f"News {frappe.generate_hash(length=5)}"}).insert()
	group = frappe.get_last_doc("Email Group").name
	frappe.get_doc({"doctype": "Email Group Member", "email_group": group, "email": address}).insert()


# --- logs --------------------------------------------------------------------------------------------------------


def in_logs(customer, marker: str) -> None:
	frappe.get_doc(
		{"doctype": "Scheduled Job Log", "details": f"{marker} Anna failed", "status": "Failed"}
	).insert(ignore_mandatory=True)
	frappe.get_doc(
		{"doctype": "Access Log", "export_from": "Customer", "filters": f"name = {customer.name}"}
	).insert()
	frappe.get_doc(
		{"doctype": "Access Log", "report_name": "X", "columns": f"<td>{marker} Anna</td>"}
	).insert()
	frappe.get_doc({"doctype": "Activity Log", "subject": f"{marker} Anna seen", "content": "x"}).insert()
	frappe.get_doc(
		{"doctype": "Notification Log", "subject": f"{marker} Anna waits", "for_user": "Administrator", "type": "Alert"}
	).insert()  # fmt: skip
	gone = frappe.get_doc({"doctype": "Note", "title": f"Gone {marker} Anna"}).insert()
	frappe.delete_doc("Note", gone.name)  # its copy stays in Deleted Document
	frappe.get_doc(
		{"doctype": "Integration Request", "data": frappe.as_json({"payer": f"{marker} Anna"}), "integration_request_service": "Pay",
		"url": f"https://pay.example/?n={marker}%20Anna", "request_headers": "{}"}
	).insert(ignore_links=True)  # fmt: skip


# --- papers: files that were made of, or made, many rows ---------------------------------------------------------


def in_papers(customer, marker: str) -> None:
	report = frappe.get_doc(
		{"doctype": "Prepared Report", "report_name": "General Ledger", "filters": frappe.as_json({"party": [customer.name]}),
		"status": "Completed", "report_end_time": now_datetime()}
	)  # fmt: skip
	report.flags.ignore_links = True
	report.db_insert()
	made = frappe.as_json({"result": [{"party": customer.name}]}).encode()
	attach("Prepared Report", report.name, "gl.json.gz", gzip.compress(made))
	imported = frappe.get_doc(
		{"doctype": "Data Import", "reference_doctype": "Customer", "import_type": "Insert New Records"}
	).insert()
	attach(
		"Data Import", imported.name, "customers.csv", f"Customer Name,Group\n{marker} Anna,All\n".encode()
	)
	frappe.get_doc(
		{"doctype": "Data Import Log", "data_import": imported.name, "docname": customer.name, "success": 1,
		"messages": frappe.as_json([{"title": f"{marker} Anna"}])}
	).insert()  # fmt: skip


def attach(doctype: str, name: str, file_name: str, content: bytes):
	"""A private file of a document."""
	return frappe.get_doc(
		{"doctype": "File", "file_name": f"{frappe.generate_hash(length=6)}-{file_name}", "content": content, "is_private": 1,
		"attached_to_doctype": doctype, "attached_to_name": name}
	).insert()  # fmt: skip


# --- the portal --------------------------------------------------------------------------------------------------


def in_log_in(customer, marker: str) -> None:
	"""A log-in that has asked Frappe for its data: the request, its file, and the contact that Frappe makes of a log-in."""
	user = frappe.get_doc(
		{"doctype": "User", "email": f"{marker.lower()}@portal.example", "first_name": f"{marker} Anna", "bio": marker,
		"user_type": "Website User", "send_welcome_email": 0, "social_logins": [{"provider": "google", "userid": f"{marker}-7"}]}
	).insert()  # fmt: skip
	customer.reload()
	customer.append("portal_users", {"user": user.name})
	customer.save()
	request = frappe.get_doc(
		{"doctype": "Personal Data Download Request", "user": user.name, "user_name": f"{marker} Anna"}
	)
	request.set_new_name()
	request.db_insert()
	attach(request.doctype, request.name, "log-in.json", f"{marker} Anna".encode())
	deletion = frappe.get_doc({"doctype": "Personal Data Deletion Request", "email": user.name})
	deletion.set_new_name()
	deletion.db_insert()  # without the mail, for which there need be no sender
