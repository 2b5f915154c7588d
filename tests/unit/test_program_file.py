"""The programme file: what is taken, and a sentence for everything that is wrong."""

from datetime import date
from decimal import Decimal as D

import pytest

from ccms_app.demo.complete_journey import PROGRAM as DEMO
from ccms_app.loyalty.model import Tier
from ccms_app.loyalty.program_file import ProgramFileError, read

GOOD = """
program_name = "Tea Club"
amount_per_point = 2.5
point_value = 0.05
expiry_model = "Fixed Date"
expiry_day_month = "02-29"
from_date = 2024-01-01
to_date = "2024-12-31"

[[tiers]]
tier_name = "Green"

[[tiers]]
tier_name = "Black"
threshold = 100
earn_multiplier = 1.5

[behaviour]
redeem_percent = 55
walk_in = ["Cash"]
"""


@pytest.fixture
def toml(tmp_path):
	def write(text):
		path = tmp_path / "club.toml"
		path.write_text(text, encoding="utf-8")
		return path

	return write


def test_reads_rules_tiers_and_behaviour(toml):
	program, behaviour = read(toml(GOOD))
	assert (program.name, program.amount_per_point, program.point_value) == ("Tea Club", D("2.5"), D("0.05"))
	assert (program.from_date, program.to_date) == (date(2024, 1, 1), date(2024, 12, 31))
	assert program.tiers == (Tier("Green"), Tier("Black", D(100), D("1.5")))
	assert (behaviour.redeem_percent, behaviour.walk_in, behaviour.join_percent) == (D(55), {"Cash"}, D(100))


def test_the_demos_own_file_is_good():
	program, behaviour = read(DEMO)
	assert [tier.name for tier in program.tiers] == ["Silver", "Gold", "Platinum"]
	assert behaviour.margin_percent == 25


@pytest.mark.parametrize(
	("old", "new", "expected"),
	[
		('"Tea Club"', '"Tea', "is no TOML: "),
		("point_value", "points_value", "unknown key points_value; did you mean point_value?"),
		("threshold = 100", "treshold = 100", "tiers, row 2: unknown key treshold; did you mean threshold?"),
		("redeem_percent", "redeem", "behaviour: unknown key redeem"),
		("0.05", '"a little"', "point_value must be a number"),
		("0.05", "nan", "point_value must be a number"),
		("0.05", "0", "point_value must be above 0"),
		("2.5", "true", "amount_per_point must be a number"),
		('program_name = "Tea Club"', "", "program_name is missing"),
		('tier_name = "Green"', "", "tier_name is missing"),
		('"02-29"', '"02-30"', "expiry_day_month must be a day of the year: MM-DD"),
		('"Fixed Date"', '"Rolling"', "expiry_months must be above 0 for expiry_model Rolling"),
		(
			'"Fixed Date"',
			'"Sometimes"',
			"expiry_model must be one of: Never, Rolling, Fixed Date, Inactivity",
		),
		('"2024-12-31"', '"end of year"', "to_date must be a date: YYYY-MM-DD"),
		('"2024-12-31"', "2023-12-31", "to_date must not be before from_date"),
		('"2024-12-31"', '"2024-12-31"\npoints_precision = 1.5', "points_precision must be a whole number"),
		('"2024-12-31"', '"2024-12-31"\nenabled = "yes"', "enabled must be true or false"),
		(
			'"2024-12-31"',
			'"2024-12-31"\nmax_redeem_percent = 120',
			"max_redeem_percent must be between 0 and 100",
		),
		('"Green"', '"Green"\nthreshold = 1', "the lowest tier must have threshold 0"),
		('"Green"', '"Green"\nthreshold = 100', "two tiers have the same threshold"),
		('"Black"', '"Green"', "two tiers have the same name"),
		("1.5", "0", "earn_multiplier must be above 0"),
		('["Cash"]', '"Cash"', "behaviour: walk_in must be a list of texts"),
		("55", "155", "behaviour: redeem_percent must be between 0 and 100"),
		("[behaviour]\n", "[[behaviour]]\n", "behaviour must be a table: write [behaviour]"),
		("[[tiers]]\n", "[tiers]\n", "is no TOML: "),
	],
)
def test_a_mistake_is_said_in_a_sentence(toml, old, new, expected):
	assert old in GOOD
	with pytest.raises(ProgramFileError) as caught:
		read(toml(GOOD.replace(old, new, 1)))
	assert f"club.toml: {expected}" in str(caught.value)


def test_every_mistake_is_said_at_once(toml):
	text = GOOD.replace("point_value", "worth").replace("55", '"half"').replace("100", "[]")
	with pytest.raises(ProgramFileError) as caught:
		read(toml(text))
	assert str(caught.value).splitlines() == [
		"club.toml: unknown key worth",
		"club.toml: tiers, row 2: threshold must be a number",
		"club.toml: behaviour: redeem_percent must be a number",
	]
