frappe.provide("frappe.dashboards.chart_sources");

frappe.dashboards.chart_sources["Members by Tier"] = {
	method: "ccms_app.api.workspace.members_by_tier",
	filters: [
		{
			fieldname: "company",
			label: __("Company"),
			fieldtype: "Link",
			options: "Company",
			default: frappe.defaults.get_user_default("Company"),
		},
		{
			fieldname: "program",
			label: __("Loyalty Program"),
			fieldtype: "Link",
			options: "CCMS Loyalty Program",
		},
	],
};

// Frappe's charts lead nowhere: a click opens the members.
$(document).on("click", ".dashboard-widget-box .frappe-chart .bar", (event) => {
	const title = $(event.currentTarget).closest(".widget").find(".widget-title").attr("title");
	if (title !== __("Members by Tier")) return;
	frappe.set_route("List", "CCMS Membership", { status: ["in", "Active,Frozen"] });
});
