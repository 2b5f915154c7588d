frappe.listview_settings["CCMS Points Lot"] = {
	hide_name_column: true,
	get_indicator(doc) {
		const colors = {
			Pending: "orange",
			Active: "green",
			Depleted: "gray",
			Expired: "red",
			Cancelled: "darkgrey",
		};
		return [__(doc.state, null, "CCMS Points Lot"), colors[doc.state], `state,=,${doc.state}`];
	},
};
