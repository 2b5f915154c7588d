{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["Price Sensitivity"] = ccms.insight.report({
	first: ["label", "customers", "elasticity", "lift"],
	filters: [ccms.reports.choice("show", __("Table"), ["Customers", "Categories", "Items in Promotion"])],
});
