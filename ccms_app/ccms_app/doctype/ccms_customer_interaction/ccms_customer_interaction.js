frappe.ui.form.on("CCMS Customer Interaction", {
	refresh: (frm) => frm.disable_form(),
});
