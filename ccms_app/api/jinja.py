"""Functions that print formats and e-mail templates may call."""

from __future__ import annotations

from typing import Any

from ccms_app.api.loyalty import print_points


def ccms_points(doc) -> dict[str, Any]:
	"""Points of an invoice for its print: earned, redeemed, balance, next expiry; empty for who is no member."""
	return print_points(doc)
