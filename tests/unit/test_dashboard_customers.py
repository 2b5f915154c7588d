"""The customers' half of the page: what it says follows from what was found, whatever was found."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("plotly")

from ccms_app.dashboard import customers, purchases
from ccms_app.dashboard.page import heat, nav, table
from ccms_app.dashboard.study import finding, study
from ccms_app.facts.files import check

START = date(2023, 1, 2)


def facts(customers: int, days: int = 400, seed: int = 4, **columns):
	"""Customers with a rhythm of their own; every fifth stops half way."""
	random = np.random.default_rng(seed)
	rows = []
	for customer in range(customers):
		day, last = float(random.integers(0, 30)), days if customer % 5 else days / 2
		while day < last:
			for item in random.choice(8, 3, replace=False):
				offer = random.random() < 0.4
				rows.append(
					{
						"invoice": f"{customer}-{day:.0f}",
						"posted_at": pd.Timestamp(START)
						+ pd.Timedelta(days=int(day), hours=10 + customer % 8),
						"customer": f"<b>{customer}</b>",
						"item": f"item {item}",
						"item_group": f"group <i>{item % 3}</i>",
						"qty": 1,
						"net_amount": round((item + 1) * (0.8 if offer else 1), 2),
						"list_amount": item + 1,
						"currency": "EUR",
					}
				)
			day += 1 + random.exponential(7 + customer % 20)
	frame = pd.DataFrame(rows).drop_duplicates(["invoice", "item"]).assign(**columns)
	return check(frame, "made.csv")


def html(found) -> str:
	return (
		customers.header(found)
		+ customers.sections(found)
		+ purchases.sections(found)
		+ purchases.background(found)
	)


@pytest.fixture(scope="module")
def shop():
	return study(facts(260))


def test_every_section_is_there_and_names_are_escaped(shop):
	page = html(shop)
	for title in (
		"Customers by last visit",
		"Where customers stand",
		"Who is leaving",
		"How accurate is that?",
		"What customers are worth",
		"What to expect from whom",
		"Do they come back?",
		"New customers against known ones",
		"When they come",
		"What sells together",
		"What will be sold next month",
		"Orders to look at",
		"What the words mean",
	):
		assert title in page
	outside_charts = "".join(part.split("<script")[0] for part in page.split("</script>"))
	assert "&lt;b&gt;" in outside_charts
	assert "<i>" not in outside_charts


def test_the_figures_are_those_of_the_scores(shop):
	page = html(shop).replace("\u00a0", " ")
	scores = shop.scores
	away = scores["stage"].isin(["At Risk", "Lost"]).sum()
	assert away > 20
	assert f"{away:,} have stayed away for more than twice their usual time" in page
	assert f'<div class="figure">{away:,}</div>' in page
	assert f"€{scores['expected_revenue'].sum():,.0f}" in page
	assert f"Of {len(scores):,} customers {away:,} have stayed away" in finding(shop)


@pytest.mark.parametrize(
	"made",
	[
		lambda: facts(1, days=60),
		lambda: facts(30, days=20),
		lambda: facts(40, days=120, list_amount=np.nan, item_group=""),
		lambda: facts(25, days=100, net_amount=0.0),
	],
	ids=["one customer", "three weeks", "neither prices nor groups", "all for nothing"],
)
def test_a_page_about_very_little_says_so_and_nothing_breaks(made):
	found = study(made())
	page = html(found)
	assert "It could not be tested" in page
	assert "nan" not in page.split("<script")[0].lower()
	text = "".join(part.split("<script")[0] for part in page.split("</script>"))
	assert ">nan" not in text and "NaN" not in text and "$nan" not in text and "€nan" not in text


def test_the_as_of_can_be_given_and_progress_runs_from_nothing_to_all():
	seen = []
	found = study(
		facts(40, days=200),
		as_of=START + timedelta(days=100),
		progress=lambda share, text: seen.append((share, text)),
	)
	assert found.as_of == START + timedelta(days=100)
	assert found.scores["last_order"].max() < pd.Timestamp(found.as_of)
	shares = [share for share, _text in seen]
	assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
	assert all(text for _share, text in seen)


def test_parts():
	assert '<a href="#a">&lt;A&gt;</a>' in nav([("<A>", "a")])
	told = table(("Name", "Sum", "Why"), [("x", "1", "<y>")], words=("Why",), wide_only=("Sum",))
	assert (
		'<table class="told">' in told and '<td class="extra">1</td><td class="words">&lt;y&gt;</td>' in told
	)
	cells = heat([[("Best <1>", "7", 2.0)]], ["top"], ["left"])
	assert "--dark:1.00" in cells and "Best &lt;1&gt;" in cells
