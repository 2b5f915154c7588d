// CCMS Settings: the messages that tell customers how their orders stand, each with its switch.
(() => {
	const API = "ccms_app.api.setup.";

	frappe.ui.form.on("CCMS Settings", {
		refresh(frm) {
			const field = frm.fields_dict.order_messages_html;
			if (field) frappe.xcall(`${API}order_messages`).then((messages) => show(frm, field.$wrapper, messages));
		},
	});

	function show(frm, wrapper, messages) {
		wrapper.empty();
		$('<p class="text-muted">')
			.text(__("Sent to the contact of the order, in the language of the document. All of them start switched off."))
			.appendTo(wrapper);
		messages.forEach((message) => wrapper.append(line(frm, wrapper, message)));
		if (!messages.length) $("<p>").text(__("All of them were deleted.")).appendTo(wrapper);
	}

	function line(frm, wrapper, { name, document_type, on, sendable }) {
		const row = $('<div class="d-flex flex-wrap align-items-center py-2 border-top" style="gap: var(--margin-sm)">');
		$('<b style="min-width: 12rem">').text(__(name)).appendTo(row);
		$('<span class="text-muted">').text(__(document_type)).appendTo(row);
		$('<span class="indicator-pill">')
			.addClass(on ? "green" : "gray")
			.text(on ? __("On") : __("Off"))
			.appendTo(row);
		if (on && !sendable) {
			$('<span class="text-muted">')
				.text(__("Nothing is sent yet: set up a default outgoing Email Account."))
				.appendTo(row);
		}
		if (frm.perm[0]?.write) {
			$('<button class="btn btn-default btn-xs" type="button">')
				.text(on ? __("Switch Off") : __("Switch On"))
				.on("click", () =>
					frappe
						.xcall(`${API}switch_order_message`, { name, on: on ? 0 : 1 })
						.then((messages) => show(frm, wrapper, messages))
				)
				.appendTo(row);
		}
		if (frappe.model.can_write("Notification")) {
			$('<a class="btn btn-default btn-xs">')
				.attr("href", frappe.utils.get_form_link("Notification", name))
				.text(__("Edit the Text"))
				.appendTo(row);
		}
		return row;
	}
})();
