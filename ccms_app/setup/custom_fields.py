"""Every field the app adds to a DocType of ERPNext. `install.py` and `uninstall.py` both read it."""

from __future__ import annotations

COMPANY_CURRENCY = "Company:company:default_currency"
MODULE = "CCMS App"


def _invoice_fields(insert_after: str) -> list[dict]:
	"""The Loyalty section of an invoice. Nothing of it is copied: each document asks the ledger anew."""
	return [
		{
			"fieldname": "ccms_loyalty_section",
			"label": "Loyalty",
			"fieldtype": "Section Break",
			"insert_after": insert_after,
			"collapsible": 1,
			"collapsible_depends_on": "customer",
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_loyalty_panel",
			"fieldtype": "HTML",
			"insert_after": "ccms_loyalty_section",
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_membership",
			"label": "Membership",
			"fieldtype": "Link",
			"options": "CCMS Membership",
			"insert_after": "ccms_loyalty_panel",
			"search_index": 1,
			"no_copy": 1,
			"print_hide": 1,
			"description": "Empty: the customer's oldest active membership in this company.",
		},
		{
			"fieldname": "ccms_redeem_points",
			"label": "Use Points",
			"fieldtype": "Float",
			"precision": "2",
			"insert_after": "ccms_membership",
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_redeem_amount",
			"label": "Paid with Points",
			"fieldtype": "Currency",
			"options": COMPANY_CURRENCY,
			"insert_after": "ccms_redeem_points",
			"read_only": 1,
			"no_copy": 1,
			"print_hide": 1,
			"depends_on": "ccms_redeem_amount",
		},
		{
			"fieldname": "ccms_loyalty_column",
			"fieldtype": "Column Break",
			"insert_after": "ccms_redeem_amount",
		},
		{
			"fieldname": "ccms_points_balance",
			"label": "Points Balance",
			"fieldtype": "Float",
			"precision": "2",
			"insert_after": "ccms_loyalty_column",
			"read_only": 1,
			"no_copy": 1,
			"print_hide": 1,
			"depends_on": "ccms_membership",
		},
		{
			"fieldname": "ccms_points_expected",
			"label": "This Sale Earns",
			"fieldtype": "Float",
			"precision": "2",
			"insert_after": "ccms_points_balance",
			"read_only": 1,
			"no_copy": 1,
			"print_hide": 1,
			"depends_on": "eval:doc.ccms_membership && doc.docstatus == 0",
		},
		{
			"fieldname": "ccms_points_earned",
			"label": "Points Earned",
			"fieldtype": "Float",
			"precision": "2",
			"insert_after": "ccms_points_expected",
			"read_only": 1,
			"no_copy": 1,
			"print_hide": 1,
			"depends_on": "eval:doc.ccms_membership && doc.docstatus != 0",
		},
		{
			# ERPNext would take a percentage discount once more after the points: it stands here meanwhile.
			"fieldname": "ccms_kept_discount_percentage",
			"label": "Discount Percentage before Points",
			"fieldtype": "Float",
			"insert_after": "ccms_points_earned",
			"read_only": 1,
			"hidden": 1,
			"no_copy": 1,
			"print_hide": 1,
			"report_hide": 1,
		},
	]


