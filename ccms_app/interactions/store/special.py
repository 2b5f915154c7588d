"""Events that do something beside being stored: a consent is written down, a visitor becomes known."""

from __future__ import annotations

import frappe
from frappe.utils import now_datetime

from ccms_app.identity import kinds
from ccms_app.identity.store import identities, links
from ccms_app.identity.store.keys import site_key
from ccms_app.interactions import answers, token
from ccms_app.interactions.answers import Answer, _
from ccms_app.interactions.check import IDENTIFY, Checked, Rules
from ccms_app.interactions.sources import Source
from ccms_app.privacy.store import consent

from . import people, sources

CLAIM, SIGNED_IN = "Claim", "Signed In"
"""Outcomes of an identify: without proof, which links nothing, and with."""


# --- consent ------------------------------------------------------------------------------------------------
def right_consents(events: list[Checked], told: dict[int, Answer]) -> list[Checked]:
	"""Those that name a wording of their purpose, or none; the others are answered."""
	named = {event.extra["wording"] for event in events} - {""}
	purposes = dict(
		frappe.get_all(
			"CCMS Consent Wording", {"name": ["in", sorted(named)]}, ["name", "purpose"], as_list=True
		)
		if named
		else ()
	)
	for event in events:
		wording = event.extra["wording"]
		if wording and purposes.get(wording) != event.extra["purpose"]:
			message = _("is not a wording of this purpose")
			told[event.index] = Answer(event.index, event.event_id, answers.INVALID, "wording", message)
	return [event for event in events if event.index not in told]


def record(events: list[Checked], new: dict[str, str], source: Source, rules: Rules) -> None:
	"""Write down what people said in those events that are new ({name: identity})."""
	now = now_datetime()
	for event in sorted(events, key=lambda event: event.occurred):
		if event.name not in new:
			continue
		person = new[event.name]
		if event.person and event.person[0] == kinds.CUSTOMER:
			person = event.person[1] if frappe.db.exists("Customer", event.person[1]) else ""
		if not person:
			continue
		consent.record(
			person,
			event.extra["purpose"],
			event.extra["state"],
			source="Web Site" if source.is_browser else "API",
			wording=event.extra["wording"],
			proof=f"{source.name}: {event.event_id}"[:140],
			at=people.said_at(event, rules, now),
		)


# --- identify -----------------------------------------------------------------------------------------------
def identify(events: list[Checked], source: Source, rules: Rules, told: dict[int, Answer]) -> dict[int, str]:
	"""Link visitors to the customers that a signed token, or a server, names. Bad tokens are answered.

	A second person in one browser gets a visitor of their own; so do the events of the batch that happened after. A token
	that is refused proves nothing but that somebody else may sit there: where the browser is known to be somebody's, what
	happened after is an unknown visitor's, until another token is right. Whether there is such a customer shows nowhere.

	Returns: the visitor that the browser is from now on, by the place of each proved identify.
	"""
	visitors: dict[int, str] = {}
	browsers = {event.index: event.visitor for event in events}
	for event in sorted(events, key=lambda event: (event.occurred, event.event_id)):
		if event.type.name != IDENTIFY or event.index in told:
			continue
		visitor, given = event.visitor[1], event.extra["token"]
		customer = _named(event, source, rules)
		if given and customer is None:
			message = _("is forged, expired, or of another browser")
			told[event.index] = Answer(event.index, event.event_id, answers.FORBIDDEN, "token", message)
			if _is_somebodys(visitor):
				unknown = token.next_visitor(visitor, f"refused\0{event.name}", site_key())
				_move_on(events, browsers, event, (kinds.VISITOR, unknown))
		elif customer is None:
			event.values["outcome"] = CLAIM
		else:
			event.values["outcome"] = SIGNED_IN
			following = (kinds.VISITOR, _link(visitor, customer))
			visitors[event.index] = following[1]
			_move_on(events, browsers, event, following)
			event.visitor = following
	return visitors


def _named(event: Checked, source: Source, rules: Rules) -> str | None:
	if event.extra["token"]:
		secret = sources.identify_secret(source.name)
		if not secret:
			return None
		named = token.customer_of(event.extra["token"], secret, event.visitor[1], rules.received.timestamp())
		return identities.now_called([named]).get(named, named) if named else named
	if not event.person:
		return None
	kind, value = event.person
	if kind == kinds.CUSTOMER:
		return value
	name = identities.find(kind, value)
	return identities.owners([name]).get(name) if name else None


def _link(visitor: str, customer: str) -> str:
	"""The visitor who is this customer from now on: the given one, unless it is somebody else already."""
	name = identities.ensure(kinds.VISITOR, visitor)
	person = _is_person(customer)
	others = {row.customer for row in links.of_identities([name])} - {customer}
	if not others and (not person or identities.recognise(name, customer, "Web")):
		return visitor
	following = token.next_visitor(visitor, customer, site_key())
	if person:
		identities.recognise(identities.ensure(kinds.VISITOR, following), customer, "Web")
	return following


def _is_person(customer: str) -> bool:
	"""Companies of one's own are no people that browse."""
	return bool(frappe.db.get_value("Customer", {"name": customer, "is_internal_customer": 0}))


def _is_somebodys(visitor: str) -> bool:
	name = identities.find(kinds.VISITOR, visitor)
	return bool(name and links.of_identities([name]))


def _move_on(
	events: list[Checked],
	browsers: dict[int, tuple[str, str] | None],
	identified: Checked,
	following: tuple[str, str],
) -> None:
	"""What happened in the same browser after somebody said who they are, is of who they are."""
	for event in events:
		later = event.occurred >= identified.occurred and event.type.name != IDENTIFY
		if later and browsers[event.index] == browsers[identified.index]:
			event.visitor = following
