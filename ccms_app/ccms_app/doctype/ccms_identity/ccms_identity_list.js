frappe.listview_settings["CCMS Identity"] = {
	hide_name_column: true,
	add_fields: ["customer", "is_shared", "is_verified"],
	get_indicator(doc) {
		if (doc.is_shared) return [__("Shared"), "orange", "is_shared,=,1"];
		if (!doc.customer) return [__("Nobody's"), "gray", "customer,is,not set"];
		if (doc.is_verified) return [__("Verified"), "green", "is_verified,=,1"];
		return [__("Known"), "blue", "customer,is,set"];
	},
};
