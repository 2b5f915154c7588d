"""The words of the customer figures in plain language: one line a term. docs/glossary.md says the same."""

from __future__ import annotations

from frappe import _

TERMS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
	(
		"What Counts",
		(
			(
				"Order",
				"All that a customer buys from a company on one day. What is brought back completely is none.",
			),
			("Revenue", "What was sold, without tax, less what was brought back."),
			("Return Rate", "Of each 100 of money sold in a year, how much was brought back."),
			(
				"Complaint",
				"An Issue that names the customer, of the types that the settings call complaints.",
			),
			("Walk-in", "A customer who stands for many people. Left out of all figures about customers."),
			("Branch", "What the settings say a branch is: a cost center, a till, a warehouse, a territory."),
		),
	),
	(
		"What Customers Do",
		(
			(
				"Usual Days between Orders",
				"Half of a customer's gaps between orders are shorter, half are longer.",
			),
			(
				"Own Cycle",
				"The usual days between orders, drawn towards everybody's while the orders are few.",
			),
			("Late", "Away for more than twice the own cycle."),
			("Usual Day and Hour", "The day of the week and the hour with most of the customer's orders."),
			("Favourite", "The item, brand or group in most of the customer's orders."),
			("Cohort", "Everybody whose first order fell in the same month."),
			("Retention", "Of a cohort, the share that ordered in a later month."),
			(
				"Repeat Rate",
				"Of the customers with an order in the last year, those for whom it was not the first.",
			),
			("Second-Purchase Rate", "Of the customers with a first order, those who came a second time."),
		),
	),
	(
		"Where Customers Stand",
		(
			("Stage", "First Purchase, Repeat, Loyal while they come; At Risk and Lost when they stay away."),
			("At Risk", "Away for more than twice the own cycle."),
			("Lost", "Away for more than four times the own cycle, or for two years."),
			("Won Back", "Was At Risk or Lost, and ordered again."),
			(
				"RFM",
				"Three marks from 1 to 5: how recently, how often, and for how much money a customer bought.",
			),
			("FM", "The mean of the marks for frequency and money."),
			("Value Band", "A for the best customers of the year by revenue, then B, C, D."),
			("Segment", "Customers that rules choose; it refreshes itself."),
			("Cluster", "Customers whom the computer finds alike, without a rule."),
		),
	),
	(
		"What May Come",
		(
			("Risk of Leaving", "How probable it is that no order comes in the next 90 days."),
			(
				"Expected Revenue",
				"What a customer will probably spend in the days ahead, if nothing is done.",
			),
			("Range", "Four times out of five the true figure lies between its two ends."),
			("Revenue at Risk", "Risk of leaving × expected revenue: what is lost if nothing is done."),
			("Next Order", "The days in which the next order comes in half of all cases."),
			(
				"Demand Outlook",
				"What will be sold: the same month last year, with the trend of the last three.",
			),
			(
				"Historic Value",
				"Revenue less goods, points, service and acquisition, as far as these are known.",
			),
		),
	),
	(
		"Prices and Baskets",
		(
			("Below List", "Paid with less than 99.5 % of the list price."),
			(
				"Price Response",
				"How much more often than others a customer buys the same things below list price.",
			),
			("Elasticity", "−2 means that 1 % cheaper sells 2 % more."),
			("Lift in Promotion", "How much more is sold in weeks of promotion than in others."),
			(
				"Times Chance",
				"How many times as often two things are in one order as they would be by chance.",
			),
			("Unusual Order", "Far from what the customer's own earlier orders were: worth a look."),
		),
	),
	(
		"How Sure",
		(
			(
				"Score Run",
				"One calculation of all scores of a company, each night. The published one is what everybody reads.",
			),
			("AUC", "How well the risk tells leavers from stayers: 0.5 is a coin, 1 is perfect."),
			("Brier", "How far the probabilities were from what happened: smaller is better."),
			("Calibration", "Of customers with a risk of 30 %, thirty in a hundred should leave."),
			("Baseline", "The simplest guess. A model that is no better is not used."),
		),
	),
)


def terms() -> list[dict]:
	"""The glossary in the reader's language: [{"section", "terms": [{"term", "meaning"}]}]."""
	return [
		{
			"section": _(section),
			"terms": [{"term": _(term), "meaning": _(meaning)} for term, meaning in rows],
		}
		for section, rows in TERMS
	]
