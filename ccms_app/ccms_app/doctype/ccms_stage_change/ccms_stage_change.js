frappe.ui.form.on("CCMS Stage Change", {
	refresh: (frm) => frm.disable_form(),
});
