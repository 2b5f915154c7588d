// Showing one value in the clear: asks for a reason, shows it once, and the access log keeps who, whom and why.

frappe.provide("ccms");

ccms.unmask = function (doctype, name, field, label) {
	const dialog = new frappe.ui.Dialog({
		title: __("Show {0}", [label]),
		fields: [
			{
				fieldtype: "Small Text",
				fieldname: "reason",
				label: __("What do you need it for?"),
				reqd: 1,
				description: __("Written down in the access log with your name. The value is not."),
			},
			{ fieldtype: "HTML", fieldname: "value" },
		],
		primary_action_label: __("Show"),
		primary_action: async ({ reason }) => {
			const value = await frappe.xcall("ccms_app.api.privacy.unmask", { doctype, name, field, reason });
			dialog.fields_dict.value.$wrapper.empty().append($('<p class="h4 mt-3 ccms-unmasked"></p>').text(value));
			dialog.get_primary_btn().hide();
		},
	});
	dialog.show();
	return dialog;
};

frappe.ui.form.on("CCMS Identity", {
	async refresh(frm) {
		if (frm.is_new()) return;
		const reader = await frappe.xcall("ccms_app.api.privacy.reader");
		if (!reader.may_unmask) return;
		frm.add_custom_button(__("Show Value"), () =>
			ccms.unmask(frm.doctype, frm.doc.name, "value", frm.doc.shown_as)
		);
	},
});
