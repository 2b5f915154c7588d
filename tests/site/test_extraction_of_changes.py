"""Of a month with few changes only the changed documents are read: its file must be what a full reading would make of it."""

import random
from datetime import date

import frappe
import pyarrow as pa
import pytest
from frappe.utils import add_days, add_months, get_first_day, getdate, nowdate

from ccms_app.behaviour.store import documents, extract, files, months
from tests.site.factories import (
	COMPANY,
	CUP,
	TEA,
	make_customer,
	make_item,
	make_pos_invoice,
	make_return,
	make_sales_invoice,
)
from tests.site.line_files import everything, lines_of, read
from tests.site.payments import close_till, open_till

pytestmark = pytest.mark.commits

SALES = "Sales Invoice"


@pytest.fixture(scope="module")
def old() -> date:
	"""The first of a month long ago, with sales enough that a few changed ones are few."""
	day = getdate(add_months(get_first_day(nowdate()), -6))
	for _number in range(25):
		make_sales_invoice(make_customer(), posting_date=day, items=[(TEA, 2, 10), (CUP, 1, 5)])
	frappe.db.commit()
	return day


@pytest.fixture(autouse=True)
def as_they_are(old):
	"""The files hold what is there."""
	read(full=True)


def month_of(day: date) -> str:
	return str(day)[:7]


def merged(*days: date) -> extract.Extraction:
	"""Bring the files along: the months of these days, none of them in full, and what a full reading gives."""
	done = read()
	assert done.read_months == sorted({month_of(day) for day in days})
	assert done.full_months == []
	found = everything()
	assert done.lines == found.num_rows
	assert read(full=True).full_months
	assert found.equals(everything())
	return done


def write_behind(doctype: str, name: str, **fields) -> None:
	"""Change a document as an SQL console would: it does not know it was changed."""
	frappe.db.set_value(doctype, name, fields, update_modified=False)


def test_a_new_a_changed_and_a_cancelled_sale(old):
	one, other = make_customer(), make_customer()
	edited = make_sales_invoice(one, posting_date=old, items=[(TEA, 1, 10), (CUP, 1, 5)])
	cancelled = make_sales_invoice(one, posting_date=old)
	read()
	make_sales_invoice(other, posting_date=old)
	frappe.db.set_value(SALES, edited.name, "territory", "Rest Of The World")
	cancelled.reload().cancel()
	assert merged(old).read_lines == 3
	assert [line["territory"] for line in lines_of(one)] == ["Rest Of The World"] * 2
	assert len(lines_of(other)) == 1


def test_an_amended_sale_takes_the_place_of_the_cancelled(old):
	customer = make_customer()
	sale = make_sales_invoice(customer, posting_date=old, rate=100)
	read()
	sale.reload().cancel()
	amended = frappe.copy_doc(sale)
	amended.amended_from = sale.name
	amended.items[0].rate = 70
	amended.insert().submit()
	assert merged(old).read_lines == 1
	assert [(line["invoice"], line["net_amount"]) for line in lines_of(customer)] == [(amended.name, 70)]


def test_a_sale_that_moved_to_another_month_or_day_behind_everybodys_back(old):
	customer = make_customer()
	far, near = (make_sales_invoice(customer, posting_date=old).name for _number in range(2))
	before = getdate(add_days(old, -1))
	for _number in range(4):
		make_sales_invoice(make_customer(), posting_date=before)
	read()
	write_behind(SALES, far, posting_date=before)
	write_behind(SALES, near, posting_date=add_days(old, 3))
	assert merged(before, old).read_lines == 2
	assert [line["day"] for line in lines_of(customer)] == [before, getdate(add_days(old, 3))]


def test_a_deleted_sale_leaves_no_line(old):
	customer = make_customer()
	sale = make_sales_invoice(customer, posting_date=old)
	read()
	frappe.db.delete(SALES, {"name": sale.name})
	frappe.db.delete("Sales Invoice Item", {"parent": sale.name})
	assert merged(old).read_lines == 0
	assert lines_of(customer) == []


def test_a_merged_customer_takes_the_lines_along(old):
	one, other = make_customer(), make_customer()
	for customer in (one, one, other):
		make_sales_invoice(customer, posting_date=old)
	read()
	frappe.rename_doc("Customer", one.name, other.name, merge=True)
	assert merged(old).read_lines == 2
	assert len(lines_of(other)) == 3


def test_a_return_and_a_till_of_a_month_ago(old):
	customer = make_customer()
	sale = make_sales_invoice(customer, qty=3, posting_date=old)
	close_till(open_till())
	till = make_pos_invoice(customer, qty=2)
	write_behind("POS Invoice", till.name, posting_date=old)
	read()
	make_return(sale, 1, posting_date=old)
	write_behind("POS Invoice", till.name, territory="Rest Of The World")
	assert merged(old).read_lines == 2
	assert sorted(line["qty"] for line in lines_of(customer)) == [-1, 2, 3]


