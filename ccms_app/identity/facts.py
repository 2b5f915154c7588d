"""Facts about a person that a customer record keeps, each with where it is known from."""

from __future__ import annotations

FACTS = {
	"ccms_birth_date": "Birth Date",
	"gender": "Gender",
	"ccms_occupation": "Occupation",
	"ccms_home_place": "Lives In",
	"ccms_work_place": "Works In",
	"ccms_preferred_channel": "Preferred Channel",
	"language": "Language",
}
"""Field of Customer → what it is called."""

STAFF, IMPORT, PORTAL = "Staff", "Import", "Portal"
"""Who wrote a fact, where nobody says it more precisely."""


def changed(before: dict[str, object], after: dict[str, object]) -> tuple[set[str], set[str]]:
	"""Facts that are new or other than before, and facts that are gone."""
	noted = {fact for fact in FACTS if after.get(fact) and _same(after[fact]) != _same(before.get(fact))}
	return noted, {fact for fact in FACTS if not after.get(fact)}


def _same(value: object) -> str:
	"""A date is the same as text and as a day."""
	return "" if value is None else str(value)
