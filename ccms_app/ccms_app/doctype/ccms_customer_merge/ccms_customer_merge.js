frappe.ui.form.on("CCMS Customer Merge", {
	refresh(frm) {
		frm.disable_save();
		const { doc } = frm;
		const moves = JSON.parse(doc.moved || "[]");
		frm.get_field("moved_html").$wrapper.html(
			moves.length
				? ccms_merging.table(moves)
				: `<p class="text-muted">${__("Nothing else pointed at the merged customer.")}</p>`
		);
		const fields = JSON.parse(doc.taken || "[]");
		if (fields.length)
			frappe.model.with_doctype("Customer", () => {
				const labels = fields.map((field) => __(frappe.meta.get_label("Customer", field)));
				$("<p class='ccms-taken mt-3'>")
					.text(__("Taken over, having been empty: {0}", [labels.join(", ")]))
					.appendTo(frm.get_field("moved_html").$wrapper);
			});
		if (doc.status === "Erased") {
			frm.set_intro(__("One of the two was erased or deleted: this merge cannot be undone, and its copies are gone."), "red");
		}
		if (doc.status !== "Merged" || !ccms_merging.may()) return;
		frappe.xcall("ccms_app.api.merging.may_undo", { merge: doc.name }).then(({ refused }) => {
			if (frm.doc.name !== doc.name) return;
			if (refused) {
				frm.set_intro(frappe.utils.escape_html(strip_html(refused)), "orange");
				return;
			}
			frm.add_custom_button(__("Undo"), () =>
				ccms_merging.undo(doc.name, doc.source_title, doc.target_title, () => frm.reload_doc())
			).addClass("btn-primary");
		});
	},
});
