{% include "ccms_app/public/js/loyalty_reports.js" %}

frappe.query_reports["Points Statement"] = {
	filters: [
		ccms.reports.link("customer", __("Customer"), "Customer", {
			on_change: (report) => report.set_filter_value("membership", ""),
		}),
		ccms.reports.link("program", __("Loyalty Program"), "CCMS Loyalty Program"),
		ccms.reports.link("membership", __("Membership"), "CCMS Membership", {
			get_query: () => {
				const { customer, program } = frappe.query_report.get_filter_values();
				return { filters: { ...(customer && { customer }), ...(program && { program }) } };
			},
		}),
		ccms.reports.date("from_date", __("From Date"), frappe.datetime.add_months(frappe.datetime.get_today(), -12), { reqd: 1 }),
		ccms.reports.date("to_date", __("To Date"), frappe.datetime.get_today(), { reqd: 1 }),
		{
			fieldname: "show_changes",
			label: __("Also tier, status and dates"),
			fieldtype: "Check",
		},
	],
	onload: ccms.reports.onload,
	get_datatable_options: ccms.reports.table("posting_date", "points_in", "points_out", "balance"),
	formatter: ccms.reports.formatter(),
};
