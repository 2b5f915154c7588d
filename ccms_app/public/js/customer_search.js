// Finding a customer by a whole phone number, mail address, card or account: from the list of customers.
(() => {
	frappe.provide("ccms.identity");

	frappe.listview_settings["Customer"] = frappe.listview_settings["Customer"] || {};
	const settings = frappe.listview_settings["Customer"];
	const before = settings.onload;
	settings.onload = function (list) {
		if (before) before.call(this, list);
		list.page.add_inner_button(__("Find by Identifier"), () => ccms.identity.search());
	};

	ccms.identity.search = () => {
		const dialog = new frappe.ui.Dialog({
			title: __("Find a Customer by Identifier"),
			fields: [
				{
					fieldname: "text",
					fieldtype: "Data",
					label: __("Phone, E-mail, Card or Account"),
					reqd: 1,
					length: 300,
					description: __("The whole of it, in any way of writing. Each search stands in the access log."),
				},
				{
					fieldname: "kind",
					fieldtype: "Select",
					label: __("Kind"),
					options: ["", "Phone", "Email", "Card", "WeChat", "Social"].map((value) => ({
						value,
						label: value ? __(value) : __("Any"),
					})),
				},
				{ fieldname: "found", fieldtype: "HTML" },
			],
			primary_action_label: __("Find"),
			primary_action: async ({ text, kind }) => {
				const rows = await frappe.xcall("ccms_app.api.identity.find", { text, kind: kind || "" });
				if (rows.length === 1) {
					dialog.hide();
					frappe.set_route("Form", "Customer", rows[0].customer);
				} else show(dialog.get_field("found").$wrapper, rows);
			},
		});
		dialog.show();
	};

	function show(wrapper, rows) {
		wrapper.empty();
		if (!rows.length) {
			$('<p class="text-muted" role="status">')
				.text(__("No customer of yours has exactly this. Part of a number is not enough."))
				.appendTo(wrapper);
			return;
		}
		$('<p class="text-muted" role="status">')
			.text(__("{0} customers share it:", [rows.length]))
			.appendTo(wrapper);
		rows.forEach((row) => {
			const line = $('<div class="py-2 border-top">').appendTo(wrapper);
			$("<a>")
				.attr("href", frappe.utils.get_form_link("Customer", row.customer))
				.text(row.customer_name || row.customer)
				.appendTo(line);
			$('<span class="text-muted ml-2">')
				.text([__(row.kind), row.shown_as, __(row.source), row.verified ? __("Verified") : ""].filter(Boolean).join(" · "))
				.appendTo(line);
		});
	}
})();
