// Data quality of one customer: a quiet line with the score; behind it what the rules found, and what can be done.
(() => {
	frappe.provide("ccms.quality");
	const FINDING = "CCMS Quality Finding";
	const FIX = "CCMS Quality Fix";

	const part = (tag, classes, text) => {
		const element = document.createElement(tag);
		if (classes) element.className = classes;
		if (text !== undefined && text !== null) element.textContent = text;
		return element;
	};
	const ask = (method, args) => frappe.xcall(`ccms_app.api.quality.${method}`, args);
	const colour = ({ reasons, score }) => (!reasons.length ? "green" : score >= 80 ? "orange" : "red");

	function button(label, action, primary) {
		const made = part("button", `btn btn-xs ${primary ? "btn-primary" : "btn-default"}`, label);
		made.type = "button";
		made.addEventListener("click", async () => {
			made.disabled = true;
			try {
				await action();
			} catch (error) {
				if (error instanceof Error) throw error; // what the server refused is on the screen already
			} finally {
				made.disabled = false;
			}
		});
		return made;
	}

	/** Show the field that a finding or a fix is about by its label, as the form of its document does. */
	ccms.quality.name_field = (frm) => {
		const label = (frm.doc.__onload || {}).field_label;
		frm.get_docfield("fieldname").formatter = (value) => frappe.utils.escape_html(label || value || "");
		frm.refresh_field("fieldname");
	};

	/** Fill a place with the line of a customer; nothing for whoever may not read findings. */
	ccms.quality.show = async (place, customer) => {
		if (!frappe.model.can_read(FINDING)) return place.replaceChildren();
		const told = await ask("of_customer", { customer });
		const line = part("button", "ccms-card ccms-quality");
		line.type = "button";
		line.append(part("span", `indicator ${told.looked_on || told.reasons.length ? colour(told) : "gray"}`));
		line.append(...words(told));
		line.addEventListener("click", () => new Findings(customer, told, () => ccms.quality.show(place, customer)));
		place.replaceChildren(line);
		return told;
	};

	function words({ score, reasons, looked_on }) {
		const name = part("span", "ccms-name", __("Data Quality"));
		if (!reasons.length && !looked_on) {
			return [name, part("span", "text-muted", __("not checked yet: the rules run each night"))];
		}
		const number = part("span", "", __("{0} of 100", [format_number(score, null, score % 1 ? 1 : 0)]));
		const found = !reasons.length
			? __("nothing found")
			: reasons.length === 1
			? __("1 finding")
			: __("{0} findings", [reasons.length]);
		return [name, number, part("span", "text-muted", found)];
	}

	/** What was found on a customer, with what can be done, and what was done. */
	class Findings {
		constructor(customer, told, changed) {
			this.customer = customer;
			this.changed = changed;
			this.dialog = new frappe.ui.Dialog({ title: __("Data Quality"), size: "large" });
			this.draw(told);
			this.dialog.show();
		}

		async again() {
			this.draw(await ask("of_customer", { customer: this.customer }));
			this.changed();
		}

		draw(told) {
			const body = part("div", "ccms-quality-findings");
			const head = part("p", "ccms-quality-score");
			head.append(part("span", `indicator ${colour(told)}`), part("b", "", __("{0} of 100", [told.score])));
			if (told.looked_on) {
				const when = frappe.datetime.comment_when(told.looked_on, true);
				head.append($(`<span class="text-muted small"></span>`).append(__("last run") + " ", when).get(0));
			}
			body.append(head);
			if (!told.reasons.length) body.append(part("p", "text-muted", __("The rules find nothing to mend here.")));
			told.reasons.forEach((reason) => body.append(this.reason(reason, told)));
			if (told.fixes.length) {
				body.append(part("h6", "mt-4", __("Put right before")));
				told.fixes.forEach((fix) => body.append(this.fix(fix, told)));
			}
			this.dialog.body.replaceChildren(body);
		}

		reason({ name, rule, weight, reason, suggestion, can_fix }, { may_decide }) {
			const row = part("div", "ccms-quality-row");
			row.dataset.rule = rule;
			const said = part("div", "ccms-quality-said");
			// a sentence of ours; the values in it were escaped by the server
			said.append($("<span></span>").html(reason).get(0));
			const more = part("div", "text-muted small");
			const link = part("a", "", __(rule));
			link.href = frappe.utils.get_form_link(FINDING, name);
			more.append(link, ` · −${format_number(weight, null, weight % 1 ? 1 : 0)}`);
			if (suggestion) more.append(` · ${__("probably")} `, part("b", "", suggestion));
			said.append(more);
			row.append(said);
			if (!may_decide) return row;
			const buttons = part("div", "ccms-quality-buttons");
			if (can_fix) {
				const right = () => ccms.quality.put_right({ name, suggestion }, () => this.again());
				buttons.append(button(__("Put Right"), right, true));
			}
			buttons.append(button(__("Ignore"), () => ask("ignore", { finding: name }).then(() => this.again())));
			row.append(buttons);
			return row;
		}

		fix({ name, label, old_value, new_value, status, applied_on, can_undo }, { may_decide }) {
			const row = part("div", "ccms-quality-row");
			row.dataset.fix = name;
			const said = part("div", "ccms-quality-said");
			said.append(part("span", "", `${label}: ${old_value || "—"} → ${new_value || "—"}`));
			const more = part("div", "text-muted small");
			const link = part("a", "", __(status, null, FIX));
			link.href = frappe.utils.get_form_link(FIX, name);
			more.append(link, " · ", $(frappe.datetime.comment_when(applied_on, true)).text());
			said.append(more);
			row.append(said);
			if (may_decide && can_undo && status === "Applied") {
				const undo = () => ask("undo", { fix: name }).then(() => this.again());
				const buttons = part("div", "ccms-quality-buttons");
				buttons.append(button(__("Undo"), undo));
				row.append(buttons);
			}
			return row;
		}
	}

	/** Asks the server, then does; what it refuses is on the screen already. */
	ccms.quality.act = (method, args, done) => ask(method, args).then(done, () => {});

	/** Shows what stands there and asks for the value; nothing is written before it is confirmed. */
	ccms.quality.put_right = async ({ name, suggestion }, done) => {
		const told = await ask("preview", { finding: name, value: suggestion || "" });
		const dialog = new frappe.ui.Dialog({
			title: __("Put Right"),
			fields: [
				{ fieldtype: "HTML", fieldname: "where" },
				{ fieldtype: "Data", fieldname: "old", label: __("Stands There Now"), default: told.old, read_only: 1 },
				{
					fieldtype: told.is_date ? "Date" : "Data",
					fieldname: "value",
					label: __("New Value"),
					default: told.new,
					reqd: 1,
				},
				{ fieldtype: "HTML", fieldname: "after" },
			],
			primary_action_label: __("Save"),
			async primary_action({ value }) {
				dialog.disable_primary_action();
				try {
					await ask("apply", { finding: name, value, seen: told.old });
				} catch (error) {
					return; // said already; the value may be typed again
				} finally {
					dialog.enable_primary_action();
				}
				dialog.hide();
				frappe.show_alert({ message: __("Put right. It can be undone from its fix."), indicator: "green" });
				done();
			},
		});
		const where = part("p", "text-muted");
		where.append(`${told.doctype} `, part("b", "", told.name), ` · ${told.label}`);
		dialog.fields_dict.where.$wrapper.get(0).replaceChildren(where);
		const after = part("p", "text-muted small", __("Score: {0} now, {1} afterwards.", [told.score, told.score_after]));
		dialog.fields_dict.after.$wrapper.get(0).replaceChildren(after);
		dialog.show();
	};

	const style = part("style");
	style.textContent = `
		.ccms-quality { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 12px; width: 100%; text-align: start;
			background: none; color: inherit; }
		.ccms-quality:hover { background: var(--subtle-fg); }
		.ccms-quality-score { display: flex; align-items: baseline; gap: 8px; }
		.ccms-quality-row { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: flex-start; padding: 10px 0;
			border-top: 1px solid var(--border-color); }
		.ccms-quality-said { flex: 1 1 260px; overflow-wrap: anywhere; }
		.ccms-quality-buttons { display: flex; gap: 6px; }
	`;
	if (!document.getElementById("ccms-quality-style")) {
		style.id = "ccms-quality-style";
		document.head.append(style);
	}
})();
