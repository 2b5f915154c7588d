// The behaviour half of the Customer tab: what the customer does, is worth and may do next, each figure with its basis.
(() => {
	const { part, sentence, day } = ccms.loyalty;
	const COLOURS = { this: "#2490EF", before: "#C0CCD6" };
	const TONES = { good: "green", warn: "orange", bad: "red" };
	frappe.provide("ccms.behaviour");

	/** Fill a place with the behaviour of a customer; quiet when the reader may not see it. */
	ccms.behaviour.show = async (place, customer) => {
		const answer = await frappe.xcall("ccms_app.api.behaviour.of_customer", { customer });
		place.replaceChildren();
		if (answer.message) place.append(empty(answer.message));
		answer.companies.forEach((one) => place.append(card(one, answer.companies.length > 1)));
		// frappe-charts measures the place it is drawn in: draw when it is on the page
		for (const chart of place.querySelectorAll("[data-spending]")) draw_spending(chart);
	};

	function empty(message) {
		const box = part("div", "ccms-card ccms-behaviour");
		box.append(part("div", "ccms-name", __("Behaviour")), part("p", "ccms-muted mb-0", message));
		return box;
	}

	function card(one, several) {
		const box = part("div", "ccms-card ccms-behaviour");
		box.dataset.company = one.company;
		box.append(head(one, several));
		one.lines.forEach((facts) => box.append(line(facts)));
		if (one.spending) box.append(...spending(one));
		const foot = part("div", "ccms-muted ccms-small", one.basis);
		if (one.may_score) foot.append(" ", score_button(one.company));
		box.append(foot);
		return box;
	}

	function head(one, several) {
		const row = part("div", "ccms-row");
		row.append(part("span", "ccms-name", several ? __("Behaviour · {0}", [one.company]) : __("Behaviour")));
		if (one.stage) {
			const pill = part("span", "indicator-pill no-indicator-dot blue", one.stage);
			if (one.stage_since) pill.title = __("since {0}", [day(one.stage_since)]);
			row.append(pill);
		}
		return row;
	}

	/** Figures in a line; the basis of one appears on hover, and beneath the line on a tap or by keyboard. */
	function line(facts) {
		const box = part("div", "ccms-facts");
		const basis = part("div", "ccms-note ccms-basis-line ccms-muted");
		basis.setAttribute("role", "status");
		facts.forEach((fact) => box.append(figure(fact, basis)));
		box.append(basis);
		for (const fact of facts.filter(({ notes }) => notes.length)) {
			box.append(part("div", "ccms-note ccms-muted", __("why: {0}", [fact.notes.join(" · ")])));
		}
		return box;
	}

	function figure(fact, basis) {
		const box = part("span", "ccms-fact");
		box.dataset.fact = fact.name;
		if (fact.tone === "muted") box.classList.add("ccms-muted");
		box.append(sentence(fact.words, fact.values));
		if (TONES[fact.tone]) box.prepend(part("span", `indicator ${TONES[fact.tone]}`));
		if (fact.basis) {
			box.title = fact.basis;
			box.tabIndex = 0;
			const tell = () => (basis.textContent = fact.basis);
			box.addEventListener("click", tell);
			box.addEventListener("focus", tell);
			box.addEventListener("blur", () => (basis.textContent = ""));
		}
		if (!fact.href) return box;
		const link = part("a", "ccms-fact-link");
		link.href = fact.href;
		link.append(box);
		box.removeAttribute("tabindex");
		return link;
	}

	function spending({ spending, currency }) {
		const title = part("div", "ccms-chart-title");
		title.append(part("b", "", __("Spend by month")), key("this", __("this year")), key("before", __("last year")));
		title.append(part("span", "ccms-muted", spending.sentence));
		const place = part("div", "ccms-spending");
		place.dataset.spending = JSON.stringify({ ...spending, currency });
		return [title, place];
	}

	function key(series, label) {
		const box = part("span", "ccms-muted");
		const mark = part("i", "ccms-key");
		mark.style.background = COLOURS[series];
		box.append(mark, label);
		return box;
	}

	function draw_spending(place) {
		const { labels: all, this: now, before, currency } = JSON.parse(place.dataset.spending);
		const labels = frappe.is_mobile() ? all.map((label, at) => ((all.length - 1 - at) % 3 ? "" : label)) : all;
		place.removeAttribute("data-spending");
		new frappe.Chart(place, {
			type: "bar",
			height: 180,
			animate: 0,
			disableEntryAnimation: 1,
			colors: Object.values(COLOURS),
			data: {
				labels,
				datasets: [
					{ name: __("this year"), values: now },
					{ name: __("last year"), values: before },
				],
			},
			barOptions: { spaceRatio: 0.35 },
			axisOptions: { xAxisMode: "tick", shortenYAxisNumbers: 1, seriesLabelSpaceRatio: 2.5 },
			tooltipOptions: { formatTooltipY: (value) => format_currency(value, currency) },
		});
	}

	function score_button(company) {
		const button = part("button", "btn btn-xs btn-default", __("Run Scoring Now"));
		button.type = "button";
		button.addEventListener("click", async () => {
			button.disabled = true;
			await frappe.xcall("ccms_app.api.insight.score_now", { company });
			frappe.show_alert({ message: __("Scoring has started."), indicator: "green" });
		});
		return button;
	}

	frappe.dom.set_style(
		`
		.ccms-facts { display: flex; flex-wrap: wrap; gap: 2px 8px; padding: 6px 0; border-top: 1px solid var(--border-color); }
		.ccms-row + .ccms-facts { border-top: 0; }
		.ccms-facts > :not(.ccms-note):has(+ :not(.ccms-note))::after { content: "·"; color: var(--text-muted); margin-left: 8px; }
		.ccms-fact { cursor: help; border-radius: 3px; }
		.ccms-fact:focus { outline: 2px solid var(--primary); outline-offset: 2px; }
		.ccms-fact .indicator { margin-right: 4px; }
		.ccms-fact b { font-weight: 600; font-variant-numeric: tabular-nums; }
		.ccms-fact-link { color: inherit; } .ccms-fact-link .ccms-fact { cursor: pointer; }
		.ccms-fact-link b { text-decoration: underline; text-underline-offset: 2px; text-decoration-color: var(--gray-400); }
		.ccms-note { flex-basis: 100%; font-size: var(--text-sm); }
		.ccms-basis-line { border-left: 3px solid var(--primary); padding-left: 8px; } .ccms-basis-line:empty { display: none; }
		.ccms-key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
		.ccms-spending .chart-legend { display: none; } .ccms-spending { margin-bottom: -24px; }
		.ccms-chart-title { display: flex; flex-wrap: wrap; gap: 2px 12px; margin-top: 4px; }
		.ccms-small { font-size: var(--text-sm); }
	`,
		"ccms-behaviour-style"
	);
})();
