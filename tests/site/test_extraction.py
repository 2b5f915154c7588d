"""Invoices as LINES in Parquet: what counts and what it becomes, which months are read again, who can read the files."""

from datetime import date

import frappe
import pytest
from frappe.utils import add_days, add_months, get_first_day, getdate, nowdate

from ccms_app.behaviour.private import PRIVATE
from ccms_app.behaviour.store import dirty, files
from tests.site import world
from tests.site.factories import (
	ABROAD,
	COMPANY,
	CUP,
	TEA,
	account,
	make_customer,
	make_item,
	make_pos_invoice,
	make_return,
	make_sales_invoice,
)
from tests.site.line_files import lines_of, read
from tests.site.payments import close_till, open_till
from tests.site.rest import Browser

pytestmark = pytest.mark.commits


def ago(days: int) -> date:
	return getdate(add_days(nowdate(), -days))


def this_month() -> str:
	return nowdate()[:7]


def test_a_sale_becomes_a_line_with_everything_it_says():
	customer = make_customer()
	sale = make_sales_invoice(
		customer,
		posting_date=ago(3),
		posting_time="10:20:30",
		items=[{"item_code": TEA, "qty": 2, "rate": 80, "price_list_rate": 100, "discount_percentage": 20}],
		taxes=world.VAT,
	)
	read()
	(line,) = lines_of(customer)
	assert (line["voucher_type"], line["invoice"]) == ("Sales Invoice", sale.name)
	assert line["line"] == sale.items[0].name
	assert str(line["posted_at"]) == f"{ago(3)} 10:20:30"
	assert line["day"] == ago(3)
	assert (line["item"], line["item_group"]) == (TEA, "Products")
	assert (line["qty"], line["stock_qty"], line["net_amount"]) == (2, 2, 160)
	assert line["paid_ratio"] == pytest.approx(0.8)
	assert line["list_amount"] == pytest.approx(200)
	assert line["branch"] == account("Main")
	assert (line["channel"], line["customer_group"], line["territory"]) == (
		"Invoice",
		"Individual",
		"All Territories",
	)
	assert not (line["is_return"] or line["is_debit_note"] or line["is_free"])
	assert line["margin"] is None and line["return_against"] is None and line["brand"] is None


def test_what_was_bought_of_a_private_group_is_not_told():
	parent = frappe.get_doc({"doctype": "Item Group", "item_group_name": f"Clinic {frappe.generate_hash(length=5)}",
		"parent_item_group": "All Item Groups", "is_group": 1}).insert()  # fmt: skip
	child = frappe.get_doc({"doctype": "Item Group", "item_group_name": f"Pills {frappe.generate_hash(length=5)}",
		"parent_item_group": parent.name}).insert()  # fmt: skip
	item = make_item(item_group=child.name).name
	customer = make_customer()
	make_sales_invoice(customer, posting_date=ago(3), items=[(item, 2, 50), (TEA, 1, 100)])
	read()
	assert {line["item"]: line["item_group"] for line in lines_of(customer)} == {
		item: child.name,
		TEA: "Products",
	}
	parent.reload().update({"ccms_privacy_class": "Medical"}).save()
	try:
		assert read().read_months, "a class changes what every file may say"
		told = {line["item"]: line for line in lines_of(customer)}
		assert set(told) == {PRIVATE, TEA}
		hidden = told[PRIVATE]
		assert (hidden["item_group"], hidden["brand"]) == (None, None)
		assert (hidden["qty"], hidden["net_amount"]) == (2, 100), "money and orders count"
		text = " ".join(str(value) for line in told.values() for value in line.values())
		assert item not in text and child.name not in text
	finally:
		parent.reload().update({"ccms_privacy_class": ""}).save()
		frappe.db.commit()
	read()
	assert {line["item"] for line in lines_of(customer)} == {item, TEA}


def test_a_discount_on_the_whole_lowers_the_ratio_of_each_line():
	customer = make_customer()
	make_sales_invoice(
		customer,
		items=[(TEA, 1, 100), (CUP, 2, 50)],
		apply_discount_on="Net Total",
		additional_discount_percentage=10,
	)
	read()
	tea, cup = sorted(lines_of(customer), key=lambda row: row["item"], reverse=True)
	assert (tea["net_amount"], cup["net_amount"]) == (90, 90)
	assert tea["paid_ratio"] == cup["paid_ratio"] == pytest.approx(0.9)
	assert tea["list_amount"] == pytest.approx(100)


