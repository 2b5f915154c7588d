const USUAL_REASONS = { "Opening Balance": "Opening", "Extend Expiry": "Extension" };

frappe.ui.form.on("CCMS Points Adjustment", {
	setup(frm) {
		frm.set_query("membership", () => ({ filters: { status: ["!=", "Left"], ...chosen(frm) } }));
		frm.set_query("to_membership", () => ({
			filters: {
				status: ["!=", "Left"],
				name: ["!=", frm.doc.membership || ""],
				...(frm.doc.program ? { program: frm.doc.program } : {}),
			},
		}));
	},

	refresh(frm) {
		lock_member(frm);
		show_balance(frm);
		warn_of_approval(frm);
		if (frm.doc.docstatus !== 0) {
			frm.add_custom_button(__("Points Ledger"), () =>
				frappe.set_route("List", "CCMS Points Ledger Entry", {
					voucher_type: frm.doc.doctype,
					voucher_no: frm.doc.name,
				})
			);
		}
	},

	async membership(frm) {
		lock_member(frm);
		if (frm.doc.membership) {
			const { message } = await frappe.db.get_value("CCMS Membership", frm.doc.membership, [
				"customer",
				"program",
				"company",
			]);
			await frm.set_value(message);
		}
		show_balance(frm);
	},

	customer: (frm) => show_balance(frm),
	program: (frm) => show_balance(frm),
	points: (frm) => warn_of_approval(frm),

	adjustment_type(frm) {
		const type = frm.doc.adjustment_type;
		if (type !== "Transfer") frm.set_value("to_membership", null);
		if (["Deduct", "Transfer"].includes(type)) frm.set_value("expires_on", null);
		if (type === "Extend Expiry") frm.set_value("points", 0);
		frm.set_value("reason_code", USUAL_REASONS[type] || "Goodwill");
	},
});

function chosen(frm) {
	const filters = {};
	if (frm.doc.customer) filters.customer = frm.doc.customer;
	if (frm.doc.program) filters.program = frm.doc.program;
	return filters;
}

/** A membership says customer and program; without one both are asked. */
function lock_member(frm) {
	["customer", "program"].forEach((field) =>
		frm.set_df_property(field, "read_only", frm.doc.membership ? 1 : 0)
	);
}

function show_balance(frm) {
	const { customer, program, docstatus } = frm.doc;
	frm.get_field("points").set_description(__("Always positive; the type says the direction."));
	if (docstatus !== 0 || !customer || !program) return;
	ccms.loyalty.call("get_balance", { customer, program }).then((balance) => {
		if (customer !== frm.doc.customer || program !== frm.doc.program) return;
		const text = balance?.membership
			? __("The member has {0} active and {1} pending points.", [
					ccms.loyalty.points(balance.active),
					ccms.loyalty.points(balance.pending),
			  ])
			: __("Not a member yet: submitting enrols the customer.");
		frm.get_field("points").set_description(text);
	});
}

function warn_of_approval(frm) {
	frappe.db.get_single_value("CCMS Settings", "approval_limit").then((limit) => {
		frm.set_intro("");
		if (frm.doc.docstatus !== 0 || !limit || flt(frm.doc.points) <= limit) return;
		frm.set_intro(
			__("Above {0} points somebody else than the author submits this.", [ccms.loyalty.points(limit)]),
			"orange"
		);
	});
}
