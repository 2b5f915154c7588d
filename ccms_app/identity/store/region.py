"""The country in which phone numbers without a country code are read."""

from __future__ import annotations

import frappe


def site_region() -> str:
	"""The ISO code of the country that CCMS Settings names, else of the site's, such as "CN"; "" when none is set."""
	country = frappe.db.get_single_value("CCMS Settings", "phone_country") or frappe.db.get_single_value(
		"System Settings", "country"
	)
	return of_country(country)


def of_country(country: str | None) -> str:
	"""The ISO code of a country, "" when it has none."""
	code = frappe.get_cached_value("Country", country, "code") if country else ""
	return (code or "").upper()
