frappe.ui.form.on("CCMS Quality Finding", {
	refresh(frm) {
		frm.disable_save();
		ccms.quality.name_field(frm);
		const told = frm.doc.__onload || {};
		if (told.reason) frm.set_intro(told.reason, frm.doc.status === "Open" ? "orange" : "blue");
		if (!frm.perm[0] || !frm.perm[0].write) return;
		const act = (what) => ccms.quality.act(what, { finding: frm.doc.name }, () => frm.reload_doc());
		if (frm.doc.status === "Open") {
			if (told.can_fix) {
				const put_right = () => ccms.quality.put_right(frm.doc, () => frm.reload_doc());
				frm.add_custom_button(__("Put Right"), put_right).addClass("btn-primary");
			}
			frm.add_custom_button(__("Ignore"), () => act("ignore"));
		} else if (frm.doc.status === "Ignored") {
			frm.add_custom_button(__("Open Again"), () => act("reopen"));
		}
	},
});
