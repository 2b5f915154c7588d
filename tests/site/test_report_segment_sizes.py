"""Segment Sizes: as they were written down for everybody, counted from the members for a part of the customers."""

import frappe
import pytest
from frappe.utils import add_days, now, nowdate

from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import truth
from tests.site.world import ABROAD, ANALYST, MANAGER, SELLER

NAME = "Segment Sizes"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def row_of(doctype: str, name: str, **values) -> None:
	frappe.db.bulk_insert(
		doctype,
		fields=["name", "creation", "modified", "owner", *values],
		values=[[name, now(), now(), "Administrator", *values.values()]],
	)


@pytest.fixture
def segment(company) -> str:
	"""A segment of ten customers: all for a hundred days, two of whom left and one came in meanwhile."""
	doc = frappe.get_doc(
		{
			"doctype": "CCMS Customer Segment",
			"segment_name": f"Tea <b>Friends</b> {frappe.generate_hash(length=4)}",
			"company": company,
			"enabled": 1,
			"refresh_mode": "Nightly",
			"match": "All",
			"rules": [],
			"static_members": [],
		}
	)
	doc.flags.ignore_validate = doc.flags.ignore_mandatory = True
	doc.insert()
	name = doc.name
	for ago, size in ((400, 5), (100, 12), (20, 11), (0, 11)):
		row_of("CCMS Segment Size", f"{name}-{ago}", segment=name, date=add_days(nowdate(), -ago), size=size)
	for place, customer in enumerate(sorted(truth().orders)[:13]):
		row_of(
			"CCMS Segment Member",
			frappe.generate_hash(length=10),
			segment=name,
			customer=customer,
			entered_on=f"{add_days(nowdate(), -10 if place == 12 else -100)} 02:00:00",
			cause="Rules" if place == 12 else "First Refresh",
			left_on=f"{add_days(nowdate(), -30)} 02:00:00" if place < 2 else None,
			member_key=frappe.generate_hash(length=10),
		)
	return name


def sizes(company: str, **filters) -> Report:
	return Report(NAME, company=company, **filters)


def test_sizes_and_movements(company, segment):
	(row,) = sizes(company, segment=segment).rows
	assert (row["size"], row.before, row.entered, row.departed) == (11, 12, 1, 2)
	assert row.year_ago == 5 and row.change == pytest.approx(100 * (11 / 12 - 1), abs=0.06)
	(row,) = sizes(company, segment=segment, period="Last 30 Days").rows
	assert (row.before, row.entered, row.departed) == (12, 1, 0)
	(row,) = sizes(
		company,
		segment=segment,
		period="Choose Dates",
		from_date=add_days(nowdate(), -99),
		to_date=add_days(nowdate(), -50),
	).rows
	assert (row["size"], row.before, row.entered) == (12, 12, 0)


def test_the_chart_follows_the_size(company, segment):
	report = sizes(company, segment=segment)
	values = report.chart["data"]["datasets"][0]["values"]
	assert values[0] == 12 and values[-1] == 11 and len(values) <= 14
	assert "grown" in report.message


def test_names_of_segments_are_text(company, segment):
	report = sizes(company, segment=segment)
	assert report.rows[0].label.startswith("Tea <b>")
	assert "<b>Friends" not in report.html


def test_a_part_of_the_customers_is_counted_from_the_members(company, segment, as_user):
	group = truth().group
	members = sorted(truth().orders)[:13]
	wanted = [name for name in members[2:] if group[name] == shop.REGULARS]
	(row,) = sizes(company, segment=segment, customer_group=shop.REGULARS).rows
	assert row["size"] == len(wanted)
	assert row.before == sum(1 for name in members[:12] if group[name] == shop.REGULARS)
	frappe.permissions.add_user_permission("Customer", members[3], MANAGER)
	frappe.clear_cache(user=MANAGER)
	try:
		with as_user(MANAGER):
			(row,) = sizes(company, segment=segment).rows
			assert (row["size"], row.departed) == (1, 0)
	finally:
		frappe.cache.hdel("user_permissions", MANAGER)


def test_nothing_yet(company, as_user):
	frappe.db.delete("CCMS Customer Segment", {"company": ABROAD})
	assert "no segments yet" in sizes(ABROAD).message
	frappe.db.delete("CCMS Segment Size")
	report = sizes(company)
	assert report.rows == [] and report.chart is None


def test_who_reads_it(company, segment, as_user):
	with as_user(ANALYST):
		assert sizes(company, segment=segment).rows
	with as_user(SELLER), pytest.raises(frappe.PermissionError):
		sizes(company)
	with as_user(ANALYST), pytest.raises(frappe.PermissionError, match="may not see"):
		sizes(company, segment="No such")


def test_a_segment_that_cannot_be_read_any_more_is_named(company, segment):
	frappe.db.set_value("CCMS Customer Segment", segment, {"status": "Invalid"})
	report = sizes(company, segment=segment)
	assert report.warns and report.rows[0].state == "Invalid"
