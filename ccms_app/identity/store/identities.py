"""The identity map: from identifiers to customers. The only writer of CCMS Identity and CCMS Identity Link.

An identity is a kind and a normalised value. Customers are linked to it, each since a time and from a source. One
customer alone is its *owner*; with two or more it is *shared*: it shows on all of them and tells of none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import frappe
from frappe.query_builder import DocType
from frappe.utils import cint, get_datetime, now_datetime
from pypika.terms import Criterion

from ccms_app.identity import keys, kinds, masks, normalise
from ccms_app.identity.spans import Holding, Span, spans_of

from . import links, merge_records
from .keys import decrypt, encrypt, site_key
from .rows import insert

DOCTYPE = "CCMS Identity"
LINK = links.DOCTYPE
CHUNK = 1_000
OWN_RECORD = "Record"
"""The source of the link between a customer and the identity that stands for the customer's own record."""
COLUMNS = (
	"name",
	"creation",
	"modified",
	"owner",
	"modified_by",
	"kind",
	"shown_as",
	"network",
	"first_seen",
	"value_index",
	"value_encrypted",
)
Key = tuple[str, str]


class NotNormal(ValueError):
	"""A value that `identity.normalise.normalise` did not make."""


# --- finding and making -------------------------------------------------------------------------------------
def find(kind: str, value: str) -> str | None:
	"""The identity of a normalised value, if there is one.

	For kind Customer the value is the name of a customer as of now.
	"""
	return find_many([(kind, value)]).get((kind, value))


def find_many(wanted: Iterable[Key]) -> dict[Key, str]:
	"""Those of the (kind, normalised value) that there are, with their identities."""
	wanted = list(dict.fromkeys(wanted))
	found = _own_records([value for kind, value in wanted if kind == kinds.CUSTOMER])
	names = _names(key for key in wanted if key[0] != kinds.CUSTOMER)
	there = _there(names.values())
	return found | {key: name for key, name in names.items() if name in there}


def ensure(kind: str, value: str) -> str:
	"""The identity of a normalised value, made if it is new.

	Raises:
		NotNormal: the value is not as `normalise` leaves it.
		frappe.DoesNotExistError: kind Customer, and there is no such customer.
	"""
	made = ensure_many([(kind, value)])
	if (kind, value) not in made:
		raise frappe.DoesNotExistError(f"Customer {value}")
	return made[kind, value]


def ensure_many(wanted: Iterable[Key]) -> dict[Key, str]:
	"""The identities of many (kind, normalised value), those that are new being made: a few queries in all.

	Identities that are there are only read, so nobody waits for a lock. For kind Customer the value is the name of a
	customer as of now, and the identity is the one that stands for that record, also after renames; a name that is no
	customer's is left out of the answer.

	Raises:
		NotNormal: a value is not as `normalise` leaves it; nothing is written.
	"""
	wanted = list(dict.fromkeys(wanted))
	for kind, value in wanted:
		if kind not in kinds.CODES or not normalise.is_normal(kind, value):
			raise NotNormal(f"{kind}: not a normalised value")
	key = site_key()
	found = _own_records([value for kind, value in wanted if kind == kinds.CUSTOMER])
	missing_records = [
		value for kind, value in wanted if kind == kinds.CUSTOMER and (kind, value) not in found
	]
	indexes = {pair: keys.index(key, *pair) for pair in wanted if pair[0] != kinds.CUSTOMER}
	found |= {pair: keys.name(pair[0], index) for pair, index in indexes.items()}
	there = _there(found[pair] for pair in indexes)
	_insert([(found[pair], *pair, index) for pair, index in indexes.items() if found[pair] not in there])
	return found | (_make_own_records(missing_records) if missing_records else {})


def _names(wanted: Iterable[Key]) -> dict[Key, str]:
	key = site_key()
	return {pair: keys.name(pair[0], keys.index(key, *pair)) for pair in wanted}


def _there(names: Iterable[str]) -> set[str]:
	found: set[str] = set()
	for part in _chunks(list(names)):
		# not by the query builder: hundreds of names take it longer than the database
		places = ", ".join(["%s"] * len(part))
		statement = f"select `name` from `tab{DOCTYPE}` where `name` in ({places})"
		found.update(row[0] for row in frappe.db.sql(statement, part))
	return found


def _insert(rows: list[tuple[str, str, str, str]]) -> None:
	"""Rows of (name, kind, value, index). Whoever was faster has made the same row. In the order of names, so that two
	writers never wait for each other in a circle."""
	now, user = now_datetime(), frappe.session.user
	values = [
		(
			name,
			now,
			now,
			user,
			user,
			kind,
			masks.mask(kind, value),
			_network(kind, value),
			now,
			index,
			encrypt(value),
		)
		for name, kind, value, index in sorted(rows)
	]
	insert(DOCTYPE, COLUMNS, values, ignore=True)


def _network(kind: str, value: str) -> str:
	return value.partition(":")[0] if kind == kinds.SOCIAL else ""


