frappe.listview_settings["CCMS Customer Merge"] = {
	hide_name_column: true,
	add_fields: ["status"],
	get_indicator: ({ status }) => [
		__(status),
		{ Merged: "blue", Undone: "gray", Erased: "red" }[status],
		`status,=,${status}`,
	],
	onload(listview) {
		listview.get_no_result_message = () => {
			const lines = [
				__("No customer has been merged here."),
				__("Two records of one person become one from the menu of a customer, or from the list of probable duplicates."),
			];
			const texts = lines.map((line) => `<p>${frappe.utils.escape_html(line)}</p>`).join("");
			return `<div class="msg-box text-center">${texts}
				<p><a href="/app/ccms-duplicate-pair">${__("CCMS Duplicate Pair")}</a></p></div>`;
		};
	},
};
