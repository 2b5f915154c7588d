"""Where Frappe finds what. A routing table: every function it names stands in a file of its own."""

app_name = "ccms_app"
app_title = "CCMS"
app_publisher = "CCMS contributors"
app_description = "Customer consumption management: loyalty points, customer behaviour, engagement"
app_email = "ccms@example.com"
app_license = "GPL-3.0"
required_apps = ["erpnext"]

after_install = "ccms_app.install.after_install"
after_migrate = "ccms_app.install.after_migrate"
before_uninstall = "ccms_app.uninstall.before_uninstall"

# Kept when a company's transactions are deleted; memberships and the ledger go, all together.
company_data_to_be_ignored = ["CCMS Loyalty Program", "CCMS Customer Segment"]

# Computed rows do not hold what they are about: a customer without invoices can be deleted.
ignore_links_on_delete = [
	"CCMS Segment Customer",
	"CCMS Segment Member",
	"CCMS Customer Profile",
	"CCMS Customer Score",
	"CCMS Stage Change",
	"CCMS Customer Event",
	"CCMS Score Run",
	"CCMS Dirty Month",
	"CCMS Customer Merge",
	"CCMS Purchase Anomaly",
	"CCMS Customer Interaction",
	"CCMS Interaction Day",
	"CCMS Interaction Mark",
	"CCMS Interaction Total",
	"CCMS Page Count",
	"CCMS Identity",
	"CCMS Identity Link",
	"CCMS Duplicate Pair",
	"CCMS Customer Identifier",
	"CCMS Consent",
	"CCMS Access Log",
	"CCMS Quality Finding",
	"CCMS Quality Fix",
	"CCMS Quality Rule",
]

# Days that events and daily counts are kept, unless Log Settings says otherwise.
default_log_clearing_doctypes = {
	"CCMS Customer Interaction": 400,
	"CCMS Interaction Day": 1096,
	"CCMS Access Log": 731,
}
# Clearing the cache gives no source a new quota.
persistent_cache_keys = ["ccms_event_quota"]

jinja = {"methods": ["ccms_app.api.jinja.ccms_points"]}

