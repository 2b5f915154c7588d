"""How much each agreement says: the probabilities behind the score, by level of agreement.

Fellegi and Sunter (1969): evidence is the ratio of two probabilities, that of finding this agreement in two records of one
person, and in two records of two people. Values have frequencies (Newcombe 1959; Winkler 1989): a shared rare name says
more. "Two people" are of two sorts here, strangers and members of one household, who share surname, phone and address by
nature; the score weighs one person against both, so that a family is not taken for one person.

The figures are properties of how records come about, not of a file: how often people mistype, move or change their number.
They were set by what the literature on such files reports and by FEBRL's set 1, and are checked on sets they have not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
	"""How well two values agree."""

	MISSING = 0
	EXACT = 1
	SOUND = 2  # written otherwise, but it sounds the same: 伟 and 玮
	NEAR = 3  # a typo
	CLOSE = 4  # alike: short form, initial, two typos
	DIFFER = 5


@dataclass(frozen=True)
class Likelihood:
	"""P(level) of one field for two records of …; levels that a field does not know stay 0."""

	same: dict[Level, float]  # one person
	household: dict[Level, float]  # two people of one household
	strangers: dict[Level, float]  # two people; EXACT (and SOUND) come from the frequency of the value


E, S, N, C, D = Level.EXACT, Level.SOUND, Level.NEAR, Level.CLOSE, Level.DIFFER

GIVEN = Likelihood(
	same={E: 0.76, S: 0.03, N: 0.12, C: 0.03, D: 0.06},
	household={E: 0.002, S: 0.004, N: 0.006, C: 0.03, D: 0.958},
	strangers={N: 0.004, C: 0.03, D: 0.95},
)
FAMILY = Likelihood(
	same={E: 0.79, S: 0.02, N: 0.12, C: 0.02, D: 0.05},
	household={E: 0.55, S: 0.005, N: 0.02, C: 0.015, D: 0.41},
	strangers={N: 0.004, C: 0.02, D: 0.95},
)
BIRTH = Likelihood(
	same={E: 0.86, N: 0.08, C: 0.02, D: 0.04},
	household={
		E: 0.004,
		N: 0.002,
		C: 0.03,
		D: 0.964,
	},  # twins: one birth in 80, a third of the pairs are siblings
	strangers={N: 0.003, C: 0.03, D: 0.965},
)
GENDER = Likelihood(same={E: 0.98, D: 0.02}, household={E: 0.45, D: 0.55}, strangers={E: 0.5, D: 0.5})
TYPE = Likelihood(same={E: 0.97, D: 0.03}, household={E: 0.9, D: 0.1}, strangers={E: 0.7, D: 0.3})
TAX = Likelihood(
	same={E: 0.93, N: 0.05, D: 0.02},
	household={E: 0.0005, N: 0.0005, D: 0.999},
	strangers={N: 0.0001, D: 0.99},
)
PHONE = Likelihood(
	same={E: 0.55, N: 0.05, D: 0.4}, household={E: 0.4, N: 0.003, D: 0.6}, strangers={N: 0.00002, D: 0.99}
)
EMAIL = Likelihood(
	same={E: 0.5, N: 0.08, D: 0.42}, household={E: 0.05, N: 0.01, D: 0.94}, strangers={N: 0.0002, D: 0.99}
)
ACCOUNT = Likelihood(same={E: 0.6, D: 0.4}, household={E: 0.02, D: 0.98}, strangers={D: 0.99})

# Address, of people who live where they lived; who has moved agrees with the new place as strangers do.
STREET = Likelihood(
	same={E: 0.68, N: 0.22, C: 0.03, D: 0.07},
	household={E: 0.8, N: 0.12, C: 0.02, D: 0.06},
	strangers={N: 0.003, C: 0.02, D: 0.97},
)
HOUSE = Likelihood(
	same={E: 0.83, N: 0.09, D: 0.08}, household={E: 0.85, N: 0.08, D: 0.07}, strangers={N: 0.1, D: 0.88}
)
LINE_2 = Likelihood(
	same={E: 0.68, N: 0.18, C: 0.03, D: 0.11},
	household={E: 0.7, N: 0.17, C: 0.03, D: 0.1},
	strangers={N: 0.003, C: 0.02, D: 0.97},
)
CITY = Likelihood(
	same={E: 0.77, N: 0.16, C: 0.02, D: 0.05},
	household={E: 0.85, N: 0.1, C: 0.01, D: 0.04},
	strangers={N: 0.004, C: 0.02, D: 0.9},
)
POSTCODE = Likelihood(
	same={E: 0.82, N: 0.12, D: 0.06}, household={E: 0.85, N: 0.1, D: 0.05}, strangers={N: 0.01, D: 0.97}
)
STATE = Likelihood(same={E: 0.9, D: 0.1}, household={E: 0.93, D: 0.07}, strangers={D: 0.8})

PERSON = {
	"given": GIVEN,
	"family": FAMILY,
	"birth_date": BIRTH,
	"gender": GENDER,
	"type": TYPE,
	"tax_id": TAX,
}
ADDRESS = {
	"street": STREET,
	"house": HOUSE,
	"line_2": LINE_2,
	"city": CITY,
	"postcode": POSTCODE,
	"state": STATE,
}
IDENTITIES = {"Phone": PHONE, "Email": EMAIL, "Card": ACCOUNT, "WeChat": ACCOUNT, "Social": ACCOUNT}
FIELDS = (*PERSON, *ADDRESS, *IDENTITIES)

# Strangers who share an identifier, by kind: recycled numbers and typing errors, per owner of a value
RECYCLED = {"Phone": 0.05, "Email": 0.01, "Card": 0.005, "WeChat": 0.005, "Social": 0.01, "tax_id": 0.01}
# … and what each further owner of the same value adds: a number given by many tells little
CROWD = {"Phone": 0.5, "Email": 0.3, "Card": 0.2, "WeChat": 0.2, "Social": 0.2, "tax_id": 0.2}

CONTRADICTIONS = ("birth_date", "gender", "tax_id", "type")
"""Fields in which a plain difference keeps a pair from being certain."""


@dataclass(frozen=True)
class Settings:
	"""What an owner may set. Probabilities are between 0 and 1."""

	certain: float = 0.98
	likely: float = 0.3
	possible: float = 0.05
	duplicates: float = 0.2  # other records that a record is expected to have, of the same person
	household: float = 2.0  # records that share a record's household
	moved: float = 0.2  # people whose two records have another address
	swapped: float = 0.06  # surname and given name in the other's place
	neighbours: float = 5.0  # strangers with the same address: a house with flats
	fewest: int = 1_000  # a smaller site's frequencies are taken as those of so many customers


CERTAIN, LIKELY, POSSIBLE = "Certain", "Likely", "Possible"
CERTAINTIES = (CERTAIN, LIKELY, POSSIBLE)
