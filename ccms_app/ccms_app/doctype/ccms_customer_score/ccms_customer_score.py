import frappe

from ccms_app.behaviour.store import columns
from ccms_app.behaviour.store.kept_document import KeptDocument


class CCMSCustomerScore(KeptDocument):
	pass


def on_doctype_update() -> None:
	for field in ("customer", "churn_probability", "stage", "rfm_group"):
		frappe.db.add_index("CCMS Customer Score", ["score_run", field])
	columns.allow_unknown("CCMS Customer Score")
