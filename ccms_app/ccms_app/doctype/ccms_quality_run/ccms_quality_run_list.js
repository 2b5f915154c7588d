frappe.listview_settings["CCMS Quality Run"] = {
	add_fields: ["status", "customers", "checked"],

	get_indicator({ status, customers, checked }) {
		const colours = { Running: "blue", Completed: "green", Failed: "red" };
		const share = status === "Running" && customers ? ` · ${Math.round((100 * checked) / customers)} %` : "";
		return [__(status) + share, colours[status], `status,=,${status}`];
	},

	onload(list) {
		list.get_no_result_message = () => {
			const text = __("No run yet. The rules look at all customers at first, then each night at those who changed.");
			return `<div class="msg-box text-center"><p>${frappe.utils.escape_html(text)}</p></div>`;
		};
		if (!frappe.model.can_write("CCMS Quality Rule")) return;
		const ask = (full) => async () => {
			const begun = await frappe.xcall("ccms_app.api.quality.check_now", { full });
			frappe.show_alert(begun ? __("The run begins.") : __("A run is on its way."));
			setTimeout(() => list.refresh(), 3000);
		};
		list.page.add_inner_button(__("Check What Changed"), ask(0));
		list.page.add_inner_button(__("Check All"), ask(1));
		frappe.realtime.off("ccms_quality_progress");
		frappe.realtime.on("ccms_quality_progress", ({ percent, text }) => {
			frappe.show_progress(__("Data Quality"), percent, 100, text, true);
			if (percent >= 100) list.refresh();
		});
	},
};
