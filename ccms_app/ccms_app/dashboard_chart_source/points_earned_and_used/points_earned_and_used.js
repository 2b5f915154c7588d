frappe.provide("frappe.dashboards.chart_sources");

frappe.dashboards.chart_sources["Points Earned and Used"] = {
	method: "ccms_app.api.overview.earned_and_used",
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
