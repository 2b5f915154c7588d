// A block of the Customer Insight workspace: asks the server for its content, and opens its links without a new page.
const place = root_element.querySelector("[data-method]");

const company = frappe.defaults.get_user_default("Company");

frappe.xcall(`ccms_app.api.customer_insight.${place.dataset.method}`, { company }).then((html) => {
	place.innerHTML = html;
	if (!html) place.closest(".ccms-block").hidden = true;
});

root_element.querySelectorAll("[data-words]").forEach((element) => (element.textContent = __(element.dataset.words)));

root_element.addEventListener("click", (event) => {
	const score = event.target.closest(".ccms-score-now");
	if (score) {
		score.disabled = true;
		frappe.xcall("ccms_app.api.insight.score_now", { company: score.dataset.company }).then(() => {
			frappe.show_alert({ message: __("Scoring has started."), indicator: "green" });
		});
		return;
	}
	const link = event.target.closest("a[href^='/app/']");
	if (!link || event.ctrlKey || event.metaKey) return;
	event.preventDefault();
	frappe.route_options = Object.fromEntries(new URLSearchParams(link.search));
	frappe.set_route(...link.pathname.split("/").slice(2).map(decodeURIComponent));
});
