{% include "ccms_app/public/js/loyalty_reports.js" %}

frappe.query_reports["Points Liability"] = {
	filters: [
		ccms.reports.company(),
		ccms.reports.program(),
		ccms.reports.date("report_date", __("As of"), frappe.datetime.get_today(), { reqd: 1 }),
		ccms.reports.choice("group_by", __("Group by"), ["Age", "Expiry Month", "Program"]),
	],
	onload: ccms.reports.onload,
	get_datatable_options: ccms.reports.table("label", "points", "liability"),
	formatter: ccms.reports.formatter((value, column, data) => {
		// a month of expiry leads to the members whose points expire in it
		if (column.fieldname !== "label" || !/^\d{4}-\d\d$/.test(data.group)) return;
		const first = `${data.group}-01`;
		const today = frappe.datetime.get_today();
		return ccms.reports.go(
			value,
			"query-report/Expiring%20Points",
			{
				company: frappe.query_report.get_filter_value("company"),
				program: data.program,
				from_date: first < today ? today : first,
				to_date: moment(first).endOf("month").format("YYYY-MM-DD"),
			},
			__("Expiring Points")
		);
	}),
};
