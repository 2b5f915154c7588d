"""The identity map, for sites whose customers were there before it: filled in the background."""

from ccms_app.identity.store import backfill


def execute() -> None:
	backfill.after_install()
