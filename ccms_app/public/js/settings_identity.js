// CCMS Settings: how full the identity map is, and the way to fill it.
(() => {
	const API = "ccms_app.api.identity.";
	const EVENT = "ccms_identity_progress";
	const lost = () =>
		__(
			"Identifiers were stored with another encryption key than site_config.json has now: none is found or read. Restore that key before anything else."
		);

	frappe.ui.form.on("CCMS Settings", {
		refresh(frm) {
			if (!frm.perm[0]?.write || !frm.fields_dict.identity_html) return;
			show(frm);
			frappe.realtime.off(EVENT);
			frappe.realtime.on(EVENT, ({ done, total, ended }) => {
				frappe.show_progress(__("Reading customers"), done, total, "", ended);
				if (ended) show(frm);
			});
		},
	});

	async function show(frm) {
		const wrapper = frm.get_field("identity_html").$wrapper;
		const map = await frappe.xcall(`${API}standing`);
		wrapper.empty();
		if (!map.is_readable) $('<p class="text-danger">').text(lost()).appendTo(wrapper);
		$("<p>").text(sentence(map)).appendTo(wrapper);
		if (map.shared) {
			$('<p><a href="/app/ccms-identity?is_shared=1"></a></p>')
				.appendTo(wrapper)
				.find("a")
				.text(__("{0} are shared by several customers", [number(map.shared)]));
		}
		$('<p class="text-muted">').text(when(map)).appendTo(wrapper);
		$('<button class="btn btn-default btn-xs mb-3" type="button">')
			.text(map.reached ? __("Continue") : __("Read All Customers Now"))
			.on("click", async () => {
				const started = await frappe.xcall(`${API}fill`);
				frappe.show_alert(started ? __("Reading customers in the background.") : __("It is running already."));
			})
			.appendTo(wrapper);
	}

	function sentence({ customers, known, identities }) {
		if (!customers) return __("No customers yet: the map fills itself as they come.");
		return __("{0} of {1} customers can be recognised, by {2} identifiers.", [known, customers, identities].map(number));
	}

	function when({ last, reached }) {
		if (reached) return __("A run has read {0} customers and has not ended.", [number(reached)]);
		if (!last) return __("Customers who were here before the app have not been read yet.");
		return __("All customers were last read {0}.", [frappe.datetime.prettyDate(last)]);
	}

	function number(value) {
		return format_number(value, null, 0);
	}
})();
