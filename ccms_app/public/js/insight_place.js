// Documents about what customers do stand under Customer Insight; Frappe would name the first workspace of the module.
// Form and list of each include this file, so nothing is built.
(() => {
	frappe.provide("ccms");
	ccms.OF_INSIGHT = [
		"CCMS Customer Segment",
		"CCMS Segment Member",
		"CCMS Customer Cluster",
		"CCMS Score Run",
		"CCMS Customer Score",
		"CCMS Customer Profile",
		"CCMS Stage Change",
		"CCMS Customer Event",
		"CCMS Churn Warning",
		"CCMS Purchase Anomaly",
	];
	const place = (doctype) =>
		frappe.breadcrumbs.add({ module: "CCMS App", doctype, workspace: "Customer Insight" });

	for (const doctype of ccms.OF_INSIGHT) {
		// the list's own script may have made its settings anew
		const settings = (frappe.listview_settings[doctype] = frappe.listview_settings[doctype] || {});
		if (settings.ccms_place) continue;
		const { onload } = settings;
		settings.ccms_place = true;
		settings.onload = (list) => {
			place(doctype);
			return onload?.(list);
		};
	}
	if (ccms.is_placed) return;
	ccms.is_placed = true;
	for (const doctype of ccms.OF_INSIGHT) frappe.ui.form.on(doctype, { refresh: () => place(doctype) });
})();
