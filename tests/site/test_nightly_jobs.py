"""The nightly jobs: activate, expire, tiers, warnings, repair, audit; each twice, each after being killed midway."""

import frappe
import pytest
from frappe.utils import add_days, add_months, getdate, nowdate

from ccms_app.api.loyalty import get_balance
from ccms_app.loyalty import movements
from ccms_app.loyalty.store import audit, sweeps
from ccms_app.setup import notifications

from . import factories as make
from .clock import at
from .clock import day as days_from_now
from .ledger_checks import check, set_balance, strict  # noqa: F401

pytestmark = pytest.mark.commits


def member(program, **fields):
	customer = make.make_customer(program, **fields)
	return customer, frappe.db.get_value("CCMS Membership", {"customer": customer.name})


def types(membership: str) -> list[tuple[str, float]]:
	rows = frappe.get_all(
		"CCMS Points Ledger Entry",
		filters={"membership": membership, "entry_type": ["not in", ["Status", "Tier"]]},
		fields=["entry_type", "points"],
		order_by="seq",
	)
	return [(row.entry_type, row.points) for row in rows]


def test_points_become_available_when_their_day_has_come():
	customer, membership = member(make.make_program(pending_days=3))
	make.make_sales_invoice(customer)
	tomorrow = getdate(add_days(nowdate(), 3))
	assert get_balance(customer.name)["pending"] == 100
	frappe.db.commit()
	sweeps.activate(getdate(add_days(nowdate(), 2)))
	assert types(membership) == [("Earn", 100)]
	sweeps.activate(tomorrow)
	sweeps.activate(tomorrow)
	assert types(membership) == [("Earn", 100), ("Activate", 0)]
	assert frappe.db.get_value("CCMS Membership", membership, "points_active") == 100


def test_what_is_past_its_day_expires_once_and_on_the_day_after():
	customer, membership = member(make.make_program(expiry_model="Rolling", expiry_months=1))
	make.make_sales_invoice(customer, posting_date=add_days(add_months(nowdate(), -1), -1))
	kept = make.make_sales_invoice(customer, posting_date=add_months(nowdate(), -1))
	before = get_balance(customer.name)
	frappe.db.commit()
	sweeps.expire(getdate(nowdate()))
	sweeps.expire(getdate(nowdate()))
	assert types(membership) == [("Earn", 100), ("Earn", 100), ("Expire", -100)]
	expired = frappe.get_last_doc(
		"CCMS Points Ledger Entry", {"membership": membership, "entry_type": "Expire"}
	)
	lot = frappe.db.get_value("CCMS Points Lot", expired.lot, ["expires_on", "state"], as_dict=True)
	assert (expired.posting_date, lot.state) == (getdate(add_days(lot.expires_on, 1)), "Expired")
	after = get_balance(customer.name)
	assert (before["active"], after["active"]) == (100, 100), "no balance waits for the job"
	assert kept.ccms_points_earned == 100
	check(membership)


def test_an_idle_member_loses_dateless_points_and_an_active_one_does_not():
	program = make.make_program(expiry_model="Inactivity", expiry_months=2)
	idle, gone = member(program)
	busy, stays = member(program)
	make.make_sales_invoice(idle, posting_date=add_days(add_months(nowdate(), -2), -1))
	make.make_sales_invoice(busy, posting_date=add_days(add_months(nowdate(), -2), 1))
	frappe.db.commit()
	assert get_balance(idle.name)["active"] == 0
	sweeps.expire(getdate(nowdate()))
	sweeps.expire(getdate(nowdate()))
	assert types(gone) == [("Earn", 100), ("Expire", -100)]
	assert types(stays) == [("Earn", 100)]
	check(gone)
	check(stays)