def test_prices_with_tax_inside_are_compared_without_it():
	customer = make_customer()
	make_sales_invoice(customer, rate=113, taxes=world.VAT_INCLUDED)
	read()
	(line,) = lines_of(customer)
	assert line["net_amount"] == pytest.approx(100)
	assert line["paid_ratio"] == pytest.approx(1)
	assert line["list_amount"] == pytest.approx(100)


def test_a_return_is_negative_and_names_what_it_returns():
	customer = make_customer()
	sale = make_sales_invoice(customer, qty=3, rate=40, posting_date=ago(5))
	back = make_return(sale, 1)
	read()
	_sold, line = lines_of(customer)
	assert (line["invoice"], line["is_return"]) == (back.name, True)
	assert (line["qty"], line["net_amount"]) == (-1, -40)
	assert (line["return_against"], line["return_line"]) == (sale.name, sale.items[0].name)
	assert line["paid_ratio"] == pytest.approx(1) and line["list_amount"] == pytest.approx(-40)


def test_what_does_not_count_is_not_there():
	customer = make_customer()
	make_sales_invoice(customer, submit=False)
	make_sales_invoice(customer).cancel()
	# an item of its own: ERPNext remembers the account of an item that has none
	opening = {"item_code": make_item().name, "income_account": account("Temporary Opening")}
	make_sales_invoice(customer, is_opening="Yes", items=[opening])
	read()
	assert lines_of(customer) == []


def test_a_debit_note_is_marked():
	customer = make_customer()
	sale = make_sales_invoice(customer, rate=100)
	make_sales_invoice(customer, rate=20, is_debit_note=1, return_against=sale.name)
	read()
	assert sorted((line["is_debit_note"], line["net_amount"]) for line in lines_of(customer)) == [
		(False, 100),
		(True, 20),
	]


def test_a_closed_till_counts_once():
	customer = make_customer()
	close_till(open_till())
	opening = open_till()
	sale = make_pos_invoice(customer, qty=2, rate=50)
	make_return(sale, 1)
	close_till(opening)
	assert frappe.db.get_value("POS Invoice", sale.name, "consolidated_invoice")
	read()
	lines = lines_of(customer)
	assert {line["voucher_type"] for line in lines} == {"POS Invoice"}
	assert sorted(line["net_amount"] for line in lines) == [-50, 100]
	assert {line["channel"] for line in lines} == {"POS"}
	returned = next(line for line in lines if line["is_return"])
	assert (returned["return_against"], returned["return_line"]) == (sale.name, sale.items[0].name)


def test_foreign_currency_arrives_in_the_companys():
	customer = make_customer(default_currency="USD")
	make_sales_invoice(
		customer, currency="USD", conversion_rate=7, rate=10, debit_to=account("Debtors USD"), price_list_currency="USD",
		plc_conversion_rate=7,
	)  # fmt: skip
	make_sales_invoice(customer, company=ABROAD, currency="USD", rate=30)
	read()
	(line,) = lines_of(customer)
	assert (line["net_amount"], line["list_amount"]) == (70, pytest.approx(70))
	read(ABROAD)
	(line,) = lines_of(customer, ABROAD)
	assert line["net_amount"] == 30


def test_strange_names_arrive_as_they_are():
	item = make_item(item_name='Tea, "green"\nand black')
	customer = make_customer(customer_name='O\'Hara "Sons", 王芳 & Co \\ x')
	make_sales_invoice(customer, items=[(item.name, 1, 10)])
	read()
	(line,) = lines_of(customer)
	assert (line["customer"], line["item"]) == (customer.name, item.name)


def test_only_months_that_changed_are_read_again():
	customer = make_customer()
	old = getdate(add_months(get_first_day(nowdate()), -5))
	make_sales_invoice(customer, posting_date=old)
	make_sales_invoice(customer)
	read()
	assert read().read_months == []
	make_sales_invoice(customer)
	assert read().read_months == [this_month()]
	assert len(lines_of(customer)) == 3


