frappe.ui.form.on("CCMS Points Ledger Entry", {
	refresh: (frm) => frm.disable_form(),
});
