"""Who is in which segment: the answers to all rules, put together as one array of yes and no a segment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import repeat

import frappe
import numpy as np
from frappe.query_builder import Case, DocType
from frappe.utils import getdate, nowdate

from ccms_app.behaviour.store import lake, precomputed
from ccms_app.behaviour.store import settings as behaviour_settings
from ccms_app.scoring.store import runs
from ccms_app.segments import rules as rules_of
from ccms_app.segments.fields import PURCHASE, SCORE, Field
from ccms_app.segments.rules import Rule, RuleSet

from . import compile, names, purchases, registry

LEFT_OUT = "CCMS Left Out Customer"
LIKE_MANY = ("order_days", "invoices")


def _key(rule: Rule) -> str:
	return json.dumps([rule.field, rule.operator, rule.value, rule.scope], sort_keys=True, default=str)


def today() -> date:
	return getdate(nowdate())


@dataclass
class Universe:
	"""The customers in question, each at a place of every array.

	names: their names. eligible: whom rules may choose: not disabled, not internal, not a walk-in for many people,
	also not one whom the figures know by how often they buy.
	barred: who must not be profiled: in no segment, also not by hand.
	all: whether these are all customers of the site.
	"""

	names: list[str]
	eligible: np.ndarray
	all: bool = True
	barred: np.ndarray = None
	index: dict[str, int] = field(init=False)

	def __post_init__(self) -> None:
		self.index = {name: number for number, name in enumerate(self.names)}
		if self.barred is None:
			self.barred = np.zeros(len(self.names), bool)

	def mask(self, found: Sequence[str]) -> np.ndarray:
		"""Where the named customers stand; others are ignored."""
		mask = np.zeros(len(self.names), bool)
		self.put(mask, found, np.ones(len(found), bool))
		return mask

	def put(self, into: np.ndarray, found: Sequence[str], values: np.ndarray) -> None:
		"""Write the values of the named customers to their places; others are ignored."""
		places = np.fromiter(map(self.index.get, found, repeat(-1)), np.int64, len(found))
		known = places >= 0
		into[places[known]] = values[known]

	def pick(self, mask: np.ndarray) -> list[str]:
		return [self.names[place] for place in np.flatnonzero(mask)]


def universe(company: str, customers: Sequence[str] | None = None, narrow=None) -> Universe:
	"""All customers, or those given.

	Args:
		narrow: takes the query on Customer and returns it narrowed, for who may not see all of them.
	"""
	customer = DocType("Customer")
	query = frappe.qb.from_(customer).select(customer.name.as_("customer")).where(customer.name.isnotnull())
	if customers is not None:
		query = query.where(customer.name.isin(list(customers)))
	if narrow:
		query = narrow(query)
	out = Case().when((customer.disabled == 1) | (customer.is_internal_customer == 1), 1).else_(0)
	found, refused = names.read_with(query.select(out.as_("is_out")), "is_out")
	every = Universe(found, np.array(refused, str) != "1", all=customers is None and narrow is None)
	every.barred = every.mask(list(behaviour_settings.not_profiled()))
	nobody = behaviour_settings.stand_for_many() | _bought_like_many(company)
	every.eligible &= ~(every.mask(list(nobody)) | every.barred)
	return every


def _bought_like_many(company: str) -> set[str]:
	"""Whom the published run left out because no single person buys so often: the facts have no figures of theirs."""
	try:
		facts = lake.open(company)
	except lake.Empty:
		return set()
	table = facts.precomputed(precomputed.LEFT_OUT)
	found = set(facts.engine.frame(table)["customer"]) if table is not None else set()
	# who was left out for another reason is asked for that today
	others = {"parent": facts.run, "reason": ["not in", LIKE_MANY]}
	return found.difference(frappe.get_all(LEFT_OUT, filters=others, pluck="customer"))


class Evaluator:
	"""Answers rules about one company, each only once."""

	def __init__(
		self, company: str, every: Universe, fields: Mapping[str, Field] | None = None, on: date | None = None
	):
		self.every = every
		self.fields = fields or registry.fields()
		self.place = compile.Place(company, runs.published(company), on or today())
		self._lines: purchases.Lines | None = None
		self._known: dict[str, np.ndarray] = {}

	def rules(self, rules: RuleSet) -> np.ndarray:
		"""Whom the rules choose; nobody when there are none."""
		if not rules.rules:
			return np.zeros(len(self.every.names), bool)
		inner, outer = (
			(np.logical_or, np.logical_and)
			if rules.match == rules_of.ALL
			else (np.logical_and, np.logical_or)
		)
		self._ask_together(rules.rules)
		brackets = [inner.reduce([self.rule(rule) for rule in bracket]) for bracket in rules.brackets()]
		return outer.reduce(brackets) & self.every.eligible

	def rule(self, rule: Rule) -> np.ndarray:
		"""Whom one rule chooses."""
		key = _key(rule)
		if key not in self._known:
			self._known[key] = self._ask(rule)
		return self._known[key]

	@property
	def _few(self) -> list[str] | None:
		"""The customers to ask for; None where everybody is asked for, though only some are in question."""
		return None if self.every.all or len(self.every.names) > 2000 else self.every.names

	def _ask_together(self, rules: Sequence[Rule]) -> None:
		"""Read each table once for all rules on it: what takes long is to hand a hundred thousand names over."""
		waiting: dict[str, dict[str, Rule]] = {}
		for rule in rules:
			source, key = self.fields[rule.field].source, _key(rule)
			if source in compile.ONE_ROW and key not in self._known:
				waiting.setdefault(source, {})[key] = rule
		for source, asked in waiting.items():
			# one figure of the scores has an index, by which the rows would be fetched from all over the table
			if len(asked) > 1 or source == SCORE:
				query, others = compile.together(list(asked.values()), self.fields, self.place, self._few)
				found, holds = names.read_with(query, "holds")
				bits = np.zeros(len(self.every.names), np.int64)
				self.every.put(bits, found, np.array(holds, np.int64))
				for place, (key, but) in enumerate(zip(asked, others, strict=True)):
					self._known[key] = (bits >> place & 1).astype(bool) ^ but

	def _ask(self, rule: Rule) -> np.ndarray:
		known = self.fields[rule.field]
		customers = self._few
		if known.source == PURCHASE:
			if self._lines is None:
				self._lines = purchases.Lines(self.place.company, self.place.today, customers)
			mask = self.every.mask(self._lines.bought(rule, known))
			return mask if rule.operator == "bought" else ~mask
		asked = compile.names_of(rule, known, self.place, customers)
		mask = self.every.mask(names.read(asked.query))
		return ~mask if asked.others else mask

	def forget_segments(self) -> None:
		"""Members have changed: ask again."""
		self._known = {key: mask for key, mask in self._known.items() if not key.startswith('["segment.')}
