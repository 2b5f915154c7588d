// The Loyalty & Behaviour tab of a customer: one card a membership and what can be done with it, then what the
// customer does and is worth.
(() => {
	const { part, sentence, points, money, day } = ccms.loyalty;
	const FIELD = "ccms_loyalty_html";

	frappe.ui.form.on("Customer", {
		refresh(frm) {
			const field = frm.fields_dict[FIELD];
			if (!field || frm.is_new()) return;
			const [loyalty, behaviour, quality] = parts(field.$wrapper.get(0));
			new LoyaltyTab(frm, loyalty).load();
			ccms.behaviour.show(behaviour, frm.doc.name);
			ccms.quality.show(quality, frm.doc.name);
		},
	});

	/** The parts of the tab, made once. */
	function parts(wrapper) {
		if (wrapper.children.length !== 3) {
			wrapper.replaceChildren(part("div"), part("div", "ccms-panel"), part("div", "ccms-panel"));
		}
		return wrapper.children;
	}

	class LoyaltyTab {
		constructor(frm, place) {
			this.frm = frm;
			this.customer = frm.doc.name;
			this.place = place;
		}

		async load() {
			if (!this.place.hasChildNodes()) {
				this.place.replaceChildren(part("div", "ccms-panel ccms-muted", __("Loading…")));
			}
			let overview;
			try {
				overview = await ccms.loyalty.ask("customer_overview", { customer: this.customer });
			} catch (error) {
				this.place.replaceChildren(part("div", "ccms-panel ccms-muted", error.message));
				return;
			}
			if (this.frm.doc.name === this.customer) this.draw(overview || {});
		}

		draw(overview) {
			const body = part("div", "ccms-panel");
			const memberships = overview.memberships || [];
			if (overview.own_program) body.append(this.draw_own_program(overview));
			memberships.forEach((member) => body.append(this.draw_membership(member)));
			body.append(memberships.length ? this.draw_more(overview) : this.draw_empty(overview));
			this.place.replaceChildren(body);
		}

		// ------------------------------------------------------------------ nobody yet

		draw_empty(overview) {
			const card = part("div", "ccms-card");
			card.append(
				part("div", "ccms-name", __("Not a member yet")),
				part("p", "ccms-muted", __("Members earn points with every invoice and can pay with them."))
			);
			const open = overview.enrolable || [];
			if (!open.length) card.append(this.draw_no_program());
			else if (this.may_enrol) card.append(this.button(__("Enrol"), () => this.enrol(open), true));
			return card;
		}

		draw_more({ enrolable }) {
			const line = part("div", "ccms-actions");
			if (this.may_enrol && enrolable?.length) {
				line.append(this.button(__("Enrol in another program"), () => this.enrol(enrolable)));
			}
			return line;
		}

		get may_enrol() {
			return frappe.model.can_create("CCMS Membership");
		}

		draw_no_program() {
			const line = part("p", "ccms-muted", __("No loyalty program is running.") + " ");
			if (frappe.model.can_create("CCMS Loyalty Program")) {
				const link = part("a", "ccms-link", __("Set one up first"));
				link.href = "/app/ccms-loyalty-program/new";
				line.append(link);
			}
			return line;
		}

		async enrol(programs) {
			if (programs.length === 1) return this.enrol_in(programs[0]);
			frappe.prompt(
				{
					fieldname: "program",
					label: __("Loyalty Program"),
					fieldtype: "Select",
					options: programs,
					default: programs[0],
					reqd: 1,
				},
				({ program }) => this.enrol_in(program),
				__("Enrol {0}", [frappe.utils.escape_html(this.frm.doc.customer_name)]),
				__("Enrol")
			);
		}

		async enrol_in(program) {
			await ccms.loyalty.enrol(this.customer, program);
			this.load();
		}

		// ------------------------------------------------------------------ one membership

		draw_membership(member) {
			const card = part("div", "ccms-card");
			card.dataset.membership = member.membership;
			card.append(
				this.draw_head(member),
				this.draw_progress(member),
				this.draw_figures(member),
				this.draw_expiries(member),
				this.draw_actions(member),
				this.draw_movements(member)
			);
			return card;
		}

		draw_head(member) {
			const head = part("div", "ccms-row");
			const name = ccms.loyalty.document_link("CCMS Membership", member.membership, member.program);
			name.classList.add("ccms-name");
			head.append(name);
			if (member.tier) head.append(this.pill(member.tier, "blue"));
			const colour = { Active: "green", Frozen: "orange", Left: "gray" }[member.status] || "gray";
			head.append(this.pill(__(member.status, null, "CCMS Membership"), colour));
			if (member.member_no) {
				const number = String(member.member_no).replace(/^(\d{5,})$/, (digits) => digits.replace(/(\d{4})(?=\d)/g, "$1 "));
				head.append(part("span", "ccms-push ccms-balance", __("card {0}", [number])));
			}
			return head;
		}

		draw_progress(member) {
			const box = part("div", "ccms-progress");
			const progress = member.tier_progress;
			if (!progress || !progress.name) return box;
			const said = [progress.since ? __("{0} since {1}", [progress.name, day(progress.since)]) : progress.name];
			if (progress.until) said.push(__("until {0}", [day(progress.until)]));
			if (progress.next) said.push(__("to {0}: {1}", [progress.next, this.missing(member, progress)]));
			box.append(part("div", "", said.join(" · ")));
			if (progress.next) {
				const percent = Math.max(0, Math.min(100, flt(progress.percent)));
				const track = part("div", "progress");
				track.setAttribute("role", "progressbar");
				track.setAttribute("aria-valuenow", Math.round(percent));
				track.setAttribute("aria-valuemin", 0);
				track.setAttribute("aria-valuemax", 100);
				track.setAttribute("aria-label", __("to {0}: {1}", [progress.next, this.missing(member, progress)]));
				const bar = part("div", "progress-bar");
				bar.style.width = `${percent}%`;
				track.append(bar);
				box.append(track);
			} else {
				box.append(part("div", "ccms-muted", __("The highest tier")));
			}
			return box;
		}

		/** What is missing to the next tier, in the unit that its programme counts. */
		missing(member, progress) {
			if (progress.basis === "Orders") return __("{0} orders", [points(progress.missing)]);
			if (progress.basis === "Points") return __("{0} points", [points(progress.missing)]);
			return money(progress.missing, member.currency);
		}

		draw_figures(member) {
			const row = part("div", "ccms-figures");
			const figures = [
				[__("active"), member.active],
				[__("pending"), member.pending],
				[__("owed"), member.arrears],
				[__("held"), member.held],
			];
			for (const [label, value] of figures) row.append(this.figure(label, points(value), flt(value)));
			row.append(this.figure(__("worth"), money(member.value, member.currency), true));
			return row;
		}

		figure(label, value, telling) {
			const box = part("div", `ccms-figure ${telling ? "" : "ccms-muted"}`);
			box.append(part("b", "", value), part("span", "ccms-muted", label));
			return box;
		}

		draw_expiries(member) {
			const soon = (member.expiring || []).filter((lot) => flt(lot.points)).slice(0, 4);
			if (!soon.length) return part("div");
			const said = soon.map((lot) => __("{0} points on {1}", [points(lot.points), day(lot.date)]));
			const line = part("div", "ccms-expiries");
			line.append(part("span", "ccms-muted", __("next expiries") + "  "), said.join(" · "));
			return line;
		}

		draw_actions(member) {
			const row = part("div", "ccms-actions");
			if (frappe.model.can_create("CCMS Points Adjustment") && member.status !== "Left") {
				row.append(this.button(__("Adjust"), () => this.adjust(member)));
			}
			row.append(this.button(__("Statement"), () => this.statement(member)));
			if (frappe.model.can_write("CCMS Membership") && !member.merged_into) {
				const change = (label, status) =>
					row.append(this.button(label, () => this.change_status(member, status, label)));
				if (member.status === "Active") change(__("Freeze"), "Frozen");
				if (member.status === "Frozen") change(__("Unfreeze"), "Active");
				if (member.status === "Left") change(__("Rejoin"), "Active");
			}
			return row;
		}

		adjust(member) {
			frappe.new_doc("CCMS Points Adjustment", { membership: member.membership });
		}

		statement(member) {
			const { company, program, membership } = member;
			frappe.set_route("query-report", "Points Statement", { company, program, customer: this.customer, membership });
		}

		async change_status(member, status, label) {
			await ccms.loyalty.change_status(member.membership, status, label);
			this.load();
		}

		draw_movements(member) {
			const box = part("div");
			const rows = member.movements || [];
			if (!rows.some((row) => flt(row.points))) {
				box.append(part("p", "ccms-muted", __("No movements yet: the first invoice earns the first points.")));
			}
			if (!rows.length) return box;
			const table = part("table", "ccms-moves");
			rows.forEach((row) => table.append(this.draw_movement(row)));
			const all = ccms.loyalty.entries_link({ membership: member.membership }, __("All movements"));
			box.append(table, all);
			return box;
		}

		draw_movement(row) {
			const line = part("tr");
			const amount = flt(row.points);
			const sign = amount > 0 ? "+" : amount < 0 ? "−" : "";
			const number = part("td", `ccms-number ${amount > 0 ? "ccms-gain" : ""}`, amount ? sign + points(Math.abs(amount)) : "");
			const voucher = part("td");
			if (row.voucher_type && row.voucher_no) {
				voucher.append(ccms.loyalty.document_link(row.voucher_type, row.voucher_no));
			}
			const told = part("td", "", row.label || __(row.entry_type));
			line.append(part("td", "ccms-muted", day(row.posting_date)), number, told, voucher);
			return line;
		}

		// ------------------------------------------------------------------ ERPNext's own loyalty program

		/** Points must not double: a customer still in ERPNext's own loyalty program is offered the move. */
		draw_own_program({ own_program, memberships, enrolable }) {
			const card = part("div", "ccms-card ccms-warning ccms-own-program");
			card.append(sentence(__("This customer still collects points in ERPNext's own loyalty program {0}."), [own_program]));
			const joined = (memberships || []).filter(({ status }) => status !== "Left").map(({ program }) => program);
			const programs = [...new Set([...joined, ...(enrolable || [])])];
			if (programs.length && frappe.model.can_create("CCMS Points Adjustment")) {
				const row = part("div", "ccms-actions");
				row.append(this.button(__("Move the points here"), () => this.move(programs)));
				card.append(row);
			}
			return card;
		}

		move(programs) {
			frappe.prompt(
				{
					fieldname: "program",
					label: __("Loyalty Program"),
					fieldtype: "Select",
					options: programs,
					default: programs[0],
					reqd: 1,
					description: __("The open balance becomes an opening entry there; the customer leaves ERPNext's own loyalty program."),
				},
				async ({ program }) => {
					await ccms.loyalty.call("move_from_erpnext", { customer: this.customer, program });
					frappe.show_alert({ message: __("The points have moved."), indicator: "green" });
					this.frm.reload_doc();
				},
				__("Move the points here"),
				__("Move")
			);
		}

		// ------------------------------------------------------------------ parts

		pill(text, colour) {
			return part("span", `indicator-pill no-indicator-dot ${colour}`, text);
		}

		button(label, action, primary) {
			const button = part("button", `btn btn-xs ${primary ? "btn-primary" : "btn-default"}`, label);
			button.type = "button";
			button.addEventListener("click", () => this.once(button, action));
			return button;
		}

		/** A button works once at a time. */
		async once(button, action) {
			button.disabled = true;
			try {
				await action();
			} finally {
				button.disabled = false;
			}
		}
	}
})();
