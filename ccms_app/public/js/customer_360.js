// The 360° tab of a customer: loaded when it is opened, never with the form.
(() => {
	const { part, sentence, points, money, day } = ccms.loyalty;
	const TAB = "ccms_360_tab";
	const FIELD = "ccms_360_html";

	frappe.ui.form.on("Customer", {
		refresh(frm) {
			const field = frm.fields_dict[FIELD];
			const tab = frm.layout?.tabs?.find(({ df }) => df.fieldname === TAB);
			if (!field || !tab || frm.is_new()) return;
			if (!tab.ccms_listens) {
				tab.ccms_listens = true;
				tab.tab_link.find(".nav-link").on("shown.bs.tab", () => load(frm));
			}
			if (frm.ccms_360_of && frm.ccms_360_of !== frm.doc.name) field.$wrapper.empty();
			frm.ccms_360_of = null;
			if (frm.get_active_tab?.()?.df.fieldname === TAB) load(frm);
		},
	});

	async function load(frm) {
		const customer = frm.doc.name;
		if (frm.is_new() || frm.ccms_360_of === customer) return;
		frm.ccms_360_of = customer;
		const place = frm.fields_dict[FIELD].$wrapper.get(0);
		if (!place.querySelector(".ccms-360")) place.replaceChildren(part("p", "ccms-panel ccms-muted", __("Loading…")));
		let answer;
		try {
			answer = await frappe.xcall("ccms_app.api.customer_360.opened", { customer });
		} catch (error) {
			frm.ccms_360_of = null;
			place.replaceChildren(part("p", "ccms-panel ccms-muted", __("This could not be read.")));
			return;
		}
		if (frm.doc.name === customer) draw(place, frm, customer, answer);
	}

	function draw(place, frm, customer, answer) {
		const body = part("div", "ccms-panel ccms-360");
		const behaviour = part("div", "ccms-360-wide");
		const left = part("div");
		const right = part("div");
		const quality = part("div", "ccms-360-wide");
		left.append(who(answer.who));
		right.append(standing(answer.points), consent(answer.consent, frm));
		body.append(left, right, behaviour);
		const orders = part("div", answer.tickets ? "" : "ccms-360-wide");
		orders.append(ccms.view360.orders(customer, answer.orders));
		body.append(orders);
		if (answer.tickets) {
			const tickets = part("div");
			tickets.append(ccms.view360.tickets(customer, answer.tickets));
			body.append(tickets);
		}
		if (answer.interactions) {
			const interactions = part("div", "ccms-360-wide");
			interactions.append(ccms.view360.interactions(customer, answer.interactions));
			body.append(interactions);
		}
		body.append(quality);
		place.replaceChildren(body);
		ccms.behaviour.show(behaviour, customer).catch(() => behaviour.remove());
		ccms.quality.show(quality, customer).then((told) => told || quality.remove(), () => quality.remove());
	}

	function card(name, title) {
		const box = part("div", "ccms-card");
		box.dataset.card = name;
		box.append(part("h4", "ccms-name ccms-360-title", title));
		return box;
	}

	// ------------------------------------------------------------------ who

	function who({ since, group, territory, is_disabled, is_erased, facts, identifiers, devices }) {
		const box = card("who", __("Who"));
		const line = part("div", "ccms-row ccms-muted");
		line.append([group, territory].filter(Boolean).map((text) => __(text)).join(" · "));
		line.append(" · ", __("customer since {0}", [day(since.split(" ")[0])]));
		if (is_disabled) line.append(part("span", "indicator-pill no-indicator-dot red", __("Disabled")));
		box.append(line);
		if (facts.length) box.append(table(facts.map(fact)));
		if (identifiers.length) box.append(table(identifiers.map(identifier)));
		else if (is_erased) box.append(part("p", "ccms-muted", __("This person was erased: only what the law asks for is kept.")));
		else box.append(part("p", "ccms-muted", __("No phone, mail or card is known: add one under Person, or a contact.")));
		if (devices) box.append(part("div", "ccms-muted ccms-small", __("and {0} devices and browsers", [devices])));
		return box;
	}

	function table(rows) {
		const list = part("table", "ccms-moves ccms-360-table");
		const body = part("tbody");
		body.append(...rows);
		list.append(body);
		return list;
	}

	function row(first, second, third) {
		const line = part("tr");
		[first, second, third].forEach((content, at) => {
			const cell = part("td", at ? "" : "ccms-muted");
			cell.append(content);
			line.append(cell);
		});
		line.lastChild.classList.add("ccms-muted", "ccms-small");
		return line;
	}

	function fact({ label, value, source, noted_on }) {
		return row(label, value, [source, noted_on && day(noted_on.split(" ")[0])].filter(Boolean).join(" · "));
	}

	function identifier({ identity, kind, shown_as, source, since, verified, is_shared }) {
		const value = part("span");
		const may = frappe.model.can_read("CCMS Identity");
		value.append(may ? ccms.loyalty.document_link("CCMS Identity", identity, shown_as) : shown_as);
		if (verified) value.append(" ", part("span", "indicator-pill no-indicator-dot green", __("Verified")));
		if (is_shared) value.append(" ", part("span", "indicator-pill no-indicator-dot orange", __("Shared")));
		return row(__(kind), value, [source, day(since.split(" ")[0])].join(" · "));
	}

	// ------------------------------------------------------------------ points and consent

	function standing(memberships) {
		const box = card("points", __("Points"));
		if (!memberships.length) box.append(part("p", "ccms-muted mb-0", __("Not a member yet")));
		memberships.forEach((one) => {
			const head = part("div", "ccms-row");
			head.append(ccms.loyalty.document_link("CCMS Membership", one.membership, one.program));
			if (one.tier) head.append(part("span", "indicator-pill no-indicator-dot blue", one.tier));
			const said = [
				[__("{0} active"), points(one.active)],
				[__("{0} pending"), one.pending ? points(one.pending) : ""],
				[__("{0} owed"), one.arrears ? points(one.arrears) : ""],
				[__("worth {0}"), one.value ? money(one.value, one.currency) : ""],
			].filter(([, value]) => value !== "");
			const line = part("div", "ccms-facts");
			said.forEach(([words, value]) => line.append(sentence(words, [value])));
			box.append(head, line);
		});
		return box;
	}

	const SAID = { Given: ["green", "Given"], Withdrawn: ["red", "Withdrawn"], Objected: ["red", "Objected"] };

	function consent(purposes, frm) {
		const box = card("consent", __("Consent"));
		const rows = purposes.map(({ purpose, state, since, is_allowed, channels }) => {
			const [colour, word] = SAID[state] || ["gray", "Nothing said"];
			const answer = part("span");
			answer.append(part("span", `indicator-pill no-indicator-dot ${is_allowed ? "green" : colour}`, __(word)));
			channels.forEach((one) => answer.append(" ", part("span", "ccms-small", `${__(one.channel)}: ${__(one.state)}`)));
			return row(__(purpose), answer, since ? day(since.split(" ")[0]) : "");
		});
		box.append(table(rows));
		const button = part("button", "btn btn-xs btn-default mt-2", __("Open Consent"));
		button.type = "button";
		button.addEventListener("click", () => frm.layout.tabs.find(({ df }) => df.fieldname === "ccms_consent_tab").set_active());
		if (frm.fields_dict.ccms_consent_html) box.append(button);
		return box;
	}

	frappe.dom.set_style(
		`
		.ccms-360 { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0 var(--margin-md); }
		.ccms-360 .indicator-pill { white-space: nowrap; }
		.ccms-360-wide { grid-column: 1 / -1; min-width: 0; }
		.ccms-360-title { margin: 0 0 4px; font-size: var(--text-md); }
		.ccms-360-table { table-layout: auto; overflow-wrap: anywhere; }
		.ccms-360-table td:first-child { width: 8em; } .ccms-360-table td:last-child { width: 35%; }
		[data-list=interactions] .ccms-360-day { min-width: 8em; }
		.ccms-360-filter { margin: 0; font-weight: normal; }
		.ccms-360-filter .form-control { height: 26px; width: auto; max-width: 11em; padding: 0 6px; }
		.ccms-360-list .ccms-360-title { margin-right: auto; }
		.ccms-360-row { display: flex; gap: 12px; padding: 6px 0; border-top: 1px solid var(--border-color); }
		.ccms-360-rows { margin-top: 6px; } .ccms-360-rows[aria-busy] { opacity: 0.5; }
		.ccms-360-day { flex: 0 0 auto; min-width: 5.5em; white-space: nowrap; }
		.ccms-360-body { flex: 1; min-width: 0; overflow-wrap: anywhere; }
		.new-timeline .timeline-content { overflow-wrap: anywhere; }
		@media (max-width: 900px) { .ccms-360 { grid-template-columns: minmax(0, 1fr); }
			.ccms-360-day, [data-list=interactions] .ccms-360-day { min-width: 0; }
			.ccms-360-row { flex-direction: column; gap: 0; }
			.ccms-360-list .ccms-360-title { flex: 1 0 100%; }
			.ccms-360-table td:first-child { width: 6em; } }
	`,
		"ccms-360-style"
	);
})();
