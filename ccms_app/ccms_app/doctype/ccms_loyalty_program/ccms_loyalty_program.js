const LOYALTY_API = "ccms_app.api.loyalty.";

frappe.ui.form.on("CCMS Loyalty Program", {
	setup(frm) {
		const account = (root_types) => () => ({
			filters: {
				company: frm.doc.company,
				is_group: 0,
				disabled: 0,
				root_type: ["in", root_types],
				account_type: ["not in", ["Receivable", "Payable"]],
			},
		});
		frm.set_query("expense_account", account(["Expense", "Income"]));
		frm.set_query("liability_account", account(["Liability"]));
		frm.set_query("cost_center", () => ({
			filters: { company: frm.doc.company, is_group: 0, disabled: 0 },
		}));
	},

	refresh(frm) {
		introduce(frm);
		if (frm.is_new() && frm.doc.company) offer_accounts(frm);
		if (frm.perm[0]?.write) add_buttons(frm);
		if (!frm.is_new()) show_members(frm);
	},

	company(frm) {
		frm.set_value({ expense_account: null, liability_account: null, cost_center: null });
		if (frm.doc.company) offer_accounts(frm);
	},
});

function introduce(frm) {
	frm.set_intro("");
	if (frm.is_new() || frm.doc.enabled) return;
	frm.set_intro(
		__("This program is switched off: nothing is earned or used. Simulate it first, then tick Enabled."),
		"blue"
	);
}

function add_buttons(frm) {
	if (frm.doc.company && !(frm.doc.expense_account && frm.doc.liability_account)) {
		frm.add_custom_button(__("Create Accounts"), () => create_accounts(frm));
	}
	if (frm.is_new()) return;
	frm.add_custom_button(__("Simulate"), () => saved(frm).then(() => simulate(frm)));
	if (!frm.doc.enabled) return;
	frm.add_custom_button(
		__("Enrol Existing Customers"),
		() => saved(frm).then(() => enrol_existing(frm)),
		__("Members")
	);
	frm.add_custom_button(
		__("Move from an ERPNext Program"),
		() => saved(frm).then(() => move_from_erpnext(frm)),
		__("Members")
	);
}

function saved(frm) {
	return frm.is_dirty() ? frm.save() : Promise.resolve();
}

function show_members(frm) {
	const link = (filters) => `/app/ccms-membership?${new URLSearchParams({ program: frm.doc.name, ...filters })}`;
	frappe.db
		.count("CCMS Membership", { filters: { program: frm.doc.name, status: ["in", ["Active", "Frozen"]] } })
		.then((count) => {
			const text = count === 1 ? __("1 member") : __("{0} members", [format_number(count, null, 0)]);
			const indicator = frm.dashboard.add_indicator(text, count ? "green" : "gray");
			indicator.css("cursor", "pointer").on("click", () => frappe.set_route(link({})));
		});
}

/** Fill in the accounts that the company already has, silently. */
function offer_accounts(frm) {
	frappe.xcall("ccms_app.api.setup.points_accounts", { company: frm.doc.company }).then((rows) => {
		const found = rows.find((row) => row.company === frm.doc.company);
		if (found) fill_accounts(frm, found);
	});
}

function create_accounts(frm) {
	frappe.xcall(`${LOYALTY_API}create_accounts`, { company: frm.doc.company }).then((accounts) => {
		fill_accounts(frm, accounts);
		frappe.show_alert({ message: __("The accounts are there. Save the program."), indicator: "green" });
	});
}

function fill_accounts(frm, accounts) {
	["expense_account", "liability_account"].forEach((field) => {
		if (accounts[field] && !frm.doc[field]) frm.set_value(field, accounts[field]);
	});
	if (accounts.expense_account && accounts.liability_account) {
		frm.remove_custom_button(__("Create Accounts"));
	}
}

