{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["Customer Value"] = ccms.insight.report({ first: ["label", "customers", "year"] });
