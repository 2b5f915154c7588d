"""How long a live count and a nightly refresh of segments take: 100,000 customers, a million invoice lines.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.segment_count [customers] [lines]` on a throw-away site. Profiles and scores are
made up; the lines are those of `purchase_lines`, published as a score run would. The first run fills the site.
"""

from __future__ import annotations

import resource
import statistics
import sys
from datetime import timedelta
from time import perf_counter

import frappe
from frappe.utils import nowdate

from benchmarks import on_site, purchase_lines

COMPANY = "CCMS Test Co"
RUN = "SR-BENCH"
BAR = 1.0

COUNTS: dict[str, list[dict]] = {
	"last order · more than 60 days ago": [("profile.last_order", "days_ago_more", 60)],
	"risk of leaving · at least 50 %": [("score.churn_probability", "at_least", 50)],
	"territory, stage and value band": [
		("customer.territory", "under", ["All Territories"]),
		("profile.stage", "in", ["Loyal", "Repeat"]),
		("score.value_band", "in", ["A", "B"]),
	],
	"orders or revenue or risk": [
		("profile.orders", "at_least", 5, 1),
		("score.revenue_365", "more", 5000, 1),
		("score.churn_probability", "less", 20, 1),
	],
	"bought of a group 3 times in 365 days": [
		("purchase.any", "bought", {"n": 3, "measure": "orders", "days": 365}),
	],
	"not bought an item, ever": [("purchase.item", "not_bought", {"of": ["ITEM-00001"]})],
	"spent 500 in a branch, 90 days, and loyal": [
		("purchase.branch", "bought", {"of": ["Shop 03"], "n": 500, "measure": "amount", "days": 90}),
		("profile.stage", "in", ["Loyal"]),
	],
	"ten rules": [
		("profile.orders", "at_least", 2),
		("profile.revenue", "more", 100),
		("profile.last_order", "days_ago_within", 600),
		("score.churn_probability", "less", 90),
		("score.revenue_365", "not_empty", None),
		("customer.customer_type", "in", ["Individual"]),
		("customer.email_id", "empty", None),
		("tag.tag", "has_none", ["Nobody"]),
		("profile.stage", "not_in", ["Lost"]),
		("purchase.any", "bought", {"n": 1, "days": 700}),
	],
}


def main(customers: int = 100_000, lines: int = 1_000_000) -> None:
	on_site.connect()
	fill(customers, lines)
	from ccms_app.segments import rules
	from ccms_app.segments.store import preview

	found, slowest = [], 0.0
	for name, rows in COUNTS.items():
		asked = rules.RuleSet("All", tuple(rules.Rule(*row) for row in rows))
		times, answer = [], {}
		for _ in range(6):
			frappe.db.rollback()
			start = perf_counter()
			answer = preview.look(COMPANY, asked)
			times.append(perf_counter() - start)
		times = times[1:]
		slowest = max(slowest, max(times))
		found.append((name, f"{answer['count']:,}", f"{statistics.median(times):.2f}", f"{max(times):.2f}"))
	on_site.table(
		f"Live count and sample on {customers:,} customers, {lines:,} lines",
		found,
		("rules", "customers", "median s", "slowest s"),
	)
	print(f"slowest count {slowest:.2f} s, bar {BAR} s, {BAR / slowest:.1f} times faster than that")
	nights()


