"""The site suite: real documents on a real ERPNext site."""

from tests.on_site import as_user, clean_slate, site  # noqa: F401


def pytest_collection_modifyitems(items) -> None:
	"""Uninstalling comes first: it takes every membership, also those that other tests committed."""
	items.sort(key=lambda item: item.path.name != "test_install.py")
