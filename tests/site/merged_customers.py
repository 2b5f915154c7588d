"""Two customers with traces everywhere, and the checksums that show whether anything of theirs has changed."""

import json

import frappe

from ccms_app.identity.store import merge_records, merging, undo
from ccms_app.loyalty.store import audit
from tests.site.factories import make_customer, make_sales_invoice
from tests.site.ledger_checks import membership_of, set_balance

# what tells of doings and not of customers, and what is only ever added to
LOGS = {
	"CCMS Customer Merge", "CCMS Points Ledger Entry", "CCMS Points Allocation", "CCMS Points Lot", "Deleted Document",
	"Comment", "Version", "Activity Log", "Access Log", "Error Log", "Scheduled Job Log", "RQ Job", "Route History",
	"View Log", "Notification Log", "Email Queue", "Email Queue Recipient", "CCMS Access Log", "Singles",
}  # fmt: skip
# the journal's head moves on with every entry; `check` compares it with the journal
JOURNAL = ("last_seq", "last_hash", "chain_mac", "qualifying_on", "modified", "modified_by")
# the map of identities is worked out anew
DERIVED = {
	"CCMS Identity": ("modified", "modified_by"),
	"CCMS Identity Link": ("modified", "modified_by"),
	"CCMS Membership": JOURNAL,
}


def business_rows() -> dict[str, dict[str, str]]:
	"""Every row of every other table on the site: {DocType: {name: its content}}."""
	found = {}
	for (table,) in frappe.db.sql("show tables like 'tab%%'"):
		doctype = table[3:]
		if doctype in LOGS or not frappe.db.has_column(doctype, "name"):
			continue
		rows = frappe.db.sql(f"select * from `{table}`", as_dict=True)
		found[doctype] = {str(row["name"]): content(doctype, row) for row in rows}
	return found


def content(doctype: str, row: dict) -> str:
	left_out = DERIVED.get(doctype, ())
	return json.dumps({key: str(value) for key, value in row.items() if key not in left_out}, sort_keys=True)


def differences(before: dict, after: dict) -> list[str]:
	"""What is not as it was, row by row, readable."""
	found = []
	for doctype in sorted({*before, *after}):
		one, other = before.get(doctype, {}), after.get(doctype, {})
		for name in sorted({*one, *other}):
			if one.get(name) == other.get(name):
				continue
			if name not in one or name not in other:
				found.append(f"{doctype} {name} is {'gone' if name in one else 'new'}")
				continue
			was, now = json.loads(one[name]), json.loads(other[name])
			changed = {key: (was[key], now[key]) for key in was if was[key] != now.get(key)}
			found.append(f"{doctype} {name}: {changed}")
	return found


def lots() -> list:
	"""What is left in every lot that holds anything."""
	return frappe.db.sql(
		"""select name, membership, customer, remaining, available_from, expires_on, state from `tabCCMS Points Lot`
		where remaining > 0 order by name"""
	)


def total() -> float:
	"""The sum of all points."""
	return float(frappe.db.sql("select sum(points) from `tabCCMS Points Ledger Entry`")[0][0] or 0)


def audited() -> None:
	found = [str(finding) for finding in audit.run()]
	assert not found, found


def merge(source, target, **more) -> str:
	"""Merge, and see that no point came or went and the audit is clean."""
	before = total()
	name = merging.run(source.name, target.name, **more)
	assert total() == before
	audited()
	return name


def undone(name: str, reason: str = "") -> list[str]:
	"""Undo, and see the same."""
	before = total()
	said = undo.run(name, reason)
	assert total() == before
	audited()
	assert frappe.db.get_value(merge_records.DOCTYPE, name, "status") == "Undone"
	return said


def full_of_traces(program, points: float = 100, **fields):
	"""A customer with points, invoices, a draft, a contact, an address, a tag, an assignment, a file, a comment."""
	customer = make_customer(program, **fields)
	if program:
		set_balance(membership_of(customer, program), points)
	make_sales_invoice(customer)
	make_sales_invoice(customer, submit=False)
	customer.add_tag("Tea lover")
	customer.add_comment("Comment", "likes it hot")
	frappe.get_doc(
		{"doctype": "ToDo", "description": "call", "reference_type": "Customer", "reference_name": customer.name,
		"allocated_to": "Administrator"}
	).insert()  # fmt: skip
	link = {"link_doctype": "Customer", "link_name": customer.name}
	frappe.get_doc({"doctype": "Contact", "first_name": customer.name, "links": [link]}).insert()
	frappe.get_doc(
		{"doctype": "Address", "address_title": customer.name, "address_line1": "1", "city": "Leipzig",
		"country": "Germany", "links": [link]}
	).insert()  # fmt: skip
	frappe.get_doc(
		{"doctype": "File", "file_name": f"{customer.name}.txt", "content": customer.name, "is_private": 1,
		"attached_to_doctype": "Customer", "attached_to_name": customer.name}
	).insert()  # fmt: skip
	return frappe.get_doc("Customer", customer.name)
