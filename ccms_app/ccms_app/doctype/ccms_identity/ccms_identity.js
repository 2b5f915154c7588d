frappe.ui.form.on("CCMS Identity", {
	refresh(frm) {
		frm.disable_form();
		frappe.xcall("ccms_app.api.identity.holders", { identity: frm.doc.name }).then((rows) => show(frm, rows));
	},
});

/** Who has it or had it, and the way to say that somebody no longer does. */
function show(frm, rows) {
	const wrapper = frm.get_field("owners_html").$wrapper.empty();
	if (!rows.length) {
		$('<p class="text-muted">').text(__("Nobody yet: an event named it, and no customer has it.")).appendTo(wrapper);
	}
	rows.forEach((row) => wrapper.append(line(frm, row)));
}

function line(frm, row) {
	const box = $('<div class="d-flex flex-wrap align-items-center py-2 border-top" style="gap: var(--margin-md)">');
	$("<a>")
		.attr("href", frappe.utils.get_form_link("Customer", row.customer))
		.text(row.customer_name || row.customer)
		.appendTo(box);
	const time = (value) => frappe.datetime.str_to_user(value.split(" ")[0]);
	const said = [
		__("from {0}", [__(row.source)]),
		row.ended_on ? __("{0} until {1}", [time(row.since), time(row.ended_on)]) : __("since {0}", [time(row.since)]),
	];
	if (row.verified) said.push(__("Verified"));
	$('<span class="text-muted">').text(said.join(" · ")).appendTo(box);
	if (!row.ended_on && frappe.model.can_write("Customer")) {
		$('<button class="btn btn-default btn-xs" type="button">')
			.text(__("No Longer Theirs"))
			.on("click", () => ask(frm, row))
			.appendTo(box);
	}
	return box;
}

function ask(frm, row) {
	const name = frappe.utils.escape_html(row.customer_name || row.customer);
	frappe.confirm(
		__("{0} no longer belongs to {1}? What happened until now stays with {1}; what comes next does not.", [
			frappe.utils.escape_html(frm.doc.shown_as),
			name,
		]),
		() =>
			frappe
				.xcall("ccms_app.api.identity.end", { identity: frm.doc.name, customer: row.customer })
				.then(() => frm.reload_doc())
	);
}
