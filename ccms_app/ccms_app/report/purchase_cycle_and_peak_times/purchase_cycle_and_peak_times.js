{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["Purchase Cycle and Peak Times"] = ccms.insight.report({
	first: ["label", "customers", "orders"],
	period: true,
	filters: [ccms.reports.choice("show", __("Table"), ["Days between Orders", "Weekdays", "Months"])],
});
