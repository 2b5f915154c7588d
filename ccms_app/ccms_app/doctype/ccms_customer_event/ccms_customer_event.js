frappe.ui.form.on("CCMS Customer Event", {
	refresh: (frm) => frm.disable_form(),
});
