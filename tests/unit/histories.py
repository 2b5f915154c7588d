"""Random histories of a member or two, for tests that look back on them."""

import random
from decimal import Decimal as D

from ccms_app.loyalty.model import Program, Tier
from tests.unit.ledger_world import World, days

MODELS = ("Never", "Rolling", "Fixed Date", "Inactivity")


def program(**rules) -> Program:
	return Program("Club", **{"amount_per_point": D(1), "point_value": D("0.1"), "expiry_months": 2, **rules})


def rules_of(seed: int) -> dict:
	"""The rules of history number `seed`, in the programme's own field names."""
	chance = random.Random(f"rules {seed}")
	return {
		"expiry_model": MODELS[seed % 4],
		"expiry_day_month": "12-31",
		"expiry_months": 2,
		"accrue_when": chance.choice(["On Submit", "When Paid"]),
		"pending_days": chance.choice([0, 0, 10]),
		"on_shortfall": chance.choice(["Arrears", "Forgive"]),
		"restore_grace_days": chance.choice([0, 20]),
	}


def lived(seed: int, rules: Program | None = None) -> World:
	"""The better part of a year: back-dated documents, returns, cancels, vouchers, jobs now and then, perhaps a merge."""
	chance = random.Random(seed)
	tiers = chance.choice([(), (Tier("Basic"), Tier("Gold", D(200), D(2)))])
	world = World(rules or program(tiers=tiers, **rules_of(seed)), members=2, repeat=False, checks=False)
	for _step in range(45):
		world.today += days(chance.choice([0, 1, 3, 9, 25]))
		member, back = chance.choice(["M1", "M1", "M2"]), chance.choice([0, 0, 0, 5, 30])
		document = chance.choice(world.documents) if world.documents else None
		match chance.randrange(12):
			case 0 | 1 | 2:
				world.sell(D(chance.randrange(1, 200)), member=member, back=back, paid=chance.random() < 0.7)
			case 3 | 4:
				points = min(world.spendable(member), D(chance.randrange(1, 150)))
				if points:
					world.sell(D(50), points, member=member)
			case 5 | 6 if document:
				world.give_back(document, chance.randrange(1, 13), back)
			case 7 if document and document.returns:
				world.cancel_return(document, chance.choice(document.returns))
			case 8 if document:
				world.cancel_sale(document)
			case 9 if document:
				(world.unpay if document.paid else world.pay)(document)
			case 10:
				lives = chance.choice([None, 30, 90])
				world.grant(D(chance.randrange(1, 80)), member=member, back=back, lives=lives)
			case 11:
				chance.choice([world.nightly, world.nightly, lambda m=member: world.extend(60, m)])()
	if chance.random() < 0.2:
		world.merge("M2", "M1")
	return world