def test_a_backdated_a_cancelled_and_a_removed_sale_are_found():
	customer = make_customer()
	old = getdate(add_months(get_first_day(nowdate()), -7))
	make_sales_invoice(make_customer(), posting_date=old)  # a month with nothing left is dropped, not read
	read()
	sale = make_sales_invoice(customer, posting_date=old)
	assert read().read_months == [str(old)[:7]]
	sale.reload().cancel()
	assert read().read_months == [str(old)[:7]]
	assert lines_of(customer) == []


def test_an_invoice_that_moved_to_another_day_behind_everybodys_back_is_found():
	customer = make_customer()
	old = getdate(add_months(get_first_day(nowdate()), -8))
	make_sales_invoice(make_customer(), posting_date=old)
	sale = make_sales_invoice(customer, posting_date=old)
	read()
	frappe.db.sql("update `tabSales Invoice` set posting_date = %s where name = %s", (nowdate(), sale.name))
	assert read().read_months == sorted({str(old)[:7], this_month()})
	assert [str(line["day"]) for line in lines_of(customer)] == [nowdate()]


def test_a_renamed_customer_is_found_and_a_merged_one():
	one, other = make_customer(), make_customer()
	make_sales_invoice(one)
	make_sales_invoice(other)
	read()
	new = f"{one.name} renamed"
	frappe.rename_doc("Customer", one.name, new)
	assert read().read_months == [this_month()]
	assert [line["customer"] for line in lines_of(frappe.get_doc("Customer", new))] == [new]
	frappe.rename_doc("Customer", new, other.name, merge=True)
	assert read().read_months == [this_month()]
	assert len(lines_of(other)) == 2


def test_a_renamed_item_is_found():
	item, customer = make_item(), make_customer()
	make_sales_invoice(customer, items=[(item.name, 1, 10)])
	read()
	new = f"{item.name} renamed"
	frappe.rename_doc("Item", item.name, new)
	frappe.db.commit()
	assert dirty.marked(COMPANY)
	read()
	assert [line["item"] for line in lines_of(customer)] == [new]
	assert dirty.marked(COMPANY) == []


def test_a_lost_or_broken_file_is_read_again():
	customer = make_customer()
	make_sales_invoice(customer)
	read()
	(files.folder(COMPANY) / files.read(COMPANY)["months"][this_month()]["file"]).unlink()
	assert read().read_months == [this_month()]
	(files.folder(COMPANY) / files.WORKING).write_text("{ broken")
	assert this_month() in read().read_months
	assert len(lines_of(customer)) == 1


def test_another_branch_setting_or_a_full_run_reads_everything():
	make_sales_invoice(make_customer())
	total = read().months
	assert len(read(branch="territory").read_months) == total
	assert len(read(branch="cost_center").read_months) == total
	assert len(read(full=True).read_months) == total


def test_a_reader_is_not_disturbed_by_a_new_state():
	customer = make_customer()
	make_sales_invoice(customer)
	read()
	before = files.read(COMPANY)["months"][this_month()]["file"]
	make_sales_invoice(customer)
	read()
	files.tidy(COMPANY)
	assert (files.folder(COMPANY) / before).is_file(), "a reader may still have it open"
	files.tidy(COMPANY, grace=-1)
	assert not (files.folder(COMPANY) / before).is_file()
	assert len(lines_of(customer)) == 2


@pytest.mark.parametrize("who", [None, world.SELLER, world.ANALYST, world.MANAGER])
def test_nobody_downloads_the_files(who):
	make_sales_invoice(make_customer())
	read()
	month = files.read(COMPANY)["months"][this_month()]["file"]
	place = files.folder(COMPANY).name
	browser = Browser(who)
	for path in (
		f"/private/ccms/{place}/{month}",
		f"/private/files/../ccms/{place}/{month}",
		f"/files/../../private/ccms/{place}/{month}",
		f"/ccms/{place}/{month}",
	):
		response = browser.client.get(path, headers={"X-Frappe-Site-Name": browser.site})
		assert b"PAR1" not in response.get_data()
	if who:
		status, body = browser.resource(
			"POST",
			"File",
			file_name="x.parquet",
			is_private=1,
			file_url=f"/private/files/../ccms/{place}/{month}",
		)
		assert status >= 400, body
