frappe.listview_settings["CCMS Customer Profile"] = {
	hide_name_column: true,
	add_fields: ["stage", "currency"],
	get_indicator(doc) {
		const colors = {
			Prospect: "gray",
			"First Purchase": "blue",
			Repeat: "cyan",
			Loyal: "green",
			"At Risk": "orange",
			Lost: "red",
		};
		return [__(doc.stage), colors[doc.stage] || "gray", `stage,=,${doc.stage}`];
	},
};
