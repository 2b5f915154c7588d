"""The hash chain that makes every journal entry tamper-evident.

Each entry's hash is HMAC-SHA256 over the hash before it and the entry's content. The key is derived from the
site's `encryption_key`, which is not in the database: somebody with the database alone cannot change, drop,
insert or swap an entry unseen. A roll-back of the whole database to an older state is out of scope.

Covered is the content that the framework never rewrites. The names of customer, company and programme follow
renames, and `posted_on` is when the row was written, not what it says; both stay outside.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from hashlib import sha256

from .model import Entry, Member

GENESIS = ""
SEPARATOR = "\x1f"

# Text fields, dates and decimals in the order in which they are hashed. The audit builds the same text in SQL.
CONTENT = (
	("seq", "int"),
	("membership", "text"),
	("entry_type", "text"),
	("points", "decimal"),
	("posting_date", "date"),
	("available_from", "date"),
	("expires_on", "date"),
	("lot", "text"),
	("qualifying_value", "decimal"),
	("qualifying_date", "date"),
	("old_value", "text"),
	("new_value", "text"),
	("voucher_type", "text"),
	("voucher_no", "text"),
	("voucher_detail_no", "text"),
	("rule", "text"),
	("tier", "text"),
	("base_amount", "decimal"),
	("rate", "decimal"),
	("monetary_value", "decimal"),
	("reason", "text"),
	("reverses", "text"),
	("idempotency_key", "text"),
)


def derive_key(secret: str) -> bytes:
	"""The chain's key from the site's secret."""
	return hmac.digest(secret.encode(), b"ccms_app points ledger chain v1", sha256)


def content(entry: Entry) -> str:
	"""The canonical text of an entry."""
	return SEPARATOR.join(
		(
			str(entry.seq),
			entry.membership,
			entry.entry_type,
			f"{entry.points + 0:.9f}",
			str(entry.posting_date),
			str(entry.available_from or ""),
			str(entry.expires_on or ""),
			entry.lot,
			f"{entry.qualifying_value + 0:.9f}",
			str(entry.qualifying_date or ""),
			entry.old_value,
			entry.new_value,
			entry.voucher_type,
			entry.voucher_no,
			entry.voucher_detail_no,
			entry.rule,
			entry.tier,
			f"{entry.base_amount + 0:.9f}",
			f"{entry.rate + 0:.9f}",
			f"{entry.monetary_value + 0:.9f}",
			entry.reason,
			entry.reverses,
			entry.idempotency_key,
		)
	)


def link(key: bytes, previous: str, text: str) -> str:
	"""The hash of an entry with this content after `previous`."""
	return hmac.digest(key, f"{previous}{SEPARATOR}{text}".encode(), sha256).hex()


def seal(key: bytes, member: Member) -> str:
	"""MAC over a membership's last number and hash, so that a dropped tail is seen."""
	return hmac.digest(
		key, SEPARATOR.join((member.name, str(member.last_seq), member.last_hash)).encode(), sha256
	).hex()


def verify(key: bytes, rows: Iterable[tuple[int, str, str]]) -> Iterator[tuple[int, str]]:
	"""Check one membership's chain.

	Args:
		key: from `derive_key`.
		rows: (seq, content text, stored hash) in order of seq.

	Yields:
		(seq, what is wrong) for each fault; after a fault the chain is followed from the stored hash, so that
		one change is one finding.
	"""
	expected_seq, previous, before_it = 1, GENESIS, GENESIS
	for seq, text, stored in rows:
		if seq < expected_seq:
			yield seq, "inserted"
			if seq == expected_seq - 1 and link(key, before_it, text) == stored:
				previous = stored  # of two with one number the second is the true one
			continue
		if seq > expected_seq:
			yield seq, "missing"
		elif link(key, previous, text) != stored:
			yield seq, "changed"
		expected_seq, previous, before_it = seq + 1, stored, previous
