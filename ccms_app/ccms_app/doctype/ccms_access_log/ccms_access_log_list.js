frappe.listview_settings["CCMS Access Log"] = {
	add_fields: ["customer"],
	hide_name_column: true,
	formatters: {
		// a phone shows this column alone
		action: (value, df, doc) => [__(value), doc.customer].filter(Boolean).join(" · "),
	},
};
