"""Reports by mail: of ours, what their user would see, and no cell that a spreadsheet runs."""

from frappe.email.doctype.auto_email_report.auto_email_report import AutoEmailReport as FrappeAutoEmailReport

from ccms_app.privacy.store import mailed_reports


class AutoEmailReport(FrappeAutoEmailReport):
	def validate(self):
		super().validate()
		mailed_reports.check(self)

	def get_report_content(self):
		return mailed_reports.content(self, super().get_report_content)
