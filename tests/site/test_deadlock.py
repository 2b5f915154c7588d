"""A deadlock rolls the whole submit back, points and all; submitted again, it goes through once."""

import time
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
from frappe.database import get_db

from tests.site.factories import make_customer, make_program, make_sales_invoice
from tests.site.ledger_checks import check, membership_of, points_of, set_balance
from tests.site.processes import Workers

pytestmark = pytest.mark.commits


@pytest.fixture
def rival():
	"""A second connection, whose transaction is the heavier one: the database lets it win."""
	conf = frappe.conf
	connection = get_db(
		conf.db_host, conf.db_name, conf.db_password, conf.db_port, conf.db_name, conf.db_socket
	)
	connection.sql(
		"insert into `tabActivity Log` (name, creation, modified) values "
		+ ", ".join(f"('ccms-rival-{number}', now(), now())" for number in range(500))
	)
	yield connection
	connection.rollback()
	connection.close()


def submit_once(name: str) -> str:
	return frappe.get_doc("Sales Invoice", name).submit().name


def waits_for(table: str) -> bool:
	"""Whether another connection is held up in a statement on that table."""
	others = frappe.db.sql("show processlist", as_dict=True)
	return any(
		table in (row.Info or "") and "processlist" not in row.Info and row.Time >= 1 for row in others
	)


def test_a_deadlocked_submit_leaves_nothing_and_goes_through_again(rival):
	customer = make_customer(make_program())
	membership = membership_of(customer)
	set_balance(membership, 100)
	draft = make_sales_invoice(customer, ccms_redeem_points=60, submit=False)
	frappe.db.commit()
	before = check(membership)

	with Workers(1) as worker, ThreadPoolExecutor(1) as other:
		# the submit takes the membership first, and later the company, whose sales of the month it writes
		rival.sql("select name from tabCompany where name = %s for update", draft.company)
		reply = other.submit(worker.run, f"{__name__}.submit_once", [{"name": draft.name}])
		until = time.monotonic() + 60
		while not waits_for("tabCompany"):
			assert time.monotonic() < until, reply
			time.sleep(0.05)
		rival.sql("select name from `tabCCMS Membership` where name = %s for update", membership)
		(answer,) = reply.result(60)
		assert answer["error"] == "QueryDeadlockError", answer
		frappe.db.rollback()
		assert draft.reload().docstatus == 0
		assert points_of(draft) == {}
		rival.rollback()
		assert check(membership) == before

		(answer,) = worker.run(f"{__name__}.submit_once", [{"name": draft.name}])
	assert answer == {"value": draft.name}
	frappe.db.rollback()
	assert points_of(draft.reload()) == {"Redeem": -60, "Earn": 94}
	assert check(membership).active == 134
