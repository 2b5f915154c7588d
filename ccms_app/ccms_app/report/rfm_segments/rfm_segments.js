{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

frappe.query_reports["RFM Segments"] = ccms.insight.report({ first: ["label", "customers", "revenue"] });
