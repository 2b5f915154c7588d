// Customer form, tab "Consent": what the customer allows, what was said, and a dialog that shows the wording.

frappe.ui.form.on("Customer", {
	refresh(frm) {
		const field = frm.fields_dict.ccms_consent_html;
		if (!field || frm.is_new()) return;
		ccms_consent.load(frm);
	},
});

/** A word of the lists of consent in the reader's language. */
const consent_word = (value) => __(value, null, "CCMS Consent");

const consent_day = (moment) => frappe.datetime.str_to_user(moment.split(" ")[0]);

const ccms_consent = {
	STATES: { Given: "green", Withdrawn: "red", Objected: "red" },

	async load(frm) {
		const name = frm.doc.name;
		const { message } = await frappe.call("ccms_app.api.privacy.consent_of", { customer: name });
		if (frm.doc.name === name && message) this.show(frm, message);
	},

	show(frm, found) {
		const $box = frm.fields_dict.ccms_consent_html.$wrapper.empty();
		const $all = $('<div class="ccms-consent"></div>').appendTo($box);
		if (found.is_child) {
			$("<p class='text-warning'></p>")
				.text(__("Under 14: only a guardian's consent counts."))
				.appendTo($all);
		}
		const $list = $('<div class="ccms-consent-purposes"></div>').appendTo($all);
		found.purposes.forEach((one) => $list.append(this.purpose(frm, found, one)));
		$("<p class='text-muted small'></p>")
			.text(__("Nothing recorded means no. Service messages about own orders and requests need no consent."))
			.appendTo($all);
		this.history(frm, found).appendTo($all);
	},

	purpose(frm, found, one) {
		const $row = $(
			'<div class="d-flex flex-wrap align-items-center border-bottom py-2" style="gap: 8px"></div>'
		).attr("data-purpose", one.purpose);
		const colour = one.state ? this.STATES[one.state] : "gray";
		const state = one.state ? consent_word(one.state) : __("Nothing recorded");
		$row.append(
			$('<div style="flex: 1 1 150px"></div>').append(
				$("<b></b>").text(consent_word(one.purpose)),
				$('<div class="text-muted small"></div>').text(this.since(one))
			)
		);
		$row.append($(`<span class="indicator-pill ${colour}"></span>`).text(state));
		one.channels.forEach((other) => {
			$row.append(
				$(`<span class="indicator-pill ${this.STATES[other.state]}"></span>`).text(
					`${consent_word(other.channel)}: ${consent_word(other.state)}`
				)
			);
		});
		if (found.may_record) {
			const $buttons = $('<div class="d-flex" style="gap: 6px"></div>').appendTo($row);
			const button = (label, state) =>
				$('<button class="btn btn-default btn-xs"></button>')
					.text(label)
					.on("click", () => this.ask(frm, found, one.purpose, state))
					.appendTo($buttons);
			if (!one.is_allowed || one.channels.length) button(__("Give"), "Given");
			if (one.is_allowed || one.channels.some((other) => other.is_allowed)) {
				button(__("Withdraw"), "Withdrawn");
			}
			if (one.purpose === "Profiling" && one.state !== "Objected") button(__("Object"), "Objected");
		}
		return $row;
	},

	since(one) {
		if (!one.since) return "";
		return __("since {0} · {1}", [consent_day(one.since), consent_word(one.source)]);
	},

	history(frm, found) {
		const $box = $('<div class="mt-4"></div>');
		if (!found.history.length) return $box;
		$("<h6></h6>").text(__("What was said")).appendTo($box);
		found.history.forEach((row) => {
			const words = [
				consent_day(row.said_at),
				consent_word(row.purpose),
				row.channel && consent_word(row.channel),
				consent_word(row.state),
				row.address,
				row.said_by === "Guardian" && __("by a guardian"),
				consent_word(row.source),
				row.wording && __("wording {0}", [row.wording_version]),
			].filter(Boolean);
			$('<div class="small py-1"></div>')
				.append($("<a></a>").attr("href", `/app/ccms-consent/${row.name}`).text(words.join(" · ")))
				.attr("title", row.wording_text || "")
				.appendTo($box);
		});
		if (found.total > found.history.length) {
			$('<a class="small"></a>')
				.attr("href", `/app/ccms-consent?customer=${encodeURIComponent(frm.doc.name)}`)
				.text(__("All {0}", [found.total]))
				.appendTo($box);
		}
		return $box;
	},

	ask(frm, found, purpose, state) {
		const wording = found.wordings[purpose];
		const is_given = state === "Given";
		const titles = {
			Given: __("Give consent: {0}", [consent_word(purpose)]),
			Withdrawn: __("Withdraw consent: {0}", [consent_word(purpose)]),
			Objected: __("Object: {0}", [consent_word(purpose)]),
		};
		const options = (list) => list.map((value) => ({ value, label: value ? consent_word(value) : __("Every channel") }));
		const dialog = new frappe.ui.Dialog({
			title: titles[state],
			fields: [
				{ fieldtype: "HTML", fieldname: "words" },
				{
					fieldtype: "Select",
					fieldname: "channel",
					label: __("Channel"),
					options: options(found.channels),
					hidden: purpose !== "Marketing",
				},
				{
					fieldtype: "Select",
					fieldname: "source",
					label: __("Where"),
					reqd: 1,
					default: "Desk",
					options: options(found.sources),
				},
				{
					fieldtype: "Select",
					fieldname: "said_by",
					label: __("Said By"),
					default: found.is_child ? "Guardian" : "Customer",
					options: options(["Customer", "Guardian"]),
				},
				{
					fieldtype: "Small Text",
					fieldname: "proof",
					label: consent_word("Proof"),
					reqd: is_given && !wording,
					description: __("Where this can be looked up: a form, a call, a file."),
				},
			],
			primary_action_label: is_given ? __("Give") : state === "Objected" ? __("Object") : __("Withdraw"),
			primary_action: async (values) => {
				dialog.disable_primary_action();
				try {
					const { message } = await frappe.call("ccms_app.api.privacy.record_consent", {
						customer: frm.doc.name,
						purpose,
						state,
						wording: is_given && wording ? wording.name : "",
						...values,
					});
					dialog.hide();
					this.show(frm, message);
				} finally {
					dialog.enable_primary_action();
				}
			},
		});
		const $words = dialog.fields_dict.words.$wrapper;
		if (is_given && wording) {
			$words.append($('<div class="text-muted small"></div>').text(__("Read this to the customer, or show it:")));
			$words.append($('<blockquote style="font-size: 16px; margin: 8px 0 16px"></blockquote>').text(wording.text));
		} else if (purpose === "Profiling" && !is_given) {
			$words.append(
				$("<p></p>").text(__("The customer leaves all scores, segments and recommendations at once."))
			);
		}
		dialog.show();
	},
};
