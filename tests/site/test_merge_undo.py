"""A merge is taken back: what it moved goes back, what arose since stays, and no point is made or lost."""

import ast

import frappe
import pytest
from frappe.model.rename_doc import update_document_title
from frappe.utils import add_days, getdate, now_datetime, nowdate

from ccms_app.identity.store import capture, identities, merge_records
from tests.site.factories import (
	make_customer,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
)
from tests.site.ledger_checks import (  # noqa: F401
	check,
	lots_of,
	membership_of,
	points_of,
	set_balance,
	strict,
)
from tests.site.merged_customers import (
	audited,
	business_rows,
	differences,
	full_of_traces,
	lots,
	merge,
	total,
	undone,
)
from tests.site.reach import owner_of
from tests.site.refusals import raises_refusal


@pytest.fixture
def program():
	return make_program()


# --- nothing in between --------------------------------------------------------------------------------------------


def test_with_nothing_in_between_every_row_is_as_it_was():
	program = make_program(tiers=make_tiers(Blue=0, Gold=150))
	source, target = full_of_traces(program), full_of_traces(program, points=30)
	make_sales_invoice(source, qty=2)  # Gold
	identity = identities.ensure("Email", f"{source.name.lower().replace(' ', '.')}@example.com")
	for customer in (source, target):
		identities.link(identity, customer.name, "Test")
	before, left = business_rows(), lots()
	undone(merge(source, target, reason="one person", evidence={"phone": 1}))
	assert differences(before, business_rows()) == []
	assert lots() == left
	for customer in (source, target):
		check(membership_of(customer, program))


def test_with_only_a_saving_of_the_target_in_between_too():
	"""Her own card, which belongs to a membership that the merge has left, and a phone that only the record shows."""
	program = make_program()
	source, target = full_of_traces(program), full_of_traces(program, mobile_no="13933334444")
	frappe.db.set_value("Customer", source.name, "mobile_no", "13811112222")  # as an import writes it
	capture.one(source.name)
	frappe.get_doc("Customer", target.name).save()  # it takes over what its contact says
	before, left = business_rows(), lots()
	name = merge(source, target)
	frappe.get_doc("Customer", target.name).save()
	assert owner_of("Phone", "+8613811112222") == (None, 0)
	undone(name)
	changed = [line for line in differences(before, business_rows()) if not is_saving(line)]
	assert changed == []
	assert lots() == left
	assert owner_of("Phone", "+8613811112222") == (source.name, 0)
	for customer in (source, target):
		card = frappe.db.get_value("CCMS Membership", membership_of(customer, program), "member_no")
		assert owner_of("Card", card) == (customer.name, 0)


def is_saving(line: str) -> bool:
	"""Whether a difference says only when something was saved."""
	_about, _colon, columns = line.partition(": ")
	return bool(columns) and set(ast.literal_eval(columns)) <= {"modified", "modified_by"}


def test_it_is_written_down_who_merged_what_and_why(program):
	source, target = full_of_traces(program), make_customer(program)
	doc = frappe.get_doc(merge_records.DOCTYPE, merge(source, target, reason="one person", evidence={"a": 1}))
	assert (doc.source, doc.target, doc.status, doc.via) == (source.name, target.name, "Merged", "Merge Into")
	assert (doc.merged_by, doc.reason) == (frappe.session.user, "one person")
	moved = {one["doctype"]: one for one in frappe.parse_json(doc.moved)}
	assert moved["Sales Invoice"]["documents"] == 2
	assert moved["Sales Invoice"]["drafts"] == 1
	assert {"Contact", "Address", "File", "ToDo", "Comment", "CCMS Membership"} <= set(moved)
	record = merge_records.unpack(doc.record)
	assert record["images"]["Customer"]["before"][source.name]["customer_name"] == source.customer_name


def test_the_standard_dialog_is_undone_the_same_way(program):
	source, target = full_of_traces(program), full_of_traces(program)
	before = business_rows()
	update_document_title(doctype="Customer", docname=source.name, name=target.name, merge=True)
	name = frappe.db.get_value(merge_records.DOCTYPE, {"source": source.name})
	assert frappe.db.get_value(merge_records.DOCTYPE, name, "via") == "Rename Dialog"
	undone(name)
	assert differences(before, business_rows()) == []


