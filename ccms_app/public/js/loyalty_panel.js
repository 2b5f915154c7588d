// The quiet panel of one invoice: balance, what the sale will earn, points to use, what is wrong with them.
// It computes nothing: the unsaved document goes to the server, the server's answer is shown.
(() => {
	frappe.provide("ccms");

	const { part, sentence, points, money, day } = ccms.loyalty;
	const TYPING_PAUSE = 300; // ms
	// What the answer depends on. Payments are not in it: the panel changes them itself.
	const HEAD = [
		"name", "docstatus", "company", "customer", "currency", "conversion_rate", "posting_date", "is_pos",
		"is_return", "return_against", "is_opening", "is_debit_note", "is_consolidated", "is_internal_customer",
		"net_total", "grand_total", "rounded_total", "disable_rounded_total", "apply_discount_on",
		"discount_amount", "additional_discount_percentage", "taxes_and_charges", "redeem_loyalty_points",
		"loyalty_points", "ccms_membership", "ccms_redeem_points",
	];
	const LINES = {
		items: ["item_code", "qty", "rate", "net_amount", "sales_invoice_item", "pos_invoice_item"],
		taxes: ["charge_type", "account_head", "rate", "tax_amount", "included_in_print_rate"],
	};

	ccms.LoyaltyPanel = class LoyaltyPanel {
		/**
		 * wrapper: where to draw. get_doc(): the document as it stands. set_points(n), set_membership(name):
		 * write a user's choice into it. on_answer(answer): after each answer of the server.
		 * on_commit(): the user has finished with the number (Enter, leaving the field, "Use all").
		 */
		constructor(options) {
			Object.assign(this, options);
			this.turn = 0;
			this.answer = null;
			this.draw();
		}

		// ------------------------------------------------------------------ asking

		/** Ask again, soon, if anything that matters has changed since the last question. */
		refresh({ delay = TYPING_PAUSE, force = false } = {}) {
			const doc = this.get_doc();
			if (!this.concerns(doc)) return this.leave();
			if (doc.customer !== this.shown_customer || doc.name !== this.shown_name) this.forget(doc);
			const key = fingerprint(doc);
			if (!force && key === this.key) return;
			this.key = key;
			this.element.classList.add("ccms-busy");
			clearTimeout(this.timer);
			this.turn++; // what is under way now is late
			this.waiting = true;
			this.timer = setTimeout(() => this.ask(), delay);
		}

		ask() {
			clearTimeout(this.timer);
			this.waiting = false;
			const turn = ++this.turn;
			this.controller?.abort();
			this.controller = new AbortController();
			const doc = this.get_doc();
			const question =
				doc.docstatus > 0
					? this.ask_submitted(doc)
					: ccms.loyalty.ask("preview", { doc: payload(doc) }, this.controller.signal);
			this.question = question.then(
				(answer) => turn === this.turn && this.show(answer || {}),
				(error) => turn === this.turn && this.show_trouble(error)
			);
			return this.question;
		}

		ask_submitted(doc) {
			const { doctype, name } = doc;
			return ccms.loyalty.ask("document_points", { doctype, name }, this.controller.signal);
		}

		/** Wait until the answer on the screen is the answer to the document as it stands. */
		async settle() {
			this.refresh({ delay: 0 });
			while (this.waiting || this.question) {
				const asked = this.waiting ? this.ask() : this.question;
				await asked;
				if (asked === this.question) this.question = null;
			}
			return this.answer;
		}

		concerns(doc) {
			return Boolean(doc && doc.customer && doc.company && !cint(doc.is_consolidated));
		}

		leave() {
			clearTimeout(this.timer);
			this.turn++;
			this.waiting = false;
			this.question = this.answer = this.key = this.shown_customer = null;
			this.element.hidden = true;
		}

		forget(doc) {
			this.shown_customer = doc.customer;
			this.shown_name = doc.name;
			this.answer = this.key = null;
			this.typed_wrong = "";
			this.input.value = "";
		}

		/** Whether the number on the screen can't be used; then `focus` shows where. */
		get error() {
			return this.typed_wrong || frappe.utils.html2text(this.answer?.error || "");
		}

		focus() {
			if (this.use.hidden) return;
			this.input.focus();
			this.input.select();
		}

		/** Keyboard first: one key from anywhere on the page to the points. */
		add_shortcut(page, condition = () => true) {
			if (!page) return;
			this.input.title = frappe.utils.is_mac() ? "⇧⌘L" : "Shift+Ctrl+L";
			frappe.ui.keys.add_shortcut({
				shortcut: "shift+ctrl+l",
				action: () => this.focus(),
				condition: () => condition() && !this.element.hidden && !this.use.hidden,
				description: __("Use Loyalty Points"),
				ignore_inputs: true, // that is: also from another field
				page,
			});
		}

		// ------------------------------------------------------------------ drawing

		draw() {
			const wrapper = $(this.wrapper).get(0);
			this.element = part("div", `ccms-panel ${this.boxed ? "ccms-boxed" : ""}`);
			this.element.setAttribute("role", "group");
			this.element.setAttribute("aria-label", __("Loyalty"));
			this.element.hidden = true;

			this.head = part("div", "ccms-row ccms-head");
			this.sub = part("div", "ccms-row ccms-earn ccms-muted");
			this.warning = part("div", "ccms-warning");
			this.fault = part("div", "ccms-error");
			this.fault.setAttribute("role", "alert");
			this.fault.id = frappe.dom.get_unique_id();
			this.element.append(this.head, this.sub, this.draw_use(), this.fault, this.warning);
			wrapper.replaceChildren(this.element);
		}

		draw_use() {
			this.use = part("div", "ccms-row ccms-use");
			const label = part("label", "", __("Use points"));
			this.input = part("input", "form-control input-sm ccms-points");
			Object.assign(this.input, { type: "text", inputMode: "decimal", autocomplete: "off" });
			this.input.id = label.htmlFor = frappe.dom.get_unique_id();
			this.input.setAttribute("aria-describedby", this.fault.id);
			this.most = part("span", "ccms-muted ccms-most");
			this.all = part("button", "btn btn-default btn-xs ccms-use-all", __("Use all"));
			this.all.type = "button";
			this.off = part("span", "ccms-off");
			this.due = part("span", "ccms-muted ccms-due");
			const outcome = part("span", "ccms-push");
			outcome.append(this.off, this.due);
			this.use.append(label, this.input, this.most, this.all, outcome);

			this.input.addEventListener("input", () => this.typed());
			this.input.addEventListener("blur", () => after_press(() => this.commit()));
			this.input.addEventListener("keydown", (event) => this.key_pressed(event));
			this.input.addEventListener("focus", () => this.on_focus?.());
			this.all.addEventListener("click", () => this.use_points(this.answer?.max_points));
			return this.use;
		}

		show(answer) {
			const doc = this.get_doc();
			// Not the member's doing and nothing to type: ERPNext can't compute the document as it stands.
			if (answer.error && !answer.member && !flt(doc.ccms_redeem_points)) {
				return this.show_trouble(new Error(answer.error));
			}
			this.answer = answer;
			this.element.hidden = answer.applies === false;
			this.element.classList.remove("ccms-busy");
			for (const line of [this.head, this.sub, this.warning]) line.replaceChildren();

			if (doc.docstatus > 0) this.show_submitted(doc, answer);
			else if (!answer.member) this.show_stranger(doc, answer);
			else {
				this.show_member(doc, answer);
				if (answer.is_return) this.show_return(answer);
				else this.show_sale(doc, answer);
			}
			this.warning.textContent = answer.own_program_warning
				? __("This customer collects points in ERPNext's own loyalty program {0}: the sale earns none here.", [doc.loyalty_program])
				: "";
			this.show_input(doc, answer);
			this.show_fault();
			this.on_answer?.(answer);
		}

		show_trouble(error) {
			if (error.name === "AbortError") return;
			this.element.hidden = false;
			this.element.classList.remove("ccms-busy");
			this.answer = null;
			this.key = null; // the next change asks again
			this.use.hidden = true;
			for (const line of [this.sub, this.fault]) line.replaceChildren();
			this.head.replaceChildren(part("span", "ccms-muted", error.message));
		}

		show_member(doc, answer) {
			this.head.append(part("span", "ccms-name", answer.customer_name || doc.customer_name || doc.customer));
			if (answer.tier) this.head.append(pill(answer.tier, "blue"));
			if (answer.status && answer.status !== "Active") this.head.append(pill(__(answer.status, null, "CCMS Membership"), "orange"));
			if (answer.member_no) {
				this.head.append(part("span", "ccms-muted", __("card {0}", [grouped(answer.member_no)])));
			}
			this.show_choice(answer);
			const balance = answer.balance || answer; // a return's answer has it beside the rest
			const line = __("{0} points = {1}", [
				points(balance.spendable),
				money(balance.value, balance.currency || answer.currency),
			]);
			this.head.append(part("span", "ccms-balance ccms-push", line));
		}

		show_sale(doc, answer) {
			if (flt(answer.earn_points)) {
				this.sub.append(sentence(__("This sale earns {0}"), [points(answer.earn_points)]));
				if (flt(answer.tier_points)) {
					const shares = [points(answer.base_points), points(answer.tier_points), answer.tier];
					this.sub.append(part("span", "", `(${__("{0} base + {1} {2}", shares)})`));
				}
			} else {
				this.sub.append(part("span", "", __("This sale earns no points")));
			}
			const soon = answer.expiring_soon;
			if (soon && flt(soon.points)) {
				this.sub.append(part("span", "", `· ${__("{0} expire on {1}", [points(soon.points), day(soon.date)])}`));
			}
		}

		show_return(answer) {
			const [taken, given] = [flt(answer.clawback_points), flt(answer.restore_points)];
			if (taken) this.sub.append(sentence(__("This return takes back {0} earned points"), [points(taken)]));
			if (given) {
				const worth = money(Math.abs(answer.restore_amount), answer.currency);
				const text = taken ? __("and gives back {0} used points ({1})") : __("This return gives back {0} used points ({1})");
				this.sub.append(sentence(text, [points(given), worth]));
			}
			if (!taken && !given) this.sub.append(part("span", "", __("This return changes no points")));
		}

		show_submitted(doc, answer) {
			const taken_back = doc.docstatus === 2;
			const told = [
				[answer.earned, __("Earned {0} points")],
				[answer.redeemed, __("Used {0} points")],
				[answer.restored, __("Gave back {0} points")],
				[answer.clawed_back, __("Took back {0} points")],
			].filter(([amount]) => flt(amount) && !taken_back);
			told.forEach(([amount, text], index) => {
				if (index) this.head.append("·");
				this.head.append(sentence(text, [points(Math.abs(amount))]));
			});
			const count = (answer.entries || []).length;
			if (!told.length) {
				const text = count ? __("Cancelled: its points are as they were before") : __("No points on this document");
				this.head.append(part("span", "ccms-muted", text));
			}
			if (count) {
				const filters = { voucher_type: doc.doctype, voucher_no: doc.name };
				const link = ccms.loyalty.entries_link(
					filters,
					count === 1 ? __("1 entry") : __("{0} entries", [count])
				);
				link.classList.add("ccms-push");
				this.head.append(link);
			}
		}

		/** Nobody's points yet: one line, and the way in for those who may. */
		show_stranger(doc, answer) {
			this.head.append(part("span", "ccms-muted", __("Not a member")));
			const programs = answer.enrolable || [];
			if (answer.is_return || !programs.length || !frappe.model.can_create("CCMS Membership")) return;
			const enrol = this.enrol_button(__("Enrol"), () => {
				if (programs.length === 1) return this.enrol(doc.customer, programs[0]);
				enrol.replaceWith(
					...programs.map((name) =>
						this.enrol_button(__("Enrol in {0}", [name]), () => this.enrol(doc.customer, name))
					)
				);
				this.head.querySelector("button").focus();
			});
			this.head.append(enrol);
		}

		enrol_button(label, action) {
			const button = part("button", "btn btn-default btn-xs ccms-enrol", label);
			button.type = "button";
			button.addEventListener("click", async () => {
				button.disabled = true;
				try {
					await action();
				} finally {
					button.disabled = false;
				}
			});
			return button;
		}

		async enrol(customer, program) {
			await ccms.loyalty.enrol(customer, program);
			this.refresh({ delay: 0, force: true });
		}

		/** A customer with several memberships: which of them this document counts for. */
		show_choice(answer) {
			const memberships = answer.memberships || [];
			if (memberships.length < 2) return;
			const which = part("select", "form-control input-xs ccms-which");
			which.setAttribute("aria-label", __("Program"));
			memberships.forEach(({ name, program }) => {
				const option = part("option", "", program);
				option.value = name;
				option.selected = name === answer.membership;
				which.append(option);
			});
			which.addEventListener("change", () => this.switch_membership(which.value));
			this.head.append(which);
		}

		async switch_membership(name) {
			await this.set_membership(name);
			await this.settle();
			this.on_commit?.();
		}

		show_input(doc, answer) {
			const wanted = flt(doc.ccms_redeem_points);
			const usable = answer.member && !answer.is_return && doc.docstatus === 0;
			this.use.hidden = !usable || !(flt(answer.max_points) > 0 || wanted || this.typed_wrong);
			if (usable && this.use.hidden && flt(answer.minimum) > flt(answer.balance?.spendable)) {
				this.sub.append(part("span", "", `· ${__("usable from {0} points", [points(answer.minimum)])}`));
			}
			if (document.activeElement !== this.input && !this.typed_wrong) {
				this.input.value = wanted ? points(wanted) : "";
			}
			const most = flt(answer.max_points);
			this.most.textContent = __("of at most {0}", [points(most)]);
			this.all.hidden = !most || wanted === most;
			const off = flt(answer.redeem_points) && !answer.error;
			this.off.textContent = off ? `− ${money(answer.redeem_amount, answer.currency)}` : "";
			this.due.textContent = off ? ` · ${__("{0} to pay", [money(answer.amount_due, doc.currency)])}` : "";
		}

		show_fault() {
			this.fault.textContent = this.error ? `✕ ${this.error}` : "";
			this.input.setAttribute("aria-invalid", this.error ? "true" : "false");
		}

		// ------------------------------------------------------------------ typing

		typed() {
			const number = read_number(this.input.value);
			this.typed_wrong = number === null ? __("Enter a number of points.") : "";
			this.show_fault();
			if (number === null) return;
			this.uncommitted = true;
			this.set_points(number);
			this.refresh();
		}

		/** Arrow keys move by a step the programme allows; Enter finishes. */
		key_pressed(event) {
			if (event.key === "Enter") {
				event.preventDefault();
				event.stopPropagation();
				this.commit();
			}
			const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
			if (!direction || !this.answer) return;
			event.preventDefault();
			const step = flt(this.answer.step) || 1;
			const next = flt(read_number(this.input.value)) + direction * step;
			this.put(Math.max(0, Math.min(next, flt(this.answer.max_points))));
		}

		put(number) {
			this.input.value = number ? points(number) : "";
			this.typed();
		}

		use_points(number) {
			this.put(flt(number));
			return this.commit();
		}

		async commit() {
			if (!this.uncommitted || this.typed_wrong) return;
			this.uncommitted = false;
			await this.settle();
			return this.on_commit?.();
		}
	};

	// What is being clicked must get its click before a commit freezes the page, or it would be lost.
	let pressed = false;
	document.addEventListener("pointerdown", () => (pressed = true), true);
	for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (pressed = false), true);

	function after_press(action) {
		if (!pressed) return action();
		document.addEventListener("pointerup", () => setTimeout(action), { once: true });
	}

	function pill(text, colour) {
		return part("span", `indicator-pill no-indicator-dot ${colour}`, text);
	}

	/** A card number in groups of four, as it stands on the card. */
	function grouped(number) {
		const text = String(number);
		return /^\d{5,}$/.test(text) ? text.replace(/(\d{4})(?=\d)/g, "$1 ") : text;
	}

	/** A typed number, full-width digits too; null for what is none; empty is 0. */
	function read_number(text) {
		const plain = text.normalize("NFKC").trim();
		if (!plain) return 0;
		return /^[-+]?[\d.,'\s]*\d[.,]?$/.test(plain) ? flt(plain.replace(/\s/g, "")) : null;
	}

	function pick(row, fields) {
		return fields.map((field) => row[field] ?? null);
	}

	function fingerprint(doc) {
		const rows = Object.entries(LINES).map(([table, fields]) => (doc[table] || []).map((row) => pick(row, fields)));
		return JSON.stringify([pick(doc, HEAD), rows]);
	}

	/** The document as it stands, without a grid's unfinished rows and the desk's own notes. */
	function payload(doc) {
		const copy = { ...doc, items: (doc.items || []).filter((row) => row.item_code || row.item_name) };
		delete copy.__onload;
		return JSON.stringify(copy);
	}
})();
