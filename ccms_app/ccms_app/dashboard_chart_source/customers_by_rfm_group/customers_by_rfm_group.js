frappe.provide("frappe.dashboards.chart_sources");

frappe.dashboards.chart_sources["Customers by RFM Group"] = {
	method: "ccms_app.api.customer_insight.rfm_groups",
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

// Frappe's charts lead nowhere: a click opens the report.
$(document).on("click", ".dashboard-widget-box .frappe-chart .bar", (event) => {
	const title = $(event.currentTarget).closest(".widget").find(".widget-title").attr("title");
	if (title === __("Customers by RFM Group")) frappe.set_route("query-report", "RFM Segments");
});
