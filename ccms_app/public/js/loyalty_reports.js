// What the loyalty reports share on the screen: their filters, how points read, where a click leads.
// Each report includes this file, so nothing is built.
(() => {
	frappe.provide("ccms.reports");

	const LABELS_ON_A_PHONE = 5;
	const WIDEST_ON_A_PHONE = { Data: 140, "Dynamic Link": 195, Float: 75, Int: 60, Currency: 120 }; // pixels

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
		return `<a href="/app/${path}?${query}" title="${frappe.utils.escape_html(title)}" data-ccms-go>${text}</a>`;
	};

	/** A link to a member's statement. */
	ccms.reports.statement = (text, membership) =>
		ccms.reports.go(
			frappe.utils.escape_html(text),
			"query-report/Points%20Statement",
			{ membership },
			__("Points Statement")
		);

	/**
	 * When there is nothing to list, say in the middle of the page why and what to do, not that there is nothing.
	 * A filter that shows a title (a membership: the customer's name) has no value before the title is there; the first
	 * run waits for it, or a link to this report would be answered as if nothing had been chosen.
	 */
	ccms.reports.onload = (report) => {
		only_here(report, "get_no_result_message", () => {
			const words = report.$status.is(":visible") ? report.$status.html() : __("Nothing to show");
			report.hide_status();
			return `<div class="msg-box no-border">
				<div><img src="/assets/frappe/images/ui-states/list-empty-state.svg" alt="" class="null-state"></div>
				<div style="text-align: center">${words}</div>
			</div>`;
		});
		only_here(report, "get_chart_options", (answer) => {
			const options = Object.getPrototypeOf(report).get_chart_options.call(report, answer);
			return options && frappe.is_mobile() ? narrow(options) : options;
		});
		// a link to the report that is open: the desk's router stays where it is, so the filters are set here
		report.page.main.off("click.ccms-go").on("click.ccms-go", "a[data-ccms-go]", (event) => {
			const link = event.currentTarget;
			if (link.pathname !== window.location.pathname || event.ctrlKey || event.metaKey) return;
			event.preventDefault();
			event.stopPropagation();
			frappe.route_options = Object.fromEntries(new URLSearchParams(link.search));
			report.load();
		});
		const titled = report.filters.filter((field) => field.value && field.is_title_link?.());
		return Promise.all(titled.map((field) => field.set_link_title(field.value)));
	};

	/**
	 * On a phone the table has no room for row numbers and a line of filters, nor for wide columns; what is read first
	 * stands first.
	 */
	ccms.reports.table =
		(...first) =>
		(options) => {
			if (!options.columns || !frappe.is_mobile()) return options;
			const place = (column) => (first.includes(column.fieldname) ? first.indexOf(column.fieldname) : first.length);
			const columns = options.columns
				.map((column) => ({ ...column, width: Math.min(column.width, WIDEST_ON_A_PHONE[column.fieldtype] || 140) }))
				.sort((one, other) => place(one) - place(other));
			return Object.assign(options, { columns, serialNoColumn: false, inlineFilters: false });
		};

	/** A chart for a narrow screen: fewer points on a line, and labels that are not cut. */
	function narrow(options) {
		const { data } = options;
		const every = Math.ceil(data.labels.length / LABELS_ON_A_PHONE);
		const last = data.labels.length - 1;
		const kept = (_value, place) => (last - place) % every === 0;
		if (options.type === "line") {
			data.labels = data.labels.filter(kept);
			data.datasets.forEach((series) => (series.values = series.values.filter(kept)));
		} else {
			data.labels = data.labels.map((label, place) => (kept(label, place) ? label : ""));
		}
		options.axisOptions = { ...options.axisOptions, seriesLabelSpaceRatio: 1.5 };
		return options;
	}

	/** Replace a method of the desk's report page, which all reports share, while this report is the one it shows. */
	function only_here(report, method, replacement) {
		const own = report.report_name;
		const usual = Object.getPrototypeOf(report)[method];
		report[method] = (...given) => (report.report_name === own ? replacement(...given) : usual.apply(report, given));
	}
})();
