"""Customers that rules can ask everything about: the small shop's, with profiles, scores, memberships and tags drawn at
random; and a second reading of rules, in plain Python, to hold the segments against.

Profiles and scores are written here as a score run would leave them; what they hold is not under test.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import frappe
from frappe.utils import add_days, getdate, now, nowdate

from ccms_app.segments.fields import Field
from ccms_app.segments.rules import ALL, Rule, RuleSet, as_date

from . import shop

STAGES = ("Prospect", "First Purchase", "Repeat", "Loyal", "At Risk", "Lost")
TAGS = ("Segment Test VIP", "Segment Test Press", "Segment Test Old")
TIERS = ("Silver", "Gold")


@dataclass
class Person:
	"""What is known of one customer, by field; None is empty. Membership fields are lists, one value a membership."""

	name: str
	eligible: bool = True
	values: dict[str, Any] = field(default_factory=dict)
	memberships: list[dict[str, Any]] = field(default_factory=list)
	tags: set[str] = field(default_factory=set)


def people(seed: int = 1) -> dict[str, Person]:
	"""Draw what the tables say about the shop's customers; everything is written, nothing is committed."""
	chance = random.Random(seed)
	names = sorted(
		frappe.get_all(
			"Sales Invoice",
			filters={"company": shop.COMPANY, "docstatus": 1},
			pluck="customer",
			distinct=True,
		)
	)
	for doctype in ("CCMS Customer Profile", "CCMS Customer Score", "CCMS Membership"):
		frappe.db.delete(doctype, {"company": shop.COMPANY})
	frappe.db.delete("CCMS Score Run", {"company": shop.COMPANY})
	run = _row("CCMS Score Run", company=shop.COMPANY, status="Completed", is_published=1, data_cut=nowdate())
	old = _row(
		"CCMS Score Run",
		company=shop.COMPANY,
		status="Completed",
		is_published=0,
		data_cut=add_days(nowdate(), -9),
	)
	found = {}
	for number, name in enumerate(names):
		found[name] = person = Person(name)
		_customer(person, chance)
		if chance.random() < 0.85:
			_profile(person, chance)
		if chance.random() < 0.8:
			_score(person, run, chance)
		# what no published run says, and another company's, must not be read
		_row(
			"CCMS Customer Score",
			customer=name,
			company=shop.COMPANY,
			score_run=old,
			churn_probability=0.99,
			r=5,
			cluster="Old",
		)
		_row(
			"CCMS Customer Profile",
			customer=name,
			company="CCMS Test Co",
			stage="Loyal",
			orders=999,
			revenue=9e6,
		)
		for program in chance.sample(("P One", "P Two"), chance.choice((0, 1, 1, 2))):
			_membership(person, program, number, chance)
		for tag in chance.sample(TAGS, chance.choice((0, 0, 1, 2))):
			person.tags.add(tag)
			_row("Tag Link", document_type="Customer", document_name=name, tag=tag, title=name)
		frappe.db.set_value("Customer", name, "_user_tags", "".join(f",{tag}" for tag in sorted(person.tags)))
	return found


def _row(doctype: str, **values: Any) -> str:
	"""One row as a bulk writer leaves it."""
	name = values.pop("name", None) or frappe.generate_hash(length=12)
	stamp = now()
	values = {"name": name, "creation": stamp, "modified": stamp, "owner": "Administrator", **values}
	frappe.db.bulk_insert(doctype, fields=list(values), values=[tuple(values.values())])
	return name


# grown up: of children no segment knows
_BORN = tuple(days - 365 * 30 for days in (0, 10, 20, 40, 300))


def _customer(person: Person, chance: random.Random) -> None:
	values = {
		"language": chance.choice(("en", "zh", None, "")),
		"gender": chance.choice(("Female", "Male", None)),
		"email_id": chance.choice((None, "", "a_b@x.cn", "aXb@x.cn", "100%@x.cn", "back\\slash@x.cn")),
		"mobile_no": chance.choice((None, "138", "1380")),
		"is_frozen": chance.randint(0, 1),
		"customer_type": chance.choice(("Company", "Individual")),
		"ccms_preferred_channel": chance.choice(("WeChat", "Post", "")),
		"ccms_home_place": chance.choice(("O'Neil", "100% A", "", None)),
		"ccms_birth_date": chance.choice((None, *(getdate(add_days(nowdate(), days)) for days in _BORN))),
		"disabled": int(chance.random() < 0.08),
		"creation": datetime.combine(_day(chance), datetime.min.time())
		+ timedelta(hours=chance.randint(0, 23)),
	}
	frappe.db.set_value("Customer", person.name, values, update_modified=False)
	person.eligible = not values.pop("disabled")
	stored = frappe.db.get_value(
		"Customer", person.name, ["customer_group", "territory", "customer_name"], as_dict=True
	)
	person.values |= {f"customer.{key}": value for key, value in {**values, **stored}.items()}


