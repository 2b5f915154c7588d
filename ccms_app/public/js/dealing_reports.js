// What the reports on dealings share on the screen. Each report includes loyalty_reports.js, insight_reports.js, this file.
frappe.provide("ccms.dealings");

ccms.dealings.CHANNELS = ["Phone", "E-mail", "SMS", "Chat", "Store", "Web", "App", "WeChat", "Social", "Device", "Post"];
ccms.dealings.OUTSIDE = ["path", "next", "step"];
ccms.dealings.PERIODS = ["Last 30 Days", "Last 90 Days", "Last 12 Months", "This Month", "This Year", "Choose Dates"];

/** The settings of a report: company, period, its own filters, branch, channel and, where it asks for one, type. */
ccms.dealings.report = ({ filters = [], type = true, first = [] } = {}) => ({
	filters: [
		ccms.reports.company(),
		...ccms.insight.period(ccms.dealings.PERIODS),
		...filters,
		ccms.reports.link("branch", __("Branch"), "Branch"),
		{ ...ccms.reports.choice("channel", __("Channel"), ["", ...ccms.dealings.CHANNELS]), default: "" },
		...(type ? [ccms.reports.link("interaction_type", __("Type"), "CCMS Interaction Type")] : []),
	],
	onload: (report) => {
		ccms.insight.dress();
		ccms.insight.place("Customer Data");
		return ccms.reports.onload(report);
	},
	formatter: ccms.reports.formatter(ccms.dealings.cell),
	get_datatable_options: ccms.reports.table(...first),
});

/** A number leads to the list of its events; growth has a sign. */
ccms.dealings.cell = (value, column, data) => {
	const path = data.href?.[column.fieldname];
	if (path && value) {
		const text = typeof value === "number" ? format_number(value, null, 0) : frappe.utils.escape_html(String(value));
		return ccms.reports.right(`<a href="${frappe.utils.escape_html(path)}" title="${__("Interactions")}">${text}</a>`);
	}
	if (column.fieldname === "change" && typeof value === "number") {
		const sign = value > 0 ? "+" : "";
		return ccms.reports.right(`${sign}${format_number(value, null, Math.abs(value) < 10 && value % 1 ? 1 : 0)} %`);
	}
	if (ccms.dealings.OUTSIDE.includes(column.fieldname) && value) {
		return frappe.utils.escape_html(ccms.dealings.told(String(value)));
	}
	return ccms.insight.text(value, column, data);
};

/** A text from outside as it came: it is kept with the start of each tag as "&lt;" (interactions/texts.py). */
ccms.dealings.told = (text) => text.replaceAll("&lt;", "<").replace(/&amp;(?=(?:amp;)*lt;)/g, "&");
