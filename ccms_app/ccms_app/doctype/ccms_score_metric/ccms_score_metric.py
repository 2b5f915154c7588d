from frappe.model.document import Document

from ccms_app.behaviour.store import columns


class CCMSScoreMetric(Document):
	pass


def on_doctype_update() -> None:
	columns.allow_unknown("CCMS Score Metric")
