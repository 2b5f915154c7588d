frappe.ui.form.on("CCMS Customer Score", {
	refresh: (frm) => frm.disable_form(),
});
