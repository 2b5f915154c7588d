"""What a simulation found, in words and figures that a shop owner reads."""

from __future__ import annotations

from decimal import Decimal

from .model import Program
from .stated_behaviour import HUNDRED, Behaviour
from .totals import Simulation

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥", "INR": "₹"}


def money(amount: float | Decimal, currency: str, digits: int = 0) -> str:
	"""1234.5 as $1,235, or 1,235 XYZ for a currency without a sign of its own."""
	amount = Decimal(str(amount))
	text = f"{abs(amount):,.{digits}f}"
	sign = "−" if amount < 0 and text.strip("0.,") else ""
	symbol = SYMBOLS.get(currency)
	return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {currency}".rstrip()


def points(number: float) -> str:
	"""1234 as 1,234; over a million as 1.23 M."""
	if abs(number) >= 1e6:
		return f"{number / 1e6:.2f} M"
	return f"{number:,.0f}"


def percent(part: float, whole: float, digits: int = 1) -> str:
	return f"{100 * part / whole:.{digits}f} %" if whole else "–"


def figures(result: Simulation) -> list[tuple[str, str]]:
	"""(label, value) of the figures of the whole period."""
	total = result.summary()
	currency = result.currency
	found = [
		("Baskets", f"{total['baskets']:,}"),
		("Customers, of whom members", f"{total['customers']:,}, {total['members']:,}"),
		("Revenue", money(total["revenue"], currency)),
		("Points earned", points(total["points_earned"])),
		("Points used", points(total["points_redeemed"])),
		("Points expired", points(total["points_expired"])),
	]
	if total["points_restored"] or total["points_clawed_back"]:
		found += [
			("Points given back by returns", points(total["points_restored"])),
			("Points taken back by returns", points(total["points_clawed_back"])),
		]
	found += [
		("Points open at the end", points(total["points_open"])),
		("Paid with points", money(total["redeemed_value"], currency)),
		("Still owed at the end (liability)", money(total["liability"], currency)),
		("Cost", money(total["cost"], currency)),
		("Cost as a share of revenue", percent(total["cost"], total["revenue"], 2)),
	]
	last = result.tiers[result.tiers["month"] == result.tiers["month"].max()] if len(result.tiers) else []
	if len(last):
		found.append(
			("Members by tier", ", ".join(f"{row.tier} {row.members:,}" for row in last.itertuples()))
		)
	if total["break_even_percent"] is not None:
		found.append(("Break-even: members buy more by", f"{total['break_even_percent']:.1f} %"))
	return found


def finding(result: Simulation) -> str:
	"""The result in two or three sentences."""
	total, currency = result.summary(), result.currency
	if not total["members"]:
		return (
			"Nobody would have become a member, so the program would have cost nothing and brought nothing."
		)
	text = (
		f"Members would have paid {money(total['redeemed_value'], currency)} with points, and "
		f"{money(total['liability'], currency)} of what they hold would still be owed: together "
		f"{percent(total['cost'], total['revenue'], 2)} of revenue."
	)
	if total["break_even_percent"] is not None:
		text += f" It pays for itself if members buy {total['break_even_percent']:.1f} % more than they did."
	elif total["margin"] is not None and total["cost"] > 0:
		text += " The margin on what members buy does not cover it."
	return text


def rules(program: Program, currency: str) -> list[tuple[str, str]]:
	"""(what, how) of a programme's rules, in plain words."""
	value = program.point_value
	back = value / program.amount_per_point * HUNDRED
	found = [
		(
			"Earning",
			f"{_plain(1)} point for every {money(program.amount_per_point, currency, 2)} spent"
			f"{' (with tax)' if program.earn_basis == 'Grand Total' else ''}; "
			f"{_plain(round(back, 2))} % back at the base rate",
		),
		("Worth", f"{_plain(100)} points pay {money(value * 100, currency, 2)}"),
	]
	limits = []
	if program.min_redeem_points:
		limits.append(f"from {_plain(program.min_redeem_points)} points")
	if program.redeem_step:
		limits.append(f"in steps of {_plain(program.redeem_step)}")
	if program.max_redeem_percent:
		limits.append(f"up to {_plain(program.max_redeem_percent)} % of a basket")
	if program.max_redeem_amount:
		limits.append(f"up to {money(program.max_redeem_amount, currency, 2)} at a time")
	found.append(("Using points", ", ".join(limits) or "any number, at any time"))
	if program.pending_days or program.accrue_when == "When Paid":
		wait = ["once the invoice is paid"] if program.accrue_when == "When Paid" else []
		wait += [f"{program.pending_days} days after the purchase"] if program.pending_days else []
		found.append(("Usable", " and ".join(wait)))
	found.append(
		(
			"Expiry",
			{
				"Rolling": f"{program.expiry_months} months after they were earned",
				"Fixed Date": f"on the first {program.expiry_day_month} that is at least {program.expiry_months} months away",
				"Inactivity": f"all of them, after {program.expiry_months} months without a purchase",
			}.get(program.expiry_model, "never"),
		)
	)
	for tier in sorted(program.tiers, key=lambda tier: tier.threshold):
		basis = {
			"Spend": money(tier.threshold, currency),
			"Points": f"{_plain(tier.threshold)} points",
			"Orders": f"{_plain(tier.threshold)} orders",
		}[program.tier_basis]
		window = {"Rolling 12 Months": "in 12 months", "Calendar Year": "in a calendar year"}.get(
			program.tier_window, "in all"
		)
		start = f"from {basis} {window}" if tier.threshold else "from the start"
		found.append((tier.name, f"{start}: {_plain(tier.earn_multiplier)} × the points"))
	return found


def assumptions(program: Program, behaviour: Behaviour, currency: str) -> list[str]:
	"""What a replay had to be told, one sentence each."""
	found = [
		f"{_plain(behaviour.join_percent)} % of customers join, at their first purchase.",
		f"{_plain(behaviour.redeem_percent)} % of members use points: as soon as their balance is worth "
		f"{money(behaviour.redeem_when_worth, currency, 2)}"
		+ (
			f", for up to {_plain(behaviour.max_basket_percent)} % of a basket."
			if behaviour.max_basket_percent < 100
			else "."
		),
		f"Of the points open at a month's end, {_plain(program.expected_redemption_percent)} % are expected to be used one "
		"day; that is what the shop owes (the liability).",
	]
	if behaviour.paid_after_days and program.accrue_when == "When Paid":
		found.append(f"Invoices are paid {behaviour.paid_after_days} days after the purchase.")
	if behaviour.margin_percent is not None:
		found.append(f"The shop keeps {_plain(behaviour.margin_percent)} % of a sale as gross margin.")
	if behaviour.walk_in:
		found.append(f"Never joining, such as a till's walk-in customer: {len(behaviour.walk_in):,}.")
	return found


def _plain(number: Decimal | int) -> str:
	"""12.50 as 12.5, 100 as 100."""
	return f"{Decimal(number).normalize():,f}"
