frappe.listview_settings["CCMS Privacy Request"] = {
	add_fields: ["status", "due_on"],
	has_indicator_for_draft: 1,
	get_indicator(doc) {
		const is_settled = ["Completed", "Refused"].includes(doc.status);
		if (!is_settled && doc.due_on && doc.due_on < frappe.datetime.get_today()) {
			return [__("Overdue"), "red", `due_on,<,Today|status,not in,Completed,Refused`];
		}
		const colors = { Open: "blue", Waiting: "orange", Running: "purple", Completed: "green", Refused: "gray" };
		return [__(doc.status), colors[doc.status], `status,=,${doc.status}`];
	},
};
