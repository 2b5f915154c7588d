// Merging a customer into another, and taking a merge back: dialogs, and the progress of the background job.
// Classic script: read by more than one form, so it declares nothing at top level twice.

(() => {
	if (window.ccms_merging) return;

	const POLL = 1200;
	const call = (method, args) => frappe.xcall(`ccms_app.api.merging.${method}`, args);
	const plain = (html) => frappe.utils.escape_html(strip_html(html || ""));

	const foreseen = ({ refusals, moves, takes, says }) => {
		const box = $("<div class='ccms-foreseen'>");
		if (refusals.length) {
			$("<p class='bold'>").text(__("These two cannot become one:")).appendTo(box);
			const list = $("<ul class='text-danger'>").appendTo(box);
			refusals.forEach((text) => $("<li>").text(strip_html(text)).appendTo(list));
			return box;
		}
		if (!moves.length) $("<p>").text(__("Nothing points at this customer: only the record itself goes.")).appendTo(box);
		else {
			$("<p class='bold'>").text(__("This moves:")).appendTo(box);
			$(ccms_merging.table(moves, true)).appendTo(box);
		}
		ccms_merging.takes(takes).appendTo(box);
		says.forEach((text) => $("<p class='mt-3'>").text(text).appendTo(box));
		$("<p class='text-muted small'>").text(__("The merge can be undone from the list of merges for some time.")).appendTo(box);
		return box;
	};

	window.ccms_merging = {
		/** Whether the user may merge customers and undo it, as far as roles say. */
		may: () => frappe.model.can_write("CCMS Customer Merge") && frappe.model.can_write("Customer"),

		/** Rows of {doctype, documents, drafts} as a small table; in a dialog it scrolls. */
		table(moves, is_dialog) {
			const rows = moves.map(({ doctype, documents, drafts }) => {
				const note = drafts ? __("{0} of them drafts", [drafts]) : "";
				return `<tr><td>${frappe.utils.escape_html(__(doctype))}</td><td class="text-right">${cint(documents)}</td>
					<td class="text-muted">${frappe.utils.escape_html(note)}</td></tr>`;
			});
			const height = is_dialog ? "max-height: 40vh; overflow-y: auto" : "";
			return `<div class="table-responsive" style="${height}"><table class="table table-sm ccms-moves mb-0"><thead><tr>
				<th${is_dialog ? " class='pl-0'" : ""}>${__("What")}</th><th class="text-right">${__("How Many")}</th><th></th></tr></thead>
				<tbody>${rows.join("")}</tbody></table></div>`;
		},

		/** What the one who stays does not know as yet: rows of {label, value}. */
		takes(takes) {
			const box = $("<div class='ccms-takes'>");
			if (!takes.length) return box;
			$("<p class='bold mt-3 mb-1'>").text(__("Taken over, being empty in the one who stays:")).appendTo(box);
			const list = $("<ul class='mb-2'>").appendTo(box);
			takes.forEach(({ label, value }) => {
				$("<li>").text(value ? `${label}: ${value}` : label).appendTo(list);
			});
			return box;
		},

		/** The dialog on the Customer form. */
		open(source, title) {
			const dialog = new frappe.ui.Dialog({
				title: __("Merge {0} into…", [title || source]),
				fields: [
					{
						fieldname: "target",
						fieldtype: "Link",
						options: "Customer",
						label: __("Customer Who Stays"),
						reqd: 1,
						get_query: () => ({ filters: { name: ["!=", source] } }),
						onchange: () => look(),
					},
					{ fieldname: "foreseen", fieldtype: "HTML" },
					{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason") },
				],
			});
			dialog.set_primary_action(__("Merge"), () => {
				const values = dialog.get_values();
				if (!values) return;
				dialog.disable_primary_action();
				call("merge", { source, target: values.target, reason: values.reason || "" })
					.then((key) => {
						dialog.hide();
						ccms_merging.watch(key, __("Merging"), () => frappe.set_route("Form", "Customer", values.target));
					})
					.catch(() => dialog.enable_primary_action());
			});
			let seen = null;
			const look = () => {
				const target = dialog.get_value("target");
				// leaving the field says "changed" again, just when the button is pressed
				if (target === seen) return;
				seen = target;
				const box = dialog.get_field("foreseen").$wrapper.empty();
				dialog.disable_primary_action();
				if (!target) return;
				$("<p class='text-muted'>").text(__("Looking at what would move…")).appendTo(box);
				call("foresee", { source, target }).then((found) => {
					if (target !== dialog.get_value("target")) return;
					box.empty().append(foreseen(found));
					if (!found.refusals.length) dialog.enable_primary_action();
				});
			};
			dialog.show();
			dialog.disable_primary_action();
			return dialog;
		},

		/** Ask, then undo. */
		undo(merge, source, target, after) {
			const dialog = new frappe.ui.Dialog({
				title: __("Undo this merge?"),
				fields: [
					{
						fieldtype: "HTML",
						options: `<p>${__("{0} becomes a customer of their own again. What moved to {1} goes back; what arose since stays there.", [
							plain(source).bold(),
							plain(target).bold(),
						])}</p><p>${__("Points that were spent stay spent. Consent that was withdrawn since holds for both.")}</p>`,
					},
					{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason") },
				],
			});
			dialog.set_primary_action(__("Undo the Merge"), () => {
				const { reason } = dialog.get_values();
				dialog.disable_primary_action();
				call("undo_merge", { merge, reason: reason || "" })
					.then((key) => {
						dialog.hide();
						ccms_merging.watch(key, __("Undoing"), after);
					})
					.catch(() => dialog.enable_primary_action());
			});
			dialog.show();
			return dialog;
		},

		/** Show where a job is until it has ended. The job goes on when the page is left. */
		watch(key, title, done) {
			const show = (said) => frappe.show_progress(title, said.percent || 0, 100, strip_html(said.text || ""), true);
			const ask = () =>
				call("status", { key }).then((said) => {
					if (["waiting", "running"].includes(said.state)) {
						show(said);
						setTimeout(ask, POLL);
						return;
					}
					frappe.hide_progress();
					if (said.state !== "done") {
						const head = said.state === "refused" ? __("Refused") : __("Not done");
						frappe.msgprint({ title: head, message: plain(said.text), indicator: "red" });
						return;
					}
					frappe.model.clear_doc("Customer", said.customer);
					frappe.show_alert({ message: __("Done"), indicator: "green" });
					done && done(said);
				});
			show({ percent: 0, text: __("Waiting for its turn") });
			setTimeout(ask, 400);
		},
	};

	frappe.ui.form.on("Customer", {
		refresh(frm) {
			if (frm.is_new() || !ccms_merging.may()) return;
			frm.page.add_menu_item(__("Merge into…"), () => ccms_merging.open(frm.doc.name, frm.doc.customer_name));
			frm.page.add_menu_item(__("Merges of This Customer"), () =>
				frappe.set_route("List", "CCMS Customer Merge", { target: frm.doc.name })
			);
		},
	});
})();