def test_a_tier_is_lowered_only_when_its_time_and_grace_are_over():
	program = make.make_program(
		tiers=make.make_tiers(Base=0, Silver=100, Gold=(300, 2)), downgrade="One Step", tier_grace_days=10
	)
	customer, membership = member(program)
	make.make_sales_invoice(customer, qty=3)
	until = frappe.db.get_value("CCMS Membership", membership, "tier_until")
	assert until == getdate(add_months(nowdate(), 12))
	frappe.db.commit()
	tiers = []
	for day in (1, 10, 11, 11, 400):
		sweeps.review_tiers(getdate(add_days(until, day)))
		tiers.append(frappe.db.get_value("CCMS Membership", membership, "tier"))
	assert tiers == ["Gold", "Gold", "Silver", "Silver", "Base"]
	made = frappe.get_all(
		"CCMS Points Ledger Entry",
		filters={"membership": membership, "reason": "downgrade"},
		fields=["old_value", "new_value"],
		order_by="seq",
	)
	assert [(row.old_value, row.new_value) for row in made] == [("Gold", "Silver"), ("Silver", "Base")]


@pytest.fixture
def warnings_on():
	"""The notification is enabled and the site can send mail (nothing leaves the queue in a test)."""
	account = frappe.get_doc(
		{
			"doctype": "Email Account",
			"name": "CCMS Test Mail",
			"email_account_name": "CCMS Test Mail",
			"email_id": "shop@ccms.test",
			"enable_outgoing": 1,
			"default_outgoing": 1,
			"smtp_server": "localhost",
		}
	)
	if not frappe.db.exists("Email Account", account.name):
		account.db_insert()  # saving one tries its server
	was_on = notifications.expiry_warnings_are_on()
	notifications.switch_expiry_warnings(True)
	frappe.db.commit()
	yield
	frappe.db.delete("Email Account", account.name)
	notifications.switch_expiry_warnings(was_on)
	frappe.db.commit()


def test_members_are_told_of_each_batch_once_with_every_upcoming_one_listed(warnings_on):
	program = make.make_program(expiry_model="Rolling", expiry_months=2)
	customer, membership = member(program, email_id="wang@example.com")
	make.make_sales_invoice(customer, posting_date=add_days(add_months(nowdate(), -2), 10))
	make.make_sales_invoice(customer, qty=2)
	frappe.db.commit()
	today = getdate(nowdate())
	sweeps.warn(today)
	sweeps.warn(today)
	(mail,) = mails_to(membership)
	first, second = frappe.get_all(
		"CCMS Points Lot", filters={"membership": membership}, pluck="expires_on", order_by="expires_on"
	)
	for day in (first, second):
		assert frappe.utils.formatdate(day) in mail
	sweeps.warn(getdate(add_days(second, -20)))
	assert len(mails_to(membership)) == 2


def test_points_that_have_come_back_since_are_told_of_too(warnings_on):
	"""A return refills a batch, or opens one that lives a few days: sooner than what was announced last."""
	program = make.make_program(expiry_model="Rolling", expiry_months=1, restore_grace_days=7)
	customer, membership = member(program, email_id="wu@example.com")
	with at(days_from_now(-40)):
		set_balance(membership, 100)
		gone = make.make_sales_invoice(customer, qty=2, ccms_redeem_points=100)
	set_balance(membership, 100, expires_on=days_from_now(10))
	spent = make.make_sales_invoice(customer, qty=2, ccms_redeem_points=100)
	frappe.db.commit()
	sweeps.warn(getdate(nowdate()))
	for number, sale in enumerate((gone, spent), 2):
		make.make_return(sale, 1, set_posting_time=0)
		frappe.db.commit()
		sweeps.warn(getdate(nowdate()))
		sweeps.warn(getdate(nowdate()))
		assert len(mails_to(membership)) == number


def switch(notification: str, enabled: int) -> None:
	doc = frappe.get_doc("Notification", notification)
	doc.enabled = enabled
	doc.save()


def mails_to(membership: str) -> list[str]:
	"""What was sent to a member."""
	return frappe.get_all("Communication", filters={"reference_name": membership}, pluck="content")


