{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["Cohort Retention"] = ccms.insight.report({
	first: ["label", "customers", "second_rate"],
	filters: [
		ccms.reports.choice("measure", __("Show"), ["Retention", "Revenue", "Value So Far, Each"]),
		ccms.reports.choice("cohorts", __("Cohorts"), ["12 Months", "24 Months", "36 Months"]),
	],
});
