frappe.query_reports["Probable Duplicates"] = {
	filters: [
		{
			fieldname: "status",
			label: __("Status"),
			fieldtype: "Select",
			options: ["Open", "Snoozed", "Not a Duplicate"].map((value) => ({ value, label: __(value) })),
			default: "Open",
		},
		{
			fieldname: "certainty",
			label: __("Certainty"),
			fieldtype: "Select",
			options: ["", "Certain", "Likely", "Possible"].map((value) => ({ value, label: __(value) })),
		},
	],
	onload: () => frappe.breadcrumbs.add({ module: "CCMS App", workspace: "Customer Data" }),
};