# --- the identity of a customer's own record -----------------------------------------------------------------
def _own_records(customers: Sequence[str]) -> dict[Key, str]:
	"""The identities of kind Customer by the customers that they stand for now. After a merge a customer has several:
	the first made of the record's own, else any, but always the same."""
	found: dict[Key, str] = {}
	if not customers:
		return found
	link, identity = DocType(LINK), DocType(DOCTYPE)
	for part in _chunks(list(customers)):
		rows = (
			frappe.qb.from_(link)
			.inner_join(identity)
			.on(identity.name == link.identity)
			.select(link.customer, identity.name)
			.where(link.customer.isin(part) & (identity.kind == kinds.CUSTOMER) & link.ended_on.isnull())
			.orderby(identity.first_seen, identity.name)
			.run()
		)
		names = _names((kinds.CUSTOMER, customer) for customer in part)
		for customer, name in rows:
			key = (kinds.CUSTOMER, customer)
			if key not in found or name == names.get(key):
				found[key] = name
	return found


def _make_own_records(customers: list[str]) -> dict[Key, str]:
	"""An identity for each of these customers. A name that another customer had before is taken for ever: events still
	carry its identity; so the new one gets a value of its own."""
	table = DocType("Customer")
	existing = set(
		frappe.qb.from_(table).select(table.name).where(table.name.isin(customers)).run(pluck=True)
	)
	customers = [customer for customer in customers if customer in existing]
	names = _names((kinds.CUSTOMER, customer) for customer in customers)
	taken = _there(names.values())
	key, rows, made = site_key(), [], {}
	for customer in customers:
		value = customer
		if names[kinds.CUSTOMER, customer] in taken:
			value = f"{customer}\n{frappe.generate_hash(length=12)}"
		index = keys.index(key, kinds.CUSTOMER, value)
		made[kinds.CUSTOMER, customer] = keys.name(kinds.CUSTOMER, index)
		rows.append((made[kinds.CUSTOMER, customer], kinds.CUSTOMER, value, index))
	_insert(rows)
	links.add(
		[links.New(name, customer, OWN_RECORD, verified=True) for (_kind, customer), name in made.items()]
	)
	settle(made.values())
	return made


def now_called(names: Iterable[str]) -> dict[str, str]:
	"""What customers are called now, by names that are no customer's any more: of those who were renamed or merged into
	another. Names that are a customer's are left out, and so are those that nobody had. A query for names that all are
	customers', two more for others."""
	# not by the query builder: hundreds of names take it longer than the database
	wanted = sorted(set(names))
	there = "select `name`, `name` from `tabCustomer` where `name` in ({places})"
	gone = sorted(set(wanted) - _of_names(there, wanted).keys())
	if not gone:
		return {}
	merged = f"""select `source`, `target` from `tab{merge_records.DOCTYPE}`
		where `source` in ({{places}}) and `status` = '{merge_records.MERGED}' order by `merged_on`"""
	found = _of_names(merged, gone)
	records = {name: old for (_kind, old), name in _names((kinds.CUSTOMER, old) for old in gone).items()}
	owned = f"select `name`, `customer` from `tab{DOCTYPE}` where `name` in ({{places}})"
	found |= {records[name]: owner for name, owner in _of_names(owned, list(records)).items() if owner}
	return {name: found[name] for name in gone if found.get(name)}


def _of_names(statement: str, names: list[str]) -> dict[str, str]:
	found: dict[str, str] = {}
	for part in _chunks(names):
		found |= dict(frappe.db.sql(statement.format(places=", ".join(["%s"] * len(part))), part))
	return found


def remember_name(old: str, customer: str) -> None:
	"""Know a customer who was renamed by the name before, too: others still send it."""
	name = _names([(kinds.CUSTOMER, old)])[kinds.CUSTOMER, old]
	if _there([name]):
		return
	_insert([(name, kinds.CUSTOMER, old, keys.index(site_key(), kinds.CUSTOMER, old))])
	links.add([links.New(name, customer, OWN_RECORD, verified=True)])
	settle([name])


# --- whose it is ---------------------------------------------------------------------------------------------
def link(
	identity: str, customer: str, source: str, verified: bool = False, since: datetime | str | None = None
) -> None:
	"""Say that an identity is a customer's. Doing so again only adds what is new: that it is verified.

	Raises:
		frappe.DoesNotExistError: there is no such identity.
	"""
	links.lock(DOCTYPE, [identity])
	links.add([links.New(identity, customer, source, verified, get_datetime(since) if since else None)])
	settle([identity])


def unlink(
	identity: str, customer: str, ended_on: datetime | str | None = None, by_hand: bool = False
) -> bool:
	"""Say that an identity is no longer a customer's: a number that was given up, or given to somebody else. What
	happened until then stays the customer's.

	Args:
		by_hand: somebody said so; it stays ended though an old contact may still show it.

	Returns: whether it was the customer's.
	"""
	links.lock(DOCTYPE, [identity])
	ended = links.end([(identity, customer)], get_datetime(ended_on) if ended_on else now_datetime(), by_hand)
	settle([identity])
	return bool(ended)


