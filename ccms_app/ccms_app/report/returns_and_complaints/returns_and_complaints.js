{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["Returns and Complaints"] = ccms.insight.report({
	first: ["thing", "returned", "return_rate"],
	period: true,
	filters: [ccms.reports.choice("by", __("By"), ["Item", "Customer", "Branch", "Item Group", "Brand"])],
});
