// What can be done with an unusual order: the same on its form and in the report.
(() => {
	frappe.provide("ccms.anomalies");

	/** [status, label on a button] */
	ccms.anomalies.actions = () => [
		["Looked At", __("Looked At")],
		["Explained", __("Explained")],
		["Wrong", __("Wrong")],
	];

	const EXPLAINED = {
		"Looked At": () => __("Somebody has seen it and will find out."),
		Explained: () => __("It is right: an event, a gift, a changed life."),
		Wrong: () => __("It is a mistake or a fraud, and is being put right."),
	};

	/** Ask for a note and set the status; `done` runs when the server has agreed. */
	ccms.anomalies.settle = (anomaly, status, done) => {
		const dialog = new frappe.ui.Dialog({
			title: __(status),
			fields: [
				{ fieldtype: "HTML", options: `<p class="text-muted">${EXPLAINED[status]()}</p>` },
				{ fieldname: "note", fieldtype: "Small Text", label: __("Note"), reqd: status === "Looked At" ? 0 : 1 },
			],
			primary_action_label: __("Save"),
			primary_action: ({ note }) =>
				frappe.xcall("ccms_app.api.anomalies.settle", { anomaly, status, note }).then(() => {
					dialog.hide();
					done?.();
				}),
		});
		dialog.show();
	};
})();
