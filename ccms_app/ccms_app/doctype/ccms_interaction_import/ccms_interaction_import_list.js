frappe.listview_settings["CCMS Interaction Import"] = {
	get_indicator(doc) {
		const colors = { Finished: "green", Failed: "red", Running: "blue", Checking: "blue", Checked: "orange" };
		return [__(doc.status), colors[doc.status] || "gray", `status,=,${doc.status}`];
	},
};
