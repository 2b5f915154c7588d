"""Who sees profiles, scores, runs, stage changes and events, and that nobody writes them."""

import frappe
import pytest

from tests.site import world
from tests.site.rest import Browser
from tests.site.scored import CHANGE, EVENT, PROFILE, RUN, SCORE, Shop

pytestmark = pytest.mark.commits
COMPUTED = (PROFILE, SCORE, CHANGE, EVENT)
PORTAL = "portal@ccms.test"


@pytest.fixture(scope="module")
def scored(site):
	"""A shop with two runs, of which one is published, a customer and their profile."""
	shop = Shop()
	(customer,) = shop.buyers([30, 10])
	first = shop.score()
	second = shop.score(ahead=200)
	yield frappe._dict(shop=shop, customer=customer, first=first.name, second=second.name)
	shop.empty()


@pytest.mark.parametrize("doctype", COMPUTED)
def test_no_role_writes_what_is_computed(doctype):
	for row in frappe.get_meta(doctype).permissions:
		assert row.read or row.role == "CCMS Analyst", row.role
		assert not any(row.get(what) for what in ("write", "create", "delete", "submit", "import")), row.role


@pytest.mark.parametrize("doctype", COMPUTED)
@pytest.mark.parametrize(
	"write",
	[
		lambda doc: frappe.copy_doc(doc).insert(ignore_permissions=True),
		lambda doc: doc.save(ignore_permissions=True),
		lambda doc: doc.db_set("customer", "Somebody"),
		lambda doc: frappe.delete_doc(doc.doctype, doc.name, force=True),
		lambda doc: frappe.rename_doc(doc.doctype, doc.name, "another", force=True),
	],
	ids=["insert", "save", "db_set", "delete", "rename"],
)
def test_not_even_the_administrator_writes_it(scored, doctype, write):
	doc = frappe.get_last_doc(doctype, {"company": scored.shop.name})
	with pytest.raises(frappe.PermissionError):
		write(doc)
	frappe.db.rollback()


@pytest.mark.parametrize(
	("who", "sees"),
	[
		(world.MANAGER, {*COMPUTED, RUN}),
		(world.ANALYST, {RUN}),
		(world.SELLER, {*COMPUTED, RUN}),
		("Guest", set()),
	],
)
def test_who_reads_what(as_user, who, sees):
	with as_user(who):
		assert {doctype for doctype in (*COMPUTED, RUN) if frappe.has_permission(doctype, "read")} == sees


def test_lists_show_published_scores_alone(scored):
	browser = Browser(world.SELLER)
	status, body = browser.get(
		"frappe.client.get_list", doctype=SCORE, fields='["score_run"]', limit_page_length=0
	)
	assert status == 200
	runs = {row["score_run"] for row in body["message"]}
	assert scored.second in runs and scored.first not in runs


def test_an_analyst_sees_no_row_of_a_person(scored):
	arguments = {"doctype": SCORE, "name": frappe.db.get_value(SCORE, {"score_run": scored.second})}
	status, body = Browser(world.ANALYST).get("frappe.client.get", **arguments)
	assert status == 403
	status, body = Browser(world.SELLER).get("frappe.client.get", **arguments)
	assert body["message"]["customer_name"] == scored.customer.customer_name


def test_a_user_held_to_one_customer_sees_that_ones_scores_alone(scored, as_user):
	other = scored.shop.buyers([5])[0]
	world.make_user("held@ccms.test", "Sales User")
	frappe.permissions.add_user_permission("Customer", other.name, "held@ccms.test")
	frappe.db.commit()
	try:
		with as_user("held@ccms.test"):
			assert frappe.get_list(PROFILE, pluck="customer") == [other.name]
			assert frappe.get_list(SCORE) == []
	finally:
		frappe.permissions.remove_user_permission("Customer", other.name, "held@ccms.test")
		frappe.db.commit()


@pytest.mark.parametrize("who", [None, PORTAL])
def test_a_guest_and_a_portal_user_get_nothing(scored, who):
	if who:
		world.make_user(PORTAL, "Customer", user_type="Website User")
		frappe.db.commit()
	browser = Browser(who)
	for doctype in (*COMPUTED, RUN, "CCMS Settings", "CCMS Dirty Month"):
		status, body = browser.resource("GET", doctype)
		assert status == 403, (doctype, body)
	status, _body = browser.post("ccms_app.api.scoring.score_now", company=scored.shop.name)
	assert status == 403


def test_a_manager_scores_over_rest_and_a_get_does_not(scored):
	browser = Browser(world.MANAGER)
	status, _body = browser.get("ccms_app.api.scoring.score_now", company=scored.shop.name)
	assert status >= 400
	status, body = browser.post("ccms_app.api.scoring.score_now", company=scored.shop.name)
	assert status == 200
	assert frappe.db.get_value(RUN, body["message"], "status") == "Queued"
