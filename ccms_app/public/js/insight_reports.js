// What the reports on customers share on the screen: filters, pictures, links to the customers behind a figure.
// Each report includes loyalty_reports.js (filters, formats, empty pages) and then this file, so nothing is built.
frappe.provide("ccms.insight");

ccms.insight.SCOPE = ["company", "branch", "customer_group", "territory", "sales_person"];

/** Company, branch, customer group, territory, sales person: the filters that every report has. */
ccms.insight.scope = () => [
	{ ...ccms.reports.company(), on_change: (report) => report.set_filter_value("branch", "") },
	{
		fieldname: "branch",
		label: __("Branch"),
		fieldtype: "Autocomplete",
		ignore_validation: 1,
		get_query: () => ({
			query: "ccms_app.api.insight.branches",
			params: { company: frappe.query_report.get_filter_value("company") },
		}),
	},
	ccms.reports.link("customer_group", __("Customer Group"), "Customer Group"),
	ccms.reports.link("territory", __("Territory"), "Territory"),
	ccms.reports.link("sales_person", __("Sales Person"), "Sales Person"),
];

ccms.insight.PERIODS = [
	"Last 12 Months",
	"Last 90 Days",
	"Last 30 Days",
	"This Month",
	"This Year",
	"Choose Dates",
];

/** A period, and two dates that appear when they are to be chosen. */
ccms.insight.period = (choices = ccms.insight.PERIODS) => {
	const dates = { depends_on: 'eval: doc.period === "Choose Dates"' };
	return [
		ccms.reports.choice("period", __("Period"), choices),
		ccms.reports.date("from_date", __("From Date"), "", dates),
		ccms.reports.date("to_date", __("To Date"), "", dates),
	];
};

/**
 * The settings of a report: its own filters after those of the scope, its own cells before the usual links.
 * `period`: true, or the periods it offers. `first`: columns that stand first on a phone. `buttons(report)` adds some.
 */
ccms.insight.report = ({ filters = [], cell, period, ...more } = {}) => ({
	filters: [...ccms.insight.scope(), ...(period ? ccms.insight.period(period === true ? undefined : period) : []), ...filters],
	onload: (report) => {
		ccms.insight.dress();
		ccms.insight.place();
		more.buttons?.(report);
		return ccms.reports.onload(report);
	},
	formatter: ccms.reports.formatter((value, column, data) => cell?.(value, column, data) || ccms.insight.cell(value, column, data)),
	get_datatable_options: ccms.reports.table(...(more.first || [])),
});

/** The way back: Frappe would name the first workspace of the module. */
ccms.insight.place = (workspace = "Customer Insight") => frappe.breadcrumbs.add({ module: "CCMS App", workspace });

/** A figure with customers behind it leads to them: rows carry {column: cell}, columns a kind of number. */
ccms.insight.cell = (value, column, data) => {
	const cell = data.behind?.[column.fieldname];
	const path = data.href?.[column.fieldname];
	const text = ccms.insight.text(value, column, data);
	if (path && value) {
		// an address that the server has encoded stays as it is
		const address = path.includes("%") ? path : encodeURI(path);
		const html = frappe.utils.escape_html(String(value));
		return `<a href="${frappe.utils.escape_html(address)}">${html}</a>`;
	}
	if (!cell || value === null || value === undefined || value === "") return text;
	const html = text ?? frappe.utils.escape_html(String(value));
	const numeric = ["Int", "Float", "Currency", "Percent"].includes(column.fieldtype);
	const link = ccms.reports.go(
		numeric && text === undefined ? frappe.format(value, column, { only_value: true }, data) : html,
		"query-report/Customers%20Behind",
		{ ...ccms.insight.chosen(), ...cell },
		__("Customers behind this figure")
	);
	return numeric ? ccms.reports.right(link) : link;
};

/** Shares and decimals as people read them; what is not known stays empty. */
ccms.insight.text = (value, column) => {
	if (column.fieldtype === "Percent") {
		if (value === null || value === undefined || value === "") return "&nbsp;";
		return ccms.reports.right(`${format_number(value, null, Math.abs(value) < 10 && value % 1 ? 1 : 0)} %`);
	}
	if (column.fieldtype === "Currency" && (value === null || value === undefined || value === "")) return "&nbsp;";
	if (column.decimals !== undefined && typeof value === "number") {
		return ccms.reports.right(format_number(value, null, column.decimals));
	}
};

/** The filters of the scope as they are set. */
ccms.insight.chosen = () => {
	const filters = frappe.query_report.get_filter_values();
	return Object.fromEntries(ccms.insight.SCOPE.map((name) => [name, filters[name]]));
};

$(document)
	.off("click.ccms_score")
	.on("click.ccms_score", ".ccms-score-now", (event) => {
		const button = $(event.currentTarget).prop("disabled", true);
		frappe
			.xcall("ccms_app.api.insight.score_now", { company: button.attr("data-company") })
			.then(() => {
				frappe.show_alert({ message: __("Scoring has started."), indicator: "green" });
				setTimeout(() => frappe.query_report?.refresh(), 1500);
			})
			.catch(() => button.prop("disabled", false));
	});

/** The looks of pictures and figures; once a page. */
ccms.insight.dress = () => {
	if (document.getElementById("ccms-insight-style")) return;
	const style = document.createElement("style");
	style.id = "ccms-insight-style";
	style.textContent = `{% include "ccms_app/public/css/insight_pictures.css" %}`;
	document.head.append(style);
};
