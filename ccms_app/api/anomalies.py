"""What people do with unusual orders: look, explain, find them wrong."""

import frappe

from ccms_app.scoring.store import anomalies


@frappe.whitelist(methods=["POST"])
def settle(anomaly: str, status: str, note: str | None = None) -> None:
	"""Say what came of an unusual order."""
	doc = frappe.get_doc(anomalies.DOCTYPE, anomaly)
	doc.check_permission("write")
	anomalies.settle(doc, status, note)
