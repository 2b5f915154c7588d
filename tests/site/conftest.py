"""The site suite: real documents on a real ERPNext site."""

from tests.on_site import as_user, clean_slate, site  # noqa: F401
