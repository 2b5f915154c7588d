const STATUS_COLORS = { Queued: "gray", Running: "blue", Done: "green", Failed: "red" };
const WAITING = ["Queued", "Running"];
const POLL_MS = 2000;
// a worker reports every second; one that has been silent for so long is gone
const SILENT_MINUTES = 10;

frappe.ui.form.on("CCMS Simulation Run", {
	refresh(frm) {
		frm.disable_save();
		frm.page.set_indicator(__(frm.doc.status), STATUS_COLORS[frm.doc.status]);
		frm.set_intro("");
		clearTimeout(frm.ccms_poll);
		add_buttons(frm);
		if (WAITING.includes(frm.doc.status)) wait(frm);
		if (frm.doc.status === "Failed") frm.set_intro(frappe.utils.escape_html(frm.doc.error), "red");
		if (frm.doc.status !== "Done") return;
		conclude(frm);
		draw(frm);
		tabulate(frm);
		show_rules(frm);
	},
});

function add_buttons(frm) {
	if (frm.is_new()) return;
	frm.add_custom_button(__("Open the Program"), () =>
		frappe.set_route("Form", "CCMS Loyalty Program", frm.doc.program)
	);
	if (!frm.perm[0]?.create || !(frm.doc.status === "Failed" || silent(frm))) return;
	frm.add_custom_button(__("Run Again"), () => frm.call("run_again").then(() => frm.reload_doc())).addClass(
		"btn-primary"
	);
}

function silent(frm) {
	return (
		WAITING.includes(frm.doc.status) &&
		moment(frappe.datetime.now_datetime()).diff(moment(frm.doc.modified), "minutes") >= SILENT_MINUTES
	);
}

/** Look again until the background job is done; the page needs no socket for that. */
function wait(frm) {
	const percent = flt(frm.doc.progress, 0);
	const queued = frm.doc.status === "Queued";
	frm.dashboard.show_progress(
		__("Simulation"),
		Math.max(percent, 2),
		queued ? __("Waiting for a background worker") : __("{0} % done", [percent])
	);
	if (silent(frm)) {
		frm.set_intro(__("Nothing has happened for a while. Are the background workers running?"), "orange");
	}
	frm.ccms_poll = setTimeout(() => {
		if (frappe.get_route()[1] === frm.doctype && frappe.get_route()[2] === frm.doc.name) frm.reload_doc();
	}, POLL_MS);
}

function conclude(frm) {
	const { doc } = frm;
	frm.dashboard.hide_progress();
	const money = (value) => format_currency(value, frappe.get_doc(":Company", doc.company)?.default_currency);
	if (!doc.members) {
		frm.set_intro(
			__("None of the customers of these days would have become a member, so the program would have cost nothing."),
			"orange"
		);
		return;
	}
	const sentences = [
		__("This program would have cost {0}: {1} % of {2} revenue. At the end {3} points would be open, worth {4}.", [
			money(doc.cost).bold(),
			format_number(doc.cost_percent, null, 2).bold(),
			money(doc.revenue),
			format_number(doc.points_open, null, 0),
			money(doc.liability),
		]),
	];
	if (doc.break_even_percent) {
		sentences.push(
			__("It pays for itself if members buy {0} % more than they did.", [
				format_number(doc.break_even_percent, null, 1).bold(),
			])
		);
	}
	frm.set_intro(sentences.join(" "), "green");
}

function draw(frm) {
	const wrapper = frm.get_field("chart").$wrapper.empty();
	const months = frm.doc.monthly || [];
	if (!months.length) return;
	const labels = months.map((row) => row.month);
	const values = (field) => months.map((row) => flt(row[field], 2));
	draw_one(wrapper, __("Points by Month"), {
		type: "axis-mixed",
		colors: ["#2490EF", "#29A56C", "#E79913", "#505A62"],
		data: {
			labels,
			datasets: [
				{ name: __("Earned"), chartType: "bar", values: values("earned") },
				{ name: __("Used"), chartType: "bar", values: values("redeemed") },
				{ name: __("Expired"), chartType: "bar", values: values("expired") },
				{ name: __("Points Open"), chartType: "line", values: values("open_points") },
			],
		},
	});
	draw_one(wrapper, __("Liability and Cost"), {
		type: "axis-mixed",
		colors: ["#29A56C", "#CB2929"],
		data: {
			labels,
			datasets: [
				{ name: __("Cost of the Month"), chartType: "bar", values: values("cost") },
				{ name: __("Liability"), chartType: "line", values: values("liability") },
			],
		},
	});
	draw_tiers(frm, wrapper, labels);
}