def _profile(person: Person, chance: random.Random) -> None:
	values = {
		"stage": chance.choice((*STAGES, "", None)),
		"last_order": chance.choice((None, _day(chance), _day(chance))),
		"first_order": _day(chance),
		"orders": chance.randint(0, 6),
		"revenue": chance.choice((0, 99.99, 100, 100.01, 2500)),
		"stage_since": _day(chance),
	}
	_row("CCMS Customer Profile", customer=person.name, company=shop.COMPANY, **values)
	person.values |= {f"profile.{key}": value for key, value in values.items()}


def _score(person: Person, run: str, chance: random.Random) -> None:
	values = {
		"rfm_group": chance.choice(("Champions", "Loyal", "Lost", "", None)),
		"r": chance.choice((None, 1, 3, 5)),
		"value_band": chance.choice(("A", "B", None)),
		"cluster": chance.choice(("Big baskets", None)),
		"churn_probability": chance.choice((None, 0.0, 0.29, 0.5, 0.500000001, 1.0)),
		"churn_level": chance.choice(("Low", "High", "")),
		"revenue_365": chance.choice((None, 0, 1000, 1000.5)),
		"high_value": chance.randint(0, 1),
		"peak_month": chance.choice((None, 1, 12)),
		"trend_revenue": chance.choice((None, -0.5, 0.25)),
		"next_purchase_on": chance.choice((None, _day(chance, ahead=True))),
		"favourite_group": chance.choice((None, shop.TEAS, shop.POTS)),
		"home_branch": chance.choice((None, shop.STATION, shop.HARBOUR)),
	}
	_row("CCMS Customer Score", customer=person.name, company=shop.COMPANY, score_run=run, **values)
	person.values |= {f"score.{key}": value for key, value in values.items()}


def _membership(person: Person, program: str, number: int, chance: random.Random) -> None:
	values = {
		"program": program,
		"tier": chance.choice((*TIERS, "", None)),
		"points_active": chance.choice((0, 50, 120.5)),
		"status": chance.choice(("Active", "Active", "Frozen", "Left")),
		"joined_on": _day(chance),
	}
	_row(
		"CCMS Membership",
		customer=person.name,
		company=shop.COMPANY,
		member_no=f"SEG-{program}-{number}",
		active_key=f"SEG-{program}-{number}",
		**values,
	)
	person.memberships.append(values)


def _day(chance: random.Random, ahead: bool = False) -> date:
	return getdate(
		add_days(
			nowdate(), chance.choice((1, 30)) * (chance.randint(0, 3) if ahead else -chance.randint(0, 24))
		)
	)


# --- the second reading ------------------------------------------------------------------------------------------


def chosen(
	rules: RuleSet, everybody: Mapping[str, Person], fields: Mapping[str, Field], lines: list[dict]
) -> set[str]:
	"""Whom rules choose, one customer and one rule at a time. `lines`: what was invoiced, as `sold_lines` gives it."""
	inner, outer = (any, all) if rules.match == ALL else (all, any)
	return {
		person.name
		for person in everybody.values()
		if rules.rules
		and person.eligible
		and outer(
			inner(holds(rule, fields[rule.field], person, lines) for rule in row) for row in rules.brackets()
		)
	}


def holds(rule: Rule, field: Field, person: Person, lines: list[dict]) -> bool:
	if field.source == "tag":
		tags = person.tags & set(rule.value)
		return {"has_any": bool(tags), "has_all": tags == set(rule.value), "has_none": not tags}[
			rule.operator
		]
	if field.source == "purchase":
		return bought(rule, field, person, lines)
	if field.source == "membership":
		return member(rule, field, person)
	value = person.values.get(rule.field)
	if field.default is not None and value in (None, ""):
		value = field.default
	return compare(rule.operator, value, rule.value, field)


def member(rule: Rule, field: Field, person: Person) -> bool:
	rows = [row for row in person.memberships if not rule.scope or row["program"] == rule.scope]
	if field.column != "status":
		rows = [row for row in rows if row["status"] != "Left"]
	values = [row[field.column] for row in rows if row[field.column] not in (None, "")]
	if rule.operator in ("empty", "not_empty"):
		return bool(values) == (rule.operator == "not_empty")
	if rule.operator == "not_in":
		return bool(values) and not any(value in rule.value for value in values)
	return any(compare(rule.operator, value, rule.value, field) for value in values)


