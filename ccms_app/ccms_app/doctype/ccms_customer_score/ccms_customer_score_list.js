frappe.listview_settings["CCMS Customer Score"] = {
	hide_name_column: true,
	add_fields: ["churn_level", "company"],
	get_indicator(doc) {
		if (!doc.churn_level) return [__("Risk Not Known"), "gray", "churn_level,=,"];
		const colors = { Low: "green", Medium: "orange", High: "red" };
		const words = { Low: __("Low Risk"), Medium: __("Medium Risk"), High: __("High Risk") };
		return [words[doc.churn_level], colors[doc.churn_level], `churn_level,=,${doc.churn_level}`];
	},
	formatters: {
		churn_probability: (value) => (value === null ? "" : `${format_number(value * 100, null, 0)} %`),
	},
};