def nights() -> None:
	"""20 segments: their first filling, a night on which nothing moved, and one on which a hundredth of the customers did."""
	from ccms_app.segments.store import refresh

	names = twenty()
	found = []
	for title, before in (
		("first filling", lambda: empty(names)),
		("nothing has changed", lambda: None),
		("1 % of customers have changed", touch),
	):
		before()
		frappe.db.commit()
		start = perf_counter()
		result = refresh.refresh(COMPANY, only=names)
		took = perf_counter() - start
		moved = [sum(part) for part in zip(*result.moved.values(), strict=True)]
		found.append((title, f"{moved[0]:,}", f"{moved[1]:,}", f"{moved[2]:,}", f"{took:.1f}"))
	on_site.table("20 segments refreshed", found, ("night", "members", "entered", "left", "s"))
	print(f"the process took at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def twenty(company: str = COMPANY) -> list[str]:
	"""20 segments of a company: their names."""
	import json

	names = []
	for number in range(20):
		rows = list(COUNTS.values())[number % len(COUNTS)]
		title = f"Benchmark {number}"
		name = frappe.db.get_value("CCMS Customer Segment", {"segment_name": title, "company": company})
		if not name:
			doc = frappe.get_doc(
				{"doctype": "CCMS Customer Segment", "segment_name": title, "company": company}
			)
			for field, operator, value, *group in [*rows, ("profile.orders", "at_most", 12 + number)]:
				doc.append(
					"rules",
					{
						"field": field,
						"operator": operator,
						"value": json.dumps(value),
						"group_no": group[0] if group else 0,
					},
				)
			doc.flags.ignore_links = True
			name = doc.insert().name
		names.append(name)
	frappe.db.commit()
	return names


def empty(names: list[str]) -> None:
	frappe.db.delete("CCMS Segment Member", {"segment": ["in", names]})
	frappe.db.set_value("CCMS Customer Segment", {"name": ["in", names]}, "last_refreshed", None)


def touch() -> None:
	frappe.db.sql(
		"""update `tabCCMS Customer Profile` set last_order = current_date, orders = orders + 9, stage = 'Repeat'
		where company = %s and crc32(customer) %% 100 = 3""",
		COMPANY,
	)


def fill(customers: int, lines: int) -> None:
	"""Customers, profiles, scores and facts, where they are not there."""
	make_items()
	if not frappe.db.exists("CCMS Score Run", RUN):
		frappe.db.bulk_insert(
			"CCMS Score Run",
			["name", "company", "status", "is_published", "data_cut"],
			[(RUN, COMPANY, "Completed", 1, nowdate())],
		)
	if frappe.db.count("Customer", {"name": ["like", "CUST-%"]}) < customers:
		for statement in FILL:
			frappe.db.sql(statement, {"n": customers, "company": COMPANY, "run": RUN})
		frappe.db.commit()
		for table in ("Customer", "CCMS Customer Profile", "CCMS Customer Score"):
			frappe.db.sql_ddl(f"analyze table `tab{table}`")
	publish(customers, lines)
	frappe.db.commit()


def make_items() -> None:
	if not frappe.db.exists("Item", "ITEM-00001"):
		doc = {
			"doctype": "Item",
			"item_code": "ITEM-00001",
			"item_group": "Products",
			"stock_uom": "Nos",
			"is_stock_item": 0,
		}
		frappe.get_doc(doc).insert()


FILL = (
	"""insert ignore into tabCustomer
		(name, creation, modified, owner, customer_name, customer_type, customer_group, territory)
	select concat('CUST-', lpad(seq, 7, '0')), now() - interval seq second, now(), 'Administrator', concat('Name ', seq),
		if(seq %% 3, 'Individual', 'Company'), 'Individual', if(seq %% 2, 'All Territories', 'Rest Of The World')
	from seq_0_to_999999 where seq < %(n)s""",
	"""insert ignore into `tabCCMS Customer Profile`
		(name, creation, modified, owner, customer, company, last_order, first_order, orders, revenue, stage)
	select sha1(seq), now(), now(), 'Administrator', concat('CUST-', lpad(seq, 7, '0')), %(company)s,
		current_date - interval (seq * 7919) %% 700 day, current_date - interval 700 day, 1 + (seq * 31) %% 40,
		(seq * 131) %% 9000, elt(1 + (seq * 13) %% 5, 'First Purchase', 'Repeat', 'Loyal', 'At Risk', 'Lost')
	from seq_0_to_999999 where seq < %(n)s""",
	"""insert ignore into `tabCCMS Customer Score`
		(name, creation, modified, owner, customer, company, score_run, stage, rfm_group, churn_probability, revenue_365,
		value_band, r, f, m, churn_basis, favourite_group)
	select sha1(concat('s', seq)), now(), now(), 'Administrator', concat('CUST-', lpad(seq, 7, '0')), %(company)s, %(run)s,
		elt(1 + (seq * 13) %% 5, 'First Purchase', 'Repeat', 'Loyal', 'At Risk', 'Lost'),
		elt(1 + (seq * 17) %% 4, 'Champions', 'Loyal', 'At Risk', 'Lost'), rand(seq), (seq * 137) %% 9000,
		elt(1 + seq %% 4, 'A', 'B', 'C', 'D'), 1 + seq %% 5, 1 + seq %% 5, 1 + seq %% 5, repeat('x', 60), 'Products'
	from seq_0_to_999999 where seq < %(n)s""",
)


def publish(customers: int, lines: int) -> None:
	"""The made lines as the facts of the company, moved so that they end today."""
	import pyarrow as pa
	import pyarrow.compute as pc
	import pyarrow.parquet as pq

	from ccms_app.behaviour.store import files

	if files.read(COMPANY, files.PUBLISHED).get("made") == lines:
		return
	place = files.folder(COMPANY)
	months = {}
	shift = (frappe.utils.getdate(nowdate()) - purchase_lines.AS_OF) // timedelta(days=1)
	for path in purchase_lines.write(place / "made", lines, customers, 2_000):
		table = pq.read_table(path)
		days = pc.cast(pc.add(pc.cast(table["day"], pa.int32()), pa.scalar(shift, pa.int32())), pa.date32())
		pq.write_table(table.set_column(table.schema.get_field_index("day"), "day", days), path)
		months[path.stem] = {"file": f"made/{path.name}", "lines": table.num_rows}
	pq.write_table(pa.table({"customer": pa.array([], pa.string())}), place / "none.parquet")
	files.write(
		COMPANY,
		{
			"run": RUN,
			"made": lines,
			"as_of": nowdate(),
			"currency": "CNY",
			"months": months,
			"tables": {"orders": "none.parquet", "daily": "none.parquet"},
		},
		files.PUBLISHED,
	)


if __name__ == "__main__":
	main(*map(int, sys.argv[1:]))
