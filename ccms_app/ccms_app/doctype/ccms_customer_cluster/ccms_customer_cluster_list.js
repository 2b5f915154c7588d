frappe.listview_settings["CCMS Customer Cluster"] = {
	add_fields: ["is_current"],

	get_indicator(doc) {
		return doc.is_current ? [__("In Use"), "green", "is_current,=,1"] : [__("Replaced"), "gray", "is_current,=,0"];
	},

	onload(list) {
		if (!frappe.model.can_create("CCMS Customer Segment")) return;
		ccms.ask_company(list, __("Group Customers Anew"), __("Group Anew"), async (company) => {
			const name = await frappe.xcall("ccms_app.api.segments.refit_clusters", { company });
			frappe.set_route("Form", "CCMS Customer Cluster", name);
		});
	},
};
