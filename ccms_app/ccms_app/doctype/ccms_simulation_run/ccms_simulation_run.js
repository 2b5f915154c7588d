const WAITING = ["Queued", "Running"];
const POLL_MS = 2000;

frappe.ui.form.on("CCMS Simulation Run", {
	refresh(frm) {
		const colors = { Queued: "gray", Running: "blue", Done: "green", Failed: "red" };
		frm.disable_save();
		frm.page.set_indicator(__(frm.doc.status), colors[frm.doc.status]);
		clearTimeout(frm.ccms_poll);
		if (WAITING.includes(frm.doc.status)) wait(frm);
		if (frm.doc.status === "Done") {
			conclude(frm);
			draw(frm);
		}
	},
});

/** Look again until the background job is done; the page needs no socket for that. */
function wait(frm) {
	const percent = flt(frm.doc.progress, 0);
	frm.dashboard.show_progress(__("Simulation"), Math.max(percent, 2), __("{0} % of the invoices", [percent]));
	frm.ccms_poll = setTimeout(() => {
		if (frappe.get_route()[2] === frm.doc.name) frm.reload_doc();
	}, POLL_MS);
}

function conclude(frm) {
	const { doc } = frm;
	const money = (value) => format_currency(value, frappe.get_doc(":Company", doc.company)?.default_currency);
	frm.set_intro(
		__("This program would have cost {0}: {1} % of {2} revenue. At the end {3} points would be open, worth {4}.", [
			money(doc.cost).bold(),
			`${flt(doc.cost_percent, 2)}`.bold(),
			money(doc.revenue),
			format_number(doc.points_open, null, 0),
			money(doc.liability),
		]),
		"green"
	);
}

function draw(frm) {
	const months = frm.doc.monthly || [];
	const wrapper = frm.get_field("chart").$wrapper.empty();
	if (!months.length) return;
	const labels = months.map((row) => row.month);
	const values = (field) => months.map((row) => flt(row[field], 2));
	const draw_one = (title, args) => {
		const box = $('<div class="frappe-card mb-4 p-3">').appendTo(wrapper);
		$('<h6 class="text-muted">').text(title).appendTo(box);
		new frappe.Chart($("<div>").appendTo(box)[0], {
			height: 220,
			axisOptions: { xIsSeries: 1, shortenYAxisNumbers: 1 },
			...args,
		});
	};
	draw_one(__("Points"), {
		type: "axis-mixed",
		colors: ["#29CD42", "#ED6396", "#7C7C7C", "#2490EF"],
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
	draw_one(__("Liability"), {
		type: "line",
		colors: ["#CB2929"],
		lineOptions: { regionFill: 1, hideDots: months.length > 24 ? 1 : 0 },
		data: { labels, datasets: [{ name: __("Liability"), values: values("liability") }] },
	});
	draw_tiers(frm, draw_one);
}

/** `tiers` holds one row a month and tier: [{month, tier, members}]. */
function draw_tiers(frm, draw_one) {
	const rows = typeof frm.doc.tiers === "string" ? JSON.parse(frm.doc.tiers || "[]") : frm.doc.tiers || [];
	const names = [...new Set(rows.map((row) => row.tier))];
	const months = [...new Set(rows.map((row) => String(row.month).slice(0, 7)))];
	if (names.length < 2) return;
	const members = (tier, month) =>
		rows.find((row) => row.tier === tier && String(row.month).slice(0, 7) === month)?.members || 0;
	draw_one(__("Members by Tier"), {
		type: "bar",
		barOptions: { stacked: 1 },
		data: {
			labels: months,
			datasets: names.map((tier) => ({ name: tier, values: months.map((month) => members(tier, month)) })),
		},
	});
}
