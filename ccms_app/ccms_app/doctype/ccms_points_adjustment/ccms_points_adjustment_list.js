frappe.listview_settings["CCMS Points Adjustment"] = {
	add_fields: ["adjustment_type", "points"],
	formatters: {
		points(value, df, doc) {
			const sign = doc.adjustment_type === "Deduct" ? "−" : "";
			return value ? `${sign}${format_number(value, null, Number.isInteger(value) ? 0 : 2)}` : "";
		},
	},
};
