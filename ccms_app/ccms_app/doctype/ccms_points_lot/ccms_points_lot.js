frappe.ui.form.on("CCMS Points Lot", {
	refresh: (frm) => frm.disable_form(),
});
