{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["Lifecycle Funnel"] = ccms.insight.report({
	first: ["label", "customers", "before"],
	period: ["Last 30 Days", "Last 90 Days", "Last 12 Months", "This Month", "Choose Dates"],
});
