{% include "ccms_app/public/js/loyalty_reports.js" %}
{% include "ccms_app/public/js/insight_reports.js" %}

(() => {
	const score = (fieldname, label) => ccms.reports.choice(fieldname, label, ["", "5", "4", "3", "2", "1"]);
	// a cell that only a link sets: shown when it is, so that it can be taken away
	const linked = (fieldname, label, fieldtype = "Data") => ({ fieldname, label, fieldtype, depends_on: fieldname });

	frappe.query_reports["Customers Behind"] = ccms.insight.report({
		first: ["customer_name", "revenue_365", "stage"],
		filters: [
			ccms.reports.choice("stage", __("Stage"), ["", "Prospect", "First Purchase", "Repeat", "Loyal", "At Risk", "Lost"]),
			score("r", __("Recency")),
			score("fm", __("Frequency and Money")),
			ccms.reports.choice("churn_level", __("Risk of Leaving"), ["", "Low", "Medium", "High"]),
			ccms.reports.choice("sort_by", __("Sort by"), [
				"Revenue of a Year",
				"Revenue at Risk",
				"Last Order",
				"Historic Value",
			]),
			linked("f", __("Frequency")),
			linked("m", __("Money")),
			linked("rfm_group", __("RFM Group")),
			linked("value_band", __("Value Band")),
			linked("price_band", __("Answers to Price")),
			linked("cluster", __("Cluster")),
			linked("cohort", __("First Order in")),
			linked("moved", __("Moved")),
			linked("moved_since", __("Moved Since"), "Date"),
			linked("moved_until", __("Moved Until"), "Date"),
			linked("bought", __("Bought")),
			linked("thing", __("Bought")),
			linked("instead", __("Bought One, Not the Other")),
			linked("returned", __("Returned")),
			linked("came", __("Came")),
			linked("gap_from", __("Days between Orders, from")),
			linked("gap_below", __("Days between Orders, below")),
			linked("orders_from", __("Orders, at Least")),
			linked("revenue_from", __("Revenue of a Year, from")),
			linked("chance_from", __("Risk, from")),
			linked("chance_below", __("Risk, below")),
			linked("last_since", __("Last Order Since"), "Date"),
			linked("last_until", __("Last Order Until"), "Date"),
			linked("favourite_group", __("Favourite Item Group")),
			linked("favourite_brand", __("Favourite Brand")),
			linked("favourite_item", __("Favourite Item")),
			linked("home_channel", __("Channel")),
			linked("peak_hour", __("Usual Hour")),
			linked("peak_weekday", __("Usual Weekday")),
			linked("peak_month", __("Usual Month")),
			linked("high_frequency", __("High Frequency"), "Check"),
			linked("high_value", __("High Value"), "Check"),
		],
	});
})();
