"""The browser of the browser suite."""

import os
import shutil


def find() -> str | None:
	"""The path of a Chromium or Chrome: `CCMS_CHROMIUM`, else one of the usual names."""
	if given := os.environ.get("CCMS_CHROMIUM"):
		return shutil.which(given)
	names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	return next(filter(None, map(shutil.which, names)), None)
