frappe.listview_settings["CCMS Customer Merge"] = {
	hide_name_column: true,
	add_fields: ["status"],
	get_indicator: ({ status }) => [
		__(status),
		{ Merged: "blue", Undone: "gray", Erased: "red" }[status],
		`status,=,${status}`,
	],
};
