"""Finding a customer by a whole phone number, mail address, card or account. Nothing is guessed from a part."""

from __future__ import annotations

import frappe

from ccms_app.identity import kinds
from ccms_app.identity.normalise import normalise

from . import identities, links
from .region import site_region

NETWORKS = 20


def meanings(text: str, kind: str = "") -> list[tuple[str, str]]:
	"""What a text may be, as (kind, normalised value): a row of digits is a phone, a card, or both."""
	region = site_region()
	found = []
	for one in [kind] if kind else kinds.TYPED:
		if one == kinds.SOCIAL and ":" not in text:
			found += [
				(one, value) for network in _networks() if (value := normalise(one, text, network=network))
			]
		elif value := normalise(one, text, region):
			found.append((one, value))
	return found


def _networks() -> list[str]:
	return frappe.get_all(
		identities.DOCTYPE,
		filters={"kind": kinds.SOCIAL, "network": ["!=", ""]},
		distinct=True,
		pluck="network",
		limit=NETWORKS,
		order_by=None,
	)


def customers(text: str, kind: str = "") -> list[dict]:
	"""The customers whom an identifier belongs to now: customer, kind, shown_as (masked), source, verified, is_shared.

	No permission is asked here.
	"""
	found = identities.find_many(meanings(text, kind)).values()
	rows = [row for row in links.of_identities(found) if not row.ended_on]
	shown = {
		row.name: row
		for row in frappe.get_all(
			identities.DOCTYPE,
			filters={"name": ["in", list(found)]},
			fields=["name", "kind", "shown_as", "is_shared"],
		)
	}
	seen: dict[str, dict] = {}
	for row in sorted(rows, key=lambda row: (not row.verified, row.since)):
		identity = shown[row.identity]
		seen.setdefault(
			row.customer,
			{
				"customer": row.customer,
				"kind": identity.kind,
				"shown_as": identity.shown_as,
				"source": row.source,
				"verified": row.verified,
				"is_shared": identity.is_shared,
			},
		)
	return list(seen.values())
