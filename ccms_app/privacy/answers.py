"""What the words of a person come to: yes, no, or nothing said.

Words are about a customer as a whole or about one address of theirs. The latest word about an address counts, said of
it or of its customer. Asked of a customer as a whole, a no that stands for any address is a no.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from .words import AGE_OF_CONSENT, GIVEN, GUARDIAN, IMPORT


@dataclass(frozen=True)
class Word:
	"""One thing said.

	about: the keyed hash of an address; empty: the customer. channel: empty: every channel. source: where it was said.
	"""

	state: str
	at: datetime
	about: str = ""
	channel: str = ""
	said_by: str = ""
	source: str = ""

	@property
	def is_yes(self) -> bool:
		return self.state == GIVEN


def standing(words: Iterable[Word], channel: str = "", *, needs_guardian: bool = False) -> Word | None:
	"""The word that counts among those of one person, or None when nothing was said.

	Args:
		words: of the customer and of the addresses asked about, up to the moment asked about, in any order.
		channel: words about other channels say nothing about this one.
		needs_guardian: a yes counts only from a guardian.
	"""
	heard = [
		word
		for word in words
		if word.channel in ("", channel) and not (needs_guardian and word.is_yes and word.said_by != GUARDIAN)
	]
	own = [word for word in heard if not word.about]
	abouts = {word.about for word in heard if word.about}
	groups = [own] + [own + [word for word in heard if word.about == about] for about in sorted(abouts)]
	latest = [word for group in groups if (word := _latest(group))]
	return next((word for word in latest if not word.is_yes), latest[0] if latest else None)


def _latest(words: list[Word]) -> Word | None:
	"""The last word; of two at one moment the no. An imported yes does not lift a no: a list bought or kept elsewhere does
	not know what was said since."""
	found: Word | None = None
	for word in sorted(words, key=lambda word: (word.at, not word.is_yes)):
		if word.is_yes and word.source == IMPORT and found and not found.is_yes:
			continue
		found = word
	return found


def is_child(born: date | None, on: date) -> bool:
	"""Whether somebody born then needs a guardian's consent on a day. Who is born on 29 February comes of age on 1 March.
	Not known: no; a date of birth in the future is a mistake and not a child's."""
	if born is None or born > on:
		return False
	age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
	return age < AGE_OF_CONSENT
