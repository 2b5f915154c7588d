{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}
{% include "ccms_app/public/js/dealing_reports.js" %}

frappe.query_reports["Channel Mix"] = ccms.dealings.report({
	filters: [ccms.reports.choice("show", __("Show"), ["Channels", "Channels and Types"])],
	first: ["channel", "interaction_type", "events", "share"],
});