/** `tiers` holds one row a month and tier: [{month, tier, members}], the lowest tier first. */
function draw_tiers(frm, wrapper, months) {
	const rows = frappe.utils.parse_json(frm.doc.tiers) || [];
	const names = [...new Set(rows.map((row) => row.tier))];
	if (!names.length) return;
	const held = new Map(rows.map((row) => [`${row.month} ${row.tier}`, row.members]));
	draw_one(wrapper, __("Members by Tier"), {
		type: "bar",
		barOptions: { stacked: 1 },
		colors: ["#B9C6D3", "#E3B34C", "#3C5A99", "#7A4F9A", "#2D7F7A", "#8A4B2D"],
		data: {
			labels: months,
			datasets: names.map((tier) => ({
				name: tier,
				values: months.map((month) => held.get(`${month} ${tier}`) || 0),
			})),
		},
	});
}

function draw_one(wrapper, title, args) {
	const box = $('<div class="frappe-card mb-4 p-3">').appendTo(wrapper);
	$('<h6 class="text-muted">').text(title).appendTo(box);
	new frappe.Chart($("<div>").appendTo(box)[0], {
		height: 240,
		axisOptions: { xIsSeries: 1, shortenYAxisNumbers: 1 },
		tooltipOptions: { formatTooltipY: (value) => format_number(value, null, 0) },
		...args,
	});
}

function tabulate(frm) {
	const columns = [
		["revenue", __("Revenue"), "money"],
		["members", __("Members"), "last"],
		["earned", __("Earned"), "points"],
		["redeemed", __("Used"), "points"],
		["expired", __("Expired"), "points"],
		["open_points", __("Points Open"), "last"],
		["liability", __("Liability"), "last money"],
		["cost", __("Cost"), "money"],
	];
	const rows = frm.doc.monthly || [];
	const currency = frappe.get_doc(":Company", frm.doc.company)?.default_currency;
	const show = (value, kind) =>
		kind.includes("money") ? format_currency(value, currency) : format_number(value, null, 0);
	const cell = (tag, content) => $(`<${tag} class="text-right text-nowrap">`).text(content);
	const table = $('<table class="table table-sm">').appendTo(
		$('<div class="table-responsive">').appendTo(frm.get_field("monthly_html").$wrapper.empty())
	);
	$("<tr>")
		.append($("<th>").text(__("Month")), ...columns.map(([, label]) => cell("th", label)))
		.appendTo($("<thead>").appendTo(table));
	for (const row of rows) {
		$("<tr>")
			.append($("<td>").text(row.month), ...columns.map(([field, , kind]) => cell("td", show(row[field], kind))))
			.appendTo(table);
	}
	// what stands at a month's end is not summed
	const total = ([field, , kind]) =>
		kind.includes("last") ? rows.at(-1)?.[field] : rows.reduce((sum, row) => sum + flt(row[field]), 0);
	$('<tr class="font-weight-bold">')
		.append($("<td>").text(__("Total")), ...columns.map((column) => cell("td", show(total(column), column[2]))))
		.appendTo(table);
}

/** The rules as they stood then, under the labels of the program form. */
function show_rules(frm) {
	const rules = frappe.utils.parse_json(frm.doc.rules) || {};
	const wrapper = frm.get_field("rules_html").$wrapper.empty();
	frappe.model.with_doctype("CCMS Loyalty Program", () => {
		const table = $('<table class="table table-sm" style="max-width: 640px">').appendTo(wrapper);
		const add = (label, value) =>
			$("<tr>").append($("<td class='text-muted'>").text(label), $("<td>").text(value)).appendTo(table);
		for (const field of frappe.get_meta("CCMS Loyalty Program").fields) {
			const value = rules[field.fieldname];
			if (!value || Array.isArray(value) || ["enabled", "program_name"].includes(field.fieldname)) continue;
			add(__(field.label), field.fieldtype === "Select" ? __(value) : value);
		}
		for (const tier of rules.tiers || []) {
			add(
				tier.tier_name,
				__("from {0}, earns {1} times", [format_number(tier.threshold, null, 0), tier.earn_multiplier])
			);
		}
	});
}