def recognise(visitor: str, customer: str, source: str = "Portal") -> bool:
	"""A visitor becomes known: from now on, and with the past, its events are this customer's.

	Only a proof may call this (a token signed by the shop, or a portal session).

	Returns: False when the visitor is somebody else's already: a second person uses the browser, who needs a new
		visitor. Nothing is written then.
	"""
	links.lock(DOCTYPE, [visitor])
	others = {row.customer for row in links.of_identities([visitor], locked=True)} - {customer}
	if others:
		return False
	links.add([links.New(visitor, customer, source, verified=True)])
	settle([visitor])
	return True


def only_verified() -> bool:
	"""Whether events tell of a customer only through identifiers that the customer has proved (CCMS Settings)."""
	return bool(cint(frappe.get_cached_doc("CCMS Settings").get("resolve_verified_only")))


def owners(names: Iterable[str]) -> dict[str, str]:
	"""The customers of those identities that belong to one customer alone, now. Shared and unowned ones are left out, and
	where the settings say so those that are not verified."""
	identity = DocType(DOCTYPE)
	found: dict[str, str] = {}
	proved = [identity.is_verified == 1] if only_verified() else []
	for part in _chunks(list(dict.fromkeys(names))):
		rows = (
			frappe.qb.from_(identity)
			.select(identity.name, identity.customer)
			.where(Criterion.all([identity.name.isin(part), identity.customer.isnotnull(), *proved]))
			.run()
		)
		found.update((name, customer) for name, customer in rows if customer)
	return found


def spans(customer: str, everything: bool = False) -> list[Span]:
	"""Which events show on this customer: identities, each with the time in which it was the customer's.

	A number that passed from one customer to another splits there: what came before is the former customer's. Shared
	times belong to all who share. Where the settings say so, identifiers that the customer has not proved show nothing.

	Args:
		everything: also what is not verified: an erasure leaves none of it.
	"""
	mine = {row.identity for row in links.of_customer(customer)}
	told = everything or not only_verified()
	return spans_of(
		customer,
		[
			Holding(row.identity, row.customer, row.since, row.ended_on)
			for row in links.of_identities(mine)
			if told or row.verified or row.customer != customer
		],
	)


def of_customer(customer: str) -> list[str]:
	"""All identities whose events may show on this customer. Those that passed from or to another customer show only in
	a part of the time: `spans` says in which."""
	return sorted({span.identity for span in spans(customer)})


def unverify(identity: str, customer: str) -> None:
	"""Take back that a customer has proved an identity to be theirs."""
	links.lock(DOCTYPE, [identity])
	links.unverify(identity, customer)
	settle([identity])


def forget(customer: str) -> int:
	"""Forget a customer who is deleted or erased: the links, and every identity that nobody else has had. An identity has
	the same name whenever its value returns, so events that name it are not orphaned.

	Returns: how many identities and links were deleted.
	"""
	mine = links.of_customer(customer)
	held = {row.identity for row in mine}
	if not held:
		return 0
	links.lock(DOCTYPE, sorted(_there(held)))
	links.delete_of(customer)
	shared = {row.identity for row in links.of_identities(held, locked=True)}
	alone = sorted(held - shared)
	identity = DocType(DOCTYPE)
	for part in _chunks(alone):
		frappe.qb.from_(identity).delete().where(identity.name.isin(part)).run()
	settle(shared)
	return len(mine) + len(alone)


def settle(names: Iterable[str]) -> None:
	"""Write down anew who owns each identity, from its links. Call it after links were moved by other means (a merge)."""
	for part in _chunks(sorted(set(names))):
		links.settle(DOCTYPE, part)


def settle_customer(customer: str) -> None:
	"""`settle` all identities that are or were a customer's."""
	settle(row.identity for row in links.of_customer(customer))


def reveal(identity: str) -> str:
	"""The value behind an identity. No permission is asked here: whoever calls has asked, and writes the access log.

	Raises:
		frappe.DoesNotExistError: there is no such identity.
		frappe.ValidationError: the site's encryption key is not the one it was stored with.
	"""
	found = frappe.db.get_value(DOCTYPE, identity, ["kind", "value_encrypted"])
	if not found:
		raise frappe.DoesNotExistError(identity)
	kind, stored = found
	value = decrypt(stored)
	return value.partition("\n")[0] if kind == kinds.CUSTOMER else value


def is_readable() -> bool:
	"""Whether the site's encryption key is the one that the first identity was stored with; True while there is none."""
	first = frappe.get_all(DOCTYPE, order_by="creation", limit=1, pluck="name")
	try:
		return not first or bool(reveal(first[0]))
	except frappe.ValidationError:
		frappe.clear_last_message()
		return False


def _chunks(values: list) -> Iterable[list]:
	for start in range(0, len(values), CHUNK):
		yield values[start : start + CHUNK]
