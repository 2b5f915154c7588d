"""Who must not be profiled: who objected or withdrew, and children for whom no guardian has consented.

The figures reach this by hooks (`ccms_not_profiled`), and are told when it changes (`ccms_profiling_refused`,
`ccms_profiling_allowed`): they know nothing of consent.
"""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe.query_builder import DocType
from frappe.utils import add_years, getdate, nowdate

from ccms_app.privacy import words
from ccms_app.privacy.answers import is_child

from . import consent, restriction

OBJECTED, CHILD, RESTRICTED = "objected", "child", "restricted"


def not_profiled(customers: Iterable[str] | None = None) -> dict[str, str]:
	"""The customers who are left out of scores, segments and recommendations, and why: "objected", "child" or "restricted".

	Args:
		customers: only of these; None: of the whole site.
	"""
	customers = None if customers is None else list(customers)
	if customers is None:
		said_no, children = _said_no(), _children()
	else:
		said_no = set(customers)
		children = _children(said_no)
	standing = consent.standing_many(said_no | children, words.PROFILING)
	found = {
		customer: OBJECTED for customer in said_no if customer in standing and not standing[customer].is_yes
	}
	for customer in children:
		# of a child only a guardian's yes is heard (consent.standing_many)
		if customer not in found and not (customer in standing and standing[customer].is_yes):
			found[customer] = CHILD
	found.update(dict.fromkeys(restriction.since(customers), RESTRICTED))
	# whoever was erased never said no, but nothing is worked out about them any more
	found.update(dict.fromkeys(_erased(customers), OBJECTED))
	return found


def _erased(among: Iterable[str] | None) -> list[str]:
	if among is not None:
		return [name for name in among if name.startswith(words.ERASED_PREFIX)]
	customer = DocType("Customer")
	query = frappe.qb.from_(customer).select(customer.name)
	return query.where(customer.name.like(f"{words.ERASED_PREFIX}%")).run(pluck=True)


def _said_no() -> set[str]:
	"""Customers about whom, or about an address of whom, there is a no; it may have been lifted since."""
	row, identity = DocType(consent.DOCTYPE), DocType(consent.IDENTITY)
	no = (row.purpose == words.PROFILING) & (row.state != words.GIVEN)
	own = (
		frappe.qb.from_(row)
		.select(row.customer)
		.distinct()
		.where(no & row.customer.isnotnull())
		.run(pluck=True)
	)
	of_addresses = (
		frappe.qb.from_(row)
		.join(identity)
		.on(identity.name == row.subject_hash)
		.select(identity.customer)
		.distinct()
		.where(no & identity.customer.isnotnull())
		.run(pluck=True)
	)
	return {name for name in (*own, *of_addresses) if name}


def _children(among: set[str] | None = None) -> set[str]:
	if not frappe.get_meta("Customer").has_field("ccms_birth_date"):
		return set()
	customer, today = DocType("Customer"), getdate(nowdate())
	query = frappe.qb.from_(customer).select(customer.name, customer.ccms_birth_date)
	query = query.where(customer.ccms_birth_date > add_years(today, -words.AGE_OF_CONSENT))
	if among is not None:
		if not among:
			return set()
		query = query.where(customer.name.isin(sorted(among)))
	return {name for name, born in query.run() if is_child(getdate(born), today)}


def is_child_now(customer: str) -> bool:
	"""Whether a guardian answers for a customer today."""
	return bool(_children({customer}))


def consent_changed(customer: str, purpose: str, state: str) -> None:
	"""Told of every new word: a customer who may not be profiled any more is forgotten by the figures at once."""
	if purpose == words.PROFILING and customer:
		tell(customer)


def tell(customer: str) -> None:
	"""Have the figures forget a customer who must not be profiled, or begin again with one who may."""
	refused = customer in not_profiled([customer])
	for path in frappe.get_hooks("ccms_profiling_refused" if refused else "ccms_profiling_allowed"):
		frappe.get_attr(path)(customer)
