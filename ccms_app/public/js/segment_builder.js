// The rule builder of a segment: rows that read as sentences, and beside them how many customers they choose.
// A plain file: hooks add it to the form, so nothing is built.
(() => {
	frappe.provide("ccms.segments");

	const API = "ccms_app.api.segments.";
	const PAUSE = 350; // ms without typing before the server is asked

	/** An element with text, never markup: what comes from the database can't run. */
	const part = (tag, classes, text) => {
		const element = document.createElement(tag);
		if (classes) element.className = classes;
		if (text !== undefined && text !== null) element.textContent = text;
		return element;
	};
	ccms.segments.part = part;

	const button = (label, classes, action) => {
		const found = part("button", `btn ${classes}`, label);
		found.type = "button";
		found.addEventListener("click", action);
		return found;
	};

	ccms.segments.money = (value, currency) => format_currency(flt(value), currency, value % 1 ? 2 : 0);
	// a small group's number comes as words from the server
	ccms.segments.count = (value) => (typeof value === "string" ? value : format_number(value, null, 0));

	// -------------------------------------------------------------------------------------------- small controls

	/** A select; groups: [{label, options: [{value, label}]}] or a plain list of options. */
	function select(groups, value, label, changed) {
		const found = part("select", "form-control input-xs");
		found.setAttribute("aria-label", label);
		const add = (parent, option) => {
			const element = part("option", "", option.label);
			element.value = option.value;
			element.selected = option.value === value;
			parent.append(element);
		};
		for (const group of groups) {
			if (!group.options) {
				add(found, group);
				continue;
			}
			const element = document.createElement("optgroup");
			element.label = group.label;
			group.options.forEach((option) => add(element, option));
			found.append(element);
		}
		found.addEventListener("change", () => changed(found.value));
		return found;
	}

	function input(type, value, label, changed, attributes = {}) {
		const found = part("input", `form-control input-xs ccms-${type}`);
		found.type = type;
		if (type === "number") Object.assign(found, { step: "any", inputMode: "decimal" });
		Object.assign(found, attributes);
		found.value = value ?? "";
		found.setAttribute("aria-label", label);
		found.addEventListener("input", () => {
			const given = found.value;
			changed(type === "number" ? (given === "" ? null : flt_or_text(given)) : given || null);
		});
		return found;
	}

	const flt_or_text = (text) => (Number.isFinite(Number(text)) ? Number(text) : text);

	/** Several values as pills: from choices, from a DocType, or typed freely where neither knows them. */
	class Pills {
		constructor({ values, choices, doctype, label, changed }) {
			Object.assign(this, { choices, doctype, label, changed });
			this.values = [...(values || [])];
			this.titles = new Map((choices || []).map((choice) => [choice.value, choice.label]));
			this.element = part("div", "form-control input-xs ccms-pills");
			this.input = part("input");
			this.input.setAttribute("aria-label", label);
			this.input.autocomplete = "off";
			this.element.append(this.input);
			this.element.addEventListener("click", () => this.input.focus());
			this.list = new Awesomplete(this.input, {
				minChars: 0,
				maxItems: 50,
				autoFirst: true,
				list: [],
				sort: false,
				filter: (item, text) => this.doctype || Awesomplete.FILTER_CONTAINS(item.label, text),
				item: (item) => {
					const line = part("li", "", item.label);
					line.setAttribute("role", "option");
					return line;
				},
			});
			this.element.classList.add("ccms-pills-ready");
			this.input.addEventListener("focus", () => this.offer());
			this.input.addEventListener("input", frappe.utils.debounce(() => this.offer(), 150));
			this.input.addEventListener("awesomplete-selectcomplete", (event) => this.add(event.text.value));
			this.input.addEventListener("keydown", (event) => this.key(event));
			this.draw();
		}

		async offer() {
			let found = this.choices || [];
			if (this.doctype) {
				const rows = await frappe.xcall("frappe.desk.search.search_link", {
					doctype: this.doctype,
					txt: this.input.value,
					page_length: 20,
				});
				found = (rows || []).map((row) => ({ value: row.value, label: row.label || row.value }));
				found.forEach((row) => this.titles.set(row.value, row.label));
			}
			if (document.activeElement !== this.input) return;
			this.list.list = found
				.filter((item) => !this.values.includes(item.value))
				.map((item) => ({ label: String(item.label), value: item.value }));
			this.list.evaluate();
		}

		key(event) {
			if (event.key === "Backspace" && !this.input.value && this.values.length) {
				this.remove(this.values[this.values.length - 1]);
			}
			if (event.key === "Enter") {
				event.preventDefault();
				event.stopPropagation();
				const text = this.input.value.trim();
				// a name of this site must be chosen; where the site has no list, any text is a value
				if (text && !this.doctype && !(this.choices || []).length) this.add(text);
			}
		}

		add(value) {
			if (value && !this.values.includes(value)) this.values.push(value);
			this.input.value = "";
			this.draw();
			this.changed([...this.values]);
			this.input.focus();
		}

		remove(value) {
			this.values = this.values.filter((one) => one !== value);
			this.draw();
			this.changed([...this.values]);
		}

		draw() {
			this.element.querySelectorAll(".ccms-pill").forEach((pill) => pill.remove());
			const pills = this.values.map((value) => {
				const title = this.titles.get(value) || value;
				const pill = part("span", "ccms-pill", title);
				const away = button("×", "ccms-away", (event) => {
					event.stopPropagation();
					this.remove(value);
				});
				away.setAttribute("aria-label", __("Remove {0}", [title]));
				pill.append(away);
				return pill;
			});
			this.element.prepend(...pills);
			this.input.placeholder = this.values.length ? "" : __("Choose…");
		}
	}

	// -------------------------------------------------------------------------------------------- the builder

	const STARTS = [
		{ field: "profile.last_order", operator: "days_ago_more", value: 60 },
		{ field: "profile.first_order", operator: "days_ago_within", value: 30 },
		{ field: "profile.stage", operator: "in", value: [] },
		{ field: "purchase.item_group", operator: "bought", value: { measure: "orders", n: 1, days: 90 } },
	];

	ccms.segments.Builder = class Builder {
		/** @param place an element; @param on {changed(rows, match)}; rows are those of the child table. */
		constructor(place, { changed, read_only }) {
			Object.assign(this, { place, changed, read_only });
			this.blocks = [];
			this.match = "All";
			this.problems = {};
		}

		async load(company) {
			if (this.company === company && this.meta) return;
			this.meta = await frappe.xcall(API + "fields", { company });
			this.company = company;
			this.fields = {};
			for (const group of this.meta.groups) {
				for (const field of group.fields) this.fields[field.key] = field;
			}
		}

		/** Take rows as they are stored. */
		set(match, rows) {
			this.match = match || "All";
			const by_group = new Map();
			(rows || []).forEach((row, number) => {
				const key = row.group_no || `alone ${number}`;
				if (!by_group.has(key)) by_group.set(key, []);
				by_group.get(key).push({
					field: row.field,
					operator: row.operator,
					value: parse(row.value),
					scope: row.scope || "",
					sentence: row.sentence,
				});
			});
			this.blocks = [...by_group.values()];
			this.draw();
		}

		/** The rows to be stored, in the order they stand; a row without a field is none. */
		rows() {
			let group = 0;
			const found = [];
			for (const block of this.blocks) {
				const rows = block.filter((row) => row.field);
				if (rows.length > 1) group += 1;
				for (const row of rows) {
					found.push({
						field: row.field,
						operator: row.operator || "",
						value: row.value === undefined || row.value === null ? "" : JSON.stringify(row.value),
						group_no: rows.length > 1 ? group : 0,
						scope: row.scope || "",
					});
				}
			}
			return found;
		}

		touched(redraw = true) {
			if (redraw) this.draw();
			this.changed(this.rows(), this.match);
		}

		/** Say beside each row what is wrong with it. problems: [{row, message}], rows counted from 1. */
		show_problems(problems) {
			this.place.querySelectorAll(".ccms-problem").forEach((line) => line.remove());
			const rows = [...this.place.querySelectorAll(".ccms-rule[data-number]")];
			for (const { row, message } of problems || []) {
				const element = rows.find((one) => cint(one.dataset.number) === row);
				const line = part("div", "ccms-problem", message);
				line.setAttribute("role", "alert");
				(element || this.place).append(line);
			}
		}

		draw() {
			const body = part("div", "ccms-rules");
			if (this.read_only) return this.draw_sentences(body);
			body.append(this.draw_head());
			let number = 0;
			this.blocks.forEach((block, index) => {
				if (index) body.append(part("div", "ccms-joint", this.word(true)));
				const box = part("div", block.length > 1 ? "ccms-block ccms-bracket" : "ccms-block");
				block.forEach((row, place) => {
					if (place) box.append(part("div", "ccms-joint ccms-inner", this.word(false)));
					if (row.field) number += 1;
					box.append(this.draw_row(row, block, row.field ? number : 0));
				});
				const more = this.word(false) === __("OR") ? __("+ or") : __("+ and");
				const or = button(more, "btn-xs btn-link ccms-or", () => {
					block.push({});
					this.draw();
					this.focus_last(box);
				});
				or.setAttribute("aria-label", __("Add an alternative to this rule"));
				if (block.some((row) => row.field)) box.append(or);
				body.append(box);
			});
			if (!this.blocks.length) body.append(this.draw_empty());
			body.append(
				button(__("Add Rule"), "btn-xs btn-default ccms-add", () => {
					this.blocks.push([{}]);
					this.draw();
					this.focus_last(this.place);
				})
			);
			this.place.replaceChildren(body);
		}

		focus_last() {
			const all = this.place.querySelectorAll(".ccms-field");
			const empty = [...all].find((one) => !one.value);
			(empty || all[all.length - 1])?.focus();
		}

		draw_head() {
			const line = part("div", "ccms-match");
			const [before, after] = __("Customers who match {0} rules", ["\u0000"]).split("\u0000");
			const options = [
				{ value: "All", label: __("all") },
				{ value: "Any", label: __("any of the") },
			];
			const chooser = select(options, this.match, __("How the rules are joined"), (value) => {
				this.match = value;
				this.touched();
			});
			chooser.classList.add("ccms-how");
			line.append(part("span", "", before), chooser, part("span", "", after));
			return line;
		}

		draw_empty() {
			const box = part("div", "ccms-empty");
			box.append(part("p", "", __("No rules yet. Start with one of these, or add your own.")));
			for (const start of STARTS.filter((one) => this.fields[one.field])) {
				const field = this.fields[start.field];
				box.append(
					button(this.start_label(field, start), "btn-xs btn-default", () => {
						this.blocks.push([{ ...start, value: structuredClone(start.value) }]);
						this.touched();
					})
				);
			}
			return box;
		}

		start_label(field, { operator, value }) {
			if (typeof value !== "number") return `${field.label}…`;
			const words = field.operators.find((one) => one.code === operator).words;
			return `${field.label} ${words.replace("{0}", value)}`;
		}

		draw_sentences(body) {
			this.blocks.forEach((block, index) => {
				if (index) body.append(part("div", "ccms-joint", this.word(true)));
				const box = part("div", block.length > 1 ? "ccms-block ccms-bracket" : "ccms-block");
				block.forEach((row, place) => {
					if (place) box.append(part("div", "ccms-joint ccms-inner", this.word(false)));
					box.append(part("div", "ccms-sentence", row.sentence || row.field));
				});
				body.append(box);
			});
			if (!this.blocks.length) body.append(part("p", "ccms-muted", __("This segment has no rules.")));
			this.place.replaceChildren(body);
		}

		word(outer) {
			return (this.match === "All") === outer ? __("AND") : __("OR");
		}

		// ------------------------------------------------------------------ one row

		draw_row(row, block, number) {
			const line = part("div", "ccms-rule");
			if (number) line.dataset.number = number;
			const groups = this.meta.groups.map((group) => ({
				label: group.label,
				options: group.fields.map((field) => ({ value: field.key, label: field.label })),
			}));
			const known = this.fields[row.field];
			const lost = row.field && !known ? [{ value: row.field, label: row.field }] : [];
			const fields = select(
				[{ value: "", label: __("Choose a field…") }, ...lost, ...groups],
				row.field || "",
				__("Field"),
				(value) => this.choose_field(row, value)
			);
			fields.classList.add("ccms-field");
			line.append(fields);
			if (known) {
				line.append(this.draw_operator(row, known), ...this.draw_value(row, known));
				if (known.scoped && this.meta.programs.length > 1) line.append(this.draw_scope(row));
				if (known.personal) line.append(part("span", "ccms-personal", __("personal")));
			}
			const away = button("×", "btn-xs ccms-remove", () => {
				block.splice(block.indexOf(row), 1);
				this.blocks = this.blocks.filter((one) => one.length);
				this.touched();
			});
			away.setAttribute("aria-label", __("Remove this rule"));
			line.append(away);
			return line;
		}

		choose_field(row, key) {
			const before = this.fields[row.field];
			const field = this.fields[key];
			Object.assign(row, { field: key, scope: "" });
			const kept = field?.operators.find((one) => one.code === row.operator && before?.type === field.type);
			row.operator = (kept || field?.operators[0])?.code;
			row.value = this.first_value(field, row.operator);
			this.touched();
		}

		first_value(field, code) {
			const takes = field?.operators.find((one) => one.code === code)?.takes;
			if (takes === "purchase") return { measure: "orders", n: 1, days: 90 };
			return takes === "days" ? 30 : undefined;
		}

		draw_operator(row, field) {
			const options = field.operators.map(({ code, words }) => ({
				value: code,
				label: words.replace(/\{[01]\}/g, "…"),
			}));
			const chooser = select(options, row.operator, __("Comparison"), (value) => {
				const takes = (code) => field.operators.find((one) => one.code === code)?.takes;
				if (takes(value) !== takes(row.operator)) row.value = this.first_value(field, value);
				row.operator = value;
				this.touched();
			});
			chooser.classList.add("ccms-operator");
			return chooser;
		}

		draw_value(row, field) {
			const takes = field.operators.find((one) => one.code === row.operator)?.takes;
			const set = (value) => {
				row.value = value;
				this.touched(false);
			};
			const pair = (type) => {
				const values = Array.isArray(row.value) ? row.value : [null, null];
				const change = (place) => (value) => {
					values[place] = value;
					set([...values]);
				};
				return [
					input(type, values[0], __("From"), change(0)),
					part("span", "ccms-muted", "–"),
					input(type, values[1], __("To"), change(1)),
				];
			};
			switch (takes) {
				case "one":
					return [input("text", row.value, __("Value"), set)];
				case "number":
					return this.with_unit(input("number", row.value, __("Value"), set), field);
				case "two_numbers":
					return this.with_unit(pair("number"), field);
				case "days":
					return [input("number", row.value, __("Days"), set, { min: 0, step: 1 }), part("span", "ccms-muted", __("days"))];
				case "date":
					return [input("date", row.value, __("Date"), set)];
				case "two_dates":
					return pair("date");
				case "many":
					return [this.pills(field, Array.isArray(row.value) ? row.value : [], set)];
				case "purchase":
					return this.draw_purchase(row, field);
				default:
					return [];
			}
		}

		with_unit(controls, field) {
			const unit = { share: "%", money: this.meta.currency }[field.type];
			return [controls, unit ? part("span", "ccms-muted", unit) : []].flat();
		}

		pills(field, values, changed) {
			const { choices, doctype } = field;
			return new Pills({ values, choices, doctype, label: field.label, changed }).element;
		}

		draw_scope(row) {
			const options = [{ value: "", label: __("in any program") }];
			this.meta.programs.forEach((name) => options.push({ value: name, label: __("in {0}", [name]) }));
			return select(options, row.scope, __("Loyalty program"), (value) => {
				row.scope = value;
				this.touched(false);
			});
		}

		// ------------------------------------------------------------------ purchases

		draw_purchase(row, field) {
			row.value = row.value && !Array.isArray(row.value) && typeof row.value === "object" ? row.value : {};
			const set = (changes, redraw = false) => {
				row.value = clean({ ...row.value, ...changes });
				this.touched(redraw);
			};
			const { value } = row;
			const found = [];
			if (row.operator !== "not_bought") {
				found.push(
					part("span", "ccms-muted", row.operator === "bought" ? __("at least") : ""),
					input("number", value.n ?? 1, __("How much"), (n) => set({ n }), { min: 0 }),
					select(
						[
							{ value: "orders", label: __("times") },
							{ value: "quantity", label: __("pieces") },
							{ value: "amount", label: this.meta.currency },
						],
						value.measure || "orders",
						__("What is counted"),
						(measure) => set({ measure })
					)
				);
			}
			if (field.key !== "purchase.any") found.push(this.pills(field, value.of || [], (of) => set({ of })));
			const when = "from" in value || "to" in value ? "dates" : "days" in value ? "days" : "ever";
			found.push(
				select(
					[
						{ value: "days", label: __("in the last") },
						{ value: "dates", label: __("between") },
						{ value: "ever", label: __("ever") },
					],
					when,
					__("When"),
					(chosen) => {
						const empty = { days: undefined, from: undefined, to: undefined };
						if (chosen === "days") set({ ...empty, days: 90 }, true);
						if (chosen === "ever") set(empty, true);
						if (chosen === "dates") {
							const today = frappe.datetime.get_today();
							set({ ...empty, from: frappe.datetime.add_months(today, -3), to: today }, true);
						}
					}
				)
			);
			if (when === "days") {
				found.push(
					input("number", value.days, __("Days"), (days) => set({ days: days ?? "" }), { min: 0, step: 1 }),
					part("span", "ccms-muted", __("days"))
				);
			}
			if (when === "dates") {
				found.push(
					input("date", value.from, __("From"), (from) => set({ from: from || "" })),
					part("span", "ccms-muted", "–"),
					input("date", value.to, __("To"), (to) => set({ to: to || "" }))
				);
			}
			return found;
		}
	};

	const clean = (value) => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));

	function parse(text) {
		if (!text) return undefined;
		try {
			return JSON.parse(text);
		} catch (e) {
			return text;
		}
	}

	// -------------------------------------------------------------------------------------------- the count beside it

	ccms.segments.Preview = class Preview {
		constructor(place, { answered }) {
			Object.assign(this, { place, answered });
			this.place.setAttribute("aria-live", "polite");
			this.ask = frappe.utils.debounce((question) => this.send(question), PAUSE);
		}

		/** Ask without a spinner or a dialog; an older question that is still under way is dropped. */
		async send(question) {
			this.under_way?.abort();
			const control = (this.under_way = new AbortController());
			this.place.classList.add("ccms-busy");
			try {
				const response = await fetch(`/api/method/${API}count`, {
					method: "POST",
					headers: {
						Accept: "application/json",
						"Content-Type": "application/json; charset=utf-8",
						"X-Frappe-CSRF-Token": frappe.csrf_token,
					},
					body: JSON.stringify(question),
					signal: control.signal,
				});
				const body = await response.json();
				if (!response.ok) throw new Error(__("The customers could not be counted."));
				this.draw(body.message, question.company);
				this.answered(body.message);
			} catch (error) {
				if (error.name === "AbortError") return;
				this.place.replaceChildren(part("p", "ccms-problem", error.message));
			}
			if (control === this.under_way) this.place.classList.remove("ccms-busy");
		}

		draw(answer, company) {
			const body = part("div", "ccms-found");
			if (answer.count === null || answer.count === undefined) {
				body.append(part("p", "ccms-muted", __("The count comes when every rule is complete.")));
			} else {
				body.append(this.draw_count(answer));
				if (answer.sample.length) body.append(this.draw_sample(answer.sample, company));
			}
			this.place.replaceChildren(body);
		}

		draw_count({ count, of }) {
			const box = part("div");
			box.append(part("b", "ccms-count", ccms.segments.count(count)));
			box.append(part("span", "", count === 1 ? __("customer") : __("customers")));
			if (of && typeof count === "number") {
				const share = format_number((100 * count) / of, null, 1);
				box.append(part("div", "ccms-muted", __("{0} % of {1}", [share, ccms.segments.count(of)])));
			}
			return box;
		}

		draw_sample(sample, company) {
			const box = part("div", "ccms-sample");
			if (!sample.length) return box;
			box.append(part("div", "ccms-muted", sample.length === 1 ? __("This one") : __("{0} of them", [sample.length])));
			const currency = frappe.get_doc(":Company", company)?.default_currency;
			for (const row of sample) {
				const line = part("div", "ccms-person");
				const name = row.customer ? part("a", "", row.customer_name || row.customer) : part("span", "ccms-muted", __("a customer"));
				if (row.customer) name.href = frappe.utils.get_form_link("Customer", row.customer);
				const said = [row.stage && __(row.stage)];
				if (row.orders) said.push(row.orders === 1 ? __("1 order") : __("{0} orders", [row.orders]));
				if (row.revenue) said.push(ccms.segments.money(row.revenue, currency));
				if (row.last_order) said.push(__("last {0}", [frappe.datetime.str_to_user(row.last_order)]));
				const about = part("div", "ccms-muted ccms-about");
				const told = said.filter(Boolean);
				(told.length ? told : [__("no orders yet")]).forEach((text) => about.append(part("span", "", text)));
				line.append(name, about);
				box.append(line);
			}
			return box;
		}
	};

	frappe.dom.set_style(
		`
		.ccms-segment { display: grid; grid-template-columns: minmax(0, 1fr) 260px; gap: 24px; }
		.ccms-segment .input-xs { height: 28px; font-size: var(--text-sm); }
		.ccms-match { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin-bottom: 10px; }
		.ccms-match select { width: auto; }
		.ccms-block { border: 1px solid var(--border-color); border-radius: var(--border-radius-md); padding: 8px 10px; }
		.ccms-bracket { border-left: 3px solid var(--primary); }
		.ccms-rule { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; position: relative; padding-right: 30px; }
		.ccms-rule select { width: auto; max-width: 100%; flex: 0 1 auto; }
		.ccms-rule .ccms-field { font-weight: 600; max-width: 220px; }
		.ccms-rule input[type="number"] { width: 84px; text-align: right; }
		.ccms-rule input[type="date"] { width: 140px; }
		.ccms-rule input[type="text"] { width: 180px; }
		.ccms-joint { letter-spacing: 0.04em; color: var(--text-muted); font-size: var(--text-sm); padding: 3px 12px; }
		.ccms-inner { padding: 4px 0; }
		.ccms-or { padding: 2px 0; margin-top: 4px; color: var(--text-muted); }
		.ccms-add { margin-top: 10px; }
		.ccms-remove { position: absolute; right: -4px; top: 2px; font-size: 16px; line-height: 1; color: var(--text-muted);
			background: none; }
		.ccms-muted { color: var(--text-muted); font-size: var(--text-sm); }
		.ccms-problem { color: var(--red-600); font-size: var(--text-sm); flex-basis: 100%; }
		[data-theme="dark"] .ccms-problem { color: var(--red-300); }
		.ccms-personal { font-size: var(--text-xs); color: var(--orange-600); border: 1px solid currentColor;
			border-radius: 8px; padding: 0 6px; }
		.ccms-pills { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 4px; width: auto; min-width: 160px;
			max-width: 340px; height: auto !important; min-height: 28px; padding: 2px 6px; flex: 1 1 160px; cursor: text; }
		.ccms-pills .awesomplete { flex: 1 1 70px; width: auto; }
		.ccms-pills input { border: 0; outline: 0; background: none; width: 100%; min-width: 70px; padding: 0; }
		.ccms-pills .awesomplete > ul { min-width: 220px; }
		.ccms-pill { background: var(--gray-200); border-radius: 10px; padding: 0 2px 0 8px; white-space: nowrap; max-width: 100%;
			overflow: hidden; text-overflow: ellipsis; }
		[data-theme="dark"] .ccms-pill { background: var(--gray-700); }
		.ccms-pill .ccms-away { padding: 0 5px; font-size: 13px; line-height: 1.4; }
		.ccms-empty { padding: 12px 0; display: flex; flex-wrap: wrap; gap: 6px; }
		.ccms-empty p { flex-basis: 100%; margin: 0 0 4px; color: var(--text-muted); }
		.ccms-side { border-left: 1px solid var(--border-color); padding-left: 20px; min-height: 80px; }
		.ccms-count { font-size: 28px; font-weight: 600; margin-right: 6px; font-variant-numeric: tabular-nums; }
		.ccms-busy { opacity: 0.5; }
		.ccms-sample { margin-top: 12px; }
		.ccms-person { padding: 5px 0; border-top: 1px solid var(--border-color); overflow-wrap: anywhere; }
		.ccms-about { display: flex; flex-wrap: wrap; gap: 0 10px; }
		.ccms-about span { white-space: nowrap; }
		.ccms-segment select { appearance: auto; }
		.ccms-sentence { padding: 2px 0; }
		.ccms-shared { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 24px; margin-top: 16px; }
		.ccms-shared h6 { margin-bottom: 6px; }
		.ccms-trait { padding: 5px 0; border-top: 1px solid var(--border-color); }
		.ccms-trait .ccms-bar { height: 6px; border-radius: 3px; background: var(--gray-200); margin-top: 3px; position: relative; }
		.ccms-trait .ccms-bar i { position: absolute; left: 0; top: 0; bottom: 0; border-radius: 3px; background: var(--primary); }
		.ccms-trait .ccms-bar u { position: absolute; top: -3px; bottom: -3px; width: 2px; background: var(--text-color); }
		.ccms-means { width: 100%; }
		.ccms-means td, .ccms-means th { padding: 4px 8px 4px 0; border-top: 1px solid var(--border-color); font-weight: 400; }
		.ccms-means td { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
		.ccms-uses { margin-top: 20px; display: flex; flex-wrap: wrap; gap: 6px 16px; }
		.ccms-uses .ccms-break { flex-basis: 100%; }
		@media (max-width: 900px) {
			.ccms-segment { grid-template-columns: minmax(0, 1fr); }
			.ccms-side { border-left: 0; border-top: 1px solid var(--border-color); padding: 12px 0 0; }
			.ccms-rule .ccms-field, .ccms-rule .ccms-operator, .ccms-rule .ccms-pills {
				flex: 1 1 100%; max-width: 100%; min-width: 0; width: 100%; }
			.ccms-segment .input-xs { height: 36px; font-size: 16px; }
			.ccms-pills { min-height: 36px; }
		}
	`,
		"ccms-segment-style"
	);
})();
