{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["New against Repeat Revenue"] = ccms.insight.report({
	first: ["label", "revenue", "repeat_share"],
	period: ["Last 12 Months", "This Year", "This Month", "Last 90 Days", "Last 30 Days", "Choose Dates"],
});
