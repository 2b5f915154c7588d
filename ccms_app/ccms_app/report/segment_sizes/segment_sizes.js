{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["Segment Sizes"] = ccms.insight.report({
	first: ["label", "size", "before"],
	period: ["Last 90 Days", "Last 30 Days", "Last 12 Months", "This Month", "Choose Dates"],
	filters: [
		ccms.reports.link("segment", __("Segment"), "CCMS Customer Segment", {
			get_query: () => ({ filters: { company: frappe.query_report.get_filter_value("company") } }),
		}),
	],
});
