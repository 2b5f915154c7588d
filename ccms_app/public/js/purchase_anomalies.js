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

	/** Ask for a note (and for the status, where none is given) and set it; `done` runs when the server has agreed. */
	ccms.anomalies.settle = (anomaly, status, done) => {
		const options = ccms.anomalies.actions().map(([value, label]) => ({ value, label }));
		const dialog = new frappe.ui.Dialog({
			title: status ? __(status) : __("What Came of It"),
			fields: [
				{ fieldname: "status", fieldtype: "Select", label: __("Status"), options, default: status, reqd: 1, hidden: status ? 1 : 0 },
				{ fieldtype: "HTML", options: status ? `<p class="text-muted">${EXPLAINED[status]()}</p>` : "" },
				{
					fieldname: "note",
					fieldtype: "Small Text",
					label: __("Note"),
					mandatory_depends_on: 'eval: doc.status && doc.status !== "Looked At"',
				},
			],
			primary_action_label: __("Save"),
			primary_action: ({ status, note }) =>
				frappe.xcall("ccms_app.api.anomalies.settle", { anomaly, status, note }).then(() => {
					dialog.hide();
					done?.();
				}),
		});
		dialog.show();
	};
})();
