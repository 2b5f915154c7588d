frappe.listview_settings["CCMS Customer Cluster"] = {
	add_fields: ["is_current"],

	get_indicator(doc) {
		return doc.is_current ? [__("In Use"), "green", "is_current,=,1"] : [__("Replaced"), "gray", "is_current,=,0"];
	},

	onload(list) {
		if (!frappe.model.can_create("CCMS Customer Segment")) return;
		list.page.add_inner_button(__("Group Customers Anew"), () => {
			frappe.prompt(
				{
					fieldname: "company",
					label: __("Company"),
					fieldtype: "Link",
					options: "Company",
					reqd: 1,
					default: frappe.defaults.get_user_default("Company"),
				},
				async ({ company }) => {
					const name = await frappe.xcall("ccms_app.api.segments.refit_clusters", { company });
					frappe.set_route("Form", "CCMS Customer Cluster", name);
				},
				__("Group Customers Anew"),
				__("Group Anew")
			);
		});
	},
};
