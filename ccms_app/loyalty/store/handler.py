"""What loyalty answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from ccms_app.customer_handler import Nothing


class Handler(Nothing):
	"""The loyalty of a customer."""