CUSTOM_FIELDS: dict[str, list[dict]] = {
	"Sales Invoice": _invoice_fields(insert_after="disable_rounded_total"),
	"POS Invoice": _invoice_fields(insert_after="outstanding_amount"),
	"Sales Taxes and Charges": [
		{
			# Copied on purpose: a copied points row is recognised by it, and removed.
			"fieldname": "ccms_points_row",
			"label": "Points Row",
			"fieldtype": "Check",
			"insert_after": "dont_recompute_tax",
			"read_only": 1,
			"hidden": 1,
			"print_hide": 1,
			"report_hide": 1,
		},
	],
	"Item Group": [
		{
			"fieldname": "ccms_privacy_class",
			"label": "Privacy Class",
			"fieldtype": "Select",
			"options": "\nMedical\nEducation\nOther",
			"insert_after": "is_group",
			"in_standard_filter": 1,
			"description": (
				"That customers buy of this group and those below it counts in orders and revenue; what they bought enters "
				"no favourite, pair, rule of a segment or report about customers."
			),
		},
	],
	"Company": [
		{
			"fieldname": "ccms_books_retention_years",
			"label": "Books Keep Names for (Years)",
			"fieldtype": "Int",
			"insert_after": "tax_id",
			"default": "10",
			"non_negative": 1,
			"description": "Counted from the end of a document's year. Then a nightly job takes the names of erased customers out of invoices and general ledger.",
		},
	],
	"Customer": [
		{
			"fieldname": "ccms_360_tab",
			"label": "360°",
			"fieldtype": "Tab Break",
			"insert_after": "dashboard_tab",
			"depends_on": "eval:!doc.__islocal",
		},
		{
			"fieldname": "ccms_360_html",
			"fieldtype": "HTML",
			"insert_after": "ccms_360_tab",
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_loyalty_tab",
			"label": "Loyalty & Behaviour",
			"fieldtype": "Tab Break",
			"insert_after": "ccms_360_html",
			"depends_on": "eval:!doc.__islocal",
		},
		{
			"fieldname": "ccms_loyalty_html",
			"fieldtype": "HTML",
			"insert_after": "ccms_loyalty_tab",
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_figures_section",
			"label": "In the Figures",
			"fieldtype": "Section Break",
			"insert_after": "ccms_loyalty_html",
			"collapsible": 1,
		},
		{
			"fieldname": "ccms_anonymous",
			"label": "Stands for Many People",
			"fieldtype": "Check",
			"insert_after": "ccms_figures_section",
			"search_index": 1,
			"no_copy": 1,
			"print_hide": 1,
			"description": "A walk-in customer: left out of all figures about customers.",
		},
		{
			"fieldname": "ccms_keep_in_figures",
			"label": "Keep in the Figures",
			"fieldtype": "Check",
			"insert_after": "ccms_anonymous",
			"search_index": 1,
			"no_copy": 1,
			"print_hide": 1,
			"depends_on": "eval:!doc.ccms_anonymous",
			"description": "Counted although so many purchases look like those of a walk-in customer.",
		},
		{
			"fieldname": "ccms_figures_column",
			"fieldtype": "Column Break",
			"insert_after": "ccms_keep_in_figures",
		},
		{
			"fieldname": "ccms_acquisition_source",
			"label": "Won Through",
			"fieldtype": "Link",
			"options": "Lead Source",
			"insert_after": "ccms_figures_column",
			"no_copy": 1,
			"print_hide": 1,
			"description": "Empty: the source of the lead this customer was made from.",
		},
		{
			"fieldname": "ccms_person_tab",
			"label": "Person",
			"fieldtype": "Tab Break",
			"insert_after": "last_name",
		},
		{
			"fieldname": "ccms_facts_section",
			"label": "About the Person",
			"fieldtype": "Section Break",
			"insert_after": "ccms_person_tab",
			"depends_on": "eval:doc.customer_type != 'Company'",
		},
		{
			"fieldname": "ccms_birth_date",
			"label": "Birth Date",
			"fieldtype": "Date",
			"search_index": 1,
			"insert_after": "ccms_facts_section",
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_occupation",
			"label": "Occupation",
			"fieldtype": "Data",
			"insert_after": "ccms_birth_date",
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_preferred_channel",
			"label": "Preferred Channel",
			"fieldtype": "Select",
			"options": "\nPhone\nSMS\nE-mail\nWeChat\nWhatsApp\nPost",
			"insert_after": "ccms_occupation",
			"no_copy": 1,
			"print_hide": 1,
			"description": "How the customer wants to be reached.",
		},
		{
			"fieldname": "ccms_facts_column",
			"fieldtype": "Column Break",
			"insert_after": "ccms_preferred_channel",
		},
		{
			"fieldname": "ccms_home_place",
			"label": "Lives In",
			"fieldtype": "Data",
			"insert_after": "ccms_facts_column",
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_work_place",
			"label": "Works In",
			"fieldtype": "Data",
			"insert_after": "ccms_home_place",
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_identifiers_section",
			"label": "Identifiers",
			"fieldtype": "Section Break",
			"insert_after": "ccms_work_place",
			"description": "Beside those of contacts, addresses and memberships, which count by themselves. Stored encrypted and shown masked.",
		},
		{
			"fieldname": "ccms_identifiers",
			"label": "Phones, E-mails, Cards, Accounts",
			"fieldtype": "Table",
			"options": "CCMS Customer Identifier",
			"insert_after": "ccms_identifiers_section",
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_fact_sources_section",
			"label": "Known From",
			"fieldtype": "Section Break",
			"insert_after": "ccms_identifiers",
			"collapsible": 1,
			"depends_on": "eval:(doc.ccms_fact_sources || []).length",
		},
		{
			"fieldname": "ccms_fact_sources",
			"label": "Known From",
			"fieldtype": "Table",
			"options": "CCMS Fact Source",
			"insert_after": "ccms_fact_sources_section",
			"read_only": 1,
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": "ccms_consent_tab",
			"label": "Consent",
			"fieldtype": "Tab Break",
			"insert_after": "ccms_fact_sources",
			"depends_on": "eval:!doc.__islocal",
		},
		{
			"fieldname": "ccms_consent_html",
			"fieldtype": "HTML",
			"insert_after": "ccms_consent_tab",
			"print_hide": 1,
		},
	],
	"Issue": [
		{
			"fieldname": "ccms_purchase_section",
			"label": "Purchase",
			"fieldtype": "Section Break",
			"insert_after": "company",
			"collapsible": 1,
		},
		{
			"fieldname": "ccms_invoice_type",
			"label": "Invoice Type",
			"fieldtype": "Link",
			"options": "DocType",
			"insert_after": "ccms_purchase_section",
			"link_filters": '[["DocType", "name", "in", ["Sales Invoice", "POS Invoice"]]]',
		},
		{
			"fieldname": "ccms_invoice",
			"label": "Invoice",
			"fieldtype": "Dynamic Link",
			"options": "ccms_invoice_type",
			"insert_after": "ccms_invoice_type",
			"search_index": 1,
		},
		{
			"fieldname": "ccms_purchase_column",
			"fieldtype": "Column Break",
			"insert_after": "ccms_invoice",
		},
		{
			"fieldname": "ccms_item",
			"label": "Item",
			"fieldtype": "Link",
			"options": "Item",
			"insert_after": "ccms_purchase_column",
			"search_index": 1,
		},
	],
}