# the fence between companies and branches (privacy/store/fence.py), where Frappe's own User Permissions do not reach
_FENCED = (
	"CCMS Customer Score",
	"CCMS Interaction Total",
	"CCMS Page Count",
)
# what happened: by company and branch too, and where there is no company by whose identity it is
_EVENTS = ("CCMS Customer Interaction", "CCMS Interaction Day")
# what is known of a customer in a company: by the branch of their score (privacy/store/branch_fence.py)
_OF_BRANCH = (
	"CCMS Customer Profile",
	"CCMS Churn Warning",
	"CCMS Purchase Anomaly",
	"CCMS Stage Change",
	"CCMS Customer Event",
)
# what belongs to a customer and to no company: held back with the customer, where the settings part customers
_OF_CUSTOMER = (
	"CCMS Consent",
	"CCMS Quality Finding",
	"CCMS Quality Fix",
	"CCMS Customer Merge",
	"CCMS Identity Link",
	"CCMS Access Log",
	"CCMS Privacy Request",
)
# rows of tables, which Frappe lists apart from their documents (privacy/store/children.py)
_ROWS = (
	"CCMS Segment Customer",
	"CCMS Segment Rule",
	"CCMS Left Out Customer",
	"CCMS Score Metric",
	"CCMS Cluster Group",
	"CCMS Loyalty Tier",
	"CCMS Simulation Month",
	"CCMS Customer Identifier",
	"CCMS Fact Source",
)
# documents that still name an erased customer (privacy/store/books_fence.py)
_BOOKS = (
	"Sales Invoice",
	"POS Invoice",
	"Sales Order",
	"Delivery Note",
	"Dunning",
	"Quotation",
	"Payment Entry",
	"Payment Request",
	"Bank Transaction",
	"Journal Entry",
	"Journal Entry Account",
	"GL Entry",
	"Payment Ledger Entry",
)
permission_query_conditions = {
	**{doctype: ["ccms_app.privacy.store.books_fence.conditions"] for doctype in _BOOKS},
	"CCMS Duplicate Pair": "ccms_app.identity.store.pairs_permitted.pair_conditions",
	**{doctype: ["ccms_app.privacy.store.fence.conditions"] for doctype in _FENCED},
	"CCMS Customer Score": [
		"ccms_app.scoring.store.permitted.score_conditions",
		"ccms_app.privacy.store.fence.conditions",
	],
	"Customer": ["ccms_app.privacy.store.fence.customer_conditions"],
	**{doctype: ["ccms_app.privacy.store.fence.of_customer_conditions"] for doctype in _OF_CUSTOMER},
	**{doctype: ["ccms_app.privacy.store.branch_fence.conditions"] for doctype in _OF_BRANCH},
	**{doctype: ["ccms_app.privacy.store.fence.event_conditions"] for doctype in _EVENTS},
	_EVENTS[0]: [
		"ccms_app.privacy.store.fence.event_conditions",
		"ccms_app.interactions.store.permitted.conditions",
	],
	"CCMS Identity": ["ccms_app.privacy.store.fence.identity_conditions"],
	"Prepared Report": ["ccms_app.privacy.store.prepared.conditions"],
	"CCMS Customer Segment": ["ccms_app.privacy.store.children.parent_conditions"],
	"CCMS Score Run": ["ccms_app.privacy.store.children.parent_conditions"],
	**{doctype: ["ccms_app.privacy.store.children.row_conditions"] for doctype in _ROWS},
	"CCMS Points Allocation": "ccms_app.loyalty.store.permitted.allocation_conditions",
	"CCMS Segment Member": [
		"ccms_app.segments.store.permitted.member_conditions",
		"ccms_app.privacy.store.fence.of_customer_conditions",
		"ccms_app.privacy.store.branch_fence.conditions",
	],
}
has_permission = {
	**{doctype: ["ccms_app.privacy.store.books_fence.sees"] for doctype in _BOOKS},
	"CCMS Duplicate Pair": "ccms_app.identity.store.pairs_permitted.sees_pair",
	**{doctype: ["ccms_app.privacy.store.fence.sees"] for doctype in _FENCED},
	"Customer": ["ccms_app.privacy.store.fence.sees_customer"],
	**{doctype: ["ccms_app.privacy.store.fence.sees_of_customer"] for doctype in _OF_CUSTOMER},
	**{doctype: ["ccms_app.privacy.store.branch_fence.sees"] for doctype in _OF_BRANCH},
	# lists are kept by company; nobody makes a member of a customer whom they may not see
	"CCMS Membership": ["ccms_app.privacy.store.fence.sees_of_customer"],
	**{doctype: ["ccms_app.privacy.store.fence.sees_event"] for doctype in _EVENTS},
	# asked from the last: the first that says yes or no is heard
	_EVENTS[0]: ["ccms_app.privacy.store.fence.sees_event", "ccms_app.interactions.store.permitted.sees"],
	"CCMS Identity": ["ccms_app.privacy.store.fence.sees_identity"],
	"Prepared Report": ["ccms_app.privacy.store.prepared.sees"],
	"CCMS Points Allocation": "ccms_app.loyalty.store.permitted.sees_allocation",
	"CCMS Segment Member": [
		"ccms_app.privacy.store.fence.sees_of_customer",
		"ccms_app.privacy.store.branch_fence.sees",
		"ccms_app.segments.store.permitted.sees_member",
	],
	"File": "ccms_app.behaviour.store.guarded.may_use_file",
}

standard_portal_menu_items = [{"title": "What We Hold About You", "route": "/my-data", "role": "Customer"}]

# Plain files, read in this order: no asset build is needed.
_LOYALTY = ["public/js/loyalty_common.js", "public/js/loyalty_panel.js"]
_PLACE = "public/js/place.js"
_PLACED = (
	"CCMS Segment Member",
	"CCMS Score Run",
	"CCMS Customer Score",
	"CCMS Customer Profile",
	"CCMS Stage Change",
	"CCMS Customer Event",
	"CCMS Churn Warning",
	"CCMS Purchase Anomaly",
	"CCMS Customer Interaction",
	"CCMS Interaction Type",
	"CCMS Interaction Import",
	"CCMS Event Source",
	"CCMS Quality Rule",
	"CCMS Quality Run",
	"CCMS Consent",
	"CCMS Consent Wording",
	"CCMS Privacy Request",
	"CCMS Access Log",
	# these have more
	"CCMS Customer Cluster",
	"CCMS Customer Segment",
	"CCMS Identity",
	"CCMS Duplicate Pair",
	"CCMS Customer Merge",
	"CCMS Quality Finding",
	"CCMS Quality Fix",
)
doctype_js = {
	**{doctype: _PLACE for doctype in _PLACED},
	"Sales Invoice": [*_LOYALTY, "public/js/sales_document.js"],
	"POS Invoice": [*_LOYALTY, "public/js/sales_document.js"],
	"Customer": [
		"public/js/loyalty_common.js",
		"public/js/quality.js",
		"public/js/customer_behaviour.js",
		"public/js/customer.js",
		"public/js/duplicates_customer.js",
		"public/js/customer_360_lists.js",
		"public/js/customer_360.js",
		"public/js/consent.js",
		"public/js/customer_merge.js",
	],
	"CCMS Customer Merge": ["public/js/customer_merge.js", _PLACE],
	"CCMS Duplicate Pair": ["public/js/customer_merge.js", _PLACE],
	"CCMS Customer Segment": ["public/js/segment_builder.js", _PLACE],
	"CCMS Settings": ["public/js/settings_identity.js", "public/js/settings_orders.js"],
	"CCMS Identity": ["public/js/unmask.js", _PLACE],
	"CCMS Membership": "public/js/loyalty_common.js",
	"CCMS Quality Finding": ["public/js/quality.js", _PLACE],
	"CCMS Quality Fix": ["public/js/quality.js", _PLACE],
	"CCMS Points Adjustment": "public/js/loyalty_common.js",
}
doctype_list_js = {
	**{doctype: _PLACE for doctype in _PLACED},
	"CCMS Customer Cluster": ["public/js/ask_company.js", _PLACE],
	"CCMS Customer Segment": ["public/js/ask_company.js", _PLACE],
	"Customer": "public/js/customer_search.js",
}
page_js = {"point-of-sale": [*_LOYALTY, "public/js/point_of_sale.js"]}

