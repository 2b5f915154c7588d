frappe.ui.form.on("CCMS Quality Fix", {
	refresh(frm) {
		frm.disable_save();
		ccms.quality.name_field(frm);
		if (frm.doc.status !== "Applied" || !frm.perm[0] || !frm.perm[0].write) return;
		if (!(frm.doc.__onload || {}).can_undo) return;
		frm.add_custom_button(__("Undo"), () =>
			frappe
				.xcall("ccms_app.api.quality.undo", { fix: frm.doc.name })
				.then(() => frm.reload_doc())
				.catch(() => {}) // what the server refused is on the screen already
		);
	},
});
