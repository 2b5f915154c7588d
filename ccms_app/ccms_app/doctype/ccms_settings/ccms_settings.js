frappe.ui.form.on("CCMS Settings", {
	refresh(frm) {
		frm.add_custom_button(__("Expiry Notification"), () =>
			frappe.set_route("Form", "Notification", "CCMS Points Expiring")
		);
		show_accounts(frm);
	},
});

/** One line a company: its two accounts, or the button that makes them. */
function show_accounts(frm) {
	const wrapper = frm.get_field("accounts_html").$wrapper.empty();
	frappe.xcall("ccms_app.api.setup.points_accounts").then((companies) => {
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
	if (!(expense_account && liability_account) && frm.perm[0]?.write) {
		$('<button class="btn btn-primary btn-sm">')
			.text(__("Create Accounts"))
			.on("click", () =>
				frappe.xcall("ccms_app.api.loyalty.create_accounts", { company }).then(() => {
					frappe.show_alert({ message: __("The accounts of {0} are there.", [company]), indicator: "green" });
					show_accounts(frm);
				})
			)
			.appendTo(row);
	}
	return row;
}
