frappe.listview_settings["CCMS Quality Finding"] = {
	add_fields: ["status", "rule"],
	filters: [["status", "=", "Open"]],
	hide_name_column: true,

	formatters: {
		// on a narrow screen the column of the rule is not shown
		customer: (value, _df, doc) => (frappe.is_mobile() ? `${value} · ${__(doc.rule)}` : value),
	},

	get_indicator: (doc) => [
		__(doc.status),
		{ Open: "orange", Fixed: "green", Ignored: "gray" }[doc.status],
		`status,=,${doc.status}`,
	],

	onload(list) {
		list.page.add_inner_button(__("Rules"), () => frappe.set_route("List", "CCMS Quality Rule"));
		if (frappe.model.can_read("CCMS Quality Run")) {
			list.page.add_inner_button(__("Runs"), () => frappe.set_route("List", "CCMS Quality Run"));
		}
		list.get_no_result_message = () => {
			const text = __("Nothing to mend here. The rules look at customers who changed each night.");
			const hint = frappe.model.can_write("CCMS Quality Rule")
				? __("To look now, press “Check What Changed” in the list of runs.")
				: "";
			const line = (said) => `<p>${frappe.utils.escape_html(said)}</p>`;
			return `<div class="msg-box text-center">${line(text)}${line(hint)}</div>`;
		};
	},
};
