frappe.listview_settings["CCMS Quality Finding"] = {
	filters: [["status", "=", "Open"]],
	get_indicator: (doc) => [
		__(doc.status),
		{ Open: "orange", Fixed: "green", Ignored: "gray" }[doc.status],
		`status,=,${doc.status}`,
	],
};