def test_only_the_source_is_a_member(program):
	source, target = full_of_traces(program), full_of_traces(None)
	before, left = business_rows(), lots()
	undone(merge(source, target))
	assert differences(before, business_rows()) == []
	assert lots() == left


def test_both_had_the_same_assignee_tag_and_contact(program):
	source, target = full_of_traces(program), full_of_traces(program)
	contact = frappe.get_last_doc("Contact")
	contact.append("links", {"link_doctype": "Customer", "link_name": source.name})
	contact.save()
	before = business_rows()
	name = merge(source, target)
	assert frappe.db.get_value("Customer", target.name, "_user_tags") == ",Tea lover"
	undone(name)
	assert differences(before, business_rows()) == []


@pytest.mark.parametrize("who", ["source", "target"])
def test_what_one_owes_is_theirs_again(program, who):
	customers = {"source": make_customer(program), "target": make_customer(program)}
	owing = customers[who]
	sale = make_sales_invoice(owing)
	make_sales_invoice(owing, qty=1, rate=30, ccms_redeem_points=100)
	make_return(sale)
	set_balance(membership_of(customers["target" if who == "source" else "source"]), 100)
	before, left = business_rows(), lots()
	undone(merge(customers["source"], customers["target"]))
	assert differences(before, business_rows()) == []
	assert lots() == left
	assert check(membership_of(owing)).arrears == 80


def test_two_merges_are_undone_newest_first(program):
	first, second, third = (full_of_traces(program) for _ in range(3))
	before = business_rows()
	one, two = merge(first, second), merge(second, third)
	with raises_refusal("newer merge"):
		undone(one)
	undone(two)
	undone(one)
	assert differences(before, business_rows()) == []


def test_merged_undone_and_merged_the_other_way_round(program):
	one, other = full_of_traces(program), full_of_traces(program)
	before = business_rows()
	undone(merge(one, other))
	undone(merge(other, one))
	undone(merge(one, other))
	assert differences(before, business_rows()) == []


# --- something in between --------------------------------------------------------------------------------------------


def test_what_arose_since_stays(program):
	source, target = full_of_traces(program), make_customer(program)
	theirs = membership_of(source)
	name = merge(source, target)
	new = make_sales_invoice(target, qty=3)
	undone(name)
	assert frappe.db.get_value("Sales Invoice", new.name, "customer") == target.name
	assert frappe.db.count("Sales Invoice", {"customer": source.name}) == 2
	assert check(membership_of(target)).active == 300
	assert membership_of(source) == theirs
	assert check(theirs).active == 200


def test_what_was_given_to_a_third_stays_there(program):
	source, target, third = full_of_traces(program), make_customer(program), make_customer()
	name = merge(source, target)
	todo = frappe.db.get_value("ToDo", {"reference_name": target.name})
	frappe.db.set_value("ToDo", todo, "reference_name", third.name)
	undone(name)
	assert frappe.db.get_value("ToDo", todo, "reference_name") == third.name


def test_changes_of_the_target_since_stay(program):
	source, target = make_customer(program), make_customer(program)
	name = merge(source, target)
	target.reload().update({"customer_name": "Someone", "website": "https://example.com"})
	target.save()
	undone(name)
	assert frappe.db.get_value("Customer", target.name, ["customer_name", "website"]) == (
		"Someone",
		"https://example.com",
	)


def test_spent_points_stay_spent_and_are_listed(program):
	source, target = make_customer(program), make_customer(program)
	set_balance(membership_of(source), 100)
	set_balance(membership_of(target), 30, expires_on=add_days(nowdate(), 9))
	name = merge(source, target)
	make_sales_invoice(target, rate=200, ccms_redeem_points=70)  # 30 of the target's, then 40 of the source's
	said = undone(name)
	assert any("40" in line for line in said), said
	assert check(membership_of(source)).active == 60
	earned = 193
	assert check(membership_of(target)).active == earned
	assert frappe.db.get_value(merge_records.DOCTYPE, name, "stayed") == "\n".join(said)


