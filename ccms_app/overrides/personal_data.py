"""Frappe's own Personal Data requests: a second door to our exporter and our eraser.

Its deletion renames the User and replaces names by text in whole tables, other people's rows included, and fails where a
Contact carries the User's e-mail address. So ours does not run it: a portal user is erased as the customers behind the
log-in, and the log-in is closed with them.

Its download lets anybody type any e-mail address into a web form, and whoever did owns the request and reads its files. So
here a log-in asks for itself alone, what a guest asks for belongs to the person it is about, and our mail names our file.
"""

import frappe
from frappe.website.doctype.personal_data_deletion_request.personal_data_deletion_request import (
	PersonalDataDeletionRequest,
)
from frappe.website.doctype.personal_data_download_request.personal_data_download_request import (
	PersonalDataDownloadRequest,
)

from ccms_app.privacy.store import frappe_requests


class DeletionRequest(PersonalDataDeletionRequest):
	@frappe.whitelist()
	def trigger_data_deletion(self):
		self.reload()  # the desk sends a copy, which may say anything
		self.validate_data_anonymization()
		frappe_requests.erase(self)

	def _anonymize_data(self, email=None, anon=None, set_data=True, commit=False):
		frappe_requests.erase(self)


class DownloadRequest(PersonalDataDownloadRequest):
	def validate(self):
		frappe_requests.check_asker(self)

	def generate_file_and_send_mail(self, personal_data):
		frappe_requests.answer(self, personal_data)
