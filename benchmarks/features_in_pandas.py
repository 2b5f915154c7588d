"""The features as somebody would write them in pandas, for benchmarks/features.py to run beside ours."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.purchase_lines import AS_OF

COLUMNS = (
	"invoice line posted_at day customer item item_group brand qty net_amount is_return return_against return_line branch "
	"channel customer_group territory sales_person"
).split()
KEY = ["customer", "day"]


def read(paths: list[Path]) -> pd.DataFrame:
	lines = pq.read_table(paths[0].parent, columns=COLUMNS).to_pandas()
	lines["day"] = pd.to_datetime(lines["day"])
	return lines


def whole_returns(lines: pd.DataFrame) -> pd.DataFrame:
	"""The customer-days whose sales came back as a whole."""
	back = lines.loc[lines["is_return"], ["return_line", "qty"]].groupby("return_line")["qty"].sum()
	sold = lines[~lines["is_return"]]
	sold = sold.assign(part=(-sold["line"].map(back)).fillna(0) / sold["qty"] * sold["net_amount"])
	days = sold.groupby(KEY, as_index=False)[["part", "net_amount"]].sum()
	return days.loc[days["part"] >= days["net_amount"] * (1 - 1e-9), KEY]


def compute(paths: list[Path]) -> pd.DataFrame:
	lines = read(paths)
	as_of = pd.Timestamp(AS_OF)
	undone = pd.MultiIndex.from_frame(whole_returns(lines))
	sold = lines[~lines["is_return"]]
	linked = lines[lines["is_return"]].merge(
		sold.drop_duplicates("invoice")[["invoice", "day"]], left_on="return_against", right_on="invoice"
	)
	days = lines.groupby(KEY)["net_amount"].sum().rename("revenue").to_frame()
	by_day = sold.groupby(KEY)
	days["sold"], days["first_at"] = by_day["net_amount"].sum(), by_day["posted_at"].min()
	days["returned"] = -linked.groupby(["customer", "day_y"])["net_amount"].sum().rename_axis(KEY)
	days["value"] = days["sold"] - days["returned"].fillna(0)
	orders = days[days["sold"].notna() & ~days.index.isin(undone)].reset_index()
	days = days.reset_index()
	found = days.groupby("customer")["revenue"].sum().to_frame()
	for name, ago in (("365", 365), ("rfm", 730), ("90", 90)):
		since = as_of - timedelta(days=ago)
		found[f"revenue_{name}"] = days[days["day"] >= since].groupby("customer")["revenue"].sum()
		found[f"orders_{name}"] = orders[orders["day"] >= since].groupby("customer").size()
	before = days["day"].between(as_of - timedelta(days=455), as_of - timedelta(days=91))
	found["revenue_prev"] = days[before].groupby("customer")["revenue"].sum()
	year = days[days["day"] >= as_of - timedelta(days=365)].groupby("customer")
	found["return_rate"] = (year["returned"].sum() / year["sold"].sum()).clip(upper=1)
	orders = orders.sort_values(KEY)
	orders["gap"] = orders.groupby("customer")["day"].diff().dt.days
	grouped = orders.groupby("customer")
	found["orders"], found["first_order"], found["last_order"] = (
		grouped.size(),
		grouped["day"].min(),
		grouped["day"].max(),
	)
	gaps = grouped["gap"]
	found["gaps"], found["gap_median"], found["gap_mean"] = gaps.count(), gaps.median(), gaps.mean()
	found["gap_sd"] = gaps.std()
	company = orders["gap"].median()
	own = (found["gap_median"] * found["gaps"]).fillna(0)
	found["own_cycle"] = ((3 * company + own) / (3 + found["gaps"].fillna(0))).clip(7, 365)
	found["ratio"] = (as_of - found["last_order"]).dt.days / found["own_cycle"]
	found["basket_value"] = orders[orders["value"] > 0].groupby("customer")["value"].mean()
	clock = {
		"hour": orders["first_at"].dt.hour,
		"weekday": orders["day"].dt.weekday,
		"month": orders["day"].dt.month,
	}
	for name, values in clock.items():
		found[f"peak_{name}"] = _mode(orders["customer"], values)
	kept = sold[~pd.MultiIndex.from_frame(sold[KEY]).isin(undone)]
	found["basket_items"] = kept.drop_duplicates([*KEY, "item"]).groupby("customer").size() / found["orders"]
	for name, column in (("item", "item"), ("group", "item_group"), ("brand", "brand")):
		cells = kept.groupby([*KEY, column], as_index=False)["net_amount"].sum()
		sums = cells.groupby(["customer", column])["net_amount"].agg(["size", "sum"]).reset_index()
		sums["sum"] = sums["sum"].round(4)
		sums = sums.sort_values(["customer", "size", "sum", column], ascending=[True, False, False, True])
		found[f"favourite_{name}"] = sums.drop_duplicates("customer").set_index("customer")[column]
	place = ["branch", "channel", "customer_group", "territory", "sales_person"]
	last = kept.sort_values("posted_at").drop_duplicates("customer", keep="last").set_index("customer")
	for name in place[2:]:
		found[name] = last[name]
	documents = kept.drop_duplicates("invoice")
	for name in place[:2]:
		found[f"home_{name}"] = _mode(documents["customer"], documents[name])
	return found.reset_index()


def _mode(customer: pd.Series, values: pd.Series) -> pd.Series:
	counts = pd.DataFrame({"customer": customer, "value": values}).groupby(["customer", "value"]).size()
	counts = (
		counts.rename("count")
		.reset_index()
		.sort_values(["customer", "count", "value"], ascending=[True, False, True])
	)
	return counts.drop_duplicates("customer").set_index("customer")["value"]
