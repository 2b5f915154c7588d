"""Counts of pages, for sites whose events were there before them: days are marked, and counted in the background."""

from ccms_app.interactions.store import pages


def execute() -> None:
	pages.count_all_later()
