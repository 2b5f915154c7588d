frappe.ui.form.on("CCMS Customer Profile", {
	refresh: (frm) => frm.disable_form(),
});