def compare(operator: str, value: Any, given: Any, field: Field) -> bool:
	if isinstance(value, datetime):
		value = value.date()
	is_empty = value is None or value == ""
	if operator in ("empty", "not_empty"):
		return is_empty == (operator == "empty")
	if is_empty:
		return False
	today = getdate(nowdate())
	if field.type == "share":
		given = [one / 100 for one in given] if isinstance(given, list) else given / 100
	if field.type == "text":
		value, given = str(value).casefold(), given.strip().casefold()
	if operator in ("in", "not_in", "under", "not_under"):
		names = set(map(str, given))
		if operator.endswith("under"):
			names = {one for name in names for one in below(field.options, name)}
		return (str(value) in names) == (operator in ("in", "under"))
	if operator.startswith("days_"):
		away = (value - today).days
		return {
			"days_ago_more": -away > given,
			"days_ago_within": 0 <= -away <= given,
			"days_ahead_within": 0 <= away <= given,
			"days_ahead_more": away > given,
		}[operator]
	if operator == "anniversary":
		return comes_round(value, today, given)
	if field.type == "date":
		days = [as_date(one) for one in given] if isinstance(given, list) else [as_date(given)]
		return {
			"on": value == days[0],
			"before": value < days[0],
			"after": value > days[0],
			"between_dates": days[0] <= value <= days[-1],
		}[operator]
	first, last = (given[0], given[-1]) if isinstance(given, list) else (given, given)
	return {
		"yes": lambda: value == 1,
		"no": lambda: value == 0,
		"is": lambda: value == given,
		"is_not": lambda: value != given,
		"contains": lambda: given in value,
		"contains_not": lambda: given not in value,
		"starts": lambda: value.startswith(given),
		"at_least": lambda: value >= first,
		"more": lambda: value > first,
		"at_most": lambda: value <= first,
		"less": lambda: value < first,
		"equal": lambda: value == first,
		"not_equal": lambda: value != first,
		"between": lambda: first <= value <= last,
	}[operator]()


def below(doctype: str, name: str) -> set[str]:
	"""A node and everything under it, by its parents alone."""
	parent = frappe.get_meta(doctype).get("nsm_parent_field") or f"parent_{frappe.scrub(doctype)}"
	found, waiting = set(), [name]
	while waiting:
		one = waiting.pop()
		found.add(one)
		waiting += frappe.get_all(doctype, filters={parent: one}, pluck="name")
	return found


def comes_round(day: date, today: date, within: int) -> bool:
	for ahead in range(min(within, 366) + 1):
		on = today + timedelta(days=ahead)
		if (on.month, on.day) == (day.month, day.day):
			return True
		leap = on.year % 4 == 0 and (on.year % 100 or on.year % 400 == 0)
		if (day.month, day.day) == (2, 29) and not leap and (on.month, on.day) == (2, 28):
			return True
	return within >= 365


def sold_lines() -> list[dict]:
	"""Every invoice line of the shop, by two plain queries."""
	return [*_lines_of("Sales Invoice"), *_lines_of("POS Invoice")]


def _lines_of(doctype: str) -> list[dict]:
	invoice, line, customer = (frappe.qb.DocType(name) for name in (doctype, f"{doctype} Item", "Customer"))
	sales = doctype == "Sales Invoice"
	query = (
		frappe.qb.from_(invoice)
		.join(line)
		.on(line.parent == invoice.name)
		.join(customer)
		.on(customer.name == invoice.customer)
		.select(
			invoice.customer,
			invoice.posting_date.as_("day"),
			invoice.is_return,
			line.name.as_("line"),
			line.item_code.as_("item"),
			line.item_group,
			line.brand,
			line.qty,
			line.base_net_amount.as_("amount"),
			line.cost_center.as_("branch"),
			(line.sales_invoice_item if sales else line.pos_invoice_item).as_("returns"),
		)
		.where((invoice.docstatus == 1) & (invoice.company == shop.COMPANY) & (invoice.is_opening != "Yes"))
		.where((customer.is_internal_customer == 0) & (invoice.posting_date <= nowdate()))
	)
	if sales:
		query = query.select(invoice.is_debit_note).where(invoice.is_consolidated == 0)
	return query.run(as_dict=True)


def bought(rule: Rule, field: Field, person: Person, lines: list[dict]) -> bool:
	value = rule.value
	of = set(value.get("of") or ())
	if field.column == "item_group":
		of = {one for name in of for one in below("Item Group", name)}
	today = getdate(nowdate())
	first, last = as_date(value.get("from")) or date.min, as_date(value.get("to")) or date.max
	if value.get("days") not in (None, ""):
		first, last = today - timedelta(days=value["days"]), date.max
	days, quantity, amount = set(), 0.0, 0.0
	back: dict[str, list[float]] = {}
	for line in lines:
		if line.is_return and line.returns:
			so_far = back.setdefault(line.returns, [0.0, 0.0])
			so_far[0] += -abs(line.qty)
			so_far[1] += line.amount
	for line in lines:
		if line.customer != person.name or (line.is_return and line.returns) or not first <= line.day <= last:
			continue
		if field.column != "any" and line[{"item": "item"}.get(field.column, field.column)] not in of:
			continue
		came_back = back.get(line.line, [0.0, 0.0])
		kept = (-abs(line.qty) if line.is_return else line.qty) + came_back[0]
		if line.is_debit_note:
			kept = 0.0
		if kept > 1e-9:
			days.add(line.day)
		quantity += kept
		amount += line.amount + came_back[1]
	if rule.operator == "not_bought":
		return not days
	figure = {"orders": len(days), "quantity": quantity, "amount": amount}[value.get("measure") or "orders"]
	enough = figure >= value.get("n", 1) - 1e-6 and (figure or days or value.get("n", 1) <= 1e-6)
	return bool(enough) == (rule.operator == "bought")
