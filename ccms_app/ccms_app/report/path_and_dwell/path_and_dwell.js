{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}
{% include "ccms_app/public/js/dealing_reports.js" %}

frappe.query_reports["Path and Dwell"] = ccms.dealings.report({
	filters: [ccms.reports.choice("show", __("Show"), ["Pages", "Cart by Step"])],
	type: false,
	first: ["path", "step", "views", "customers", "dwell"],
});
