"""What behaviour answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from ccms_app.identity.handlers import Nothing


class Handler(Nothing):
	"""The behaviour of a customer."""
