import frappe
from frappe.model.document import Document

from ccms_app.scoring.store import anomalies


class CCMSPurchaseAnomaly(Document):
	def validate(self) -> None:
		anomalies.check(self)

	def on_trash(self) -> None:
		anomalies.refuse_deleting(self)


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Purchase Anomaly", ["company", "status", "day"])
