{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}
{% include "ccms_app/public/js/purchase_anomalies.js" %}

(() => {
	/** Small buttons in the row: what came of the order, without leaving the list. */
	function buttons({ anomaly, state }) {
		const name = frappe.utils.escape_html(anomaly);
		const actions = frappe.is_mobile() ? [["", __("Settle")]] : ccms.anomalies.actions();
		return actions
			.filter(([status]) => status !== state)
			.map(
				([status, label]) =>
					`<a href="#" role="button" class="ccms-settle btn btn-default btn-xs mr-1" data-status="${status}" data-anomaly="${name}">${label}</a>`
			)
			.join("");
	}

	$(document)
		.off("click.ccms_anomalies")
		.on("click.ccms_anomalies", ".ccms-settle", (event) => {
			event.preventDefault();
			const { status, anomaly } = event.currentTarget.dataset;
			ccms.anomalies.settle(anomaly, status, () => frappe.query_report.refresh());
		});

	frappe.query_reports["Purchase Anomalies"] = ccms.insight.report({
		first: ["customer_name", "work", "value", "times"],
		period: ["Last 90 Days", "Last 30 Days", "Last 12 Months", "This Month", "Choose Dates"],
		filters: [
			{
				...ccms.reports.choice("show", __("Show"), ["New", "Looked At", "Explained", "Wrong", "All"]),
				options: ["New", "Looked At", "Explained", "Wrong", "All"].map((value) => ({
					value,
					label: __(value, null, "CCMS Purchase Anomaly"), // "New" is also a group of customers
				})),
			},
		],
		cell: (value, column, data) => {
			if (column.fieldname === "work" && data.anomaly) return buttons(data);
		},
	});
})();
