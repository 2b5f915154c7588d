frappe.listview_settings["CCMS Churn Warning"] = {
	get_indicator(doc) {
		const colors = {
			Open: "orange",
			Contacted: "blue",
			Snoozed: "gray",
			"Came Back": "green",
			"Not Back": "red",
			Dismissed: "darkgrey",
		};
		return [__(doc.status), colors[doc.status], `status,=,${doc.status}`];
	},
};
