const SETUP_API = "ccms_app.api.setup.";

frappe.ui.form.on("CCMS Settings", {
	refresh(frm) {
		frappe.xcall(`${SETUP_API}expiry_warnings`).then((state) => show_warnings(frm, state));
		if (frm.perm[0]?.write) show_accounts(frm);
		show_scoring(frm);
	},
});

/** Whether customers are warned, and the switch. Only System Managers may edit a Notification. */
function show_warnings(frm, { on, sendable, exists }) {
	const wrapper = frm.get_field("expiry_notification_html").$wrapper.empty();
	const row = $('<div class="d-flex flex-wrap align-items-center pb-3" style="gap: var(--margin-sm)">').appendTo(
		wrapper
	);
	$('<span class="indicator-pill">')
		.addClass(on ? "green" : "orange")
		.text(on ? __("The mail to customers is switched on.") : __("The mail to customers is switched off."))
		.appendTo(row);
	if (on && !sendable) {
		$('<span class="text-muted">')
			.text(__("Nothing is sent yet: set up a default outgoing Email Account."))
			.appendTo(row);
	}
	if (!exists) return;
	if (frm.perm[0]?.write) {
		$('<button class="btn btn-default btn-xs">')
			.text(on ? __("Switch Off") : __("Switch On"))
			.on("click", () =>
				frappe
					.xcall(`${SETUP_API}switch_expiry_warnings`, { on: on ? 0 : 1 })
					.then((state) => show_warnings(frm, state))
			)
			.appendTo(row);
	}
	if (frappe.model.can_write("Notification")) {
		$('<a class="btn btn-default btn-xs">')
			.attr("href", frappe.utils.get_form_link("Notification", "CCMS Points Expiring"))
			.text(__("Edit the Text"))
			.appendTo(row);
	}
}

/** One line a company: its two accounts, or the button that makes them. */
function show_accounts(frm) {
	const wrapper = frm.get_field("accounts_html").$wrapper.empty();
	frappe.xcall(`${SETUP_API}points_accounts`).then((companies) => {
		$('<p class="text-muted">')
			.text(__("A loyalty program books the points used against one of these accounts."))
			.appendTo(wrapper);
		companies.forEach((company) => wrapper.append(company_row(frm, company)));
	});
}

function company_row(frm, { company, expense_account, liability_account }) {
	const row = $('<div class="d-flex flex-wrap align-items-center py-2 border-top" style="gap: var(--margin-md)">');
	$('<b style="min-width: 12rem">').text(company).appendTo(row);
	[expense_account, liability_account].filter(Boolean).forEach((account) => {
		$("<a>").attr("href", frappe.utils.get_form_link("Account", account)).text(account).appendTo(row);
	});
	if (!(expense_account && liability_account)) {
		$('<button class="btn btn-primary btn-sm">')
			.text(__("Create Accounts"))
			.on("click", () => create_accounts(frm, company))
			.appendTo(row);
	}
	return row;
}

function create_accounts(frm, company) {
	frappe.xcall("ccms_app.api.loyalty.create_accounts", { company }).then(() => {
		const message = __("The accounts of {0} are there.", [frappe.utils.escape_html(company)]);
		frappe.show_alert({ message, indicator: "green" });
		show_accounts(frm);
	});
}

/** When each company was scored last, and the way to score it now. */
function show_scoring(frm) {
	const wrapper = frm.get_field("scoring_html").$wrapper.empty();
	if (!frappe.model.can_read("CCMS Score Run")) return;
	frappe.db
		.get_list("CCMS Score Run", {
			filters: { is_published: 1 },
			fields: ["name", "company", "data_cut", "customers"],
			limit: 50,
		})
		.then((runs) => {
			if (!runs.length) {
				$('<p class="text-muted">')
					.text(__("Nothing has been scored yet. Every company with invoices is scored at night, or now."))
					.appendTo(wrapper);
			}
			for (const run of runs) {
				const line = $('<p class="mb-2">').appendTo(wrapper);
				$("<a>")
					.attr("href", frappe.utils.get_form_link("CCMS Score Run", run.name))
					.text(run.company)
					.appendTo(line);
				const values = [format_number(run.customers, null, 0), frappe.datetime.str_to_user(run.data_cut)];
				line.append(document.createTextNode(`: ${__("{0} customers, documents before {1}", values)}`));
			}
			$('<a class="btn btn-default btn-xs mb-3">')
				.attr("href", "/app/ccms-score-run")
				.text(__("Score Runs"))
				.appendTo(wrapper);
		});
}
