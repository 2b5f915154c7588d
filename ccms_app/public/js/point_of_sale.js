// The loyalty panel on the payment screen of ERPNext's Point of Sale page, and points on its order summary.
// ERPNext's classes are wrapped, never replaced: a method that a later version lacks is left alone, and the
// till works as it does without us.
(() => {
	const page = frappe.pages["point-of-sale"];
	if (!page) return;

	const BUNDLE = "point-of-sale.bundle.js"; // ERPNext's own, which defines the classes
	const { part, points, money, total } = ccms.loyalty;

	const load = page.on_page_load;
	page.on_page_load = function (...args) {
		frappe.require(BUNDLE, () => {
			extend(erpnext.PointOfSale || {});
			load.apply(this, args);
		});
	};

	function extend({ Payment, Controller, PastOrderSummary }) {
		after(Payment, "prepare_dom", (payment) => (payment.ccms = new Till(payment)));
		after(Payment, "render_payment_section", (payment) => payment.ccms?.open());
		after(Payment, "update_totals_section", (payment) => payment.ccms?.totals_changed());
		before(Payment, "focus_on_default_mop", (payment) => payment.ccms?.focus_payment_soon());
		before(Payment, "on_numpad_clicked", (payment, $button) => payment.ccms?.numpad($button));
		before(Controller, "save_and_checkout", (controller) => controller.payment?.ccms?.fit_to_cart());
		after(PastOrderSummary, "load_summary_of", (summary, doc) => summarise(summary, doc));
	}

	function after(kind, method, added) {
		const original = kind?.prototype?.[method];
		if (typeof original !== "function" || original.ccms) return;
		kind.prototype[method] = function (...args) {
			const result = original.apply(this, args);
			added(this, ...args);
			return result;
		};
		kind.prototype[method].ccms = true;
	}

	/** `added` goes first; a promise is waited for; true means that it has done everything. */
	function before(kind, method, added) {
		const original = kind?.prototype?.[method];
		if (typeof original !== "function" || original.ccms) return;
		kind.prototype[method] = function (...args) {
			const first = added(this, ...args);
			if (first === true) return;
			return first?.then ? first.then(() => original.apply(this, args)) : original.apply(this, args);
		};
		kind.prototype[method].ccms = true;
	}

	/** Points on one payment screen. `payment` is ERPNext's own screen. */
	class Till {
		constructor(payment) {
			this.payment = payment;
			const place = part("div", "ccms-till");
			payment.$component.prepend(place);
			this.panel = new ccms.LoyaltyPanel({
				wrapper: place,
				boxed: true,
				get_doc: () => this.frm.doc,
				set_points: (number) => this.set("ccms_redeem_points", number),
				set_membership: (name) => this.set("ccms_membership", name),
				on_focus: () => this.arm(true),
				on_answer: () => this.on_answer(),
				on_commit: () => this.save(),
			});
			payment.$payment_modes.on("click focusin", () => this.arm(false));
			// A touch on the number pad must not take the focus, and with it the number, from the points.
			payment.$numpad.on("mousedown", (event) => this.armed && event.preventDefault());
			payment.$component.find(".submit-order-btn").on("click", (event) => this.complete(event));
			this.add_shortcut();
		}

		get frm() {
			return this.payment.events.get_frm();
		}

		get visible() {
			return this.payment.$component.is(":visible");
		}

		set(field, value) {
			const { doctype, name } = this.frm.doc;
			return frappe.model.set_value(doctype, name, field, value);
		}

		add_shortcut() {
			this.panel.add_shortcut(cur_page?.page?.page, () => this.visible);
		}

		open() {
			this.arm(false);
			this.panel.refresh({ delay: 0, force: true });
		}

		/** A discount or a coupon given on this screen moves what points may pay. */
		totals_changed() {
			if (this.visible && !this.saving) this.panel.refresh();
		}

		on_answer() {
			const paying = Boolean(flt(this.panel.answer?.redeem_points));
			this.payment.$component.toggleClass("ccms-paying", paying);
			const typing = document.activeElement === this.panel.input || this.armed;
			// Once a question: should server and screen disagree, the till doesn't save in circles.
			if (typing || !this.visible || this.panel.error || !this.stale || this.panel.key === this.saved_for) return;
			this.saved_for = this.panel.key;
			this.save();
		}

		/** Whether the points row and the payments on the screen are those of an older number of points. */
		get stale() {
			const { doc } = this.frm;
			const { answer } = this.panel;
			if (!answer?.member || answer.is_return || doc.docstatus > 0) return false;
			const digits = precision("grand_total", doc);
			const differs = (a, b) => flt(a, digits) !== flt(b, digits);
			const shown = -(doc.taxes || []).reduce((sum, row) => sum + (row.ccms_points_row ? flt(row.tax_amount) : 0), 0);
			const used = Boolean(flt(answer.redeem_points) || shown);
			return used && differs(answer.amount_due, total(doc));
		}

		// ------------------------------------------------------------------ the server sets the row

		/** Save the draft, so that the server sets the row; one save after the other, each of the latest points. */
		save() {
			const turn = (this.saving || Promise.resolve()).then(() => this.save_once());
			this.saving = turn;
			const done = () => this.saving === turn && (this.saving = null);
			turn.then(done, done);
			return turn;
		}

		async save_once() {
			await this.panel.settle();
			if (!this.visible) return true; // back in the cart: the checkout saves
			if (this.panel.error) return this.refuse();
			if (!this.stale) return true;
			this.saved_for = this.panel.key;
			const { frm, payment } = this;
			const mode = payment.$payment_modes.find(".mode-of-payment.border-primary").attr("data-mode");
			this.pay_what_is_due();
			let failed = false;
			await frm.save(null, null, null, () => (failed = true));
			if (failed) return false;
			this.hide_saved();
			this.arm(false);
			frm.cscript.calculate_outstanding_amount?.();
			payment.render_payment_mode_dom?.();
			payment.update_totals_section?.(frm.doc);
			this.focus_payment(mode);
			await this.panel.settle();
			this.saved_for = this.panel.key;
			return true;
		}

		/** The default payment is what is due after points, so that the till never shows points as change. */
		pay_what_is_due() {
			const due = cint(this.frm.skip_default_payment) ? 0 : this.panel.answer.amount_due;
			ccms.loyalty.pay_by_default(this.frm, due);
		}

		/** "Saved" says nothing here, and would stand on the change. */
		hide_saved() {
			const says_saved = (_, alert) => alert.textContent.trim() === __("Saved");
			$("#alert-container .desk-alert").filter(says_saved).remove();
		}

		/** What comes next at the till: the money, in the mode that was chosen or the usual one. */
		focus_payment(mode) {
			if (!this.visible || this.payment.disable_grand_total_to_default_mop) return;
			const $modes = this.payment.$payment_modes.find(".mode-of-payment");
			const usual = (this.frm.doc.payments || []).findIndex((row) => cint(row.default));
			const $chosen = $modes.filter((_, card) => card.dataset.mode === mode);
			($chosen.length ? $chosen : $modes.eq(usual)).first().trigger("click");
		}

		/** As ERPNext does, but without taking the focus from somebody who types points already. */
		focus_payment_soon() {
			setTimeout(() => this.armed || this.focus_payment(), 500);
			return true;
		}

		refuse() {
			this.panel.focus();
			frappe.utils.play_sound("error");
			return false;
		}

		/** Points chosen for an earlier cart: never let them hold up the checkout, where nobody can change them. */
		async fit_to_cart() {
			const { doc } = this.frm;
			const wanted = flt(doc.ccms_redeem_points);
			if (!wanted || cint(doc.is_return)) return;
			await this.panel.settle();
			const { answer } = this.panel;
			if (!answer) return;
			if (this.panel.error) await this.lower_points(wanted, answer);
			if (this.panel.answer && !this.panel.error) this.pay_what_is_due();
		}

		async lower_points(wanted, answer) {
			const why = frappe.utils.escape_html(frappe.utils.html2text(answer.error || this.panel.error));
			this.panel.typed_wrong = "";
			let fitting = Math.max(0, Math.min(wanted, flt(answer.max_points)));
			if (fitting === wanted) fitting = 0;
			await this.set("ccms_redeem_points", fitting);
			await this.panel.settle();
			if (this.panel.error) {
				fitting = 0;
				await this.set("ccms_redeem_points", fitting);
				await this.panel.settle();
			}
			const message = fitting
				? __("Points lowered from {0} to {1}: {2}", [points(wanted), points(fitting), why])
				: __("No points used: {0}", [why]);
			frappe.show_alert({ message, indicator: "orange" }, 8);
		}

		// ------------------------------------------------------------------ completing

		/** Before ERPNext completes the order: the points on the screen are right, saved, and may pay it all. */
		complete(event) {
			if (this.passing) return;
			const { doc } = this.frm;
			if (!flt(doc.ccms_redeem_points) && !this.panel.uncommitted && !this.panel.error && !this.saving) return;
			event.preventDefault();
			event.stopImmediatePropagation();
			this.finish();
		}

		async finish() {
			if (this.panel.error) return this.refuse();
			this.panel.uncommitted = false;
			await this.saving;
			if (!(await this.save())) return;
			const { payment } = this;
			const { doc } = this.frm;
			const covered = doc.items.length && flt(doc.ccms_redeem_points) && !total(doc);
			if (covered && !flt(doc.paid_amount)) {
				// ERPNext completes no order without a payment; points have paid this one.
				if (payment.validate_reqd_invoice_fields?.() !== false) payment.events.submit_invoice();
				return;
			}
			this.passing = true;
			payment.$component.find(".submit-order-btn").trigger("click");
			this.passing = false;
		}

		// ------------------------------------------------------------------ the number pad

		/** The number pad types into the field that was touched last: points or a payment. */
		arm(on) {
			this.armed = on;
			this.panel.input.classList.toggle("ccms-armed", on);
		}

		numpad($button) {
			if (!this.armed || this.panel.use.hidden) return false;
			const key = $button.attr("data-button-value");
			const { input } = this.panel;
			const whole = input.selectionStart === 0 && input.selectionEnd === input.value.length;
			const kept = whole && key !== "delete" ? "" : input.value;
			input.value = key === "delete" ? kept.slice(0, -1) : kept + key;
			input.focus();
			input.setSelectionRange(input.value.length, input.value.length);
			this.panel.typed();
			return true;
		}
	}

	/** What an order earned and used, among its totals on the order summary. */
	async function summarise(summary, doc) {
		const $totals = summary.$totals_container;
		if (!$totals || !doc || doc.docstatus !== 1) return;
		const { doctype, name } = doc;
		const told = await ccms.loyalty.ask("document_points", { doctype, name }).catch(() => null);
		if (!told || summary.doc !== doc) return;
		$totals.find(".ccms-summary").remove();
		const lines = [
			[told.earned, __("Points earned"), "+"],
			[told.redeemed, __("Points used"), "−"],
			[told.restored, __("Points given back"), "+"],
			[told.clawed_back, __("Points taken back"), "−"],
		];
		for (const [amount, label, sign] of lines) {
			if (!flt(amount)) continue;
			const row = part("div", "summary-row-wrapper ccms-summary");
			const worth = label === __("Points used") && flt(doc.ccms_redeem_amount);
			const text = `${sign}${points(Math.abs(amount))}`;
			const currency = frappe.get_doc(":Company", doc.company)?.default_currency;
			row.append(part("div", "", label), part("div", "", worth ? `${text} (${money(worth, currency)})` : text));
			$totals.append(row);
		}
	}
})();
