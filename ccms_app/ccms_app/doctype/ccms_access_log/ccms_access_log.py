import frappe

from ccms_app.privacy.store import access
from ccms_app.privacy.store.kept import AppendOnly


class CCMSAccessLog(AppendOnly):
	@staticmethod
	def clear_old_logs(days: int = access.KEPT_DAYS) -> None:
		access.clear(days)


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Access Log", ["accessed_at"])
