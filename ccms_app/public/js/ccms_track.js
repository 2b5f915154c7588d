// Tells CCMS what visitors do, nothing before consent or against GPC and DNT.
(() => {
const { dataset, src } = document.currentScript;
const refused = navigator.globalPrivacyControl || navigator.doNotTrack > 0;
let timer, stay;

// storage may be blocked or broken
const safe = (run) => { try { return run(); } catch {} };
// kept since consent: visitor, queue, given
const read = () => safe(() => [JSON.parse(localStorage.ccms)].find((kept) => kept.queue.map));
const write = (kept) =>
	safe(() => (kept ? (localStorage.ccms = JSON.stringify(kept)) : delete localStorage.ccms));
const here = () => location.pathname.slice(0, 300);

const post = async (events) => {
	const body = JSON.stringify({ key: dataset.key, sent_at: new Date(), events });
	const keepalive = new Blob([body]).size < 6e4;
	const how = { method: "POST", body, keepalive, credentials: "omit" };
	const answer = await fetch(new URL("/api/method/ccms_app.api.track.track", src), how);
	if (/429|5../.test(answer.status)) throw 0;
	return answer.ok ? (await answer.json()).message : [];
};
const later = (wait = 2e3) => {
	clearTimeout(timer);
	timer = setTimeout(send, wait);
};
const send = async () => {
	const queue = read()?.queue || [];
	if (!queue[0]) return;
	// what follows an identify may be somebody else's
	const events = queue.slice(0, queue.findIndex((one) => one.token) + 1 || 40);
	try {
		const last = (await post(events)).at(-1);
		const kept = read();
		if (!kept) return;
		const sent = JSON.stringify(events);
		kept.queue = kept.queue.filter((one) => !sent.includes(one.event_id));
		// a token refused: it may be anybody
		const lost = last?.status == "forbidden" && events.at(-1).token;
		const visitor = lost ? crypto.randomUUID() : last?.visitor;
		if (visitor && visitor !== kept.visitor) {
			delete kept.given;
			kept.visitor = visitor;
			for (const one of kept.queue) one.visitor = visitor;
		}
		write(kept);
		later();
	} catch {
		later(6e4);
	}
};

const made = (type, more) => ({ event_id: crypto.randomUUID(), type, occurred_at: new Date(), ...more });
const keep = (type, more) => {
	const kept = read();
	if (!kept) return;
	kept.queue = [...kept.queue.slice(-99), made(type, { visitor: kept.visitor, ...more })];
	write(kept);
	later();
};
const track = (type, more) => keep(type, { path: here(), ...more });

const end = () => {
	if (stay) track("Page View", { ...stay, dwell: (new Date() - stay.occurred_at) / 1e3 });
	stay = 0;
};
const begin = (previous_path) => {
	end();
	stay = { path: here(), previous_path, occurred_at: new Date() };
};
const move = () => safe(() => begin(stay?.path));
const leave = () => (end(), send());
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
		write();
		const last = made("Consent", { state: "Withdrawn", visitor: kept.visitor });
		const tell = () => post([last]).catch(() => setTimeout(tell, 9e3));
		tell();
	},
	identify(token) {
		if (!token) return read() && another(); // signed out
		keep("Identify", { token });
		send();
	},
};

if (refused) return write();
const { referrer, hidden } = document;
if (!hidden) begin(referrer.startsWith(origin + "/") ? new URL(referrer).pathname : "");
const push = history.pushState;
history.pushState = (...to) => (push.apply(history, to), move());
addEventListener("popstate", move);
addEventListener("pagehide", leave);
addEventListener("visibilitychange", () => (document.hidden ? leave() : stay || begin(here())));
addEventListener("click", ({ target }) => {
	const at = target.closest("a,button,[data-ccms]");
	const subject = at?.dataset.ccms || at?.id || at?.pathname;
	if (subject) track("Click", { subject });
}, true);
later();
})();
