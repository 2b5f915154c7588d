"""Who reads, by which door, and a row with a marker in every DocType of ours that is about a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import frappe
from frappe.utils import add_days, now_datetime, nowdate

from tests.on_site import connect

from .rest import Browser
from .world import COMPANY

MARKER = "Zebulonmarker"
PHONE, EMAIL = "+8613811112222", "zebulonmarker@example.com"
LINKS = ("Customer", "CCMS Identity", "CCMS Membership", "Contact")
WORDS = ("phone", "mobile", "email", "member_no", "card", "customer", "identity")
# words by which rows are counted: no person stands in them, and what comes from outside is checked at the door
DIMENSIONS = (
	"branch",
	"channel",
	"path",
	"stage",
	"rfm",
	"band",
	"cluster",
	"level",
	"tier",
	"type",
	"status",
	"country",
	"price",
)
TEXTS = ("Data", "Small Text", "Text", "Long Text", "Text Editor", "JSON", "Code")


class Reader(Browser):
	"""A browser that shows what came back as text, whatever it is."""

	def text(self, verb: str, path: str, **keywords) -> tuple[int, str]:
		headers = {"X-Frappe-Site-Name": self.site, "Accept": "application/json"}
		if session := self.client.get_cookie("sid"):
			headers["X-Frappe-CSRF-Token"] = self._token(session.value)
		response = self.client.open(path, method=verb, headers=headers, **keywords)
		connect(self.site)
		data = response.get_data()
		if data[:2] == b"PK":  # a spreadsheet
			import io

			import openpyxl

			book = openpyxl.load_workbook(io.BytesIO(data))
			data = repr(
				[[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()]
			).encode()
		# what is told in \u escapes is told as well
		return response.status_code, data.decode(errors="replace").encode().decode(
			"unicode_escape", "replace"
		)

	def call(self, method: str, **arguments) -> tuple[int, str]:
		return self.text("POST", f"/api/method/{method}", json=arguments)


def ours() -> list[str]:
	"""Every DocType of ours that is about a person, children by their parents: found, not listed."""
	found = set()
	for name in frappe.get_all("DocType", filters={"module": "CCMS App", "issingle": 0}, pluck="name"):
		meta = frappe.get_meta(name)
		if not any(is_personal(df) for df in meta.fields):
			continue
		if meta.istable:
			parents = frappe.get_all(
				"DocField", filters={"options": name, "fieldtype": ["like", "Table%"]}, pluck="parent"
			)
			found.update(parent for parent in parents if parent.startswith("CCMS ") and not is_single(parent))
		else:
			found.add(name)
	return sorted(found)


def is_single(doctype: str) -> bool:
	return bool(frappe.get_meta(doctype).issingle)


def is_personal(df) -> bool:
	if df.fieldtype in ("Link", "Dynamic Link") and df.options in LINKS:
		return True
	if df.fieldtype == "Data" and df.options in ("Phone", "Email"):
		return True
	return df.fieldtype in TEXTS and any(word in df.fieldname for word in WORDS)


def mark(doctype: str, customer: str, company: str = COMPANY) -> str:
	"""A row with the marker in every text, written past its controller; returns its name."""
	doc = frappe.new_doc(doctype)
	doc.name = f"RS-{frappe.scrub(doctype)}"[:60]
	frappe.db.delete(doctype, {"name": doc.name})
	_fill(doc, customer, company)
	for df in doc.meta.get_table_fields():
		doc.set(df.fieldname, [])
		row = doc.append(df.fieldname, {})
		_fill(row, customer, company)
	doc.set_user_and_timestamp()
	doc.db_insert()
	for df in doc.meta.get_table_fields():
		for row in doc.get(df.fieldname):
			frappe.db.delete(row.doctype, {"parent": doc.name})
			row.parent, row.parenttype, row.parentfield = doc.name, doctype, df.fieldname
			row.set_user_and_timestamp()
			row.db_insert()
	return doc.name


def _fill(doc, customer: str, company: str) -> None:
	# what a manager writes about a segment or a run is about nobody
	marker = MARKER if any(map(is_personal, doc.meta.fields)) else "Plain words"
	for df in doc.meta.fields:
		if df.fieldtype == "Link" and df.options == "Customer":
			doc.set(df.fieldname, customer)
		elif df.fieldtype == "Link" and df.options == "Company":
			doc.set(df.fieldname, company)
		elif df.fieldtype == "JSON":
			doc.set(df.fieldname, json.dumps({"said": marker}))
		elif df.options == "Phone":
			doc.set(df.fieldname, PHONE)
		elif df.options == "Email":
			doc.set(df.fieldname, EMAIL)
		elif any(word in df.fieldname for word in DIMENSIONS) and df.fieldtype in TEXTS:
			doc.set(df.fieldname, "")
		elif df.fieldtype in TEXTS and not df.unique:
			doc.set(df.fieldname, marker)
		elif df.fieldtype == "Select" and df.options:
			doc.set(df.fieldname, df.options.split("\n")[-1])
		elif df.fieldtype in ("Int", "Float", "Currency", "Percent"):
			doc.set(df.fieldname, 1)
		elif df.fieldtype == "Date":
			doc.set(df.fieldname, add_days(nowdate(), -1))
		elif df.fieldtype == "Datetime":
			doc.set(df.fieldname, now_datetime())
		elif df.unique:
			doc.set(df.fieldname, f"{marker}{frappe.generate_hash(length=6)}")


def doors(doctype: str, name: str, customer: str) -> Iterator[tuple[str, str, dict]]:
	"""(what, method or path, arguments) of every way into a DocType that Frappe has."""
	at = quote(doctype)
	meta = frappe.get_meta(doctype)
	field = next((df.fieldname for df in meta.fields if df.options == "Customer"), "name")
	value = customer if field != "name" else name
	columns = json.dumps(["name", field])
	yield "form", "frappe.desk.form.load.getdoc", {"doctype": doctype, "name": name}
	yield "timeline", "frappe.desk.form.load.get_docinfo", {"doctype": doctype, "name": name}
	yield "REST v1", f'GET /api/resource/{at}?fields=["*"]&limit_page_length=0', {}
	yield "REST v1 row", f"GET /api/resource/{at}/{quote(name)}", {}
	yield "REST v1 filter", f"GET /api/resource/{at}?filters={quote(json.dumps([[field, '=', value]]))}", {}
	yield "REST v2", f'GET /api/v2/document/{at}?fields=["*"]', {}
	yield "REST v2 row", f"GET /api/v2/document/{at}/{quote(name)}/", {}
	yield "REST v2 count", f"GET /api/v2/doctype/{at}/count", {}
	yield "get", "frappe.client.get", {"doctype": doctype, "name": name}
	yield "get by filter", "frappe.client.get", {"doctype": doctype, "filters": {field: value}}
	yield (
		"get_value",
		"frappe.client.get_value",
		{
			"doctype": doctype,
			"fieldname": field,
			"filters": {"name": name},
		},
	)
	yield (
		"get_list",
		"frappe.client.get_list",
		{"doctype": doctype, "fields": columns, "limit_page_length": 0},
	)
	yield "sort", "frappe.client.get_list", {"doctype": doctype, "order_by": f"{field} desc"}
	yield "group", "frappe.client.get_list", {"doctype": doctype, "fields": columns, "group_by": field}
	yield "count", "frappe.client.get_count", {"doctype": doctype, "filters": {field: value}}
	yield "list", "frappe.desk.reportview.get", {"doctype": doctype, "fields": columns}
	yield "list count", "frappe.desk.reportview.get_count", {"doctype": doctype, "filters": {field: value}}
	yield (
		"group by",
		"frappe.desk.listview.get_group_by_count",
		{
			"doctype": doctype,
			"current_filters": "[]",
			"field": field,
		},
	)
	for kind in ("CSV", "Excel"):
		yield (
			f"export {kind}",
			"frappe.desk.reportview.export_query",
			{
				"doctype": doctype,
				"fields": columns,
				"file_format_type": kind,
				"title": doctype,
			},
		)
	yield "link search", "frappe.desk.search.search_link", {"doctype": doctype, "txt": value[:5]}
	for method in ("search_link", "search_widget"):
		yield (
			f"{method} past permissions",
			f"frappe.desk.search.{method}",
			{"doctype": doctype, "txt": value[:5], "ignore_user_permissions": 1},
		)
	yield (
		"validate link",
		"frappe.client.validate_link",
		{"doctype": doctype, "docname": name, "fields": json.dumps([field])},
	)
	yield (
		"next row",
		"frappe.desk.form.utils.get_next",
		{"doctype": doctype, "value": name, "prev": 0, "filters": {field: value}},
	)
	yield (
		"stats",
		"frappe.desk.reportview.get_stats",
		{"stats": json.dumps([field]), "doctype": doctype, "filters": "[]"},
	)
	yield "linked", "frappe.desk.form.linked_with.get", {"doctype": doctype, "docname": name}
	for kind in ("CSV", "Excel"):
		yield (
			f"import template {kind}",
			"frappe.core.doctype.data_import.data_import.download_template",
			{
				"doctype": doctype,
				"export_fields": json.dumps(_all_fields(doctype)),
				"export_records": "all",
				"file_type": kind,
			},
		)
		yield (
			f"data export {kind}",
			"frappe.core.doctype.data_export.exporter.export_data",
			{"doctype": doctype, "with_data": 1, "all_doctypes": True, "file_type": kind},
		)
	yield "global search", "frappe.utils.global_search.search", {"text": MARKER, "doctype": doctype}
	yield "print", "frappe.www.printview.get_html_and_style", {"doc": doctype, "name": name}
	if doctype == "CCMS Membership":  # slow, and the same question
		yield (
			"PDF",
			f"GET /api/method/frappe.utils.print_format.download_pdf?doctype={at}&name={quote(name)}",
			{},
		)
	yield (
		"version",
		"frappe.client.get_list",
		{
			"doctype": "Version",
			"fields": '["data"]',
			"filters": {"ref_doctype": doctype},
		},
	)
	for df in meta.get_table_fields():
		yield (
			f"child {df.options}",
			"frappe.client.get_list",
			{
				"doctype": df.options,
				"parent": doctype,
				"fields": '["*"]',
			},
		)
		child = next(
			(one.fieldname for one in frappe.get_meta(df.options).fields if one.options == "Customer"), ""
		)
		if child:
			yield (
				f"filter by child {df.options}",
				"frappe.client.get_list",
				{
					"doctype": doctype,
					"filters": [[df.options, child, "=", customer]],
				},
			)
			escaped = json.dumps([[df.options, child, "=", customer]])
			for word in (df.options, child):
				escaped = escaped.replace(word, f"\\u{ord(word[0]):04x}{word[1:]}")
			yield (
				f"filter by child {df.options}, escaped",
				"frappe.client.get_list",
				{"doctype": doctype, "filters": escaped},
			)
			yield (
				f"count by child {df.options}",
				"frappe.client.get_count",
				{
					"doctype": doctype,
					"filters": [[df.options, child, "=", customer]],
				},
			)


def _all_fields(doctype: str) -> dict[str, list[str]]:
	"""What a data import's template may ask for: every field of a document and of its tables."""
	meta = frappe.get_meta(doctype)
	tables = {df.fieldname: df.options for df in meta.get_table_fields()}
	found = {doctype: ["name", *(df.fieldname for df in meta.fields if df.fieldname not in tables)]}
	for field, options in tables.items():
		found[field] = ["name", *(df.fieldname for df in frappe.get_meta(options).fields)]
	return found


def through(reader: Reader, method: str, arguments: dict) -> tuple[int, str]:
	"""Open a door."""
	if method.startswith("GET "):
		return reader.text("GET", method[4:])
	return reader.call(method, **arguments)


def leaks(text: str, *secrets: str) -> list[str]:
	"""Which of the secrets stand in an answer."""
	return [secret for secret in secrets if secret and secret.lower() in text.lower()]
