"""What installing adds to a site. `uninstall.py` is its mirror."""


def after_install() -> None:
	"""Add everything the app keeps outside its own DocTypes."""
