const STATUS_COLORS = { Queued: "gray", Running: "blue", Completed: "green", Failed: "red" };
const WAITING = ["Queued", "Running"];
const POLL_MS = 2000;
// a run reports every few seconds; one that has been silent for so long is gone
const SILENT_MINUTES = 10;

frappe.ui.form.on("CCMS Score Run", {
	refresh(frm) {
		frm.disable_save();
		frm.page.set_indicator(
			frm.doc.is_published ? __("Published") : __(frm.doc.status),
			STATUS_COLORS[frm.doc.status]
		);
		frm.set_intro("");
		clearTimeout(frm.ccms_poll);
		add_buttons(frm);
		if (WAITING.includes(frm.doc.status)) return wait(frm);
		frm.dashboard.hide_progress();
		if (frm.doc.status === "Failed") {
			frm.set_intro(frappe.utils.escape_html(frm.doc.message || ""), "red");
		} else {
			show_accuracy(frm);
		}
	},
});

function add_buttons(frm) {
	if (frm.is_new()) return;
	if (frm.doc.is_published) {
		frm.add_custom_button(__("Customers"), () =>
			frappe.set_route("List", "CCMS Customer Score", { score_run: frm.doc.name })
		);
	}
	if (frm.doc.stage_changes) {
		frm.add_custom_button(__("Stage Changes"), () =>
			frappe.set_route("List", "CCMS Stage Change", { score_run: frm.doc.name })
		);
	}
	if (!frm.perm[0]?.create || WAITING.includes(frm.doc.status)) return;
	frm.add_custom_button(__("Score Now"), () =>
		frappe
			.xcall("ccms_app.api.scoring.score_now", { company: frm.doc.company })
			.then((name) => frappe.set_route("Form", "CCMS Score Run", name))
	);
}

/** Look again until the background job is done; the page needs no socket for that. */
function wait(frm) {
	const percent = flt(frm.doc.progress, 0);
	const queued = frm.doc.status === "Queued";
	frm.dashboard.show_progress(
		__("Scoring"),
		Math.max(percent, 2),
		queued ? __("Waiting for a background worker") : `${frm.doc.stage_reached || ""} ${percent} %`
	);
	const since = frm.doc.heartbeat || frm.doc.creation;
	if (moment(frappe.datetime.now_datetime()).diff(moment(since), "minutes") >= SILENT_MINUTES) {
		frm.set_intro(__("Nothing has happened for a while. Are the background workers running?"), "orange");
	}
	frm.ccms_poll = setTimeout(() => {
		if (frappe.get_route()[1] === frm.doctype && frappe.get_route()[2] === frm.doc.name) frm.reload_doc();
	}, POLL_MS);
}

const target_title = (target) =>
	({
		churn: __("Leaving within {0} Days", [cur_frm.doc.horizon]),
		orders: __("Orders in {0} Days", [cur_frm.doc.horizon]),
		revenue: __("Revenue in {0} Days", [cur_frm.doc.horizon]),
		next_purchase: __("Next Purchase"),
	})[target];

/** What each figure is called, and whether more is better. */
const METRICS = {
	auc: [__("Ranking (AUC)"), __("1: every leaver ranked above every other customer; 0.5: chance.")],
	brier: [__("Error (Brier)"), __("Mean squared distance of the probability from what happened. Less is better.")],
	mae: [__("Mean Error"), __("Mean distance from what happened. Less is better.")],
	spearman: [__("Rank Correlation"), __("1: customers in exactly the right order.")],
	top_decile: [__("Caught by the Top Tenth"), __("Share of the whole that the best tenth of customers held.")],
	total_error: [__("Error of the Total"), __("How far the sum over all customers is off.")],
	coverage: [__("Inside the Interval"), __("Share of customers whose outcome lay in the interval given.")],
};
const SHARES = ["top_decile", "total_error", "coverage"];

