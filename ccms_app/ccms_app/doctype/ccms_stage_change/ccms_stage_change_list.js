frappe.listview_settings["CCMS Stage Change"] = {
	hide_name_column: true,
	add_fields: ["cause", "is_won_back"],
	get_indicator(doc) {
		if (doc.is_won_back) return [__("Won Back"), "green", "is_won_back,=,1"];
		const colors = { Order: "green", Time: "orange", Correction: "gray" };
		return [__(doc.cause), colors[doc.cause], `cause,=,${doc.cause}`];
	},
};
