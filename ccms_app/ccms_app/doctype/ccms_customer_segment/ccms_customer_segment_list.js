frappe.listview_settings["CCMS Customer Segment"] = {
	add_fields: ["enabled", "status", "size", "last_refreshed"],
	hide_name_column: true,

	get_indicator(doc) {
		if (doc.status === "Invalid") return [__("Invalid"), "red", "status,=,Invalid"];
		if (!doc.enabled) return [__("Switched Off"), "gray", "enabled,=,0"];
		if (!doc.last_refreshed) return [__("Not Refreshed Yet"), "orange", "last_refreshed,is,not set"];
		return [__("Active"), "green", "status,=,Active|enabled,=,1"];
	},

	formatters: {
		size(value, df, doc) {
			return doc.last_refreshed ? format_number(value, null, 0) : "–";
		},
	},

	onload(list) {
		if (!frappe.model.can_create("CCMS Customer Segment")) return;
		ccms.ask_company(list, __("Make Ready-made Segments"), __("Make"), async (company) => {
			const made = await frappe.xcall("ccms_app.api.segments.make_ready_made", { company });
			const message = made.length
				? __("Made: {0}", [frappe.utils.comma_and(made.map(frappe.utils.escape_html))])
				: __("Nothing to make: the company has them all, or no figures for them yet.");
			frappe.show_alert({ message, indicator: made.length ? "green" : "blue" }, 10);
			list.refresh();
		});
	},
};
