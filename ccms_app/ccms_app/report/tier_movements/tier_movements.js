{% include "ccms_app/public/js/loyalty_reports.js" %}

(() => {
	/** The filters that list whom a number counts. */
	function who(fieldname, data) {
		const { program, tier } = data;
		switch (fieldname) {
			case "joined":
				return { program, tier, movement: "Joined" };
			case "up":
				return { program, tier, movement: "Went up" };
			case "down":
				return { program, tier, movement: "Went down" };
			case "renewed":
				return { program, tier, movement: "Renewed" };
			case "went_up":
				return { program, from_tier: tier, movement: "Went up" };
			case "went_down":
				return { program, from_tier: tier, movement: "Went down" };
			case "members":
				return { program, tier };
		}
		const to = data.to_tiers?.[fieldname.replace("to_", "")];
		if (!to) return null;
		if (!data.from_tier) return { program, tier: to, movement: "Joined" };
		return { program, from_tier: data.from_tier, tier: to };
	}

	frappe.query_reports["Tier Movements"] = {
		filters: [
			ccms.reports.company(),
			ccms.reports.program(),
			ccms.reports.date("from_date", __("From Date"), frappe.datetime.add_months(frappe.datetime.get_today(), -3), { reqd: 1 }),
			ccms.reports.date("to_date", __("To Date"), frappe.datetime.get_today(), { reqd: 1 }),
			ccms.reports.choice("view", __("Show"), ["Tiers", "From → To", "Members"]),
			{
				fieldname: "movement",
				label: __("Tier change"),
				fieldtype: "Select",
				options: ["", "Joined", "Went up", "Went down", "Renewed"].map((value) => ({ value, label: __(value) })),
			},
			{ fieldname: "from_tier", label: __("From Tier"), fieldtype: "Data" },
			{ fieldname: "tier", label: __("To Tier"), fieldtype: "Data" },
		],
		onload: ccms.reports.onload,
		get_datatable_options: ccms.reports.table("tier", "customer_name", "movement", "posting_date", "joined", "up", "down"),
		formatter: ccms.reports.formatter((value, column, data) => {
			if (column.fieldname === "customer_name" && data.membership) {
				return ccms.reports.statement(value || data.customer, data.membership);
			}
			if (column.fieldtype !== "Int" || !value) return;
			const wanted = who(column.fieldname, data);
			if (!wanted) return;
			const { company, from_date, to_date } = frappe.query_report.get_filter_values();
			return ccms.reports.right(
				ccms.reports.go(
					format_number(value, null, 0),
					column.fieldname === "members" ? "ccms-membership" : "query-report/Tier%20Movements",
					column.fieldname === "members"
						? { company, ...wanted }
						: { company, from_date, to_date, view: "Members", ...wanted },
					__("Members")
				)
			);
		}),
	};
})();
