// Lists of the 360 screen that grow by key: orders and deliveries, tickets, interactions. Each has its filters, an empty state,
// and a button for more.
(() => {
	const { part, day, money } = ccms.loyalty;
	const API = "ccms_app.api.customer_360.";
	const SEARCHING = 2000;
	frappe.provide("ccms.view360");

	/**
	 * A list in a card. `draw(row)` makes the element of a row, `filters` the fields above it; a change of one starts anew.
	 * `first` is a page that is there already.
	 */
	ccms.view360.list = ({ name, title, method, customer, filters = [], draw, empty, first }) => {
		const box = part("div", "ccms-card ccms-360-list");
		box.dataset.list = name;
		const head = part("div", "ccms-row");
		const heading = part("h4", "ccms-name ccms-360-title", title);
		const rows = part("div", "ccms-360-rows");
		const foot = part("div", "ccms-actions");
		const more = part("button", "btn btn-xs btn-default", __("Show More"));
		more.type = "button";
		const said = part("span", "ccms-muted ccms-small");
		foot.append(more, said);
		head.append(heading);
		const chosen = {};
		filters.forEach((filter) => head.append(control(filter, chosen, () => load())));
		box.append(head, rows, foot);
		let next = null;
		let asked = 0;

		function show(page, add) {
			if (!add) rows.replaceChildren();
			page.rows.forEach((row) => rows.append(draw(row)));
			next = page.next;
			const searching = next && page.read_until;
			if (!rows.children.length && !searching) rows.append(part("p", "ccms-muted mb-0", empty(chosen, page)));
			more.textContent = searching ? __("Search Further Back") : __("Show More");
			said.textContent = searching
				? __("Searched back to {0}.", [day(page.read_until.split(" ")[0])])
				: page.hidden?.length && rows.querySelector(".ccms-360-row")
					? __("Your roles do not show: {0}.", [page.hidden.join(", ")])
					: "";
			more.style.display = next ? "" : "none";
			foot.style.display = next || said.textContent ? "" : "none";
		}

		async function load(add) {
			const mine = ++asked;
			more.disabled = true;
			rows.setAttribute("aria-busy", "true");
			try {
				const ask = (before) => frappe.xcall(API + method, { customer, ...chosen, before });
				const until = Date.now() + SEARCHING;
				let page = await ask(add ? next : null);
				// a search looks at some thousand rows a time: it goes on by itself for a moment
				while (mine === asked && page.read_until && !page.rows.length && Date.now() < until) page = await ask(page.next);
				if (mine === asked) show(page, add);
			} catch (error) {
				if (mine === asked && !add) rows.replaceChildren(part("p", "ccms-muted mb-0", __("This could not be read.")));
			} finally {
				more.disabled = false;
				rows.removeAttribute("aria-busy");
			}
		}

		more.addEventListener("click", () => load(true));
		if (first) show(first);
		else load();
		return box;
	};

	/** A choice, a day or a tick above a list. */
	function control({ field, label, options, type }, chosen, changed) {
		const box = part("label", "ccms-360-filter");
		let input;
		if (options) {
			input = part("select", "form-control input-xs");
			options.forEach(([value, text]) => {
				const option = part("option", "", text);
				option.value = value;
				input.append(option);
			});
			input.setAttribute("aria-label", label);
		} else {
			const is_tick = type === "checkbox";
			input = part("input", is_tick ? "" : "form-control input-xs");
			input.type = type;
			if (!is_tick) input.setAttribute("aria-label", label);
			if (type === "search") {
				input.placeholder = label;
				input.maxLength = 100;
			}
			input.title = label;
		}
		input.name = field;
		box.append(input);
		if (type === "checkbox") box.append(" ", label);
		input.addEventListener("change", () => {
			chosen[field] = type === "checkbox" ? Number(input.checked) : input.value;
			changed();
		});
		return box;
	}

	function line(date, first, ...rest) {
		const row = part("div", "ccms-360-row");
		row.append(part("span", "ccms-360-day ccms-muted", date));
		const body = part("div", "ccms-360-body");
		const top = part("div", "ccms-row");
		top.append(...first.filter(Boolean));
		body.append(top);
		rest.filter(Boolean).forEach((text) => body.append(part("div", "ccms-muted ccms-small", text)));
		row.append(body);
		return row;
	}

	function pill(text, colour) {
		return part("span", `indicator-pill no-indicator-dot ${colour}`, text);
	}

	// ------------------------------------------------------------------ orders

	const COLOURS = { Draft: "gray", Overdue: "red", Unpaid: "orange", Paid: "green", Completed: "green", Return: "gray" };

	ccms.view360.orders = (customer, first) =>
		ccms.view360.list({
			name: "orders",
			title: __("Orders and Deliveries"),
			method: "orders",
			customer,
			first,
			filters: [
				{
					field: "kind",
					label: __("Kind"),
					options: [
						["", __("All")],
						["Orders", __("Orders and Carts")],
						["Deliveries", __("Deliveries")],
						["Invoices", __("Invoices")],
						["Returns", __("Returns")],
					],
				},
				{ field: "is_open", label: __("Open only"), type: "checkbox" },
			],
			empty: (chosen, { hidden }) => {
				if (hidden?.length) return __("Nothing that you may see. Your roles do not show: {0}.", [hidden.join(", ")]);
				return chosen.kind || chosen.is_open ? __("None of these.") : __("No orders yet: the first one appears here.");
			},
			draw: (row) => {
				const amount = part("span", "ccms-push ccms-balance", money(row.amount, row.currency));
				const link = ccms.loyalty.document_link(row.doctype, row.name);
				const status = pill(__(row.status, null, row.doctype), COLOURS[row.status] || "blue");
				return line(day(row.day), [part("span", "", __(row.doctype)), link, status, amount], row.delivery);
			},
		});

	// ------------------------------------------------------------------ tickets

	ccms.view360.tickets = (customer, first) =>
		ccms.view360.list({
			name: "tickets",
			title: __("Tickets"),
			method: "tickets",
			customer,
			first,
			filters: [{ field: "is_open", label: __("Open only"), type: "checkbox" }],
			empty: (chosen) => (chosen.is_open ? __("None is open.") : __("No tickets: nothing was reported.")),
			draw: (row) => {
				const open = !["Resolved", "Closed"].includes(row.status);
				const said = [row.issue_type, row.priority && __(row.priority)].filter(Boolean).join(" · ");
				const link = ccms.loyalty.document_link("Issue", row.name, row.subject || row.name);
				return line(day(row.day), [link, pill(__(row.status), open ? "orange" : "green")], said);
			},
		});

	// ------------------------------------------------------------------ interactions

	ccms.view360.interactions = (customer, { first, categories, channels }) =>
		ccms.view360.list({
			name: "interactions",
			title: __("Interactions"),
			method: "interactions",
			customer,
			first,
			filters: [
				{ field: "category", label: __("Category"), options: [["", __("All")], ...categories.map((one) => [one, __(one)])] },
				{ field: "channel", label: __("Channel"), options: [["", __("Any channel")], ...channels.map((one) => [one, __(one)])] },
				{ field: "since", label: __("From"), type: "date" },
				{ field: "until", label: __("To"), type: "date" },
				{ field: "text", label: __("Search"), type: "search" },
			],
			empty: (chosen) =>
				Object.values(chosen).some(Boolean)
					? __("None of these.")
					: __("Nothing yet: calls, mails, visits and page views appear here by themselves."),
			draw: (row) => {
				const parts = [part("span", "", __(row.interaction_type))];
				if (row.channel && row.channel !== row.interaction_type) parts.push(pill(__(row.channel), "gray"));
				if (row.outcome) parts.push(pill(__(row.outcome), "blue"));
				if (row.reference_name) parts.push(ccms.loyalty.document_link(row.reference_doctype, row.reference_name));
				if (row.amount) parts.push(part("span", "ccms-push ccms-balance", format_number(row.amount)));
				return line(time(row.occurred_at), parts, line_of(row), excerpt(row.content), [row.item, seconds(row)].filter(Boolean).join(" · "));
			},
		});

	function line_of({ subject, path, previous_path }) {
		return subject || (path && previous_path ? `${previous_path} → ${path}` : path) || "";
	}

	function excerpt(content) {
		const text = (content || "").trim();
		return text.length > 200 ? `${text.slice(0, 200)}…` : text;
	}

	function seconds({ dwell, duration }) {
		if (dwell) return __("stayed {0}", [span(dwell)]);
		return duration ? __("took {0}", [span(duration)]) : "";
	}

	/** Seconds as people say them: "45 s", "5 min 12 s", "2 h 5 min". */
	function span(value) {
		const all = Math.max(Math.round(value), 1);
		const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
		if (hours) return __("{0} h {1} min", [hours, minutes]);
		return minutes ? __("{0} min {1} s", [minutes, seconds]) : __("{0} s", [seconds]);
	}

	function time(value) {
		return `${day(value.split(" ")[0])} ${value.split(" ")[1].slice(0, 5)}`;
	}
})();
