const SETTLED = ["Completed", "Refused"];

frappe.listview_settings["CCMS Privacy Request"] = {
	add_fields: ["status", "due_on", "customer"],
	hide_name_column: true, // leaves room for the day it is due
	has_indicator_for_draft: 1,
	get_indicator(doc) {
		if (is_overdue(doc)) return [__("Overdue"), "red", `due_on,<,Today|status,not in,${SETTLED.join(",")}`];
		const colors = { Open: "blue", Waiting: "orange", Running: "purple", Completed: "green", Refused: "gray" };
		return [__(doc.status), colors[doc.status], `status,=,${doc.status}`];
	},
	formatters: {
		// a phone shows this column alone
		request_type: (value, df, doc) => `${__(value)} · ${doc.customer}`,
		due_on(value, df, doc) {
			const day = frappe.datetime.str_to_user(value);
			return is_overdue(doc) ? `<span class="text-danger bold">${day}</span>` : day;
		},
	},
};

function is_overdue(doc) {
	return !SETTLED.includes(doc.status) && doc.due_on && doc.due_on < frappe.datetime.get_today();
}
