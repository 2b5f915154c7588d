{% include "ccms_app/public/js/churn_warnings.js" %}

frappe.ui.form.on("CCMS Churn Warning", {
	refresh(frm) {
		const { doc } = frm;
		frm.trigger("explain");
		if (!frm.perm[0]?.write || !["Open", "Contacted", "Snoozed"].includes(doc.status)) return;
		const done = () => frm.reload_doc();
		frm.add_custom_button(__("Contacted"), () => ccms.warnings.contacted(doc.name, done)).addClass("btn-primary");
		frm.add_custom_button(__("Assign"), () => ccms.warnings.assign(doc.name, done));
		frm.add_custom_button(__("Snooze"), () => ccms.warnings.snooze(doc.name, done));
		frm.add_custom_button(__("Dismiss"), () => ccms.warnings.dismiss(doc.name, done));
	},

	explain(frm) {
		const wrapper = frm.get_field("reasons_html").$wrapper.empty();
		frappe.xcall("ccms_app.api.warnings.reasons", { warning: frm.doc.name }).then((reasons) => {
			const list = $("<ul>").appendTo(wrapper);
			reasons.forEach((reason) => $("<li>").text(reason).appendTo(list));
			if (!reasons.length) wrapper.text(__("No reasons are known."));
		});
	},
});