def sync() -> None:
	"""Make the site's fields equal to the list above; safe to run again."""
	from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

	create_custom_fields(
		{
			doctype: [{"module": MODULE, **field} for field in fields]
			for doctype, fields in CUSTOM_FIELDS.items()
		}
	)


def remove() -> None:
	"""Take every field of the app from the site, also those of an older version of it."""
	import frappe

	fields: dict[str, list[str]] = {doctype: [] for doctype in CUSTOM_FIELDS}
	for name, doctype, fieldname in frappe.get_all(
		"Custom Field",
		or_filters={"module": MODULE, "fieldname": ["like", "ccms\\_%"]},
		fields=["name", "dt", "fieldname"],
		as_list=True,
	):
		frappe.delete_doc("Custom Field", name, force=True, ignore_permissions=True)
		fields.setdefault(doctype, []).append(fieldname)
	for doctype, names in fields.items():
		frappe.clear_cache(doctype=doctype)
		_drop_columns(doctype, names)


def _drop_columns(doctype: str, names: list[str]) -> None:
	"""Frappe keeps the column of a deleted field. What stood in it names memberships that are gone, and would be found
	again by the next installation."""
	import frappe

	gone = [name for name in frappe.db.get_table_columns(doctype) if name in names]
	if gone:
		dropped = ", ".join(f"drop column `{name}`" for name in gone)
		frappe.db.sql_ddl(f"alter table `tab{doctype}` {dropped}")
		frappe.cache.hdel("table_columns", f"tab{doctype}")
