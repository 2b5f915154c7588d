"""Who sends events, and the kinds of events there are, as the checks see them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import idna

SERVER, BROWSER, SITE = "Server", "Browser", "Site"
USUAL_PORTS = {"https": "443", "http": "80"}


@dataclass(frozen=True)
class Source:
	"""A `CCMS Event Source`.

	types: what a browser source may send; empty: every type allowed from browsers. language: of answers; empty: the site's.
	"""

	name: str
	company: str
	kind: str = SERVER
	types: frozenset[str] = frozenset()
	origins: frozenset[str] = frozenset()
	quota_per_day: int = 0
	language: str = ""

	@property
	def is_browser(self) -> bool:
		return self.kind == BROWSER

	@property
	def is_site(self) -> bool:
		return self.kind == SITE


@dataclass(frozen=True)
class Type:
	"""A `CCMS Interaction Type`. purpose: what the person must have consented to; empty: nothing."""

	name: str
	channel: str = ""
	is_browser_allowed: bool = False
	purpose: str = ""


def type_key(name: str) -> str:
	"""Types are found by their name in any case, with blanks, dashes or underlines: "page_view" is "Page View"."""
	return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())


def origin_key(address: str) -> str:
	"""An origin as browsers send it: scheme, host and port, without a path, small letters, hosts of other scripts in
	Punycode, no port where it is the usual one. "" for what is none."""
	scheme, mark, rest = address.strip().lower().partition("://")
	if not mark:
		return ""
	place = re.split(r"[/?#]", rest, maxsplit=1)[0]
	host, _colon, port = place.rpartition(":")
	if not host or not (port.isascii() and port.isdigit()):
		host, port = place.removesuffix(":"), ""
	if not host.isascii():
		try:
			host = idna.encode(host, uts46=True).decode()
		except UnicodeError:
			return ""
	return f"{scheme}://{host}:{port}" if port and port != USUAL_PORTS.get(scheme) else f"{scheme}://{host}"
