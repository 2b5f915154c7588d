frappe.listview_settings["CCMS Quality Run"] = {
	onload(list) {
		if (!frappe.model.can_write("CCMS Quality Rule")) return;
		const ask = (full) => async () => {
			const begun = await frappe.xcall("ccms_app.api.quality.check_now", { full });
			frappe.show_alert(begun ? __("The run begins.") : __("A run is on its way."));
		};
		list.page.add_inner_button(__("Check What Changed"), ask(0));
		list.page.add_inner_button(__("Check All"), ask(1));
		frappe.realtime.on("ccms_quality_progress", ({ percent, text }) => {
			frappe.show_progress(__("Data Quality"), percent, 100, text, true);
			if (percent >= 100) list.refresh();
		});
	},
};
