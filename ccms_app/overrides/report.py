"""Reports query tables by themselves: what they answer passes the fence of the books."""

from frappe.core.doctype.report.report import Report as FrappeReport

from ccms_app.privacy.store import books_fence


class Report(FrappeReport):
	def execute_script_report(self, filters):
		return books_fence.without_names(super().execute_script_report(filters))

	def execute_query_report(self, filters):
		return books_fence.without_names(super().execute_query_report(filters))
