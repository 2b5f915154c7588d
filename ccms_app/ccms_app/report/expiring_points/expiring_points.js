{% include "ccms_app/public/js/loyalty_reports.js" %}

frappe.query_reports["Expiring Points"] = {
	filters: [
		ccms.reports.company(),
		ccms.reports.program(),
		ccms.reports.date("from_date", __("From Date"), frappe.datetime.get_today(), { reqd: 1 }),
		ccms.reports.date("to_date", __("To Date"), frappe.datetime.add_days(frappe.datetime.get_today(), 30), { reqd: 1 }),
		ccms.reports.choice("group_by", __("Group by"), ["Member", "Month"]),
	],
	onload: ccms.reports.onload,
	get_datatable_options: ccms.reports.table("customer_name", "label", "points", "expires_on", "days"),
	formatter: ccms.reports.formatter((value, column, data) => {
		if (column.fieldname === "customer_name" && data.membership) {
			return ccms.reports.statement(value || data.customer, data.membership);
		}
		if (column.fieldname === "label" && data.month) {
			return ccms.reports.go(
				value,
				"query-report/Expiring%20Points",
				{
					company: frappe.query_report.get_filter_value("company"),
					program: data.program,
					from_date: data.from_date,
					to_date: moment(`${data.month}-01`).endOf("month").format("YYYY-MM-DD"),
					group_by: "Member",
				},
				__("Members")
			);
		}
	}),
};
