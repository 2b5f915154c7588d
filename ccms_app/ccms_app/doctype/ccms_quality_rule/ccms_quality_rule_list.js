frappe.listview_settings["CCMS Quality Rule"] = {
	add_fields: ["enabled", "weight", "kind"],
	hide_name_column: true,

	formatters: {
		// rules that come with the app are called by words of ours
		rule_name: (value) => __(value),
		description: (value) => frappe.utils.escape_html(__(value || "")),
	},

	/** What each rule finds now stands beside it. */
	get_indicator({ name, enabled }) {
		if (!enabled) return [__("Off"), "gray", "enabled,=,0"];
		const found = frappe.listview_settings["CCMS Quality Rule"].found;
		if (!found) return [__("Enabled"), "blue", "enabled,=,1"];
		const { Open: open = 0 } = found[name] || {};
		if (!open) return [__("None"), "green", "enabled,=,1"];
		return [open === 1 ? __("1 customer") : __("{0} customers", [open]), "orange", "enabled,=,1"];
	},

	async onload(list) {
		list.page.add_inner_button(__("Findings"), () => frappe.set_route("List", "CCMS Quality Finding"));
		if (frappe.model.can_read("CCMS Quality Run")) {
			list.page.add_inner_button(__("Runs"), () => frappe.set_route("List", "CCMS Quality Run"));
		}
	},

	refresh(list) {
		if (!frappe.model.can_read("CCMS Quality Finding") || list.ccms_asking) return;
		list.ccms_asking = true;
		frappe
			.xcall("ccms_app.api.quality.by_rule")
			.then((found) => {
				this.found = found;
				list.render_list();
			})
			.finally(() => (list.ccms_asking = false));
	},
};
