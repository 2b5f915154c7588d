"""Mail domains that were mistyped: gmial.com for gmail.com."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.distance import OSA

COMMON = (
	"gmail.com", "googlemail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com", "icloud.com", "aol.com",
	"msn.com", "protonmail.com", "gmx.de", "gmx.net", "web.de", "yandex.ru", "mail.ru", "qq.com", "163.com", "126.com",
	"sina.com", "sohu.com", "foxmail.com", "139.com", "189.cn", "yeah.net", "aliyun.com", "naver.com", "hotmail.fr",
	"yahoo.co.uk", "yahoo.co.jp", "hotmail.co.uk", "t-online.de",
)  # fmt: skip
"""Where most people have their mailbox."""
# domains of their own that lie one letter from a common one
REAL = frozenset({
	"mail.com", "email.com", "gmx.com", "gmx.at", "gmx.ch", "ymail.com", "rocketmail.com", "me.com", "mac.com", "tom.com",
	"live.cn", "live.fr", "live.de", "live.nl", "live.ca", "live.it", "yahoo.cn", "yahoo.ca", "yahoo.de", "yahoo.fr",
	"yahoo.it", "yahoo.es", "yahoo.in", "hotmail.de", "hotmail.it", "hotmail.es", "outlook.de", "outlook.fr", "outlook.es",
	"sina.cn", "vip.qq.com", "vip.163.com", "188.com", "138.com", "136.com", "aon.com", "yandex.com", "yandex.ua", "inmail.com",
	"bk.ru", "list.ru", "inbox.ru", "ya.ru", "mail.de", "mail.ee", "imail.com", "hmail.com", "ail.com",
})  # fmt: skip


@lru_cache(maxsize=50_000)
def suggestion(domain: str, common: tuple[str, ...] = COMMON) -> str:
	"""The domain that was probably meant; "" when this one is as good as any.

	One slip of the fingers (a letter left out, doubled, wrong, or two turned round; Damerau 1964) beside a common
	domain. Domains of fewer than six signs are too near to one another to tell.
	"""
	if len(domain) > 60 or domain in common or domain in REAL:
		return ""
	near = [one for one in common if len(one) >= 6 and OSA.distance(domain, one, score_cutoff=1) == 1]
	first = domain.split(".")[0]
	if first.isdigit():
		# 162.com is another number, not a slip that can be told; 163.con is one
		near = [one for one in near if one.split(".")[0] == first or not one.split(".")[0].isdigit()]
	return near[0] if near else ""
