{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}
{% include "ccms_app/public/js/dealing_reports.js" %}

frappe.query_reports["Interaction Volume"] = ccms.dealings.report({
	filters: [ccms.reports.choice("by", __("By"), ["Type", "Day", "Channel", "Branch"])],
	first: ["thing", "events", "change"],
});
