{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

(() => {
	const PAIRS = ["Items Bought Together", "Item Groups Bought Together"];

	frappe.query_reports["Product Preference and Co-purchase"] = ccms.insight.report({
		first: ["label", "customers", "first", "second", "lift"],
		period: true,
		filters: [ccms.reports.choice("show", __("Show"), ["Item Groups", "Brands", "Items", ...PAIRS])],
	});
})();