def test_later_returns(program):
	"""What was taken back since for the source's purchases is gone from the source, and nothing is taken twice."""
	source, target = make_customer(program), make_customer(program)
	sale = make_sales_invoice(source, qty=2)
	name = merge(source, target)
	make_return(sale.reload(), 1)
	undone(name)
	ours, theirs = membership_of(source), membership_of(target)
	assert (check(ours).active, check(theirs).active) == (100, 0)
	assert (check(ours).qualifying_value, check(theirs).qualifying_value) == (100, 0)
	make_return(sale.reload(), 1)
	assert (check(ours).active, check(theirs).active) == (0, 0)
	audited()


def test_a_return_after_the_undo_finds_its_own_lot(program):
	source, target = make_customer(program), make_customer(program)
	sale = make_sales_invoice(source)
	set_balance(membership_of(target), 50)
	undone(merge(source, target))
	assert points_of(make_return(sale.reload())) == {"Clawback": -100}
	assert check(membership_of(source)).active == 0
	assert check(membership_of(target)).active == 50


def test_points_that_became_usable_since_are_usable():
	program = make_program(accrue_when="When Paid")
	from tests.site.payments import pay

	source, target = make_customer(program), make_customer(program)
	sale = make_sales_invoice(source)
	name = merge(source, target)
	pay(sale.reload())
	undone(name)
	balance = check(membership_of(source))
	assert (balance.active, balance.pending) == (100, 0)


def test_debts_paid_since_stay_paid(program):
	source, target = make_customer(program), make_customer(program)
	sale = make_sales_invoice(source)
	make_sales_invoice(source, rate=30, ccms_redeem_points=100)
	make_return(sale)  # owes 80
	name = merge(source, target)
	make_sales_invoice(target)  # earns 100, of which 80 pay the debt
	said = undone(name)
	assert any("80" in line for line in said), said
	assert check(membership_of(source)).arrears == 0
	assert check(membership_of(target)).active == 20


def test_a_membership_that_moved_whole_leaves_what_came_since(program):
	source, target = make_customer(program), make_customer()
	set_balance(membership_of(source), 70)
	theirs = membership_of(source)
	name = merge(source, target)
	sale = make_sales_invoice(target)
	undone(name)
	assert membership_of(source) == theirs
	assert check(theirs).active == 70
	assert check(membership_of(target)).active == 100
	assert points_of(make_return(sale.reload())) == {"Clawback": -100}
	assert (check(theirs).active, check(membership_of(target)).active) == (70, 0)
	audited()


@pytest.mark.parametrize(("theirs", "ours"), [(5, 1), (1, 5)])
def test_tiers_are_each_ones_own_again(theirs, ours):
	program = make_program(tiers=make_tiers(Blue=0, Gold=300))
	source, target = make_customer(program), make_customer(program)
	make_sales_invoice(source, qty=theirs)
	make_sales_invoice(target, qty=ours)
	undone(merge(source, target))
	for customer, qty in ((source, theirs), (target, ours)):
		balance = check(membership_of(customer))
		assert (balance.tier, balance.qualifying_value) == ("Gold" if qty == 5 else "Blue", 100 * qty)


def test_a_member_who_had_left_has_left(program):
	from ccms_app.loyalty.store.members import set_status

	source, target = make_customer(program), make_customer(program)
	set_status(membership_of(target), "Left")
	undone(merge(source, target))
	assert check(membership_of(target)).status == "Left"
	assert check(membership_of(source)).status == "Active"


def test_drafts_go_back(program):
	source, target = make_customer(program), make_customer(program)
	set_balance(membership_of(source), 100)
	draft = make_sales_invoice(source, ccms_redeem_points=50, submit=False)
	undone(merge(source, target))
	assert draft.reload().customer == source.name
	assert points_of(draft.submit())["Redeem"] == -50
	assert check(membership_of(source)).active == 50 + 95


