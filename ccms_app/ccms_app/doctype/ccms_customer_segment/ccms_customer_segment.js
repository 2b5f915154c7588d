const SEGMENTS_API = "ccms_app.api.segments.";
const PATIENCE = 60; // seconds that a form waits for its refresh

frappe.ui.form.on("CCMS Customer Segment", {
	onload(frm) {
		if (frm.is_new() && !frm.doc.company) {
			frm.set_value("company", frappe.defaults.get_user_default("Company"));
		}
	},

	refresh(frm) {
		introduce(frm);
		add_buttons(frm);
		show_builder(frm);
		if (!frm.is_new()) show_insight(frm);
	},

	company: show_builder,
	after_save: wait_for_refresh,
	static_members_remove: ask,
	excluded_customers_remove: ask,
});

frappe.ui.form.on("CCMS Segment Customer", { customer: ask });

function introduce(frm) {
	frm.set_intro("");
	if (frm.is_new()) return;
	if (frm.doc.status === "Invalid") {
		const reason = frappe.utils.escape_html(frm.doc.reason || "");
		frm.set_intro(__("This segment no longer refreshes itself: {0}. Its members stay as they are.", [reason]), "red");
	} else if (!frm.doc.enabled) {
		frm.set_intro(__("Switched off: members stay as they are and are not refreshed."), "blue");
	} else if (frm.doc.is_frozen) {
		frm.set_intro(__("A frozen copy: it keeps the customers it was made with. The lists still add and take away."), "blue");
	} else if (!frm.doc.last_refreshed) {
		frm.set_intro(__("The members are being worked out."), "blue");
	}
}

function add_buttons(frm) {
	if (frm.is_new()) return;
	frm.add_custom_button(__("Show Members"), () => {
		frappe.set_route("List", "CCMS Segment Member", { segment: frm.doc.name, left_on: ["is", "not set"] });
	});
	if (frm.perm[0]?.write) {
		frm.add_custom_button(__("Refresh Now"), async () => {
			if (frm.is_dirty()) return frm.save();
			await frm.call("refresh_now");
			wait_for_refresh(frm);
		});
	}
	if (frappe.model.can_create(frm.doctype)) {
		frm.add_custom_button(__("Freeze a Copy"), () => freeze(frm));
		frm.add_custom_button(__("Build on This"), () => {
			frappe.new_doc(frm.doctype, { company: frm.doc.company }, (dialog) => dialog).then(() => {
				const row = { field: "segment.member", operator: "member", value: JSON.stringify([frm.doc.name]) };
				cur_frm.add_child("rules", row);
				cur_frm.refresh();
			});
		});
	}
}

function freeze(frm) {
	const title = __("{0} on {1}", [frm.doc.segment_name, frappe.datetime.str_to_user(frappe.datetime.get_today())]);
	frappe.prompt(
		{ fieldname: "title", label: __("Name"), fieldtype: "Data", reqd: 1, default: title },
		async (values) => {
			const name = await frappe.xcall(SEGMENTS_API + "freeze", { segment: frm.doc.name, title: values.title });
			frappe.set_route("Form", frm.doctype, name);
		},
		__("Freeze the {0} members of today", [ccms.segments.count(frm.doc.size || 0)]),
		__("Freeze")
	);
}

/** After saving, the members are worked out in the background: show the size when it is there. */
async function wait_for_refresh(frm) {
	if (!frm.doc.enabled) return;
	const { name, last_refreshed } = frm.doc;
	for (let waited = 0; waited < PATIENCE; waited += 2) {
		await new Promise((resolve) => setTimeout(resolve, 2000));
		if (cur_frm !== frm || frm.doc.name !== name) return;
		const { message } = await frappe.db.get_value(frm.doctype, name, "last_refreshed");
		if (message?.last_refreshed && message.last_refreshed !== last_refreshed) {
			if (!frm.is_dirty()) frm.reload_doc();
			return;
		}
	}
}

// ------------------------------------------------------------------------------------------------ rules

async function show_builder(frm) {
	const field = frm.fields_dict.builder_html;
	if (!field) return;
	const place = field.$wrapper.get(0);
	if (!frm.doc.company) {
		place.replaceChildren(ccms.segments.part("p", "ccms-muted", __("Choose a company first.")));
		return;
	}
	if (!frm.builder || !place.contains(frm.builder.place)) make_builder(frm, place);
	const { builder } = frm;
	builder.read_only = !frm.perm[0]?.write;
	await builder.load(frm.doc.company);
	if (!frm.doc.is_frozen) builder.set(frm.doc.match, frm.doc.rules);
	ask(frm);
}

function make_builder(frm, place) {
	const { part, Builder, Preview } = ccms.segments;
	const box = part("div", "ccms-segment");
	const rules = part("div");
	const side = part("div", "ccms-side");
	box.append(rules, side);
	place.replaceChildren(box);
	frm.builder = new Builder(rules, {
		changed(rows, match) {
			frm.doc.match = match;
			frm.clear_table("rules");
			rows.forEach((row) => frm.add_child("rules", row));
			frm.dirty();
			ask(frm);
		},
	});
	frm.preview = new Preview(side, { answered: (answer) => frm.builder.show_problems(answer.problems) });
	if (frm.doc.is_frozen) {
		rules.replaceChildren(part("p", "ccms-muted", __("A frozen copy has no rules.")));
	}
}

function ask(frm) {
	if (!frm.preview || !frm.doc.company) return;
	const listed = (table) => (frm.doc[table] || []).map((row) => row.customer).filter(Boolean);
	frm.preview.ask({
		company: frm.doc.company,
		match: frm.doc.match,
		rules: (frm.doc.rules || []).map(({ field, operator, value, group_no, scope }) => ({
			field,
			operator,
			value,
			group_no,
			scope,
		})),
		always: listed("static_members"),
		never: listed("excluded_customers"),
		frozen: frm.doc.is_frozen ? frm.doc.name : null,
	});
}