function simulate(frm) {
	const today = frappe.datetime.get_today();
	const dialog = new frappe.ui.Dialog({
		title: __("Simulate {0}", [frm.doc.name]),
		fields: [
			{
				fieldtype: "HTML",
				options: `<p class="text-muted">${__(
					"Replays your own past invoices through these rules. Nothing is posted."
				)}</p>`,
			},
			{ fieldtype: "Section Break", hide_border: 1 },
			{
				fieldname: "from_date",
				label: __("Invoices From"),
				fieldtype: "Date",
				reqd: 1,
				default: frappe.datetime.add_months(today, -12),
			},
			{ fieldtype: "Column Break" },
			{ fieldname: "to_date", label: __("Invoices Until"), fieldtype: "Date", reqd: 1, default: today },
			{ fieldtype: "Section Break", label: __("What Customers Are Taken to Do") },
			{
				fieldname: "join_percent",
				label: __("Customers Who Join"),
				fieldtype: "Percent",
				precision: 1,
				default: 100,
			},
			{
				fieldname: "redeem_percent",
				label: __("Members Who Use Points"),
				fieldtype: "Percent",
				precision: 1,
				default: 70,
			},
			{ fieldtype: "Column Break" },
			{
				fieldname: "redeem_when_worth",
				label: __("They Use Points Worth"),
				fieldtype: "Currency",
				options: "Company:company:default_currency",
				default: 5,
			},
			{
				fieldname: "margin_percent",
				label: __("Gross Margin"),
				fieldtype: "Percent",
				precision: 1,
				description: __("For the break-even. Empty: from the cost of the items sold."),
			},
		],
		primary_action_label: __("Simulate"),
		primary_action(values) {
			if (values.from_date > values.to_date) {
				frappe.throw(__("Invoices Until is before Invoices From."));
			}
			dialog.hide();
			frappe
				.xcall(`${LOYALTY_API}start_simulation`, { program: frm.doc.name, ...values })
				.then((run) => frappe.set_route("Form", "CCMS Simulation Run", run.name || run));
		},
	});
	dialog.show();
}

function enrol_existing(frm) {
	const who = [frm.doc.customer_group, frm.doc.territory].filter(Boolean).map((name) => __(name));
	const question = who.length
		? __("Enrol all existing customers of {0}?", [frappe.utils.comma_and(who).bold()])
		: __("Enrol all existing customers?");
	frappe.confirm(`${question}<br>${__("Each gets a member number; nobody is told.")}`, () =>
		frappe
			.xcall(`${LOYALTY_API}enrol_existing`, { program: frm.doc.name })
			.then((message) => frappe.show_alert({ message, indicator: "blue" }))
	);
}

function move_from_erpnext(frm) {
	const dialog = new frappe.ui.Dialog({
		title: __("Move Members from an ERPNext Program"),
		fields: [
			{
				fieldtype: "HTML",
				options: `<p class="text-muted">${__(
					"Each customer's open points become an opening balance here, and the customer leaves the ERPNext program. Totals stay equal."
				)}</p>`,
			},
			{
				fieldname: "loyalty_program",
				label: __("ERPNext Loyalty Program"),
				fieldtype: "Link",
				options: "Loyalty Program",
				reqd: 1,
				get_query: () => ({ filters: { company: frm.doc.company } }),
			},
			{
				fieldname: "customer",
				label: __("Only This Customer"),
				fieldtype: "Link",
				options: "Customer",
				get_query: () => ({ filters: { loyalty_program: dialog.get_value("loyalty_program") } }),
			},
		],
		primary_action_label: __("Move"),
		primary_action(values) {
			dialog.hide();
			move_customers(frm, values);
		},
	});
	dialog.show();
}

async function move_customers(frm, { loyalty_program, customer }) {
	const customers = customer
		? [customer]
		: (
				await frappe.db.get_list("Customer", {
					fields: ["name"],
					filters: { loyalty_program },
					order_by: "creation asc",
					limit: 0,
				})
		  ).map((row) => row.name);
	if (!customers.length) {
		frappe.msgprint(__("No customer holds points in {0}.", [loyalty_program.bold()]));
		return;
	}
	const title = __("Moving Members");
	const failed = [];
	for (const [index, name] of customers.entries()) {
		frappe.show_progress(title, index, customers.length, frappe.utils.escape_html(name));
		try {
			await frappe.xcall(`${LOYALTY_API}move_from_erpnext`, { customer: name, program: frm.doc.name });
		} catch (error) {
			failed.push(name);
		}
	}
	frappe.show_progress(title, customers.length, customers.length, "", true);
	frappe.msgprint(
		failed.length
			? __("{0} moved. Not moved: {1}", [
					customers.length - failed.length,
					failed.map(frappe.utils.escape_html).join(", "),
			  ])
			: __("{0} moved.", [customers.length])
	);
	frm.reload_doc();
}
