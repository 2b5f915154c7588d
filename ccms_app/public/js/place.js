// The workspace that a form or list stands under in the breadcrumbs; Frappe would name the first one of the module.
// Form and list of each include this file, so nothing is built.
(() => {
	frappe.provide("ccms");
	const PLACES = {
		"Customer Insight": [
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
		],
		"Customer Data": [
			"CCMS Identity",
			"CCMS Duplicate Pair",
			"CCMS Customer Merge",
			"CCMS Customer Interaction",
			"CCMS Interaction Type",
			"CCMS Interaction Import",
			"CCMS Event Source",
			"CCMS Quality Finding",
			"CCMS Quality Fix",
			"CCMS Quality Rule",
			"CCMS Quality Run",
			"CCMS Consent",
			"CCMS Consent Wording",
			"CCMS Privacy Request",
			"CCMS Access Log",
		],
	};
	const placed = Object.entries(PLACES).flatMap(([workspace, doctypes]) =>
		doctypes.map((doctype) => [
			doctype,
			() => frappe.breadcrumbs.add({ module: "CCMS App", doctype, workspace }),
		])
	);

	for (const [doctype, place] of placed) {
		// the list's own script may have made its settings anew
		const settings = (frappe.listview_settings[doctype] = frappe.listview_settings[doctype] || {});
		if (settings.ccms_place) continue;
		const { onload } = settings;
		settings.ccms_place = true;
		settings.onload = (list) => {
			place();
			return onload?.(list);
		};
	}
	if (ccms.is_placed) return;
	ccms.is_placed = true;
	for (const [doctype, place] of placed) frappe.ui.form.on(doctype, { refresh: place });
})();