// ------------------------------------------------------------------------------------------------ size and insight

async function show_insight(frm) {
	const place = frm.fields_dict.insight_html?.$wrapper.get(0);
	if (!place) return;
	const { name } = frm.doc;
	const [sizes, shared, uses] = await Promise.all(
		["sizes", "what_they_share", "used_in"].map((method) => frappe.xcall(SEGMENTS_API + method, { segment: name }))
	);
	if (frm.doc.name !== name) return;
	const { part } = ccms.segments;
	const chart = part("div");
	place.replaceChildren(chart, draw_shared(shared), draw_uses(frm, uses));
	draw_sizes(chart, sizes);
}

function draw_sizes(place, sizes) {
	if (sizes.length < 2) {
		const text = __("The size of each day is kept from the first refresh on: tomorrow a line begins here.");
		place.append(ccms.segments.part("p", "ccms-muted", text));
		return;
	}
	new frappe.Chart(place, {
		title: __("Customers in this segment"),
		type: "line",
		height: 200,
		colors: ["#2490ef"],
		axisOptions: { xIsSeries: 1, xAxisMode: "tick" },
		lineOptions: { regionFill: 1, hideDots: sizes.length > 40 ? 1 : 0 },
		data: {
			labels: sizes.map((row) => moment(row.date).format("D MMM")),
			datasets: [{ name: __("Customers"), values: sizes.map((row) => row.size) }],
		},
	});
}

function draw_shared(shared) {
	const { part } = ccms.segments;
	const box = part("div");
	if (!shared || !shared.size) {
		const text = shared
			? __("None of the members has scores yet.")
			: __("What members have in common is shown once customers are scored.");
		box.append(part("p", "ccms-muted", text));
		return box;
	}
	if (!shared.others) {
		box.append(part("p", "ccms-muted", __("Everybody with scores is in this segment: there is nobody to compare with.")));
		return box;
	}
	const grid = part("div", "ccms-shared");
	grid.append(
		draw_traits(__("More than others"), shared.over),
		draw_traits(__("Less than others"), shared.under),
		draw_means(shared)
	);
	box.append(grid);
	return box;
}

function draw_traits(title, traits) {
	const { part } = ccms.segments;
	const box = part("div");
	box.append(part("h6", "", title));
	if (!traits.length) box.append(part("p", "ccms-muted", __("Nothing stands out.")));
	const percent = (share) => `${format_number(100 * share, null, 0)} %`;
	for (const trait of traits) {
		const line = part("div", "ccms-trait");
		line.append(part("div", "", `${trait.label}: ${trait.shown}`));
		const said = __("{0} here, {1} of the others", [percent(trait.inside), percent(trait.outside)]);
		const index = trait.index === null ? "" : " · " + __("index {0}", [format_number(trait.index, null, 0)]);
		line.append(part("div", "ccms-muted", said + index));
		const bar = part("div", "ccms-bar");
		const [own, others] = [part("i"), part("u")];
		own.style.width = percent(trait.inside).replace(" ", "");
		others.style.left = percent(trait.outside).replace(" ", "");
		bar.append(own, others);
		line.append(bar);
		box.append(line);
	}
	return box;
}

function draw_means({ means, currency }) {
	const { part, money } = ccms.segments;
	const box = part("div");
	box.append(part("h6", "", __("On average")));
	const shown = (value, kind) => {
		if (value === null) return "–";
		if (kind === "money") return money(value, currency);
		return kind === "share" ? `${format_number(100 * value, null, 1)} %` : format_number(value, null, 1);
	};
	const table = part("table", "ccms-means");
	const head = part("tr");
	head.append(part("th"), ...[__("Here"), __("Others"), __("Others = 100")].map((text) => part("td", "ccms-muted", text)));
	table.append(head);
	for (const mean of means) {
		const row = part("tr");
		const index = mean.index === null ? "–" : format_number(mean.index, null, 0);
		row.append(part("th", "", mean.label));
		[shown(mean.inside, mean.kind), shown(mean.outside, mean.kind), index].forEach((text) => row.append(part("td", "", text)));
		table.append(row);
	}
	box.append(table);
	return box;
}

function draw_uses(frm, uses) {
	const { part } = ccms.segments;
	const box = part("div", "ccms-uses");
	box.append(part("b", "", __("Used in")));
	for (const use of uses) {
		const link = part("a", "", `${use.label} (${use.how})`);
		link.href = frappe.utils.get_form_link(use.doctype, use.name);
		box.append(link);
	}
	if (!uses.length) box.append(part("span", "ccms-muted", __("nothing yet")));
	box.append(part("div", "ccms-break"), part("b", "", __("Use in")));
	const members = part("a", "", __("List of members"));
	members.href = `/app/ccms-segment-member?${new URLSearchParams({ segment: frm.doc.name, left_on: '["is","not set"]' })}`;
	box.append(members);
	if (frm.doc.tag) {
		const tagged = part("a", "", __("Customers tagged {0}", [frm.doc.tag]));
		tagged.href = `/app/customer?${new URLSearchParams({ _user_tags: `["like","%${frm.doc.tag}%"]` })}`;
		box.append(tagged);
	}
	const report = part("a", "", __("Report Segment Sizes"));
	report.href = `/app/query-report/Segment Sizes?${new URLSearchParams({ company: frm.doc.company, segment: frm.doc.name })}`;
	box.append(report);
	return box;
}
