frappe.listview_settings["CCMS Quality Fix"] = {
	add_fields: ["status"],
	hide_name_column: true,

	get_indicator: ({ status }) => [
		__(status, null, "CCMS Quality Fix"),
		{ Applied: "green", Undone: "gray" }[status],
		`status,=,${status}`,
	],

	onload(list) {
		list.get_no_result_message = () => {
			const text = __("Nothing was put right yet. Open a finding and press “Put Right”.");
			return `<div class="msg-box text-center"><p>${frappe.utils.escape_html(text)}</p></div>`;
		};
	},
};
