"""A name taken apart: surname and given name, as written and as it sounds.

Chinese names may come in characters of either script or in pinyin in either order; what sounds alike is compared by
sound, for no distance between letters finds 张伟 in "Zhang Wei".
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from . import chinese

_TITLES = re.compile(
	r"^(?:mr|mrs|ms|miss|dr|prof|sir|madam)\.?\s+|(?:先生|女士|小姐|太太|老师|經理|经理)$", re.I
)
_LEGAL = re.compile(
	r"\b(?:co|company|corp|corporation|inc|incorporated|ltd|limited|llc|llp|plc|gmbh|ag|kg|sa|sarl|srl|bv|nv|pty|pte|oy|ab|as)\b"
)
_LEGAL_HAN = re.compile(r"(?:股份|责任)?(?:有限)?(?:责任)?(?:公司|集团|商行|经营部)$")
_PARTICLES = frozenset("van von der den de del della di da dos du la le bin ibn al ter ten zu zur".split())
_NOT_LETTERS = re.compile(r"[^a-z]+")


class Name(NamedTuple):
	"""A name in its two parts. What sounds is pinyin for characters, and the letters themselves for letters."""

	family: str = ""
	given: str = ""
	family_sound: str = ""
	given_sound: str = ""
	is_han: bool = False


def fold(text: str) -> str:
	"""Small letters without accents; full-width signs as usual ones."""
	decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
	return "".join(c for c in decomposed if not unicodedata.combining(c)).replace("ø", "o").replace("ł", "l")


def parse(full: str, given: str = "", family: str = "", is_company: bool = False) -> Name:
	"""Take a name apart.

	Args:
		full: the whole name, as typed.
		given, family: its parts, where they are known; then `full` is not looked at.
		is_company: a firm has one part, without its legal form.
	"""
	if not is_company and (given or family):
		if chinese.HAN.search(given + family):
			return _han("".join(chinese.HAN.findall(family)), "".join(chinese.HAN.findall(given)))
		return _latin_parts("".join(_letters(given)), "".join(_letters(family)))
	full = _TITLES.sub("", unicodedata.normalize("NFKC", full).strip()) or full
	characters = "".join(chinese.HAN.findall(full))
	if is_company:
		return _company(full, characters)
	if len(characters) >= 2:
		return _han(*chinese.split(chinese.simplified(characters)))
	return _latin(full)


def _company(full: str, characters: str) -> Name:
	if len(characters) >= 2:
		text = chinese.simplified(characters)
		text = _LEGAL_HAN.sub("", text) or text
		return Name(family=text, family_sound=chinese.sound(text), is_han=True)
	letters = fold(full)
	text = "".join(_NOT_LETTERS.split(_LEGAL.sub(" ", letters))) or re.sub(r"\W+", "", letters)
	return Name(family=text, family_sound=text)


def _han(family: str, given: str) -> Name:
	family, given = chinese.simplified(family), chinese.simplified(given)
	return Name(family, given, chinese.surname_sound(family) if family else "", chinese.sound(given), True)


def _letters(text: str) -> list[str]:
	return [word for word in _NOT_LETTERS.split(fold(text).replace("'", "").replace("’", "")) if word]


def _latin_parts(given: str, family: str) -> Name:
	return Name(family, given, chinese.plain_sound(family), chinese.plain_sound(given))


def _latin(full: str) -> Name:
	if "," in full:
		last, _comma, first = full.partition(",")
		return _latin_parts("".join(_letters(first)[:1]), "".join(_letters(last)))
	words = _letters(full)
	if not words:  # another script: compared as it is
		text = "".join(c for c in full.casefold() if c.isalnum())
		return Name(family=text, family_sound=text)
	if found := _pinyin(words):
		return found
	if len(words) == 1:
		return _latin_parts("", words[0])
	start = len(words) - 1
	while start > 1 and words[start - 1] in _PARTICLES:
		start -= 1
	return _latin_parts(words[0], "".join(words[start:]))


def _pinyin(words: list[str]) -> Name | None:
	"""Words that are Chinese syllables: where the surname ends is found by what is a surname."""
	spelled = [chinese.syllables(word) for word in words]
	if not all(spelled) or not 2 <= sum(map(len, spelled)) <= 4:
		return None
	surnames = chinese.surname_sounds()
	if len(words) == 1:
		word = words[0]
		for length in range(len(word) - 1, 1, -1):  # the longest surname that leaves syllables
			if word[:length] in surnames and chinese.syllables(word[length:]):
				return _latin_parts(word[length:], word[:length])
		return None
	first, last = "".join(spelled[0]), "".join(spelled[-1])
	if len(words) > 2 and "".join(words[:2]) in surnames:
		return _latin_parts("".join(words[2:]), "".join(words[:2]))
	if first in surnames and (last not in surnames or len(words) > 2):
		return _latin_parts("".join(words[1:]), first)
	if last in surnames:
		return _latin_parts("".join(words[:-1]), last)
	return None
