"""What uninstalling takes from a site. The mirror of `install.py`."""


def before_uninstall() -> None:
	"""Remove everything the app keeps outside its own DocTypes."""
