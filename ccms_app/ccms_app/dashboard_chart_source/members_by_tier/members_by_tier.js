frappe.provide("frappe.dashboards.chart_sources");

frappe.dashboards.chart_sources["Members by Tier"] = {
	method: "ccms_app.api.overview.members_by_tier",
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
