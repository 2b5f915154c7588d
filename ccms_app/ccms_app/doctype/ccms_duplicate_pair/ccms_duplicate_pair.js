frappe.ui.form.on("CCMS Duplicate Pair", {
	refresh(frm) {
		frm.disable_save();
		const { doc } = frm;
		if (doc.status === "Merged") {
			frm.set_intro(__("These two have become one customer."), "green");
			return;
		}
		frm.trigger("compare");
		if (!frm.perm[0]?.write) return;
		const call = (method, args = {}) =>
			frappe
				.xcall(`ccms_app.api.duplicates.${method}`, { pair: doc.name, ...args })
				.then(() => frm.reload_doc());
		if (["Not a Duplicate", "Snoozed"].includes(doc.status))
			frm.add_custom_button(__("Open Again"), () => call("reopen"));
		if (doc.status === "Not a Duplicate") return;
		if (ccms_duplicates.may_merge())
			frm.add_custom_button(__("Merge…"), () => frm.events.merge(frm)).addClass("btn-primary");
		frm.add_custom_button(__("Not a Duplicate"), () =>
			frappe.prompt(
				[{ fieldname: "note", fieldtype: "Small Text", label: __("Note") }],
				({ note }) => call("not_duplicate", { note }),
				__("Two Different Customers"),
				__("Remember")
			)
		);
		frm.add_custom_button(__("Snooze"), () =>
			frappe.prompt(
				[
					{
						fieldname: "until",
						fieldtype: "Date",
						label: __("Until"),
						reqd: 1,
						default: frappe.datetime.add_days(frappe.datetime.get_today(), 30),
					},
				],
				({ until }) => call("snooze", { until }),
				__("Put Off"),
				__("Snooze")
			)
		);
	},

	compare(frm) {
		const wrapper = frm.get_field("compare_html").$wrapper.empty();
		frappe.xcall("ccms_app.api.duplicates.compare", { pair: frm.doc.name }).then((found) => {
			frm.found = found;
			wrapper.append(ccms_duplicates.side_by_side(found));
		});
	},

	merge(frm) {
		if (!frm.found) return;
		const pair = frm.doc.name;
		const dialog = new frappe.ui.Dialog({
			title: __("Merge Two Customers"),
			fields: [
				{
					fieldname: "keep",
					fieldtype: "Select",
					label: __("Who Stays"),
					reqd: 1,
					options: frm.found.customers.map((customer) => ({
						value: customer.name,
						label: ccms_duplicates.title(customer),
					})),
					default: ccms_duplicates.richer(frm.found.customers).name,
					onchange: () => foresee(),
				},
				{ fieldname: "moves", fieldtype: "HTML" },
				{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason") },
			],
			primary_action_label: __("Merge"),
			primary_action({ keep, reason }) {
				dialog.disable_primary_action();
				frappe
					.xcall("ccms_app.api.duplicates.merge", { pair, keep, reason })
					.then((key) => {
						dialog.hide();
						ccms_merging.watch(key, __("Merging"), () => frm.doc.name === pair && frm.reload_doc());
					})
					.catch(() => dialog.enable_primary_action());
			},
		});
		const foresee = () => {
			const keep = dialog.get_value("keep");
			const box = dialog.get_field("moves").$wrapper.empty();
			dialog.disable_primary_action();
			frappe.xcall("ccms_app.api.duplicates.foresee", { pair, keep }).then((found) => {
				if (keep !== dialog.get_value("keep")) return;
				ccms_duplicates.foreseen(found).appendTo(box);
				if (!found.refusals.length) dialog.enable_primary_action();
			});
		};
		dialog.show();
		foresee();
	},
});

const ccms_duplicates = {
	may_merge: () => ccms_merging.may(),

	title({ title, name, since, invoices }) {
		const who = title === name ? name : `${title} (${name})`;
		return `${who} · ${__("since {0}", [since])} · ${__("{0} invoices", [invoices])}`;
	},

	foreseen({ refusals, moves, takes, says }) {
		const box = $("<div class='small text-muted mb-3'>");
		if (refusals.length) {
			refusals.forEach((text) => $("<p class='text-danger'>").text(strip_html(text)).appendTo(box));
			return box;
		}
		const told = moves.filter(({ doctype }) => doctype !== "Version");
		const counts = told.map(({ doctype, documents }) => `${__(doctype)}: ${documents}`);
		$("<p>")
			.text(
				counts.length
					? __("The other one’s documents move here: {0}", [counts.join(", ")])
					: __("The other one has no documents to move.")
			)
			.appendTo(box);
		ccms_merging.takes(takes).appendTo(box);
		says.forEach((text) => $("<p>").text(text).appendTo(box));
		$("<p>").text(__("A merge can be undone for some time.")).appendTo(box);
		return box;
	},

	// who has more invoices is proposed to stay
	richer: ([one, other]) => (other.invoices > one.invoices ? other : one),

	side_by_side({ customers, rows, finding }) {
		const box = $(`<div class="ccms-duplicates">${ccms_duplicates.style}</div>`);
		$("<p class='ccms-finding'>").text(finding).appendTo(box);
		const table = $("<div class='ccms-grid' role='table'>").appendTo(box);
		const row = (tone) => $("<div class='ccms-row' role='row'>").addClass(`ccms-${tone}`).appendTo(table);
		const cell = (parent, text, kind = "") =>
			$(`<div role='cell' class='${kind}'>`).text(text || "").appendTo(parent);

		const head = row("head");
		cell(head, "");
		customers.forEach((customer) => {
			const link = $("<a>")
				.attr("href", frappe.utils.get_form_link("Customer", customer.name))
				.text(customer.title);
			const about = [customer.title === customer.name ? "" : customer.name, __("since {0}", [customer.since])];
			about.push(__("{0} invoices", [customer.invoices]));
			if (customer.disabled) about.push(__("Disabled"));
			cell(head, "")
				.append(link)
				.append($("<div class='text-muted small'>").text(about.filter(Boolean).join(" · ")));
		});
		cell(head, "");
		rows.forEach(({ label, values, words, tone }) => {
			const line = row(tone);
			cell(line, label, "ccms-label");
			values.forEach((value) => cell(line, value, "ccms-value"));
			cell(line, words, "ccms-words");
		});
		return box;
	},

	style: `<style>
		.ccms-duplicates .ccms-finding { font-weight: 500; }
		.ccms-duplicates .ccms-row { display: grid; grid-template-columns: 1.1fr 2fr 2fr 1.7fr; gap: 12px;
			padding: 8px; border-bottom: 1px solid var(--border-color); white-space: pre-line; overflow-wrap: anywhere; }
		.ccms-duplicates .ccms-head { font-weight: 600; }
		.ccms-duplicates .ccms-label, .ccms-duplicates .ccms-words { color: var(--text-muted); }
		.ccms-duplicates .ccms-same .ccms-value { background: var(--bg-green); color: var(--text-on-green); }
		.ccms-duplicates .ccms-near .ccms-value { background: var(--bg-yellow); color: var(--text-on-yellow); }
		.ccms-duplicates .ccms-differ .ccms-value { background: var(--bg-red); color: var(--text-on-red); }
		.ccms-duplicates .ccms-value { border-radius: 4px; padding: 0 6px; align-self: start; }
		.ccms-duplicates .ccms-value:empty { background: none !important; }
		.ccms-duplicates .ccms-value:empty::before { content: "–"; color: var(--text-muted); }
		@media (max-width: 767px) {
			.ccms-duplicates .ccms-row { grid-template-columns: 1fr 1fr; gap: 4px 8px; }
			.ccms-duplicates .ccms-head > :first-child, .ccms-duplicates .ccms-head > :last-child { display: none; }
			.ccms-duplicates .ccms-words { text-align: right; order: -1; }
			.ccms-duplicates .ccms-label { order: -2; }
		}
	</style>`,
};