def test_who_could_not_be_told_is_told_the_next_day(warnings_on):
	customer, membership = member(
		make.make_program(expiry_model="Rolling", expiry_months=1), email_id="zhao@example.com"
	)
	make.make_sales_invoice(customer)
	message = frappe.db.get_value("Notification", notifications.EXPIRING, "message")
	frappe.db.set_value("Notification", notifications.EXPIRING, "message", "{{ doc.no_such_thing() }}")
	frappe.db.commit()
	try:
		sweeps.warn(getdate(nowdate()))
		assert not frappe.db.get_value("CCMS Membership", membership, "warned_until")
	finally:
		frappe.db.set_value("Notification", notifications.EXPIRING, "message", message)
		frappe.db.commit()
	sweeps.warn(getdate(nowdate()))
	assert frappe.db.get_value("CCMS Membership", membership, "warned_until")


def test_members_are_told_once_before_their_tier_is_lowered(warnings_on):
	program = make.make_program(tiers=make.make_tiers(Base=0, Gold=300), downgrade="To Earned Tier")
	loses, losing = member(program, email_id="sun@example.com")
	keeps, keeping = member(program, email_id="zhou@example.com")
	for customer in (loses, keeps):
		make.make_sales_invoice(customer, qty=3, posting_date=add_days(nowdate(), -355))
	make.make_sales_invoice(keeps, qty=3)
	switch(notifications.TIER_ENDING, 1)
	frappe.db.commit()
	try:
		day = getdate(add_days(frappe.db.get_value("CCMS Membership", losing, "tier_until"), -5))
		sweeps.review_tiers(day)
		sweeps.warn_of_tiers(day)
		sweeps.warn_of_tiers(day)
		(mail,) = mails_to(losing)
		assert "Gold" in mail and "300.00" in mail
		assert mails_to(keeping) == []
		# with a grace longer than the days of warning the mail goes out before the grace is over, and names its last day
		program.reload().update({"tier_grace_days": 60}).save()
		frappe.db.set_value("CCMS Membership", losing, "tier_warned_for", None)
		frappe.db.commit()
		for early in (day, getdate(add_days(day, 5))):
			sweeps.warn_of_tiers(early)
			assert len(mails_to(losing)) == 1
		sweeps.warn_of_tiers(getdate(add_days(day, 60)))
		last = add_days(frappe.db.get_value("CCMS Membership", losing, "tier_until"), 60)
		assert frappe.utils.formatdate(last) in mails_to(losing)[0] + mails_to(losing)[1]
	finally:
		switch(notifications.TIER_ENDING, 0)
		frappe.db.commit()


def test_nothing_is_remembered_as_announced_while_the_notification_is_off():
	program = make.make_program(expiry_model="Rolling", expiry_months=1)
	customer, membership = member(program, email_id="li@example.com")
	make.make_sales_invoice(customer)
	was_on = notifications.expiry_warnings_are_on()
	notifications.switch_expiry_warnings(False)
	frappe.db.commit()
	sweeps.warn(getdate(nowdate()))
	assert not frappe.db.get_value("CCMS Membership", membership, "warned_until")
	notifications.switch_expiry_warnings(was_on)
	frappe.db.commit()


def test_a_payment_and_an_earning_that_were_missed_are_made_up_for():
	customer, membership = member(make.make_program(accrue_when="When Paid"))
	unpaid = make.make_sales_invoice(customer)
	missed = make.make_sales_invoice(customer, qty=2)
	assert get_balance(customer.name)["pending"] == 300
	# what a hook that failed leaves behind
	frappe.db.set_value("Sales Invoice", unpaid.name, "outstanding_amount", 0, update_modified=False)
	frappe.db.commit()
	sweeps.repair(getdate(nowdate()))
	sweeps.repair(getdate(nowdate()))
	found = get_balance(customer.name)
	assert (found["active"], found["pending"]) == (100, 200)
	frappe.db.set_value("Sales Invoice", unpaid.name, "outstanding_amount", 100, update_modified=False)
	frappe.db.commit()
	sweeps.repair(getdate(nowdate()))
	assert get_balance(customer.name)["active"] == 0
	assert missed.ccms_points_earned == 200
	check(membership)


