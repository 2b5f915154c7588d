frappe.ui.form.on("CCMS Quality Finding", {
	refresh(frm) {
		frm.disable_save();
		const reason = frm.doc.__onload && frm.doc.__onload.reason;
		if (reason) frm.set_intro(reason, frm.doc.status === "Open" ? "orange" : "blue");
		if (!frm.perm[0] || !frm.perm[0].write) return;
		if (frm.doc.status === "Open") {
			if (frm.doc.fieldname && !frm.doc.fieldname.includes(":")) {
				frm.add_custom_button(__("Put Right"), () => put_right(frm)).addClass("btn-primary");
			}
			frm.add_custom_button(__("Ignore"), () => act(frm, "ignore"));
		} else if (frm.doc.status === "Ignored") {
			frm.add_custom_button(__("Open Again"), () => act(frm, "reopen"));
		}
	},
});

function act(frm, what) {
	return frappe
		.xcall(`ccms_app.api.quality.${what}`, { finding: frm.doc.name })
		.then(() => frm.reload_doc());
}

/** Shows what stands there and asks for the value; nothing is written before it is confirmed. */
async function put_right(frm) {
	const told = await frappe.xcall("ccms_app.api.quality.preview", {
		finding: frm.doc.name,
		value: frm.doc.suggestion || "",
	});
	const dialog = new frappe.ui.Dialog({
		title: __("Put Right"),
		fields: [
			{ fieldtype: "Data", fieldname: "old", label: told.label, default: told.old, read_only: 1 },
			{ fieldtype: "Data", fieldname: "value", label: __("New Value"), default: told.new, reqd: 1 },
			{
				fieldtype: "Data",
				fieldname: "score",
				label: __("Score"),
				default: `${told.score} → ${told.score_after}`,
				read_only: 1,
			},
		],
		primary_action_label: __("Save"),
		async primary_action({ value }) {
			await frappe.xcall("ccms_app.api.quality.apply", {
				finding: frm.doc.name,
				value,
				seen: told.old,
			});
			dialog.hide();
			frappe.show_alert({ message: __("Put right. It can be undone from its fix."), indicator: "green" });
			frm.reload_doc();
		},
	});
	dialog.show();
}
