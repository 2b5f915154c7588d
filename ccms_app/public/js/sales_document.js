// The loyalty panel on the Sales Invoice and POS Invoice forms.
(() => {
	const FIELD = "ccms_loyalty_panel";
	const SECTION = "ccms_loyalty_section";
	// The panel shows these itself.
	const SHOWN_BY_PANEL = [
		"ccms_membership", "ccms_points_balance", "ccms_points_expected", "ccms_redeem_points", "ccms_redeem_amount",
		"ccms_points_earned",
	];

	for (const doctype of ["Sales Invoice", "POS Invoice"]) {
		frappe.ui.form.on(doctype, {
			refresh(frm) {
				frm.ccms_customer = frm.doc.customer;
				if (on_till()) return;
				place(frm);
				if (frm.ccms_panel) hide_fields(frm);
				// A till's sales are in the ledger one by one, not as the invoice that sums them up.
				frm.toggle_display(SECTION, !cint(frm.doc.is_consolidated));
				frm.ccms_panel?.refresh({ delay: 0, force: frm.doc.docstatus > 0 });
			},
			customer(frm) {
				// Points and membership belong to the customer they were chosen for.
				if (frm.doc.customer === frm.ccms_customer) return;
				frm.ccms_customer = frm.doc.customer;
				if (frm.doc.ccms_membership) frm.set_value("ccms_membership", "");
				if (frm.doc.ccms_redeem_points) frm.set_value("ccms_redeem_points", 0);
			},
			async validate(frm) {
				const panel = frm.ccms_panel;
				if (on_till() || !panel || cint(frm.doc.is_return) || frm.doc.docstatus > 0) return;
				if (panel.typed_wrong) {
					panel.focus();
					frappe.throw(panel.typed_wrong);
				}
				const has_row = (frm.doc.taxes || []).some((row) => row.ccms_points_row);
				if (!flt(frm.doc.ccms_redeem_points) && !has_row) return;
				await panel.settle();
				ccms.loyalty.drop_row(frm);
			},
		});
	}

	/** The till has a form of its own that nobody sees: its panel stands on the payment screen. */
	function on_till() {
		return frappe.get_route()?.[0] === "point-of-sale";
	}

	/** Again for each document: Frappe keeps a field's properties by document. */
	function hide_fields(frm) {
		SHOWN_BY_PANEL.forEach((fieldname) => frm.fields_dict[fieldname] && frm.toggle_display(fieldname, false));
	}

	function place(frm) {
		const field = frm.fields_dict[FIELD];
		if (!field || frm.ccms_panel) return;
		frm.ccms_panel = new ccms.LoyaltyPanel({
			wrapper: field.$wrapper,
			get_doc: () => frm.doc,
			set_points: (number) => frm.set_value("ccms_redeem_points", number),
			set_membership: (name) => frm.set_value("ccms_membership", name),
			on_answer: (answer) => follow_due(frm, answer),
		});
		frm.ccms_panel.add_shortcut(frm.page);
		// ERPNext recalculates after each change of a line, a tax or a discount, and then refreshes the fields.
		$(frm.wrapper).on("refresh-fields", () => frm.ccms_panel.refresh());
	}

	/**
	 * Paid at once: the default payment follows the amount due after points, as long as it is the one that
	 * ERPNext or this panel filled in. An amount typed by the user stays.
	 */
	function follow_due(frm, answer) {
		const doc = frm.doc;
		if (!cint(doc.is_pos) || cint(doc.is_return) || doc.docstatus > 0) return;
		if (answer.error || answer.amount_due === undefined || answer.amount_due === null) return;
		const digits = precision("grand_total", doc);
		const due = flt(answer.amount_due, digits);
		const paid = flt(doc.paid_amount, digits);
		const filled_in = [ccms.loyalty.total(doc), frm.ccms_due].includes(paid);
		frm.ccms_due = due;
		if (paid === due || !filled_in || cint(frm.skip_default_payment)) return;
		ccms.loyalty.pay_by_default(frm, due);
	}
})();