@pytest.mark.parametrize("days", [0, -30])
def test_a_sale_that_earned_nothing_is_made_up_for_whatever_its_date(monkeypatch, days):
	customer, membership = member(make.make_program())
	frappe.flags.ccms_raise_errors = False
	with monkeypatch.context() as broken:
		broken.setattr(movements, "earn", lambda *_args, **_more: 1 / 0)
		make.make_sales_invoice(customer, posting_date=add_days(nowdate(), days))
	frappe.db.commit()
	sweeps.repair(getdate(nowdate()))
	assert check(membership).active == 100


def test_one_job_that_fails_keeps_none_of_the_others_from_running(monkeypatch):
	customer, membership = member(make.make_program(expiry_model="Rolling", expiry_months=1))
	make.make_sales_invoice(customer, posting_date=add_months(nowdate(), -3))
	frappe.db.commit()

	def fails(_day):
		raise RuntimeError("disk full")

	monkeypatch.setattr(sweeps, "activate", fails)
	done = sweeps.nightly()
	assert done["activate"] == "failed"
	assert types(membership) == [("Earn", 100), ("Expire", -100)]
	assert frappe.db.exists("Error Log", {"method": "CCMS: nightly job activate"})


def test_a_sweep_that_was_killed_goes_on_where_it_was(monkeypatch):
	program = make.make_program(expiry_model="Rolling", expiry_months=1)
	names = []
	for _number in range(4):
		customer, membership = member(program)
		make.make_sales_invoice(customer, posting_date=add_months(nowdate(), -2))
		names.append(membership)
	frappe.db.commit()
	monkeypatch.setattr(sweeps, "BATCH", 1)
	whole, runs = sweeps._one_batch, []

	def dies_after_two(*args):
		if len(runs) == 2:
			raise KeyboardInterrupt
		runs.append(args)
		whole(*args)

	monkeypatch.setattr(sweeps, "_one_batch", dies_after_two)
	with pytest.raises(KeyboardInterrupt):
		sweeps.expire(getdate(nowdate()))
	frappe.db.rollback()
	monkeypatch.setattr(sweeps, "_one_batch", whole)
	sweeps.expire(getdate(nowdate()))
	for name in names:
		assert types(name) == [("Earn", 100), ("Expire", -100)]
		check(name)


def test_a_finding_alerts_every_manager():
	from .world import MANAGER

	customer, membership = member(make.make_program())
	make.make_sales_invoice(customer)
	frappe.db.sql(
		"update `tabCCMS Points Lot` set remaining = remaining - 1 where membership = %s", (membership,)
	)
	frappe.db.commit()
	try:
		assert sweeps.check_ledger(getdate(nowdate())) >= 1
		assert any(row.membership == membership for row in audit.run())
		assert frappe.db.exists("Notification Log", {"for_user": MANAGER, "type": "Alert"})
	finally:
		frappe.db.sql(
			"update `tabCCMS Points Lot` set remaining = remaining + 1 where membership = %s", (membership,)
		)
		frappe.db.commit()


def test_a_sale_of_a_later_day_keeps_no_tier_from_its_review():
	program = make.make_program(tiers=make.make_tiers(Base=0, Gold=300), downgrade="To Earned Tier")
	customer, membership = member(program)
	make.make_sales_invoice(customer, qty=3, posting_date=add_days(nowdate(), -370))
	make.make_sales_invoice(customer, rate=1, posting_date=add_days(nowdate(), 300))
	frappe.db.commit()
	sweeps.review_tiers(getdate(nowdate()))
	assert frappe.db.get_value("CCMS Membership", membership, "tier") == "Base"