def test_a_sale_of_two_kinds_with_one_name():
	"""Both kinds are named by the same series: whose lines go is told by both, kind and name."""
	lines = pa.table({"voucher_type": [SALES, "POS Invoice"], "invoice": ["INV-1", "INV-1"]})
	for kind, other in ((SALES, "POS Invoice"), ("POS Invoice", SALES)):
		gone = pa.table({"voucher_type": [kind], "invoice": ["INV-1"], "checksum": [1]})
		assert documents.without(lines, gone)["voucher_type"].to_pylist() == [other]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_to_an_old_month(old, seed):
	chance = random.Random(seed)
	sales = [make_sales_invoice(posting_date=old, items=[(TEA, 2, 10), (CUP, 1, 5)]) for _number in range(12)]
	read()
	for _night in range(3):
		for _change in range(chance.randint(1, 3)):
			what = chance.choice(["new", "cancel", "edit", "amount", "move", "return"])
			sale = chance.choice(sales)
			if what == "new":
				sales.append(make_sales_invoice(posting_date=old, qty=chance.randint(1, 5)))
			elif what == "cancel" and not frappe.db.exists(
				SALES, {"return_against": sale.name, "docstatus": 1}
			):
				sale.reload().cancel()
				sales.remove(sale)
			elif what == "return":
				make_return(sale, 1, posting_date=add_days(old, 2))
			elif what == "amount":
				write_behind("Sales Invoice Item", sale.items[0].name, base_net_amount=chance.randint(1, 99))
				write_behind(SALES, sale.name, base_net_total=chance.randint(100, 999))
			elif what == "move":
				write_behind(SALES, sale.name, posting_date=add_days(old, chance.randint(0, 20)))
			else:
				frappe.db.set_value(SALES, sale.name, "customer_group", "Commercial")
		merged(old)


def test_a_month_is_read_in_full_when_much_has_changed_or_a_file_is_gone_or_broken(old):
	for number, name in enumerate(frappe.get_all(SALES, {"posting_date": old, "docstatus": 1}, pluck="name")):
		if number % 2:
			frappe.db.set_value(SALES, name, "territory", "Rest Of The World")
	assert read().full_months == [month_of(old)]
	for which in ("file", "documents"):
		make_sales_invoice(posting_date=old)
		place = files.folder(COMPANY) / files.read(COMPANY)["months"][month_of(old)][which]
		place.write_bytes(b"PAR1 broken")
		assert read().full_months == [month_of(old)]
		place = files.folder(COMPANY) / files.read(COMPANY)["months"][month_of(old)][which]
		place.unlink()
		assert read().full_months == [month_of(old)]


def test_a_changed_month_is_read_in_full_while_young_and_now_and_then(old):
	"""What a line has cost is corrected later, and no document says so."""
	make_sales_invoice()
	make_sales_invoice(posting_date=old)
	sale = make_sales_invoice(posting_date=old)
	done = read()
	assert nowdate()[:7] in done.full_months and month_of(old) not in done.full_months
	manifest = files.read(COMPANY)
	manifest["months"][month_of(old)]["full_on"] = str(add_days(nowdate(), -2 * months.FULL_DAYS))
	files.write(COMPANY, manifest)
	assert read().read_months == [], "nothing has changed"
	frappe.db.set_value(SALES, sale.name, "territory", "Rest Of The World")
	assert read().full_months == [month_of(old)]
	assert files.read(COMPANY)["months"][month_of(old)]["full_on"] == nowdate()


def test_months_of_renamed_items_are_read_in_full(old):
	item = make_item()
	sale = make_sales_invoice(posting_date=old, items=[(item.name, 1, 10)])
	read()
	frappe.rename_doc("Item", item.name, f"{item.name} renamed")
	assert month_of(old) in read().full_months
	assert [line["item"] for line in lines_of(frappe.get_doc("Customer", sale.customer))] == [
		f"{item.name} renamed"
	]


def test_a_reading_that_was_stopped_is_taken_up_again(old, monkeypatch):
	days = [getdate(add_months(old, -number)) for number in range(9)]
	for day in days:
		for _number in range(4):
			make_sales_invoice(posting_date=day)
	read()
	for day in days:
		make_sales_invoice(posting_date=day)
	frappe.db.commit()
	whole, done = months.Month.changed, []

	def dies_after_seven(self, known, now):
		if len(done) == 7:
			raise KeyboardInterrupt
		done.append(self.month)
		return whole(self, known, now)

	monkeypatch.setattr(months.Month, "changed", dies_after_seven)
	with pytest.raises(KeyboardInterrupt):
		extract.extract(COMPANY)
	monkeypatch.setattr(months.Month, "changed", whole)
	assert merged(*days[:3]).read_lines == 3
