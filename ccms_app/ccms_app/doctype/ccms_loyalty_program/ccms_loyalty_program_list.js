frappe.listview_settings["CCMS Loyalty Program"] = {
	add_fields: ["enabled", "from_date", "to_date"],
	get_indicator(doc) {
		const today = frappe.datetime.get_today();
		if (!doc.enabled) return [__("Disabled"), "gray", "enabled,=,0"];
		if (doc.from_date && doc.from_date > today) {
			return [__("Not Started"), "orange", `enabled,=,1|from_date,>,${today}`];
		}
		if (doc.to_date && doc.to_date < today) return [__("Ended"), "gray", `enabled,=,1|to_date,<,${today}`];
		return [__("Running"), "green", "enabled,=,1"];
	},
};
