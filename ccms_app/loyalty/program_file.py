"""A programme and a stated behaviour, read from a TOML file.

The top level holds the fields of `CCMS Loyalty Program`, each `[[tiers]]` those of `CCMS Loyalty Tier`, and `[behaviour]`
those of :class:`~ccms_app.loyalty.stated_behaviour.Behaviour`. What is unknown, of the wrong kind or out of range is refused.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

from .dates import month_day
from .model import Program, Tier
from .stated_behaviour import Behaviour

if sys.version_info >= (3, 11):
	import tomllib
else:
	import tomli as tomllib

CHOICES = {
	"earn_basis": ("Net Total", "Grand Total"),
	"rounding": ("Down", "Nearest", "Up"),
	"accrue_when": ("On Submit", "When Paid"),
	"expiry_model": ("Never", "Rolling", "Fixed Date", "Inactivity"),
	"on_shortfall": ("Arrears", "Forgive"),
	"tier_basis": ("Spend", "Points", "Orders"),
	"tier_window": ("Rolling 12 Months", "Calendar Year", "Lifetime"),
	"downgrade": ("Never", "One Step", "To Earned Tier"),
	"liability_mode": ("None", "Provision"),
}
# what the documents call a field that has another name here
RENAMED = {(Program, "name"): "program_name", (Tier, "name"): "tier_name"}


class ProgramFileError(ValueError):
	"""The file cannot be used; the message has one line for each mistake."""

	def __init__(self, source: str, problems: list[str]):
		self.problems = problems
		super().__init__("\n".join(f"{source}: {problem}" for problem in problems))


def read(path: str | Path) -> tuple[Program, Behaviour]:
	"""Read a programme file. Raises ProgramFileError, or OSError if there is no such file."""
	path = Path(path)
	try:
		content = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
	except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
		raise ProgramFileError(path.name, [f"is no TOML: {error}"]) from error
	return parse(content, path.name)


def parse(content: dict, source: str = "program") -> tuple[Program, Behaviour]:
	"""Turn the content of a programme file into the programme and the behaviour."""
	problems: list[str] = []
	content = dict(content)
	behaviour = content.pop("behaviour", {})
	rows = content.pop("tiers", [])
	if not isinstance(behaviour, dict):
		problems.append("behaviour must be a table: write [behaviour]")
		behaviour = {}
	if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
		problems.append("tiers must be a list of tables: write [[tiers]] before each")
		rows = []
	found_program = _values(content, Program, "", problems, skip=("tiers",))
	found_tiers = [_values(row, Tier, f"tiers, row {n}: ", problems) for n, row in enumerate(rows, 1)]
	found_behaviour = _values(behaviour, Behaviour, "behaviour: ", problems)
	for name, known in (("program_name", found_program), *(("tier_name", tier) for tier in found_tiers)):
		if not known.get("name") and not problems:
			problems.append(f"{name} is missing")
	if problems:
		raise ProgramFileError(source, problems)
	program = Program(**found_program, tiers=tuple(Tier(**tier) for tier in found_tiers))
	behaviour = Behaviour(**found_behaviour)
	problems = mistakes(program) + [f"behaviour: {text}" for text in behaviour.mistakes()]
	if problems:
		raise ProgramFileError(source, problems)
	return program, behaviour


def mistakes(program: Program) -> list[str]:
	"""What is out of range in a programme's rules, one sentence each (accounts are the site's business)."""
	found = []

	def need(holds: bool, text: str) -> None:
		if not holds:
			found.append(text)

	need(program.amount_per_point > 0, "amount_per_point must be above 0")
	need(program.point_value > 0, "point_value must be above 0")
	need(0 <= program.points_precision <= 2, "points_precision must be 0, 1 or 2")
	for name in (
		"pending_days",
		"min_redeem_points",
		"redeem_step",
		"max_redeem_amount",
		"restore_grace_days",
		"tier_grace_days",
	):
		need(getattr(program, name) >= 0, f"{name} must not be negative")
	for name in ("max_redeem_percent", "expected_redemption_percent"):
		need(0 <= getattr(program, name) <= 100, f"{name} must be between 0 and 100")
	for name, choices in CHOICES.items():
		need(getattr(program, name) in choices, f"{name} must be one of: {', '.join(choices)}")
	if program.expiry_model in ("Rolling", "Inactivity"):
		need(
			program.expiry_months > 0,
			f"expiry_months must be above 0 for expiry_model {program.expiry_model}",
		)
	need(program.expiry_months >= 0, "expiry_months must not be negative")
	if program.expiry_model == "Fixed Date":
		need(_is_month_day(program.expiry_day_month), "expiry_day_month must be a day of the year: MM-DD")
	if program.from_date and program.to_date:
		need(program.from_date <= program.to_date, "to_date must not be before from_date")
	if program.tiers:
		thresholds = [tier.threshold for tier in program.tiers]
		need(min(thresholds) == 0, "the lowest tier must have threshold 0")
		need(len(set(thresholds)) == len(thresholds), "two tiers have the same threshold")
		need(len({tier.name for tier in program.tiers}) == len(program.tiers), "two tiers have the same name")
		need(all(tier.earn_multiplier > 0 for tier in program.tiers), "earn_multiplier must be above 0")
	return found


def _is_month_day(text: str) -> bool:
	try:
		return len(text) == 5 and (text == "02-29" or month_day(text, 2024).strftime("%m-%d") == text)
	except ValueError:
		return False


def _values(given: dict, into: type, place: str, problems: list[str], skip: tuple[str, ...] = ()) -> dict:
	"""The given values as the fields of a dataclass want them; what does not fit goes to problems."""
	kinds = {field.name: str(field.type) for field in fields(into) if field.name not in skip}
	by_name = {RENAMED.get((into, name), name): name for name in kinds}
	found = {}
	for key, value in given.items():
		if key not in by_name:
			near = get_close_matches(key, by_name, 1)
			problems.append(f"{place}unknown key {key}" + (f"; did you mean {near[0]}?" if near else ""))
			continue
		name = by_name[key]
		try:
			found[name] = _value(value, kinds[name])
		except ValueError as error:
			problems.append(f"{place}{key} must be {error}")
	return found


def _value(value: object, kind: str) -> object:
	"""value as the annotated kind; ValueError says what was wanted."""
	if kind == "bool":
		if value in (True, False):
			return bool(value)
		raise ValueError("true or false")
	if kind == "int":
		if isinstance(value, int) and not isinstance(value, bool):
			return value
		raise ValueError("a whole number")
	if kind.startswith("Decimal"):
		if isinstance(value, int | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite():
			return Decimal(value)
		raise ValueError("a number")
	if kind.startswith("date"):
		if isinstance(value, datetime):
			return value.date()
		if isinstance(value, date):
			return value
		try:
			return date.fromisoformat(value) if isinstance(value, str) else _never()
		except ValueError:
			raise ValueError("a date: YYYY-MM-DD") from None
	if kind.startswith("frozenset"):
		if isinstance(value, list) and all(isinstance(item, str) for item in value):
			return frozenset(value)
		raise ValueError("a list of texts")
	if isinstance(value, str):
		return value.strip()
	raise ValueError("a text")


def _never():
	raise ValueError
