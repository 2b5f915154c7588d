// What visitors do, told to CCMS. Sends and keeps nothing before consent, or against GPC and DNT.
(() => {
	const { dataset, src } = document.currentScript;
	const door = new URL("/api/method/ccms_app.api.track.track", src);
	const refused = navigator.globalPrivacyControl || navigator.doNotTrack > 0;
	let timer, stay;

	// kept since consent: visitor, queue, given
	const read = () => JSON.parse(localStorage.ccms || null);
	const write = (kept) => (localStorage.ccms = JSON.stringify(kept));
	const here = () => location.pathname.slice(0, 300); // a query may name people

	const post = async (events) => {
		const body = JSON.stringify({ key: dataset.key, sent_at: new Date(), events });
		const answer = await fetch(door, { method: "POST", body, keepalive: true, credentials: "omit" });
		if (/429|5../.test(answer.status)) throw answer;
		return answer.ok ? (await answer.json()).message : [];
	};
	const later = (wait = 2e3) => {
		clearTimeout(timer);
		timer = setTimeout(send, wait);
	};
	const send = async () => {
		const queue = read()?.queue || [];
		// what follows an identify waits: it may be somebody else's
		const events = queue.slice(0, queue.findIndex((one) => one.token) + 1 || 40);
		if (!events[0]) return;
		try {
			const visitor = (await post(events)).find((one) => one.visitor)?.visitor;
			const kept = read();
			if (kept) {
				const sent = JSON.stringify(events);
				kept.queue = kept.queue.filter((one) => !sent.includes(one.event_id));
				if (visitor && visitor !== kept.visitor) {
					delete kept.given;
					kept.visitor = visitor;
					kept.queue.forEach((one) => (one.visitor = visitor));
				}
				write(kept);
			}
			later();
		} catch {
			later(6e4);
		}
	};

	const made = (type, more) => ({ event_id: crypto.randomUUID(), type, occurred_at: new Date(), ...more });
	const keep = (type, more) => {
		const kept = read();
		if (!kept) return;
		const event = made(type, { visitor: kept.visitor, ...more });
		write({ ...kept, queue: [...kept.queue.slice(-99), event] });
		later();
	};
	const track = (type, more) => keep(type, { path: here(), ...more });

	// one stay on a page; who returns to the tab comes from the page itself
	const end = () => {
		if (stay) track("Page View", { ...stay, dwell: (new Date() - stay.occurred_at) / 1e3 });
		stay = null;
	};
	const begin = (previous_path) => {
		end();
		stay = { path: here(), previous_path, occurred_at: new Date() };
	};
	const move = () => begin(stay?.path);
	const leave = () => {
		end();
		send();
	};
	const another = () => {
		begin();
		write({ visitor: crypto.randomUUID(), queue: read()?.queue || [] });
	};

	window.ccms = {
		track,
		visitor: () => read()?.visitor,
		consent(given, wording) {
			const kept = read();
			if (refused || (given ? kept?.given : !kept)) return;
			if (given) {
				if (!kept) another();
				write({ ...read(), given });
				return keep("Consent", { state: "Given", wording });
			}
			delete localStorage.ccms;
			const last = [made("Consent", { state: "Withdrawn", visitor: kept.visitor })];
			const tell = () => post(last).catch(() => setTimeout(tell, 9e3));
			tell();
		},
		// with a token: signed in; without: signed out
		identify(token) {
			if (!token) return read() && another();
			keep("Identify", { token });
			send();
		},
	};

	if (refused) return delete localStorage.ccms;
	const from = document.referrer;
	if (!document.hidden) begin(from.startsWith(origin + "/") ? new URL(from).pathname : "");
	const push = history.pushState;
	history.pushState = (...given) => {
		push.apply(history, given);
		move();
	};
	addEventListener("popstate", move);
	addEventListener("pagehide", leave);
	document.addEventListener("visibilitychange", () => (document.hidden ? leave() : stay || begin(here())));
	addEventListener("click", ({ target }) => {
		const at = target.closest("a,button,[data-ccms]");
		const subject = at?.dataset.ccms || at?.id || at?.pathname;
		if (subject) track("Click", { subject });
	}, true);
	later();
})();
