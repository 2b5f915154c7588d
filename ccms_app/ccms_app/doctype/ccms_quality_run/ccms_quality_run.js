frappe.ui.form.on("CCMS Quality Run", {
	refresh(frm) {
		frm.disable_save();
		const { status, customers, checked, found, resolved } = frm.doc;
		clearTimeout(frm.ccms_later);
		if (status === "Running") {
			const share = customers ? Math.round((100 * checked) / customers) : 0;
			frm.dashboard.show_progress(__("Checking customers"), share, __("{0} of {1}", [checked, customers]));
			// live messages may not arrive: look again
			frm.ccms_later = setTimeout(() => cur_frm === frm && !frm.is_dirty() && frm.reload_doc(), 3000);
		} else {
			frm.dashboard.hide_progress();
		}
		if (status === "Failed") {
			const where = `reference_doctype=${encodeURIComponent(frm.doctype)}&reference_name=${frm.doc.name}`;
			const link = `<a href="/app/error-log?${where}">${__("What went wrong")}</a>`;
			frm.set_intro(`${__("This run failed; what it had checked until then is kept.")} ${link}`, "red");
		}
		if (status === "Completed") {
			const text = __("{0} customers checked: {1} new findings, {2} no longer found.", [checked, found, resolved]);
			frm.set_intro(`<a href="/app/ccms-quality-finding?status=Open">${text}</a>`, "green");
		}
	},
});
