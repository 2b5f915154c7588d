const UNSETTLED = ["Open", "Waiting"];
const LOOKS_AGAIN_MS = 5000;

frappe.ui.form.on("CCMS Privacy Request", {
	setup(frm) {
		frappe.realtime.on("ccms_privacy_request", (said) => {
			if (said.name !== frm.doc.name) return;
			if (said.percent >= 100) {
				frappe.hide_progress();
				frm.reload_doc();
			} else {
				frappe.show_progress(__("Erasing"), said.percent, 100, said.text);
			}
		});
	},

	refresh(frm) {
		if (frm.is_new()) return;
		if (frm.doc.status !== "Running") frappe.hide_progress();
		frm.trigger("say_where_it_stands");
		if (!UNSETTLED.includes(frm.doc.status)) {
			frm.disable_form();
			if (is_restricted(frm) && frm.perm[0]?.write) {
				frm.add_custom_button(__("Lift Restriction …"), () => ask_before_lifting(frm));
			}
			return;
		}
		if (!frm.perm[0]?.write) return;
		const is_erasure = frm.doc.request_type === "Erasure";
		if (frm.doc.identity_checked && !frm.is_dirty()) {
			if (is_erasure) {
				frm.add_custom_button(__("Erase …"), () => ask_before_erasing(frm)).addClass("btn-danger");
			} else {
				frm.add_custom_button(__("Prepare Export"), () =>
					frm.call("prepare_export").then(() => {
						frappe.show_alert({ message: __("The file is being made."), indicator: "blue" });
						frm.reload_doc();
					})
				);
				frm.add_custom_button(__("Complete"), () => frm.call("complete").then(() => frm.reload_doc()));
			}
		}
		frm.add_custom_button(__("Refuse …"), () =>
			frappe.prompt(
				{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 },
				({ reason }) => frm.call("refuse", { reason }).then(() => frm.reload_doc()),
				__("Refuse Request"),
				__("Refuse")
			)
		);
	},

	say_where_it_stands(frm) {
		const { doc } = frm;
		if (doc.status === "Waiting") {
			const items = (doc.waits_for || "").split("\n").map((line) => `<li>${frappe.utils.escape_html(line)}</li>`);
			frm.set_intro(`${__("Erasure waits. It is tried again every night.")}<ul>${items.join("")}</ul>`, "orange");
		} else if (doc.status === "Running") {
			frm.set_intro(__("The erasure is at work. You may leave this page; it goes on."), "blue");
			look_again(frm, doc.name);
		} else if (doc.export_asked_on) {
			const since = frappe.datetime.str_to_user(doc.export_asked_on);
			frm.set_intro(__("The file is being made since {0}. You may leave this page; it goes on.", [since]), "blue");
			look_again(frm, doc.name);
		} else if (UNSETTLED.includes(doc.status) && !doc.identity_checked) {
			frm.set_intro(__("Make sure first who asks, and tick “Identity Checked”."), "orange");
		} else if (is_restricted(frm)) {
			const day = frappe.datetime.str_to_user(doc.restricted_on);
			frm.set_intro(
				__("Restricted since {0}: stored, in no scores and segments, no marketing, not erased.", [day]),
				"orange"
			);
		} else if (doc.status === "Completed" && doc.books_forget_on && !doc.books_forgotten_on) {
			const day = frappe.datetime.str_to_user(doc.books_forget_on);
			frm.set_intro(__("Names stay on invoices and in the general ledger until {0}.", [day]), "blue");
		}
	},
});

// for sites where no news come by themselves
function look_again(frm, name) {
	clearTimeout(frm.looks_again);
	frm.looks_again = setTimeout(() => {
		const is_shown = frappe.get_route_str() === `Form/${frm.doctype}/${name}` && frm.doc.name === name;
		const is_at_work = frm.doc.status === "Running" || frm.doc.export_asked_on;
		if (is_shown && is_at_work && !frm.is_dirty()) frm.reload_doc();
	}, LOOKS_AGAIN_MS);
}

function is_restricted({ doc }) {
	return doc.status === "Completed" && doc.restricted_on && !doc.lifted_on;
}

function ask_before_lifting(frm) {
	frappe.prompt(
		{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 },
		({ reason }) => frm.call("lift", { reason }).then(() => frm.reload_doc()),
		__("Lift Restriction"),
		__("Lift")
	);
}

function ask_before_erasing(frm) {
	frm.call("what_erasing_does").then(({ message }) => {
		const list = (lines) => `<ul>${lines.map((line) => `<li>${frappe.utils.escape_html(line)}</li>`).join("")}</ul>`;
		const waits = message.waits.length;
		const dialog = new frappe.ui.Dialog({
			title: waits ? __("Erasure Has to Wait") : __("Erase This Customer?"),
			fields: [
				{
					fieldname: "text",
					fieldtype: "HTML",
					options: waits
						? `<p>${__("It waits for:")}</p>${list(message.waits)}<p>${__(
								"It is tried again every night, and erases as soon as nothing is open."
						  )}</p>`
						: list(message.says),
				},
				...(waits
					? []
					: [
							{
								fieldname: "customer",
								fieldtype: "Data",
								label: __("Type the customer's ID to confirm"),
								description: frappe.utils.escape_html(frm.doc.customer),
								reqd: 1,
							},
					  ]),
			],
			primary_action_label: waits ? __("Erase When Nothing Is Open") : __("Erase"),
			primary_action(values) {
				if (!waits && values.customer.trim() !== frm.doc.customer) {
					frappe.msgprint(__("This is not the customer's ID."));
					return;
				}
				dialog.hide();
				frm.call("erase").then(() => frm.reload_doc());
			},
		});
		if (!waits) dialog.get_primary_btn().removeClass("btn-primary").addClass("btn-danger");
		dialog.show();
	});
}
