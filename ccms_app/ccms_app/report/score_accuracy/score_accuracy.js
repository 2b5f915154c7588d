{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

(() => {
	const settings = ccms.insight.report({
		first: ["model", "role", "auc", "mae"],
		filters: [
			ccms.reports.choice("target", __("Prediction"), []),
		],
	});
	// a model is tested on all customers of the company
	settings.filters = [
		settings.filters[0],
		{
			...settings.filters.at(-1),
			options: [
				{ value: "churn", label: __("Leaving") },
				{ value: "orders", label: __("Orders") },
				{ value: "revenue", label: __("Revenue") },
				{ value: "next_purchase", label: __("Next Purchase") },
			],
			default: "churn",
		},
	];
	frappe.query_reports["Score Accuracy"] = settings;
})();
