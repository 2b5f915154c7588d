frappe.listview_settings["CCMS Points Ledger Entry"] = {
	hide_name_column: true,
	add_fields: ["points", "entry_type"],
	get_indicator(doc) {
		const color = doc.points > 0 ? "green" : doc.points < 0 ? "red" : "blue";
		return [__(doc.entry_type, null, "CCMS Points Ledger Entry"), color, `entry_type,=,${doc.entry_type}`];
	},
	formatters: {
		points(value) {
			if (!value) return "";
			const number = format_number(Math.abs(value), null, Number.isInteger(value) ? 0 : 2);
			return value > 0 ? `+${number}` : `−${number}`;
		},
	},
};
