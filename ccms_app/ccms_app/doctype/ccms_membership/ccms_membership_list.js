frappe.listview_settings["CCMS Membership"] = {
	hide_name_column: true,
	get_indicator(doc) {
		const colors = { Active: "green", Frozen: "orange", Left: "gray" };
		return [__(doc.status, null, "CCMS Membership"), colors[doc.status], `status,=,${doc.status}`];
	},
};
