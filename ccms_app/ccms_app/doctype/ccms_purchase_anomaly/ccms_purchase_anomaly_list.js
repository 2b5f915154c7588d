frappe.listview_settings["CCMS Purchase Anomaly"] = {
	get_indicator(doc) {
		const colors = { New: "orange", "Looked At": "blue", Explained: "green", Wrong: "red" };
		return [__(doc.status, null, "CCMS Purchase Anomaly"), colors[doc.status], `status,=,${doc.status}`];
	},
};
