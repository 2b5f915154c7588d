{% include "ccms_app/public/js/purchase_anomalies.js" %}

frappe.ui.form.on("CCMS Purchase Anomaly", {
	refresh(frm) {
		if (!frm.perm[0]?.write) return;
		for (const [status, label] of ccms.anomalies.actions()) {
			if (frm.doc.status === status) continue;
			frm.add_custom_button(label, () => ccms.anomalies.settle(frm.doc.name, status, () => frm.reload_doc()));
		}
	},
});
