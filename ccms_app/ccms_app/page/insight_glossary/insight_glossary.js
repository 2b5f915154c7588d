// What the words of the customer figures mean, in plain language; filtered while typing.
frappe.pages["insight-glossary"].on_page_load = async (wrapper) => {
	const page = frappe.ui.make_app_page({
		parent: wrapper,
		title: __("Glossary of Customer Figures"),
		single_column: true,
	});
	const search = page.add_field({ fieldname: "find", label: __("Find a word"), fieldtype: "Data" });
	const body = $("<div class='frappe-card p-4'>").appendTo(page.main);
	for (const { section, terms } of await frappe.xcall("ccms_app.api.customer_insight.glossary")) {
		const part = $("<section class='ccms-glossary mb-4'>").appendTo(body);
		$("<h4>").text(section).appendTo(part);
		const list = $("<dl class='mb-0'>").appendTo(part);
		for (const { term, meaning } of terms) {
			const row = $("<div class='row py-1'>").appendTo(list);
			$("<dt class='col-sm-3'>").text(term).appendTo(row);
			$("<dd class='col-sm-9 mb-0'>").text(meaning).appendTo(row);
		}
	}
	search.$input.on("input", () => {
		const wanted = search.$input.val().toLowerCase();
		body.find(".row").each((_at, row) => {
			row.hidden = !row.textContent.toLowerCase().includes(wanted);
		});
		body.find("section").each((_at, part) => {
			part.hidden = !part.querySelector(".row:not([hidden])");
		});
	});
};
