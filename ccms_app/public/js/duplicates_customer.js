// A line on the customer's form: somebody else is probably the same person.
frappe.ui.form.on("Customer", {
	refresh(frm) {
		if (frm.is_new() || !frappe.model.can_read("CCMS Duplicate Pair")) return;
		const { name } = frm.doc;
		frappe.xcall("ccms_app.api.duplicates.of_customer", { customer: name }).then((pairs) => {
			if (!pairs.length || frm.doc.name !== name) return;
			const text = pairs.length === 1 ? __("1 probable duplicate") : __("{0} probable duplicates", [pairs.length]);
			frm.dashboard.add_indicator(text, "orange");
			frm.dashboard.stats_area_row
				?.find(".indicator")
				.last()
				.css("cursor", "pointer")
				.on("click", () => {
					if (pairs.length === 1) return frappe.set_route("Form", "CCMS Duplicate Pair", pairs[0]);
					frappe.set_route("List", "CCMS Duplicate Pair", { name: ["in", pairs] });
				});
		});
	},
});
