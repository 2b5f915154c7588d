const STATUS_COLORS = { Active: "green", Frozen: "orange", Left: "gray" };

frappe.ui.form.on("CCMS Membership", {
	setup(frm) {
		frm.set_query("program", () => ({ filters: { enabled: 1 } }));
		frm.set_query("sponsor", () => ({ filters: { name: ["!=", frm.doc.name || ""] } }));
	},

	refresh(frm) {
		if (frm.is_new()) {
			frm.set_intro(
				__("Saving this enrols the customer. A member number is made when you leave it empty."),
				"blue"
			);
			return;
		}
		frm.set_intro("");
		frm.page.set_indicator(__(frm.doc.status, null, frm.doctype), STATUS_COLORS[frm.doc.status]);
		if (frm.doc.merged_into) {
			frm.set_intro(__("The points of this membership were moved when two customers were merged."), "orange");
		}
		show_balance(frm);
		add_buttons(frm);
	},
});

function show_balance(frm) {
	const { points } = ccms.loyalty;
	ccms.loyalty
		.call("get_balance", { customer: frm.doc.customer, program: frm.doc.program })
		.then((balance) => {
			if (!balance?.membership) return;
			const worth = ccms.loyalty.money(balance.value, balance.currency).bold();
			const parts = [
				frm.doc.status === "Active"
					? __("{0} points can be used, worth {1}", [points(balance.spendable).bold(), worth])
					: __("{0} points, worth {1}; none can be used now", [points(balance.spendable).bold(), worth]),
			];
			if (balance.pending) parts.push(__("{0} pending", [points(balance.pending)]));
			if (balance.arrears) parts.push(__("{0} owed", [points(balance.arrears)]));
			const next = balance.expiring?.[0];
			if (next) parts.push(__("{0} expire on {1}", [points(next.points), ccms.loyalty.day(next.date)]));
			if (balance.next_tier) {
				const tier = frappe.utils.escape_html(balance.next_tier.name);
				parts.push(__("{0} more to {1}", [points(balance.next_tier.missing), tier]));
			}
			frm.dashboard.set_headline(parts.join(" · "), STATUS_COLORS[frm.doc.status]);
		});
}

function add_buttons(frm) {
	frm.add_custom_button(__("Statement"), () =>
		frappe.set_route("query-report", "Points Statement", {
			company: frm.doc.company,
			program: frm.doc.program,
			customer: frm.doc.customer,
			membership: frm.doc.name,
		})
	);
	if (frappe.model.can_create("CCMS Points Adjustment") && frm.doc.status !== "Left") {
		frm.add_custom_button(__("Adjust"), () =>
			frappe.new_doc("CCMS Points Adjustment", { membership: frm.doc.name })
		);
	}
	if (!frm.perm[0]?.write || frm.doc.merged_into) return;
	const change = (label, status) =>
		frm.add_custom_button(
			label,
			() => ccms.loyalty.change_status(frm.doc.name, status, label).then(() => frm.reload_doc()),
			__("Status")
		);
	if (frm.doc.status === "Active") change(__("Freeze"), "Frozen");
	if (frm.doc.status === "Frozen") change(__("Unfreeze"), "Active");
	if (frm.doc.status === "Left") change(__("Rejoin"), "Active");
	else change(__("Leave"), "Left");
}
