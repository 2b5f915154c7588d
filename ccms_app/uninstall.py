"""What uninstalling takes from a site. The mirror of `install.py`."""

from ccms_app.behaviour.store import files
from ccms_app.identity.store import backfill, matching
from ccms_app.quality.store import rules as quality_rules
from ccms_app.setup import blocks, custom_fields, desk, jobs, notifications, order_messages, roles


def before_uninstall() -> None:
	"""Remove everything the app keeps outside its own DocTypes. Frappe itself removes what belongs to the module."""
	jobs.remove()
	files.remove()
	backfill.before_uninstall()
	matching.before_uninstall()
	quality_rules.before_uninstall()
	notifications.remove()
	order_messages.remove()
	blocks.remove()
	custom_fields.remove()
	desk.remove()
	roles.remove()
