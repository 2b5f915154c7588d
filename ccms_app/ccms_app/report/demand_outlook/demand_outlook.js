{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["Demand Outlook"] = ccms.insight.report({
	first: ["label", "forecast_1", "last_month", "days"],
	filters: [
		ccms.reports.choice("by", __("By"), ["Item Group", "Item", "Brand", "Branch"]),
		ccms.reports.choice("measure", __("Measure"), ["Quantity", "Revenue"]),
	],
});
