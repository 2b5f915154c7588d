// What the loyalty reports share on the screen: their filters, how points read, where a click leads.
// Each report includes this file, so nothing is built.
frappe.provide("ccms.reports");

/** A filter that chooses a document, or shows its name to whom the list is closed. */
ccms.reports.link = (fieldname, label, doctype, more = {}) => ({
	fieldname,
	label,
	fieldtype: frappe.model.can_read(doctype) || frappe.model.can_select(doctype) ? "Link" : "Data",
	options: doctype,
	...more,
});

ccms.reports.company = () =>
	ccms.reports.link("company", __("Company"), "Company", {
		default: frappe.defaults.get_user_default("Company"),
		reqd: 1,
		on_change: (report) => report.set_filter_value("program", ""),
	});

ccms.reports.program = () =>
	ccms.reports.link("program", __("Loyalty Program"), "CCMS Loyalty Program", {
		get_query: () => {
			const company = frappe.query_report.get_filter_value("company", false);
			return company ? { filters: { company } } : {};
		},
	});

ccms.reports.date = (fieldname, label, value, more = {}) => ({
	fieldname,
	label,
	fieldtype: "Date",
	default: value,
	...more,
});

ccms.reports.choice = (fieldname, label, options, more = {}) => ({
	fieldname,
	label,
	fieldtype: "Select",
	options: options.map((value) => ({ value, label: __(value) })),
	default: options[0],
	...more,
});

/** Points as people read them: grouped, decimals only where there are any. */
ccms.reports.points = (value) => {
	if (value === null || value === undefined || value === "") return "";
	const number = flt(value, 2);
	return format_number(number, null, Number.isInteger(number) ? 0 : 2);
};

ccms.reports.right = (text) => `<div style="text-align: right">${text}</div>`;

/** Formats every cell of a loyalty report; `cell(value, column, data)` may answer with markup of its own. */
ccms.reports.formatter = (cell) => (value, row, column, data, format) => {
	const own = data && cell?.(value, column, data);
	let html;
	if (own) html = own;
	else if (column.fieldtype === "Float") html = ccms.reports.right(ccms.reports.points(value));
	else if (column.fieldtype === "Int" && typeof value === "number") html = ccms.reports.right(format_number(value, null, 0));
	else if (column.fieldtype === "Data" && typeof value === "string") html = frappe.utils.escape_html(value);
	else html = format(value, row, column, data);
	return data?.bold ? `<b>${html}</b>` : html;
};

/** A link to another page of the desk with filters set, which also opens in a tab of its own. */
ccms.reports.go = (text, path, filters, title = "") => {
	const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value)).toString();
	return `<a href="/app/${path}?${query}" title="${frappe.utils.escape_html(title)}">${text}</a>`;
};

/** A link to a member's statement. */
ccms.reports.statement = (text, membership) =>
	ccms.reports.go(
		frappe.utils.escape_html(text),
		"query-report/Points%20Statement",
		{ membership },
		__("Points Statement")
	);

/** When there is nothing to list, say in the middle of the page why and what to do, not that there is nothing. */
ccms.reports.onload = (report) => {
	report.get_no_result_message = () => {
		const words = report.$status.is(":visible") ? report.$status.html() : __("Nothing to show");
		report.hide_status();
		return `<div class="msg-box no-border">
			<div><img src="/assets/frappe/images/ui-states/list-empty-state.svg" alt="" class="null-state"></div>
			<div style="text-align: center">${words}</div>
		</div>`;
	};
};
