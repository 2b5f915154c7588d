{% include "ccms_app/public/js/loyalty_reports.js" %}

(() => {
	frappe.query_reports["Unlinked Returns"] = {
		filters: [
			ccms.reports.company(),
			ccms.reports.program(),
			ccms.reports.date("from_date", __("From Date"), frappe.datetime.add_months(frappe.datetime.get_today(), -3), { reqd: 1 }),
			ccms.reports.date("to_date", __("To Date"), frappe.datetime.get_today(), { reqd: 1 }),
			{ fieldname: "show_adjusted", label: __("Also those adjusted"), fieldtype: "Check" },
		],

		onload(report) {
			// again with every link to this report: one click opens one adjustment
			report.page.main.off("click.ccms-adjust").on("click.ccms-adjust", "[data-ccms-adjust]", (event) => {
				const row = report.data.find((one) => one.name === event.currentTarget.dataset.ccmsAdjust);
				if (row) adjust(row);
			});
			return ccms.reports.onload(report);
		},

		get_datatable_options: ccms.reports.table("customer_name", "suggested", "action"),
		formatter: ccms.reports.formatter((value, column, data) => {
			if (column.fieldname === "customer_name" && data.membership) {
				return ccms.reports.statement(value || data.customer, data.membership);
			}
			if (column.fieldname === "action" && data.name) return action(data);
		}),
	};

	/** The adjustment there is, or the button that opens one. */
	function action(data) {
		if (data.adjustment) {
			const link = frappe.utils.get_form_link("CCMS Points Adjustment", data.adjustment, true);
			return data.adjusted ? link : `${link} <span class="text-muted">${__("Draft")}</span>`;
		}
		if (!frappe.model.can_create("CCMS Points Adjustment")) return "";
		const name = frappe.utils.escape_html(data.name);
		return `<button class="btn btn-xs btn-default" data-ccms-adjust="${name}">${__("Adjust")}</button>`;
	}

	/** A new deduction for this credit note, of no more than the member has. */
	function adjust(row) {
		const filled = {
			adjustment_type: "Deduct",
			membership: row.membership,
			customer: row.customer,
			program: row.program,
			company: frappe.query_report.get_filter_value("company"),
			points: Math.min(row.suggested, row.usable),
			reason_code: "Correction",
			reason: __("Returned goods: credit note {0} took no points back ({1} points at today's tier)", [
				row.name,
				ccms.reports.points(row.suggested),
			]),
		};
		// what is not copied with a document does not arrive with the rest
		const about = { reference_type: row.doctype, reference_name: row.name };
		frappe.new_doc("CCMS Points Adjustment", filled, (doc) => Object.assign(doc, about));
	}
})();
