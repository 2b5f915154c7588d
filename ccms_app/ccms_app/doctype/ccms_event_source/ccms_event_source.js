frappe.ui.form.on("CCMS Event Source", {
	refresh(frm) {
		if (frm.is_new() || frm.doc.kind === "Site" || !frm.perm[0]?.write) return;
		const has_keys = frm.doc.secret_hint || frm.doc.public_key;
		frm.add_custom_button(has_keys ? __("Make New Keys") : __("Make Keys"), () => {
			if (!has_keys) return rotate(frm);
			frappe.confirm(
				__("The keys of now are worth nothing from that moment on. Make new ones?"),
				() => rotate(frm)
			);
		});
		if (has_keys) {
			frm.add_custom_button(__("Revoke"), () => {
				frappe.confirm(__("Nothing is taken from this source any more. Revoke its keys?"), () =>
					call(frm, "revoke").then(() => frm.reload_doc())
				);
			});
		}
		frm.set_intro(
			has_keys
				? ""
				: __("Make keys for this source, and give them to the program or page that sends events."),
			"blue"
		);
	},
});

function call(frm, what) {
	return frappe.call({
		method: `ccms_app.api.track.${what}`,
		args: { source: frm.doc.name },
		freeze: true,
	});
}

async function rotate(frm) {
	const { message: keys } = await call(frm, "rotate");
	const labels = {
		secret: __("Secret"),
		public_key: __("Public Key"),
		identify_secret: __("Secret that Signs Who a Visitor Is"),
	};
	const dialog = new frappe.ui.Dialog({
		title: __("Keys of {0}", [frm.doc.name]),
		fields: [
			{
				fieldtype: "HTML",
				fieldname: "note",
				options: `<p>${__("Copy them now: secrets are shown this once, and are kept nowhere.")}</p>`,
			},
			...Object.entries(keys).map(([name, value]) => ({
				fieldtype: "Data",
				fieldname: name,
				label: labels[name],
				default: value,
				read_only: 1,
			})),
		],
		primary_action_label: __("Copy"),
		primary_action() {
			const lines = Object.entries(keys).map(([name, value]) => `${name}: ${value}`);
			frappe.utils.copy_to_clipboard(lines.join("\n"));
		},
		on_hide: () => frm.reload_doc(),
	});
	dialog.show();
}
