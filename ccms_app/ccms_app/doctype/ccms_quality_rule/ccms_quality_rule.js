frappe.ui.form.on("CCMS Quality Rule", {
	refresh(frm) {
		frm.trigger("explain");
		if (!frm.is_new()) frm.trigger("found");
	},

	/** A new rule starts with the usual parameters of its kind. */
	async kind(frm) {
		const { parameters, description } = (await ccms_quality_kinds())[frm.doc.kind] || {};
		if (!parameters) return;
		frm.set_value("parameters", Object.keys(parameters).length ? JSON.stringify(parameters, null, 1) : "");
		if (!frm.doc.description || frm.is_new()) frm.set_value("description", description);
		frm.trigger("explain");
	},

	async explain(frm) {
		if (!frm.doc.kind || !frappe.model.can_write(frm.doctype)) return;
		const { description, help } = (await ccms_quality_kinds())[frm.doc.kind] || {};
		frm.set_df_property("kind", "description", frappe.utils.escape_html(description || ""));
		frm.set_df_property("parameters", "description", frappe.utils.escape_html(help || ""));
	},

	/** What the rule found, with the way there. */
	async found(frm) {
		if (!frappe.model.can_read("CCMS Quality Finding")) return;
		const { name, enabled } = frm.doc;
		const { Open: open = 0, Ignored: ignored = 0 } = (await frappe.xcall("ccms_app.api.quality.by_rule"))[name] || {};
		if (frm.doc.name !== name) return;
		const way = (status, text) => {
			const query = `rule=${encodeURIComponent(name)}&status=${status}`;
			return `<a href="/app/ccms-quality-finding?${query}">${frappe.utils.escape_html(text)}</a>`;
		};
		const said = [];
		if (open) said.push(way("Open", open === 1 ? __("1 customer to mend") : __("{0} customers to mend", [open])));
		if (ignored) said.push(way("Ignored", __("ignored on {0}", [ignored])));
		const nothing = enabled ? __("It finds nothing now.") : __("It is off, and looks at nobody.");
		frm.set_intro(said.join(" · ") || frappe.utils.escape_html(nothing), open ? "orange" : "blue");
	},
});

let ccms_quality_asked;
function ccms_quality_kinds() {
	ccms_quality_asked = ccms_quality_asked || frappe.xcall("ccms_app.api.quality.kinds");
	return ccms_quality_asked;
}
