frappe.listview_settings["CCMS Score Run"] = {
	hide_name_column: true,
	add_fields: ["status", "is_published"],
	get_indicator(doc) {
		if (doc.is_published) return [__("Published"), "green", "is_published,=,1"];
		const colors = { Queued: "gray", Running: "blue", Completed: "gray", Failed: "red" };
		return [__(doc.status), colors[doc.status], `status,=,${doc.status}`];
	},
	onload(listview) {
		if (!frappe.boot.user.in_create.includes("CCMS Score Run")) return;
		// not the primary action: the list takes that away from a DocType that nobody fills in by hand
		listview.page.add_inner_button(__("Score Now"), ask).addClass("btn-primary");
	},
};

/** Which company, and whether everything is read anew. */
function ask() {
	const dialog = new frappe.ui.Dialog({
		title: __("Score Now"),
		fields: [
			{
				fieldname: "company",
				fieldtype: "Link",
				options: "Company",
				label: __("Company"),
				reqd: 1,
				default: frappe.defaults.get_user_default("Company"),
			},
			{
				fieldname: "full",
				fieldtype: "Check",
				label: __("Read every invoice anew"),
				description: __("Otherwise only the months that have changed."),
			},
		],
		primary_action_label: __("Score Now"),
		primary_action({ company, full }) {
			dialog.get_primary_btn().prop("disabled", true);
			frappe
				.xcall("ccms_app.api.scoring.score_now", { company, full })
				.then((name) => {
					dialog.hide();
					frappe.set_route("Form", "CCMS Score Run", name);
				})
				.catch(() => dialog.get_primary_btn().prop("disabled", false));
		},
	});
	dialog.show();
}
