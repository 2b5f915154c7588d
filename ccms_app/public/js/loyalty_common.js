// What every loyalty screen shares: how points, money and days read, how a part of a page is made, how the
// server is asked quietly. A plain file: hooks put it before the scripts that use it, so nothing is built.
(() => {
	frappe.provide("ccms.loyalty");

	const API = "ccms_app.api.loyalty.";
	const DECIMALS = 2; // points are kept with at most two

	/** Points as people read them: grouped, and decimals only where there are any. */
	ccms.loyalty.points = (value) => {
		const number = flt(value, DECIMALS);
		return format_number(number, null, Number.isInteger(number) ? 0 : DECIMALS);
	};

	ccms.loyalty.money = (value, currency) => format_currency(flt(value), currency);

	/** A day in the reader's language, with its year only when it isn't this one. */
	ccms.loyalty.day = (value) => {
		if (!value) return "";
		const day = frappe.datetime.str_to_obj(value);
		const shape = { day: "numeric", month: "short" };
		if (day.getFullYear() !== new Date().getFullYear()) shape.year = "numeric";
		return new Intl.DateTimeFormat(language(), shape).format(day);
	};

	function language() {
		const code = (frappe.boot.lang || "en").replace("_", "-");
		try {
			return Intl.getCanonicalLocales(code)[0] === "en" ? "en-GB" : code;
		} catch (e) {
			return "en-GB";
		}
	}

	/** An element with text, never markup: what comes from the database can't run. */
	ccms.loyalty.part = (tag, classes, text) => {
		const element = document.createElement(tag);
		if (classes) element.className = classes;
		if (text !== undefined && text !== null) element.textContent = text;
		return element;
	};

	/** A translated sentence whose placeholders are shown in bold. */
	ccms.loyalty.sentence = (text, values) => {
		const line = document.createElement("span");
		text.split(/(\{\d+\})/).forEach((piece) => {
			const place = /^\{(\d+)\}$/.exec(piece);
			line.append(place ? ccms.loyalty.part("b", "", values[place[1]]) : piece);
		});
		return line;
	};

	/** The list of journal rows of one document or one membership, as a link that opens in a tab too. */
	ccms.loyalty.entries_link = (filters, text) => {
		const link = ccms.loyalty.part("a", "ccms-link", text);
		link.href = `/app/ccms-points-ledger-entry?${new URLSearchParams(filters)}`;
		return link;
	};

	ccms.loyalty.document_link = (doctype, name, text) => {
		const link = ccms.loyalty.part("a", "ccms-link", text || name);
		link.href = frappe.utils.get_form_link(doctype, name);
		return link;
	};

	ccms.loyalty.call = (method, args) => frappe.xcall(API + method, args);

	/**
	 * Ask the server without a spinner, a freeze or a dialog: for questions asked while somebody types.
	 * Resolves to the answer; rejects with a plain sentence, or with an AbortError when taken back.
	 */
	ccms.loyalty.ask = async (method, args, signal) => {
		const response = await fetch(`/api/method/${API}${method}`, {
			method: "POST",
			headers: {
				Accept: "application/json",
				"Content-Type": "application/json; charset=utf-8",
				"X-Frappe-CSRF-Token": frappe.csrf_token,
			},
			body: JSON.stringify(args),
			signal,
		});
		const body = await response.json().catch(() => ({}));
		if (!response.ok) throw new Error(said(body) || __("The points could not be worked out."));
		return body.message;
	};

	function said(body) {
		try {
			const messages = JSON.parse(body._server_messages || "[]").map((text) => JSON.parse(text).message);
			return frappe.utils.html2text(messages[0] || "");
		} catch (e) {
			return "";
		}
	}

	ccms.loyalty.enrol = async (customer, program) => {
		const membership = await ccms.loyalty.call("enrol", { customer, program });
		frappe.show_alert({ message: __("Enrolled in {0}.", [frappe.utils.escape_html(program)]), indicator: "green" });
		return membership;
	};

	/**
	 * Ask for the reason, then freeze, unfreeze, let leave or let come back. The reason is a code from a list:
	 * what is personal doesn't belong into a journal that can't be changed. Resolves when the status is set.
	 */
	ccms.loyalty.change_status = (membership, status, title) =>
		new Promise((resolve, reject) => {
			const dialog = new frappe.ui.Dialog({
				title,
				fields: [
					{ fieldtype: "HTML", options: `<p class="text-muted">${EXPLAINED[status]()}</p>` },
					{
						fieldname: "reason",
						label: __("Reason"),
						fieldtype: "Select",
						options: REASONS.map((value) => ({ value, label: __(value) })),
						reqd: 1,
						default: REASONS[0],
					},
				],
				primary_action_label: title,
				primary_action({ reason }) {
					dialog.hide();
					ccms.loyalty.call("set_status", { membership, status, reason }).then(resolve, reject);
				},
			});
			dialog.show();
		});

	const REASONS = ["Customer Request", "Misuse", "Duplicate Membership", "Correction", "Other"];
	const EXPLAINED = {
		Active: () => __("The member earns and uses points, with the history kept."),
		Frozen: () => __("A frozen member goes on earning, but cannot use points."),
		Left: () => __("Who has left neither earns nor uses points. The history stays."),
	};

	/** What a sales document asks for before payments, in its own currency, as it stands on the screen. */
	ccms.loyalty.total = (doc) => flt(doc.rounded_total || doc.grand_total, precision("grand_total", doc));

	/** The row of older points goes: ERPNext reckons the change again before it saves. The server sets the new one. */
	ccms.loyalty.drop_row = (frm) => {
		const rows = frm.doc.taxes || [];
		if (!rows.some((row) => row.ccms_points_row)) return;
		frm.doc.taxes = rows.filter((row) => !row.ccms_points_row);
		frm.doc.taxes.forEach((row, place) => (row.idx = place + 1));
		frm.refresh_field("taxes");
	};

	/**
	 * Give the whole amount to the default mode of payment, as ERPNext does for a new sale: exactly that is
	 * paid, and there is no change.
	 */
	ccms.loyalty.pay_by_default = (frm, amount) => {
		const { doc } = frm;
		const rate = flt(doc.conversion_rate) || 1;
		const in_base = (value) => flt(value * rate, precision("base_paid_amount", doc));
		ccms.loyalty.drop_row(frm);
		let open = flt(amount, precision("paid_amount", doc));
		doc.paid_amount = doc.base_paid_amount = 0;
		for (const row of doc.payments || []) {
			row.amount = cint(row.default) ? open : 0;
			row.base_amount = in_base(row.amount);
			open -= row.amount;
			doc.paid_amount += row.amount;
			doc.base_paid_amount += row.base_amount;
		}
		doc.change_amount = doc.base_change_amount = 0;
		frm.dirty();
		["payments", "paid_amount", "base_paid_amount", "change_amount"].forEach((field) => frm.refresh_field(field));
	};

	const STYLE = `
		.ccms-panel { font-size: var(--text-md); line-height: 1.6; }
		.ccms-panel.ccms-boxed { border: 1px solid var(--border-color); border-radius: var(--border-radius-md);
			padding: var(--padding-sm) var(--padding-md); margin-bottom: var(--margin-md); flex-shrink: 0; }
		.ccms-row { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 8px; }
		.ccms-row:empty, .ccms-panel [hidden] { display: none; }
		.ccms-push { margin-left: auto; }
		.ccms-name { font-weight: 600; }
		.ccms-muted { color: var(--text-muted); }
		.ccms-balance { font-variant-numeric: tabular-nums; white-space: nowrap; }
		.ccms-use { margin-top: 4px; gap: 4px 8px; }
		.ccms-use label { margin: 0; }
		.ccms-use input.ccms-points { width: 8em; height: 32px; text-align: right; font-variant-numeric: tabular-nums; }
		.ccms-use input.ccms-points[aria-invalid="true"] { border-color: var(--red-500); }
		.ccms-use input.ccms-points.ccms-armed { box-shadow: 0 0 0 2px var(--blue-400, var(--primary)); }
		.ccms-off { font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
		.ccms-error { color: var(--red-600); }
		[data-theme="dark"] .ccms-error { color: var(--red-300); }
		.ccms-warning { color: var(--orange-600); }
		[data-theme="dark"] .ccms-warning { color: var(--orange-300); }
		.ccms-panel select.ccms-which { width: auto; max-width: 16em; height: 28px; padding: 0 24px 0 8px; }
		.ccms-link { text-decoration: underline; text-underline-offset: 2px; }
		.ccms-busy .ccms-off, .ccms-busy .ccms-due, .ccms-busy .ccms-earn { opacity: 0.5; }
		.ccms-card { border: 1px solid var(--border-color); border-radius: var(--border-radius-md);
			padding: var(--padding-md); margin-bottom: var(--margin-md); }
		.ccms-card .progress { height: 8px; margin: 6px 0 2px; }
		.ccms-figures { display: flex; flex-wrap: wrap; gap: 8px 24px; margin: 10px 0; }
		.ccms-figure b { display: block; font-size: var(--text-xl); font-weight: 600;
			font-variant-numeric: tabular-nums; line-height: 1.3; }
		.ccms-moves { width: 100%; margin-top: 6px; }
		.ccms-moves td { padding: 4px 8px 4px 0; border-top: 1px solid var(--border-color); vertical-align: top; }
		.ccms-moves td:first-child { white-space: nowrap; width: 1%; }
		.ccms-moves td.ccms-number { text-align: right; width: 1%; padding-right: 16px; white-space: nowrap; font-variant-numeric: tabular-nums; }
		.ccms-actions { display: flex; flex-wrap: wrap; gap: 6px; margin: 10px 0; }
		.ccms-gain { color: var(--green-600); }
		[data-theme="dark"] .ccms-gain { color: var(--green-300); }
		/* The panel needs room on the payment screen: the number pad moves closer together. */
		.point-of-sale-app .payment-container > .ccms-till ~ .fields-numpad-container > .number-pad .numpad-container {
			gap: var(--margin-sm); margin-bottom: var(--margin-sm); }
		.point-of-sale-app .payment-container > .ccms-till ~ .section-label { margin-bottom: var(--margin-xs); }
		/* Points are never paid out as change: with points, exactly what is due is paid. */
		.ccms-paying .cash-shortcuts { display: none !important; }
		@media (max-width: 620px) {
			.ccms-use input.ccms-points { height: 40px; flex: 1 1 4em; width: 4em; min-width: 4em; font-size: 16px; }
			.ccms-use .btn { height: 40px; padding: 0 12px; }
			.ccms-use .ccms-most { order: 1; }
			.ccms-use .ccms-push { order: 2; }
		}
	`;
	frappe.dom.set_style(STYLE, "ccms-loyalty-style");
})();
