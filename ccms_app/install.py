"""What installing adds to a site. `uninstall.py` is its mirror."""

from ccms_app.identity.store import backfill
from ccms_app.privacy.store import wordings
from ccms_app.quality.store import rules as quality_rules
from ccms_app.scoring.store import settings
from ccms_app.setup import (
	blocks,
	custom_fields,
	interaction_types,
	list_views,
	notifications,
	order_messages,
	roles,
)


def after_install() -> None:
	"""Add everything the app keeps outside its own DocTypes."""
	roles.make()
	custom_fields.sync()
	blocks.sync()
	notifications.make()
	order_messages.make()
	settings.fill()
	list_views.make()
	wordings.make()
	interaction_types.make()
	quality_rules.make()
	backfill.after_install()


def after_migrate() -> None:
	"""Bring a site that was installed with an older version up to date. What a manager may edit stays as it is."""
	roles.make()
	custom_fields.sync()
	settings.fill()
	list_views.make()
	wordings.make()
	interaction_types.make()
	quality_rules.make()
	blocks.sync()
