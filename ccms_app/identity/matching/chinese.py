"""Chinese names in sound and in one script: what pypinyin and OpenCC do, and what they cannot know about surnames."""

from __future__ import annotations

import re
from functools import lru_cache

HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿]")

# characters that sound otherwise as a surname (GB/T 28039-2011 and common usage)
SURNAME_SOUNDS = {
	"单": "shan",
	"解": "xie",
	"曾": "zeng",
	"仇": "qiu",
	"查": "zha",
	"区": "ou",
	"朴": "piao",
	"盖": "ge",
	"翟": "zhai",
	"乐": "yue",
	"缪": "miao",
	"种": "chong",
	"冼": "xian",
	"折": "she",
	"员": "yun",
	"秘": "bi",
	"任": "ren",
	"华": "hua",
	"葛": "ge",
	"召": "shao",
	"召陵": "shaoling",
	"尉迟": "yuchi",
	"万俟": "moqi",
	"长孙": "zhangsun",
}
COMPOUND = frozenset(
	"欧阳 上官 司马 诸葛 司徒 东方 独孤 南宫 夏侯 慕容 令狐 公孙 宇文 皇甫 尉迟 万俟 长孙 澹台 轩辕 端木 百里 呼延 闻人 钟离 淳于 单于 申屠 太叔 赫连 濮阳".split()
)
# share of the people of China (Ministry of Public Security, 2020): what a site too small to know its own frequencies uses
SHARE = {
	"王": 0.0725,
	"李": 0.0719,
	"张": 0.0683,
	"刘": 0.0538,
	"陈": 0.0453,
	"杨": 0.0308,
	"黄": 0.0223,
	"赵": 0.0221,
	"吴": 0.0205,
	"周": 0.0202,
	"徐": 0.0166,
	"孙": 0.0154,
	"马": 0.0129,
	"朱": 0.0126,
	"胡": 0.0117,
	"郭": 0.0115,
	"何": 0.0106,
	"林": 0.0106,
	"罗": 0.0098,
	"高": 0.0098,
}
COMMON = (
	"王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
	"范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷黎史龙陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文欧单解仇翟"
)

_LONGEST = 6
_LONGEST_WORD = 30


@lru_cache(maxsize=1)
def _simplifier():
	from opencc import OpenCC  # it loads its dictionaries: only when there is something to convert

	return OpenCC("t2s")


def simplified(text: str) -> str:
	"""Traditional characters as simplified ones: 張偉 is 张伟."""
	return _simplifier().convert(text)


def sound(text: str) -> str:
	"""Pinyin without tones, in one word: 伟明 is "weiming"; ü is u, for people write it lv, lu and lyu."""
	from pypinyin import lazy_pinyin

	return "".join(plain_sound(syllable) for syllable in lazy_pinyin(text))


def plain_sound(syllable: str) -> str:
	"""The ways to write ü as one: lü, lv, lyu → lu."""
	for written, plain in (("lyu", "lu"), ("nyu", "nu"), ("lv", "lu"), ("nv", "nu")):
		if syllable.startswith(written):
			return plain + syllable[len(written) :]
	return syllable


def surname_sound(surname: str) -> str:
	"""The sound of a surname: 单 is shan, not dan."""
	return SURNAME_SOUNDS.get(surname) or sound(surname)


def split(name: str) -> tuple[str, str]:
	"""(surname, given name) of a Chinese name in simplified characters; a longer text is no person's name: (text, "")."""
	if not 2 <= len(name) <= 4:
		return name, ""
	length = 2 if name[:2] in COMPOUND and len(name) > 2 else 1
	return name[:length], name[length:]


@lru_cache(maxsize=1)
def surname_sounds() -> frozenset[str]:
	"""How the usual surnames sound."""
	return frozenset(surname_sound(name) for name in [*COMMON, *COMPOUND])


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
	from pypinyin import lazy_pinyin
	from pypinyin.contrib.tone_convert import to_normal
	from pypinyin.pinyin_dict import pinyin_dict

	# the common characters hold every syllable in use; rarer ones add syllables such as "m" and "ng", which are none
	found = {
		to_normal(pinyin_dict[code].split(",")[0]) for code in range(0x4E00, 0x9FA6) if code in pinyin_dict
	}
	found |= set(lazy_pinyin(COMMON))
	return frozenset(plain_sound(each) for each in found if each.isascii() and re.search("[aeiou]", each)) - {
		"n",
		"m",
		"ng",
	}


@lru_cache(maxsize=200_000)
def syllables(word: str) -> tuple[str, ...]:
	"""The syllables of a word in pinyin, the longest first: "xiaoming" → xiao, ming. () when it is no pinyin."""
	word = plain_sound(word)
	if not 0 < len(word) <= _LONGEST_WORD:
		return ()
	for length in range(min(_LONGEST, len(word)), 0, -1):
		if word[:length] not in _syllables():
			continue
		if length == len(word):
			return (word,)
		if rest := syllables(word[length:]):
			return (word[:length], *rest)
	return ()
