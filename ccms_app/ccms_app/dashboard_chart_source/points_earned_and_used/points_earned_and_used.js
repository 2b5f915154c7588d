frappe.provide("frappe.dashboards.chart_sources");

frappe.dashboards.chart_sources["Points Earned and Used"] = {
	method: "ccms_app.api.workspace.earned_and_used",
	filters: [
		{
			fieldname: "company",
			label: __("Company"),
			fieldtype: "Link",
			options: "Company",
			default: frappe.defaults.get_user_default("Company"),
		},
	],
};

// Frappe's charts lead nowhere: a click on a month opens its movements.
$(document).on("click", ".dashboard-widget-box .frappe-chart .bar", (event) => {
	const title = $(event.currentTarget).closest(".widget").find(".widget-title").attr("title");
	if (title !== __("Points Earned and Used")) return;
	const months_back = 11 - cint(event.currentTarget.getAttribute("data-point-index"));
	const first = moment().startOf("month").subtract(months_back, "months");
	frappe.set_route("List", "CCMS Points Ledger Entry", {
		posting_date: [
			"Between",
			[first.format("YYYY-MM-DD"), first.clone().endOf("month").format("YYYY-MM-DD")],
		],
	});
});