def test_the_target_was_renamed_since(program):
	source, target = full_of_traces(program), make_customer(program)
	name = merge(source, target)
	frappe.rename_doc("Customer", target.name, f"{target.name} II")
	undone(name)
	assert frappe.db.count("Sales Invoice", {"customer": source.name}) == 2
	assert check(membership_of(source)).active == 200


# --- not undone ------------------------------------------------------------------------------------------------------


def test_not_twice(program):
	name = merge(make_customer(program), make_customer(program))
	undone(name)
	with raises_refusal("undone already"):
		undone(name)


def test_not_after_ninety_days_or_what_the_setting_says(program):
	name = merge(make_customer(program), make_customer(program))
	frappe.db.set_value(merge_records.DOCTYPE, name, "merged_on", add_days(now_datetime(), -91))
	with raises_refusal("90 days"):
		undone(name)
	frappe.db.set_single_value("CCMS Settings", "merge_undo_days", 100)
	undone(name)


def test_not_after_an_erasure_of_either(program):
	from ccms_app.identity.store.handler import Handler

	for who in (0, 1):
		pair = make_customer(program), make_customer(program)
		name = merge(*pair)
		Handler().erase(pair[who].name, "erased-1")
		with raises_refusal("erased"):
			undone(name)
		row = frappe.db.get_value(merge_records.DOCTYPE, name, ["record", "source", "source_title"])
		assert not any(row), "the copies are emptied"


def test_an_erasure_empties_why_it_was_undone(program):
	from ccms_app.identity.store.handler import Handler

	source, target = make_customer(program), make_customer(program)
	name = merge(source, target, reason="Zebulon twice")
	undone(name, "Zebulon and his son")
	Handler().erase(source.name, "erased-1")
	assert "Zebulon" not in str(frappe.get_doc(merge_records.DOCTYPE, name).as_dict())


def test_deleting_the_survivor_empties_the_copies_of_both():
	source, target = make_customer(tax_id="TAX-ZEB"), make_customer()
	earlier, alone = make_customer(), make_customer()
	first = merge(earlier, source)
	name = merge(source, target, reason="Zebulon twice")
	other = merge(make_customer(), alone)
	for one in (first, name):
		assert frappe.db.get_value(merge_records.DOCTYPE, one, "record"), "the merge itself deletes nobody"
	# somebody else who bears the name of who was merged: nothing of the merge is theirs
	frappe.delete_doc("Customer", make_customer(customer_name=source.name).name)
	assert frappe.db.get_value(merge_records.DOCTYPE, name, "record")
	frappe.delete_doc("Customer", target.name)
	for one in (first, name):
		row = frappe.get_doc(merge_records.DOCTYPE, one)
		assert (row.status, row.record, row.reason, row.source) == ("Erased", "", "", "")
	with raises_refusal("deleted"):
		undone(name)
	assert frappe.db.get_value(merge_records.DOCTYPE, other, "record"), "those of others stay"


def test_a_second_merge_leaves_what_was_undone_written_down(program):
	source, target = make_customer(program), make_customer(program)
	first = merge(source, target)
	undone(first, "two after all")
	merge(source, target)
	row = frappe.get_doc(merge_records.DOCTYPE, first)
	assert (row.status, row.undo_reason) == ("Undone", "two after all")


def test_not_when_the_name_is_taken(program):
	source, target = make_customer(program), make_customer(program)
	name = merge(source, target)
	make_customer(customer_name=source.customer_name)
	with raises_refusal("Another customer is called"):
		undone(name)


def test_an_undo_that_dies_leaves_the_merge(program, monkeypatch):
	from ccms_app.loyalty.store.handler import Handler

	source, target = full_of_traces(program), make_customer(program)
	name = merge(source, target)
	before, left = business_rows(), total()

	def die(*_args):
		frappe.throw("not this time")

	monkeypatch.setattr(Handler, "unmerge", die)
	frappe.db.savepoint("here")
	with raises_refusal("not this time"):
		undone(name)
	frappe.db.rollback(save_point="here")
	assert differences(before, business_rows()) == []
	assert total() == left
	assert getdate(frappe.db.get_value(merge_records.DOCTYPE, name, "merged_on")) == getdate()
