{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}
{% include "ccms_app/public/js/churn_warnings.js" %}

(() => {
	const ACTIONS = [
		["contacted", __("Contacted")],
		["assign", __("Assign")],
		["snooze", __("Snooze")],
	];

	/** Small buttons in the row: what is done with the warning without leaving the list. */
	function buttons(warning) {
		const name = frappe.utils.escape_html(warning);
		// a phone has no room for all of them: they stand on the form
		if (frappe.is_mobile()) return `<a href="/app/ccms-churn-warning/${name}" class="btn btn-default btn-xs">${__("Open")}</a>`;
		return ACTIONS.map(
			([action, label]) =>
				`<a href="#" role="button" class="ccms-work btn btn-default btn-xs mr-1" data-work="${action}" data-warning="${name}">${label}</a>`
		).join("");
	}

	$(document)
		.off("click.ccms_warnings")
		.on("click.ccms_warnings", ".ccms-work", (event) => {
			event.preventDefault();
			const { work, warning } = event.currentTarget.dataset;
			ccms.warnings[work](warning, () => frappe.query_report.refresh());
		});

	frappe.query_reports["Churn Warnings"] = ccms.insight.report({
		first: ["customer_name", "work", "at_risk", "churn"],
		filters: [
			ccms.reports.choice("show", __("Show"), ["Today's List", "All Open", "Contacted", "Snoozed", "Closed"]),
			ccms.reports.link("owner", __("Owner"), "User"),
		],
		cell: (value, column, data) => {
			if (column.fieldname === "work" && data.warning) return buttons(data.warning);
		},
	});
})();
