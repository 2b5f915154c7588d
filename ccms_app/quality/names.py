"""Names: what is none, and which two cannot be the same person's."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz

from ccms_app.identity.matching.chinese import sound
from ccms_app.identity.normalise import email, phone, plain

_TEST = re.compile(
	r"(?:test(?:er|ing|kunde|user|customer)?|asdf\w*|qwert\w*|xxx+|aaa+|abc|abcd|dummy|foo|bar|n/?a|none|null|undefined|"
	r"unknown|no name|sample|demo|lorem ipsum|mickey mouse|max mustermann|john doe|jane doe|测试\w{0,4}|測試\w{0,4}|无|無|未知|匿名|"
	r"张三|張三|李四|王五|zhang\s?san|某某某?|无名氏|佚名|路人甲|ceshi|不详|暂无|未填|客户|顾客|散客)"
	r"(?:[\s_\-]*[0-9]{0,6})(?:\s+(?:test|user|customer|测试))?",
	re.IGNORECASE,
)
_TEST_MAIL = re.compile(
	r"(?:[^@]+@(?:example\.(?:com|org|net)|test\.(?:com|de|cn)|[a-z0-9.\-]+\.(?:test|invalid|example|localhost)|mailinator\.com)"
	r"|(?:test|asdf|abc|aaa|xxx|noreply|no-reply|none|noemail|nomail)[0-9]*@.*)"
)
ALIKE = 60
"""Names that are less like each other (0 to 100) are two persons'."""


def is_test_name(text: str, words: frozenset[str] = frozenset()) -> bool:
	"""Whether a name was typed to try something out. `words`: further ones, in small letters."""
	typed = plain(text)
	return bool(_TEST.fullmatch(typed)) or typed.casefold() in words


def is_test_mail(address: str) -> bool:
	"""Whether a normalised mail address is nobody's."""
	return bool(_TEST_MAIL.fullmatch(address))


def is_test_phone(number: str) -> bool:
	"""Whether a phone number is a row of the same or of counted-up digits."""
	digits = re.sub(r"\D", "", number)[-8:]
	if len(digits) < 7:
		return False
	return len(set(digits)) == 1 or digits in "0123456789012345" or digits in "9876543210987654"


def what_else(text: str, region: str = "") -> str:
	"""What stands where a name should: "E-mail", "Phone", "Number", or "" for what may be a name."""
	typed = plain(text)
	if not typed:
		return ""
	if "@" in typed and email(typed):
		return "E-mail"
	if phone(typed, region):
		return "Phone"
	return "Number" if re.fullmatch(r"[\d\s.+\-/]+", typed) else ""


@lru_cache(maxsize=50_000)
def _spelled(name: str) -> str:
	return " ".join(re.findall(r"\w+", sound(plain(name)).casefold()))


def differ(one: str, other: str) -> bool:
	"""Whether two names are plainly two persons': neither spelled alike, nor one the sound of the other (pinyin)."""
	a, b = _spelled(one), _spelled(other)
	if not a or not b or a == b:
		return False
	joined = fuzz.ratio(a.replace(" ", ""), b.replace(" ", ""))
	return max(fuzz.token_sort_ratio(a, b), fuzz.token_set_ratio(a, b), joined) < ALIKE
