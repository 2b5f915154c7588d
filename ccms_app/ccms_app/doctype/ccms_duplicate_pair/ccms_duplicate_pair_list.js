frappe.listview_settings["CCMS Duplicate Pair"] = {
	add_fields: ["status", "certainty", "score"],
	filters: [
		["status", "=", "Open"],
		["certainty", "!=", "Possible"],
	],
	hide_name_column: true,

	get_indicator(doc) {
		if (doc.status !== "Open") {
			const colors = { Snoozed: "gray", "Not a Duplicate": "darkgrey", Merged: "green" };
			return [__(doc.status), colors[doc.status], `status,=,${doc.status}`];
		}
		const colors = { Certain: "green", Likely: "blue", Possible: "orange" };
		// on a narrow screen the column of the chance is not shown
		const text = `${__(doc.certainty)} · ${format_number(doc.score, null, 1)} %`;
		return [text, colors[doc.certainty], `certainty,=,${doc.certainty}`];
	},

	onload(listview) {
		const may_look = ["System Manager", "CCMS Manager", "Sales Master Manager"].some((role) =>
			frappe.user.has_role(role)
		);
		const look = (full) =>
			frappe
				.xcall("ccms_app.api.duplicates.look", { full })
				.then((started) =>
					frappe.show_alert(
						started
							? __("Customers are being compared. This list fills when that is done.")
							: __("Customers are being compared already.")
					)
				);
		if (may_look) {
			listview.page.add_inner_button(__("Look for Duplicates"), () => look(0));
			listview.page.add_menu_item(__("Compare All Customers Anew"), () => look(1));
		}
		listview.get_no_result_message = () => {
			const text = frappe.utils.escape_html(
				__("No pair is waiting here. Customers who changed are compared with all others each night.")
			);
			const hint = frappe.utils.escape_html(
				may_look ? __("Press “Look for Duplicates” to compare them now.") : ""
			);
			return `<div class="msg-box text-center"><p>${text}</p><p>${hint}</p></div>`;
		};
		frappe.realtime.off("ccms_matching_progress");
		frappe.realtime.on("ccms_matching_progress", (now) => {
			frappe.show_progress(__("Looking for Duplicates"), now.percent, 100, now.text || "", true);
			if (!now.ended) return;
			if (now.busy) {
				frappe.show_alert(__("Customers are being compared already."));
				return;
			}
			frappe.show_alert({ message: __("{0} new pairs, {1} open.", [now.new, now.open]), indicator: "green" });
			listview.refresh();
		});
	},
};