function show_accuracy(frm) {
	// a chart that was taken away goes on drawing when the window changes
	const shown = `${frm.doc.name} ${frm.doc.modified}`;
	if (frm.ccms_shown === shown) return;
	frm.ccms_shown = shown;
	frm.ccms_chart?.destroy();
	const wrapper = frm.get_field("accuracy_html").$wrapper.empty();
	const rows = frm.doc.metrics || [];
	if (!rows.length) {
		$('<p class="text-muted">')
			.text(__("There is not enough history yet to test predictions on customers whose future is known."))
			.appendTo(wrapper);
		return;
	}
	const cut = rows.find((row) => row.cut_off)?.cut_off;
	$('<p class="text-muted">')
		.text(
			__("Each model predicted as of {0} and was compared with what came after. The one in bold is in use.", [
				frappe.datetime.str_to_user(cut),
			])
		)
		.appendTo(wrapper);
	for (const target of ["churn", "orders", "revenue", "next_purchase"]) {
		const own = rows.filter((row) => row.target === target);
		if (own.length) tabulate(wrapper, target, own);
		if (target === "churn") frm.ccms_chart = draw_calibration(wrapper, own);
	}
}

function tabulate(wrapper, target, rows) {
	const metrics = Object.keys(METRICS).filter((metric) => rows.some((row) => row.metric === metric));
	if (!metrics.length) return;
	$('<h6 class="mt-3">').text(target_title(target)).appendTo(wrapper);
	const table = $('<table class="table table-sm" style="max-width: 800px">').appendTo(
		$('<div class="table-responsive">').appendTo(wrapper)
	);
	$("<tr>")
		.append(
			$("<th>").text(__("Model")),
			...metrics.map((metric) =>
				$('<th class="text-right">').text(METRICS[metric][0]).attr("title", METRICS[metric][1])
			)
		)
		.appendTo($("<thead>").appendTo(table));
	const roles = { champion: __("in use"), candidate: __("candidate"), baseline: __("for comparison") };
	const models = [...new Map(rows.map((row) => [`${row.role}/${row.model}`, row])).values()];
	const order = ["champion", "candidate", "baseline"];
	models.sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
	for (const { role, model } of models) {
		const line = $("<tr>").appendTo(table).toggleClass("font-weight-bold", role === "champion");
		$("<td>").text(`${__(model)} (${roles[role]})`).appendTo(line);
		for (const metric of metrics) {
			const found = rows.find((row) => row.role === role && row.model === model && row.metric === metric);
			$('<td class="text-right">').text(figure(metric, found?.value)).appendTo(line);
		}
	}
}

function figure(metric, value) {
	if (value === undefined || value === null) return "";
	return SHARES.includes(metric)
		? `${format_number(value * 100, null, 1)} %`
		: format_number(value, null, Math.abs(value) < 10 ? 3 : 1);
}

/** Customers in ten equal groups by the probability given: what was said beside what happened. */
function draw_calibration(wrapper, rows) {
	const found = rows.find((row) => row.role === "champion" && row.metric === "calibration");
	const detail = frappe.utils.parse_json(found?.detail) || {};
	const groups = Array.isArray(detail) ? detail : Object.values(detail).find(Array.isArray) || [];
	if (!groups.length) return null;
	const box = $('<div class="frappe-card mb-4 p-3" style="max-width: 800px">').appendTo(wrapper);
	$('<h6 class="text-muted">')
		.text(__("Risk Given and What Happened, in Ten Equal Groups (Percent)"))
		.appendTo(box);
	const percent = (name) => groups.map((group) => flt(group[name] * 100, 1));
	return new frappe.Chart($("<div>").appendTo(box)[0], {
		type: "axis-mixed",
		height: 240,
		colors: ["#B9C6D3", "#2490EF"],
		data: {
			labels: groups.map((_group, number) => String(number + 1)),
			datasets: [
				{ name: __("What Happened"), chartType: "bar", values: percent("observed") },
				{ name: __("Risk Given"), chartType: "line", values: percent("predicted") },
			],
		},
		tooltipOptions: { formatTooltipY: (value) => `${format_number(value, null, 1)} %` },
	});
}
