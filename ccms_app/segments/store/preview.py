"""What rules that are still being written would choose: how many, of how many, and ten of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from zlib import crc32

import frappe
from frappe import _

from ccms_app.desk import masking, permitted
from ccms_app.segments.rules import RuleSet

from . import members, names, registry, segments, wording
from .compile import MEMBER
from .evaluate import Evaluator, Universe, universe

SAMPLE = 10
PROFILE = "CCMS Customer Profile"


def visible(company: str) -> Universe:
	"""The customers that the user may see, where there are branches those of the user's own."""
	return universe(company, narrow=lambda query: permitted.customers_of(query, company))


def look(
	company: str,
	rules: RuleSet,
	always: Sequence[str] = (),
	never: Sequence[str] = (),
	frozen: str | None = None,
) -> dict:
	"""Count and sample for the user in session: only customers they may see are counted.

	Args:
		frozen: the segment whose copied members take the place of rules.

	Returns:
		count, of (all customers that rules could choose), sample, sentences (one a rule, empty where it cannot stand),
		problems ([{row, message}]), seconds.
	"""
	start = time.monotonic()
	fields, allowed = registry.fields(), registry.permitted()
	wrong = segments.problems(rules, fields)
	refused = [
		{"row": number, "message": _("You may not ask for {0}.").format(_(fields[rule.field].label))}
		for number, rule in enumerate(rules.rules, start=1)
		if rule.field in fields and rule.field not in allowed
	]
	problems = [{"row": one.row, "message": wording.problem(one)} for one in wrong] + refused
	found = {"problems": problems, "sentences": _sentences(rules, fields, company, problems)}
	if problems:
		return found | {"count": None, "sample": []}
	every = visible(company)
	if frozen:
		chosen = every.mask(_copied(frozen))
	else:
		chosen = Evaluator(company, every, fields).rules(rules)
	chosen = (chosen | every.mask(always)) & ~every.mask(never) & ~every.barred
	picked = sorted(every.pick(chosen), key=lambda name: crc32(name.encode()))[:SAMPLE]
	return found | {
		"count": masking.small(int(chosen.sum())),
		"of": masking.small(int(every.eligible.sum())),
		"sample": [] if masking.is_few(int(chosen.sum())) else sample(company, picked),
		"seconds": round(time.monotonic() - start, 3),
	}


def _copied(segment: str) -> list[str]:
	member = frappe.qb.DocType(MEMBER)
	query = frappe.qb.from_(member).select(member.customer).where(member.segment == segment)
	return names.read(query.where(member.cause == members.COPY))


def _sentences(rules: RuleSet, fields, company: str, problems: list[dict]) -> list[str]:
	currency = frappe.get_cached_value("Company", company, "default_currency")
	wrong = {problem["row"] for problem in problems}
	return [
		"" if number in wrong else wording.sentence(rule, fields[rule.field], currency)
		for number, rule in enumerate(rules.rules, start=1)
	]


def sample(company: str, customers: Sequence[str]) -> list[dict]:
	"""What is shown of each customer. Names are for readers of customers: others see figures alone."""
	if not customers:
		return []
	reads = permitted.may_link("Customer")
	profile, customer = frappe.qb.DocType(PROFILE), frappe.qb.DocType("Customer")
	rows = (
		frappe.qb.from_(customer)
		.left_join(profile)
		.on((profile.customer == customer.name) & (profile.company == company))
		.select(
			customer.name.as_("customer"),
			customer.customer_name,
			profile.stage,
			profile.last_order,
			profile.orders,
			profile.revenue,
		)
		.where(customer.name.isin(list(customers)))
		.run(as_dict=True)
	)
	by_name = {row.customer: row for row in rows}
	found = [by_name[name] for name in customers if name in by_name]
	if not reads:
		for row in found:
			row.customer = row.customer_name = None
	return found
