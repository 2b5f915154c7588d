frappe.query_reports["Data Quality"] = {
	filters: [
		{
			fieldname: "company",
			label: __("Company"),
			fieldtype: "Link",
			options: "Company",
			default: frappe.defaults.get_user_default("Company"),
			reqd: 1,
		},
		{
			fieldname: "by",
			label: __("By"),
			fieldtype: "Select",
			options: ["Rule", "Source", "Branch"].map((value) => ({ value, label: __(value) })),
			default: "Rule",
		},
		{
			fieldname: "status",
			label: __("Status"),
			fieldtype: "Select",
			options: ["Open", "Fixed", "Ignored"].map((value) => ({ value, label: __(value) })),
			default: "Open",
		},
		{ fieldname: "rule", label: __("Rule"), fieldtype: "Link", options: "CCMS Quality Rule" },
	],
	onload: () => frappe.breadcrumbs.add({ module: "CCMS App", workspace: "Customer Data" }),
	/** The count leads to the findings themselves, for whoever may open them. */
	formatter(value, row, column, data, standard) {
		const shown = standard(value, row, column, data);
		if (column.fieldname !== "findings" || !data || !data.list) return shown;
		const path = Object.entries(data.list)
			.map((pair) => pair.map(encodeURIComponent).join("="))
			.join("&");
		return `<a href="/app/ccms-quality-finding?${frappe.utils.escape_html(path)}">${shown}</a>`;
	},
};
