frappe.ui.form.on("CCMS Points Allocation", {
	refresh: (frm) => frm.disable_form(),
});
