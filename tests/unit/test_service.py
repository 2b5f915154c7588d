"""Return and complaint rates by hand."""

from datetime import date

import pandas as pd
import pytest

from ccms_app.behaviour import service
from tests.unit.shop_lines import line, returned, table

AS_OF = date(2024, 12, 30)


def rows():
	tea = line("ann", 10, "tea", net=80)
	jam = line("ann", 10, "jam", net=20)
	other = line("ben", 20, "tea", net=100, branch="Harbour")
	return [tea, jam, other, returned(tea, 30, net=40), returned(other, 31, linked=False)]


def returns(by, lines=None, **more):
	return service.returns(table(rows() if lines is None else lines), AS_OF, by, **more).set_index(by)


class TestReturns:
	def test_by_customer(self):
		found = returns("customer")
		assert found["return_rate"].to_dict() == {"ann": 0.4, "ben": 0}
		assert found.loc["ann", ["orders", "sold", "returned", "return_lines", "unlinked"]].tolist() == [
			1,
			100,
			40,
			1,
			0,
		]
		assert found.loc["ben", "unlinked"] == 100

	def test_by_item_and_branch(self):
		items = returns("item")
		assert items["return_rate"].to_dict() == {"tea": pytest.approx(40 / 180), "jam": 0}
		assert items["customers"].to_dict() == {"tea": 2, "jam": 1}
		assert returns("branch")["return_rate"].to_dict() == {"Main": 0.4, "Harbour": 0}

	def test_most_returned_first(self):
		assert list(returns("item").index) == ["tea", "jam"]

	def test_returns_of_sales_before_the_window_do_not_count(self):
		old = line("ann", date(2023, 6, 1), net=50)
		found = returns("customer", [*rows(), old, returned(old, 40)])
		assert found.loc["ann", ["sold", "returned", "unlinked"]].tolist() == [100, 40, 0]

	def test_returns_after_the_as_of_do_not_count(self):
		late = returned(rows()[1], AS_OF)
		pd.testing.assert_frame_equal(returns("customer", [*rows(), late]), returns("customer"))

	def test_an_order_that_came_back_as_a_whole_was_sold_but_is_none(self):
		sent = line("ann", 40, "tea", net=100)
		found = returns("customer", [*rows(), sent, returned(sent, 41)])
		assert found.loc["ann", ["orders", "sold", "returned"]].tolist() == [1, 200, 140]

	def test_never_above_one(self):
		tea = line("ann", 10, net=10)
		assert returns("customer", [tea, returned(tea, 11, net=15)])["return_rate"].tolist() == [1]

	def test_only_returns(self):
		found = returns("customer", [returned(line("ann", 10), 11, linked=False)])
		assert found["sold"].tolist() == [0] and found["return_rate"].isna().all()

	@pytest.mark.parametrize("by", ["customer", "item", "item_group", "brand", "branch"])
	def test_nothing(self, by):
		assert len(returns(by, [])) == 0

	def test_one_invoice_number_of_two_kinds_of_documents(self):
		sale = line("ann", 10, net=10, invoice="1")
		till = line("ben", 10, net=30, invoice="1", voucher_type="POS Invoice")
		found = returns("customer", [sale, till, returned(till, 12)])
		assert found["return_rate"].to_dict() == {"ann": 0, "ben": 1}


def issue(customer="ann", opened_on=date(2024, 3, 1), **more):
	return {
		"customer": customer,
		"opened_on": opened_on,
		"voucher_type": None,
		"invoice": None,
		"item": None,
	} | more


def complaints(by, *issues, lines=None):
	lines = [line("ann", 7 * number, net=10) for number in range(8)] if lines is None else lines
	columns = ["customer", "opened_on", "voucher_type", "invoice", "item"]
	frame = pd.DataFrame(list(issues), columns=columns)
	return service.complaints(table(lines), frame, AS_OF, by).set_index(by)


class TestComplaints:
	def test_by_customer(self):
		found = complaints("customer", issue(), issue(), issue("ben"))
		assert found.loc["ann", ["complaints", "orders"]].tolist() == [2, 8]
		assert found.loc["ann", "complaint_rate"] == 0.25
		assert found.loc["ben", "complaints"] == 1 and pd.isna(found.loc["ben", "complaint_rate"])

	def test_under_five_orders_there_is_no_rate(self):
		lines = [line("ann", number) for number in range(4)]
		assert complaints("customer", issue(), lines=lines)["complaint_rate"].isna().all()

	def test_what_came_back_as_a_whole_is_no_order(self):
		lines = [line("ann", number) for number in range(6)]
		lines += [returned(each, 20) for each in lines[:2]]
		found = complaints("customer", issue(), lines=lines)
		assert found["orders"].tolist() == [4] and found["complaint_rate"].isna().all()

	def test_the_window(self):
		old, future = issue(opened_on=date(2023, 6, 1)), issue(opened_on=AS_OF)
		assert complaints("customer", old, future)["complaints"].tolist() == [0]

	def test_branch_from_the_invoice_and_group_from_the_item(self):
		named = issue(voucher_type="Sales Invoice", invoice=f"ann-{date(2024, 1, 8)}", item="tea")
		assert complaints("branch", named)["complaints"].to_dict() == {"Main": 1}
		assert complaints("item", named)["complaints"].to_dict() == {"tea": 1}
		assert complaints("item_group", named)["complaint_rate"].to_dict() == {"teas": 1 / 8}

	def test_what_cannot_be_attributed_is_still_counted(self):
		unknown = issue(voucher_type="Sales Invoice", invoice="another")
		found = complaints("branch", issue(), unknown).reset_index()
		assert found["complaints"].tolist() == [2, 0]
		assert pd.isna(found["branch"].iloc[0]) and found["branch"].iloc[1] == "Main"

	def test_nothing(self):
		assert complaints("customer")["complaints"].tolist() == [0]
		assert len(complaints("customer", lines=[])) == 0
		assert complaints("branch", issue(), lines=[])["complaints"].tolist() == [1]
