// A button of a list that does something for one company, and asks for which.
frappe.provide("ccms");

/**
 * @param {frappe.views.ListView} list
 * @param {string} label of the button and of the question
 * @param {string} action what the question's own button says
 * @param {(company: string) => Promise} carry_out
 */
ccms.ask_company = (list, label, action, carry_out) =>
	list.page.add_inner_button(label, () =>
		frappe.prompt(
			{
				fieldname: "company",
				label: __("Company"),
				fieldtype: "Link",
				options: "Company",
				reqd: 1,
				default: frappe.defaults.get_user_default("Company"),
			},
			({ company }) => carry_out(company),
			label,
			action
		)
	);
