// What can be done with a churn warning: the same small dialogs on its form and in the report.
(() => {
	frappe.provide("ccms.warnings");

	const OUTCOMES = ["Will Come Back", "Undecided", "Not Interested", "Not Reached", "Moved or Closed"];

	/** Ask for some values and send them; `done` runs when the server has agreed. */
	function ask(title, fields, action, warning, done, label) {
		const dialog = new frappe.ui.Dialog({
			title,
			fields,
			primary_action_label: label || __("Save"),
			primary_action: (values) =>
				frappe.xcall(`ccms_app.api.warnings.${action}`, { warning, ...values }).then(() => {
					dialog.hide();
					done?.();
				}),
		});
		dialog.show();
	}

	ccms.warnings.contacted = (warning, done) =>
		ask(
			__("Contacted"),
			[
				{
					fieldname: "outcome",
					fieldtype: "Select",
					label: __("Outcome"),
					reqd: 1,
					options: OUTCOMES.map((value) => ({ value, label: __(value) })),
				},
				{ fieldname: "note", fieldtype: "Small Text", label: __("Note") },
			],
			"contacted",
			warning,
			done
		);

	ccms.warnings.assign = (warning, done) =>
		ask(
			__("Assign"),
			[
				{
					fieldname: "user",
					fieldtype: "Link",
					options: "User",
					label: __("Owner"),
					reqd: 1,
					default: frappe.session.user,
					filters: { user_type: "System User", enabled: 1 },
				},
				{ fieldname: "next_step", fieldtype: "Data", label: __("Next Step"), reqd: 1, default: __("Call the customer") },
				{ fieldname: "due_on", fieldtype: "Date", label: __("Due On"), default: frappe.datetime.get_today() },
			],
			"assign",
			warning,
			done,
			__("Assign")
		);

	ccms.warnings.snooze = (warning, done) =>
		ask(
			__("Snooze"),
			[
				{
					fieldname: "until",
					fieldtype: "Date",
					label: __("Until"),
					reqd: 1,
					default: frappe.datetime.add_days(frappe.datetime.get_today(), 7),
				},
			],
			"snooze",
			warning,
			done,
			__("Snooze")
		);

	ccms.warnings.dismiss = (warning, done) =>
		ask(
			__("Dismiss"),
			[{ fieldname: "note", fieldtype: "Small Text", label: __("Why is nothing to be done?"), reqd: 1 }],
			"dismiss",
			warning,
			done,
			__("Dismiss")
		);
})();