_INVOICE = {
	event: f"ccms_app.overrides.invoice.{event}"
	for event in (
		"before_validate",
		"validate",
		"before_submit",
		"on_submit",
		"before_cancel",
		"on_cancel",
		"on_change",
		"before_update_after_submit",
	)
}
_BEFORE_MAPPING = "ccms_app.overrides.sales_document.before_mapping"
_INVOICE["before_mapping"] = _BEFORE_MAPPING
_SALES_DOCUMENT = {
	"before_validate": "ccms_app.overrides.sales_document.before_validate",
	"before_mapping": _BEFORE_MAPPING,
}
_DEALINGS = "ccms_app.overrides.interaction_sources"
_INVOICE |= {
	event: [_INVOICE[event], f"{_DEALINGS}.invoice_returned"] for event in ("on_submit", "on_cancel")
}
# before there is a number, too: nobody else's document waits for it meanwhile
_NAMES_A_CUSTOMER = {event: "ccms_app.overrides.party.validate" for event in ("before_insert", "validate")}
_INVOICE |= _NAMES_A_CUSTOMER | {"validate": [_INVOICE["validate"], _NAMES_A_CUSTOMER["validate"]]}
_SALES_DOCUMENT |= _NAMES_A_CUSTOMER
_REACHES = {
	event: "ccms_app.overrides.identity_sources.linked_changed" for event in ("on_update", "after_delete")
}
doc_events = {
	"Sales Invoice": _INVOICE,
	"POS Invoice": _INVOICE,
	"Quotation": {
		**_SALES_DOCUMENT,
		"on_update": f"{_DEALINGS}.cart_changed",
		"on_trash": f"{_DEALINGS}.cart_deleted",
	},
	"Sales Order": _SALES_DOCUMENT,
	"Delivery Note": {
		**_SALES_DOCUMENT,
		"on_submit": f"{_DEALINGS}.told",
		"on_cancel": f"{_DEALINGS}.told",
	},
	"Payment Entry": _NAMES_A_CUSTOMER,
	"Journal Entry": _NAMES_A_CUSTOMER,
	"Communication": {"after_insert": f"{_DEALINGS}.told"},
	"Issue": {"after_insert": f"{_DEALINGS}.told", "on_update": f"{_DEALINGS}.issue_changed"},
	"Call Log": {"on_update": f"{_DEALINGS}.call_changed"},
	"Event": {"on_update": f"{_DEALINGS}.told"},
	"Customer": {
		"before_rename": "ccms_app.overrides.customer.before_rename",
		"after_rename": "ccms_app.overrides.customer.after_rename",
		"validate": "ccms_app.overrides.identity_sources.customer_validate",
		"on_update": [
			"ccms_app.overrides.segment_sources.customer_updated",
			"ccms_app.overrides.identity_sources.customer_updated",
		],
		"after_delete": [
			"ccms_app.overrides.identity_sources.customer_deleted",
			"ccms_app.overrides.duplicates.customer_deleted",
			"ccms_app.overrides.quality.customer_deleted",
		],
		"on_trash": [
			"ccms_app.overrides.privacy.customer_deleted",
			"ccms_app.overrides.customer.on_trash",
			"ccms_app.overrides.segment_sources.customer_deleted",
		],
	},
	"Contact": _REACHES,
	"Address": _REACHES,
	"CCMS Membership": {
		"on_update": [
			"ccms_app.overrides.segment_sources.membership_changed",
			"ccms_app.overrides.identity_sources.membership_changed",
		],
		"after_delete": "ccms_app.overrides.identity_sources.membership_changed",
	},
	"CCMS Points Adjustment": {
		"on_submit": "ccms_app.overrides.segment_sources.points_adjusted",
		"on_cancel": "ccms_app.overrides.segment_sources.points_adjusted",
	},
	"Company": {"after_rename": "ccms_app.overrides.company.after_rename"},
	"Tag Link": {"after_insert": "ccms_app.overrides.segment_sources.tagged"},
	# invoice lines and rules name items, groups, territories and more
	"*": {
		"after_rename": [
			"ccms_app.overrides.any.after_rename",
			"ccms_app.overrides.segment_sources.renamed",
		]
	},
}

