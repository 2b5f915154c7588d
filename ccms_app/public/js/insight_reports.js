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
		more.buttons?.(report);
		return ccms.reports.onload(report);
	},
	formatter: ccms.reports.formatter((value, column, data) => cell?.(value, column, data) || ccms.insight.cell(value, column, data)),
	get_datatable_options: ccms.reports.table(...(more.first || [])),
});

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
	style.textContent = `
.ccms-basis { color: var(--text-muted); font-size: var(--text-xs); }
.ccms-finding { font-size: var(--text-base); color: var(--text-color); line-height: 1.6; }
.ccms-finding .ccms-basis { line-height: 1.4; }
.ccms-delta { font-size: var(--text-xs); font-weight: normal; color: var(--text-muted); line-height: 1.5; margin-top: 3px; white-space: nowrap; }
.ccms-delta span { display: inline; overflow: visible; white-space: inherit; font-size: inherit; }
.report-summary:has(.ccms-value) { flex-wrap: wrap; align-items: flex-start; }
.report-summary .summary-item:has(.ccms-value) { height: auto; min-height: 62px; place-content: flex-start; }
.report-summary .summary-item:has(.ccms-value) .summary-value { overflow: visible; white-space: normal; text-overflow: clip; }
.ccms-picture { padding: var(--padding-md) var(--padding-md) var(--padding-sm); overflow: hidden; }
.ccms-scroll { overflow-x: auto; }
.ccms-pictures { display: flex; flex-wrap: wrap; gap: var(--margin-lg); }
.ccms-pictures > section { flex: 1 1 340px; min-width: 0; }
.ccms-caption { padding: 0 0 var(--padding-sm); color: var(--text-muted); font-size: var(--text-sm); }
.ccms-heat { border-collapse: separate; border-spacing: 3px; width: 100%; table-layout: fixed; font-size: var(--text-sm); }
.ccms-heat thead th:first-child { width: 132px; text-align: left; }
.ccms-heat th { font-weight: 500; color: var(--text-muted); padding: 2px 6px; white-space: nowrap; }
.ccms-heat thead th { text-align: center; }
.ccms-heat td { text-align: center; border-radius: var(--border-radius-sm); padding: 0; min-width: 42px;
	background: rgba(36, 144, 239, calc(0.06 + var(--depth, 0) * 0.6)); color: var(--text-color); }
.ccms-heat thead th { white-space: normal; }
.ccms-heat td.ccms-none { background: transparent; }
.ccms-heat td { white-space: nowrap; }
.ccms-heat td.ccms-hatched { background: repeating-linear-gradient(135deg,
	rgba(36, 144, 239, calc(0.04 + var(--depth, 0) * 0.4)) 0 5px, transparent 5px 10px); }
.ccms-heat td > a, .ccms-heat td > b:only-child { display: block; padding: 6px 4px; }
.ccms-heat td a, .ccms-bars a { color: inherit; text-decoration: none; }
.ccms-heat td a:hover, .ccms-heat td a:focus { outline: 2px solid var(--primary); border-radius: var(--border-radius-sm); }
.ccms-heat small { display: block; line-height: 1.35; }
.ccms-heat b { font-weight: 600; }
.ccms-bars { width: 100%; font-size: var(--text-sm); border-collapse: collapse; }
.ccms-bars th, .ccms-bars td { padding: 4px 6px; vertical-align: middle; }
.ccms-bars th { font-weight: 500; width: 1%; white-space: nowrap; text-align: left; }
.ccms-bars td:last-child { width: 1%; white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; }
.ccms-bars small { display: block; color: var(--text-muted); font-weight: normal; line-height: 1.3; }
.ccms-bars a:hover { text-decoration: underline; }
.ccms-track > div { position: relative; height: 22px; min-width: 60px; }
.ccms-bar { position: absolute; top: 3px; height: 12px; min-width: 2px; border-radius: 3px; background: #2490ef; }
.ccms-bar.good { background: #29a56c; } .ccms-bar.warn { background: #e79913; } .ccms-bar.bad { background: #cb2929; } .ccms-bar.sum { background: #505a62; }
.ccms-bars tr.sum th, .ccms-bars tr.sum td { font-weight: 600; border-top: 1px solid var(--border-color); }
.ccms-beside { position: absolute; top: 17px; height: 4px; min-width: 1px; border-radius: 2px; background: var(--gray-400); }
@media (max-width: 576px) {
	.ccms-heat { font-size: var(--text-xs); } .ccms-heat small { display: none; } .ccms-heat td { min-width: 34px; }
	.ccms-heat thead th:first-child { width: 92px; } .ccms-heat { min-width: 720px; }
	.report-summary:has(.ccms-value) { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); padding: var(--padding-sm) 0; }
	.report-summary .summary-item:has(.ccms-value) { min-width: 0; max-width: none; margin: 0 0 var(--margin-sm); padding: 0 4px; }
	.report-summary .summary-item:has(.ccms-value) .summary-label { white-space: normal; }
	.report-summary .summary-item:has(.ccms-value) .summary-value { font-size: var(--text-lg); }
	.ccms-delta { white-space: normal; overflow-wrap: anywhere; }
	.ccms-heat.few { min-width: 0; }
	.ccms-bars th { white-space: normal; width: 34%; }
	.ccms-picture { padding: var(--padding-sm); }
}`;
	document.head.append(style);
};
