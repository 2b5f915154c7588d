"""What the rules look at: one customer, as the documents of a site have them written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Place:
	"""Where a text stands, so that it can be fixed there."""

	doctype: str
	name: str
	fieldname: str
	row_doctype: str = ""
	row_name: str = ""

	@property
	def key(self) -> str:
		"""The place as one text."""
		return "|".join((self.doctype, self.name, self.fieldname, self.row_doctype, self.row_name))


@dataclass(frozen=True, slots=True)
class Text:
	"""A text as somebody typed it. `source` tells how it is known (Customer, Contact, Address)."""

	value: str
	place: Place
	source: str
	region: str = ""
	"""ISO code of the country in which a phone without a country code is read."""


@dataclass(frozen=True, slots=True)
class Namesake:
	"""Another customer with the same identifier."""

	customer: str
	name: str
	kind: str
	shown_as: str


@dataclass(slots=True)
class Record:
	"""One customer. Every field may be empty; texts may be anything that a database holds."""

	customer: str
	name: str = ""
	phones: list[Text] = field(default_factory=list)
	emails: list[Text] = field(default_factory=list)
	names: list[Text] = field(default_factory=list)
	"""Where names stand: the customer's, those of contacts."""
	countries: set[str] = field(default_factory=set)
	"""ISO codes of the countries of the addresses."""
	has_address: bool = False
	has_other_reach: bool = False
	"""Reached otherwise: an account on a network, a phone or mailbox in the table of identifiers."""
	birth_date: date | None = None
	first_purchase: date | None = None
	joined: date | None = None
	confirmed: date | None = None
	"""When somebody last noted or verified something about the person."""
	same: list[Namesake] = field(default_factory=list)
	is_company: bool = False
