// A line on top of the customer's form: somebody else is probably the same person.
frappe.ui.form.on("Customer", {
	refresh(frm) {
		if (frm.is_new() || !frappe.model.can_read("CCMS Duplicate Pair")) return;
		const { name } = frm.doc;
		frappe.xcall("ccms_app.api.duplicates.of_customer", { customer: name }).then((pairs) => {
			if (!pairs.length || frm.doc.name !== name) return;
			const text = pairs.length === 1 ? __("1 probable duplicate") : __("{0} probable duplicates", [pairs.length]);
			const where =
				pairs.length === 1
					? frappe.utils.get_form_link("CCMS Duplicate Pair", pairs[0])
					: `/app/ccms-duplicate-pair?name=${encodeURIComponent(JSON.stringify(["in", pairs]))}`;
			frm.set_intro(
				`<a class="ccms-duplicates-of" href="${where}">${frappe.utils.escape_html(text)}</a>`,
				"orange"
			);
		});
	},
});