extend_bootinfo = ["ccms_app.desk.boot.extend"]
override_whitelisted_methods = {
	"frappe.desk.form.load.getdoc": "ccms_app.api.forms.getdoc",
	"frappe.desk.query_report.export_query": "ccms_app.api.exports.query_report_export",
	"frappe.desk.reportview.export_query": "ccms_app.api.exports.list_export",
	"frappe.core.doctype.data_import.data_import.download_template": "ccms_app.api.exports.import_template",
	"frappe.core.doctype.data_export.exporter.export_data": "ccms_app.api.exports.data_export",
	"frappe.utils.global_search.search": "ccms_app.api.search.found_anywhere",
	"frappe.client.validate_link": "ccms_app.api.search.validate",
	"frappe.desk.search.get_link_title": "ccms_app.api.search.title",
	"frappe.desk.search.search_link": "ccms_app.api.search.link",
	"frappe.desk.search.search_widget": "ccms_app.api.search.widget",
	"frappe.desk.doctype.tag.tag.remove_tag": "ccms_app.api.tags.remove_tag",
}
override_doctype_class = {
	"Report": "ccms_app.overrides.report.Report",
	"Auto Email Report": "ccms_app.overrides.auto_email_report.AutoEmailReport",
	"Personal Data Deletion Request": "ccms_app.overrides.personal_data.DeletionRequest",
	"Personal Data Download Request": "ccms_app.overrides.personal_data.DownloadRequest",
}
additional_timeline_content = {"Customer": ["ccms_app.desk.dealings.on_form"]}

scheduler_events = {
	"hourly_long": ["ccms_app.tasks.hourly_long"],
	"daily": ["ccms_app.tasks.daily"],
	"daily_long": ["ccms_app.tasks.daily_long"],
}
after_request = ["ccms_app.interactions.store.door.after_request"]

# Doors between domains that do not know each other: whoever is named here is called.
ccms_points_cost = ["ccms_app.loyalty.store.redeemed.by_customer"]
ccms_customers_changed = ["ccms_app.segments.store.changes.customers_changed"]
# cards of customers, as (customer, number, since)
ccms_cards = ["ccms_app.loyalty.store.cards.of_customers"]
# who must not be profiled, and who forgets a customer at once when that is said (privacy/store/profiling.py)
ccms_not_profiled = ["ccms_app.privacy.store.profiling.not_profiled"]
ccms_profiling_refused = [
	"ccms_app.scoring.store.scores.customer_deleted",
	"ccms_app.scoring.store.warnings.customer_deleted",
	"ccms_app.scoring.store.anomalies.customer_deleted",
	"ccms_app.behaviour.store.customers.deleted",
	"ccms_app.segments.store.changes.not_profiled",
]
ccms_profiling_allowed = ["ccms_app.behaviour.store.customers.profiled_again"]
ccms_consent_changed = ["ccms_app.privacy.store.profiling.consent_changed"]
ccms_score_columns = ["ccms_app.segments.store.clusters.label"]
# a customer's data, one handler a domain: asked by merge, undo, erasure and export (identity/handlers.py)
ccms_customer_handlers = [
	"ccms_app.privacy.store.party_handler.Handler",
	"ccms_app.identity.store.handler.Handler",
	"ccms_app.identity.store.duplicate_handler.Handler",
	"ccms_app.privacy.store.handler.Handler",
	"ccms_app.interactions.store.handler.Handler",
	"ccms_app.loyalty.store.handler.Handler",
	"ccms_app.behaviour.store.handler.Handler",
	"ccms_app.scoring.store.handler.Handler",
	"ccms_app.segments.store.handler.Handler",
	"ccms_app.quality.store.handler.Handler",
]
