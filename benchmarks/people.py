"""A file of customers as shops have it, with the truth beside it: who is one person, who only looks alike.

Seeded. People live in households that share surname, address and often a phone; some are twins; numbers are given to new
owners; many have a namesake. 15 % of the records are a person's second or third one, written anew: in characters of either
script or in pinyin, in either order, with typing errors, moved, with another number or mailbox, with other fields filled.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

import pandas as pd

from ccms_app.identity.matching.chinese import COMMON, sound, surname_sound

from .people_names import (
	CITIES_HAN,
	CITIES_LATIN,
	FIRST,
	GIVEN_HAN,
	LAST,
	MAIL_HOSTS,
	SHORT,
	STREETS_HAN,
	STREETS_LATIN,
)

SECOND_RECORDS = 0.15
SHARED_PHONE = 0.35  # households where further members give the family's phone
RECYCLED = 0.02  # people whose number belonged to somebody before
NAMESAKE = 0.03  # people made a namesake of somebody in the same city, beside all that chance makes
HAN = 0.6

# what is filled in a record
FILLED = {
	"phone": 0.85,
	"email": 0.45,
	"birth_date": 0.55,
	"address": 0.6,
	"gender": 0.6,
	"card": 0.15,
	"wechat": 0.2,
}
# what a second record has otherwise
MOVED, OTHER_PHONE, OTHER_MAIL, TYPO_NAME, TYPO_DATE, TYPO_PHONE, TYPO_MAIL, TYPO_STREET, WRONG_GENDER = (
	0.15, 0.12, 0.2, 0.08, 0.04, 0.02, 0.03, 0.1, 0.01,
)  # fmt: skip


@dataclass
class Person:
	"""One person, as nobody writes it down."""

	number: int
	is_han: bool
	family: str
	given: str
	gender: str
	born: date
	city: str
	postcode: str
	street: str
	house: int
	phone: str
	email: str
	card: str
	wechat: str


@dataclass
class People:
	"""records, identities: frames for the engine. truth: pairs of ids that are one person."""

	records: pd.DataFrame
	identities: pd.DataFrame
	truth: set[frozenset] = field(default_factory=set)


def make(count: int = 100_000, seed: int = 4) -> People:
	"""`count` records, the same for a seed."""
	draw = random.Random(seed)
	people = list(_population(draw, round(count * (1 - SECOND_RECORDS))))
	rows, identities, of_person = [], [], {}
	for number in range(count):
		first = number < len(people)
		person = people[number] if first else draw.choice(people)
		name = f"C{number:06d}"
		row, values = _record(draw, person, first)
		rows.append({"id": name, **row})
		identities += [(name, kind, value, draw.random() < 0.3) for kind, value in values]
		of_person.setdefault(person.number, []).append(name)
	draw.shuffle(rows)
	truth = {
		frozenset((one, other))
		for names in of_person.values()
		for at, one in enumerate(names)
		for other in names[at + 1 :]
	}
	return People(
		pd.DataFrame(rows),
		pd.DataFrame(identities, columns=["id", "kind", "value", "verified"]),
		truth,
	)


def _population(draw: random.Random, count: int) -> Iterator[Person]:
	made: list[Person] = []
	while len(made) < count:
		for person in _household(draw, len(made)):
			if made and draw.random() < RECYCLED:
				person.phone = draw.choice(made).phone
			if made and draw.random() < NAMESAKE:
				other = made[draw.randrange(max(0, len(made) - 2000), len(made))]
				if other.is_han == person.is_han:
					person.family, person.given, person.city = other.family, other.given, other.city
			made.append(person)
			if len(made) == count:
				break
	yield from made


def _household(draw: random.Random, first: int) -> list[Person]:
	is_han = draw.random() < HAN
	city, postcode = draw.choice(CITIES_HAN if is_han else CITIES_LATIN)
	area = f"{int(postcode) + draw.randrange(60):0{len(postcode)}d}"
	street, house = draw.choice(STREETS_HAN if is_han else STREETS_LATIN), draw.randrange(1, 400)
	family, phone = _family(draw, is_han), _phone(draw, is_han)
	shares_phone = draw.random() < SHARED_PHONE
	members: list[Person] = []
	for place in range(draw.choices((1, 2, 3, 4), (50, 28, 14, 8))[0]):
		parent = place < 2
		born = date(1940, 1, 1) + timedelta(
			days=draw.randrange(20_000 if parent else 1) + (0 if parent else 22_000 + draw.randrange(5_000))
		)
		if place == 3 and draw.random() < 0.02:
			born = members[2].born  # twins
		surname = (
			_family(draw, is_han) if place == 1 and draw.random() < (0.95 if is_han else 0.3) else family
		)
		gender = draw.choice(("Male", "Female"))
		given = _given(draw, is_han)
		number = first + place
		mailbox = _mailbox(draw, is_han, surname, given, born)
		own = phone if place == 0 or shares_phone else _phone(draw, is_han)
		members.append(
			Person(number, is_han, surname, given, gender, born, city, area, street, house, own, mailbox,
				f"{8600_0000_0000 + number * 37}", f"wx_{draw.randrange(36**7):07x}"),
		)  # fmt: skip
	return members


def _falling(names: Sequence[str], flat: int) -> list[float]:
	"""Weights that fall with the rank as frequencies of names do (Zipf with an offset): of the `flat` first by little."""
	return list(accumulate(1 / (rank + flat) for rank in range(len(names))))


# 1 in 14 Chinese has the commonest surname, 1 in 100 English speakers
_FAMILY_HAN, _FAMILY, _FIRST, _GIVEN_HAN = (
	_falling(COMMON, 3), _falling(LAST, 15), _falling(FIRST, 8), _falling(GIVEN_HAN, 12)
)  # fmt: skip


def _family(draw: random.Random, is_han: bool) -> str:
	if is_han:
		return draw.choices(COMMON, cum_weights=_FAMILY_HAN)[0]
	name = draw.choices(LAST, cum_weights=_FAMILY)[0]
	if draw.random() < 0.4:  # the long tail
		name += draw.choice(("son", "man", "ley", "ton", "ford", "by", "field", "well", "sen", "berg"))
	return name


def _given(draw: random.Random, is_han: bool) -> str:
	if not is_han:
		return draw.choices(FIRST, cum_weights=_FIRST)[0]
	return "".join(draw.choices(GIVEN_HAN, cum_weights=_GIVEN_HAN, k=1 if draw.random() < 0.2 else 2))


def _phone(draw: random.Random, is_han: bool) -> str:
	if is_han:
		return f"+861{draw.choice('35789')}{draw.randrange(10**9):09d}"
	return f"+447{draw.randrange(4 * 10**8, 10**9):09d}"


def _mailbox(draw: random.Random, is_han: bool, family: str, given: str, born: date) -> str:
	last, first = (surname_sound(family), sound(given)) if is_han else (family.lower(), given.lower())
	# the number keeps mailboxes apart, as they are; half of them carry a long one
	tail = (
		draw.randrange(10**6) if draw.random() < 0.5 else f"{draw.choice('_-.')}{draw.randrange(36**3):03x}"
	)
	local = draw.choice(
		(
			f"{first}.{last}",
			f"{last}{first}",
			f"{first}{born.year}",
			f"{first[0]}{last}{draw.randrange(1000)}",
		)
	)
	if is_han and draw.random() < 0.3:
		return f"{draw.randrange(10**5, 10**10)}@qq.com"
	return f"{local}{tail}@{draw.choice(MAIL_HOSTS)}"


def _record(draw: random.Random, person: Person, first: bool) -> tuple[dict, list[tuple[str, str]]]:
	"""What is written down of a person: the first time, or once more with what is otherwise now."""
	does: Callable[[float], bool] = (
		(lambda _chance: False) if first else (lambda chance: draw.random() < chance)
	)
	has = {name: draw.random() < share for name, share in FILLED.items()}
	if not (has["phone"] or has["email"]):
		has["phone"] = True  # a shop takes at least one way to reach a customer
	phone = _phone(draw, person.is_han) if does(OTHER_PHONE) else person.phone
	email = (
		_mailbox(draw, person.is_han, person.family, person.given, person.born)
		if does(OTHER_MAIL)
		else person.email
	)
	row = {"name": _written(draw, person, does), "type": "Individual"}
	row["gender"] = (
		""
		if not has["gender"]
		else ({"Male": "Female", "Female": "Male"}[person.gender] if does(WRONG_GENDER) else person.gender)
	)
	row["birth_date"] = (
		""
		if not has["birth_date"]
		else (_other_date(draw, person.born) if does(TYPO_DATE) else person.born.isoformat())
	)
	if has["address"]:
		row |= _address(draw, person, does)
	values = []
	if has["phone"]:
		values.append(
			("Phone", phone[:-4] + _typo(draw, phone[-4:], "0123456789") if does(TYPO_PHONE) else phone)
		)
	if has["email"]:
		local, _at, host = email.partition("@")
		values.append(("Email", f"{_typo(draw, local)}@{host}" if does(TYPO_MAIL) else email))
	for kind, value in (("Card", person.card), ("WeChat", person.wechat)):
		if has[kind.lower()]:
			values.append((kind, value))
	return row, values


def _address(draw: random.Random, person: Person, does) -> dict[str, str]:
	city, postcode, street, house = person.city, person.postcode, person.street, person.house
	if does(MOVED):
		if draw.random() < 0.4:
			city, postcode = draw.choice(CITIES_HAN if person.is_han else CITIES_LATIN)
		street, house = draw.choice(STREETS_HAN if person.is_han else STREETS_LATIN), draw.randrange(1, 400)
	if does(TYPO_STREET):
		street = _typo(draw, street)
	line = f"{street}{house}号" if person.is_han else f"{house} {street}"
	return {"street": line, "city": city, "postcode": postcode}


def _written(draw: random.Random, person: Person, does) -> str:
	if not person.is_han:
		given = SHORT.get(person.given, person.given) if does(0.05) else person.given
		family = _typo(draw, person.family) if does(TYPO_NAME) else person.family
		if does(0.04):
			given = _typo(draw, given)
		return (
			f"{family}, {given}" if does(0.04) else f"{family} {given}" if does(0.03) else f"{given} {family}"
		)
	chance = draw.random()
	if chance < 0.75:
		given = person.given
		if does(0.05):  # another character of the same sound, by the input method
			given = _homophone(draw, given)
		return person.family + given
	if chance < 0.83:
		return _traditional(person.family + person.given)
	last, given = surname_sound(person.family), sound(person.given)
	if does(0.03):
		given = _typo(draw, given)
	apart = " ".join(sound(each) for each in person.given)
	return draw.choice(
		(f"{last.title()} {given.title()}", f"{given.title()} {last.title()}", f"{last.upper()} {given.upper()}",
			f"{last.title()} {apart.title()}", f"{last}{given}"),
	)  # fmt: skip


_HOMOPHONES: dict[str, list[str]] = {}


def _homophone(draw: random.Random, given: str) -> str:
	if not _HOMOPHONES:
		for character in GIVEN_HAN:
			_HOMOPHONES.setdefault(sound(character), []).append(character)
	at = draw.randrange(len(given))
	return given[:at] + draw.choice(_HOMOPHONES.get(sound(given[at]), [given[at]])) + given[at + 1 :]


def _traditional(name: str) -> str:
	from opencc import OpenCC

	global _CONVERTER
	_CONVERTER = _CONVERTER or OpenCC("s2t")
	return _CONVERTER.convert(name)


_CONVERTER = None


def _typo(draw: random.Random, text: str, letters: str = "abcdefghijklmnopqrstuvwxyz") -> str:
	if len(text) < 2:
		return text
	at, kind = draw.randrange(len(text) - 1), draw.randrange(4)
	if kind == 0:
		return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
	if kind == 1 and letters != "0123456789":
		return text[:at] + text[at + 1 :]
	other = draw.choice(letters)
	return text[:at] + other + (text[at:] if kind == 2 and letters != "0123456789" else text[at + 1 :])


def _other_date(draw: random.Random, born: date) -> str:
	"""A birth date with day and month swapped, another year, or the first of January."""
	if born.day <= 12 and draw.random() < 0.5:
		return date(born.year, born.day, born.month).isoformat()
	if draw.random() < 0.7:
		return born.replace(year=born.year + draw.choice((-10, -1, 1, 10)), day=min(born.day, 28)).isoformat()
	return date(born.year, 1, 1).isoformat()
