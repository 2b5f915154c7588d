"""The behaviour half of the Customer tab: figures counted by hand, what is not known yet, and who may ask."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from statistics import quantiles

import frappe
import pytest

from ccms_app.api import behaviour
from tests.site import factories, shop
from tests.site.shop_truth import truth
from tests.site.world import ANALYST, CASHIER, MANAGER, SELLER, make_user


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def facts(customer: str) -> dict[str, dict]:
	"""name → fact, of the only company."""
	(only,) = behaviour.of_customer(customer)["companies"]
	return {fact["name"]: fact for line in only["lines"] for fact in line}


def buyers(found) -> list[str]:
	return sorted(found.orders, key=lambda who: (-len(found.orders[who]), who))


def test_the_usual_gap_is_that_of_the_orders(company):
	found = truth()
	checked = 0
	for who in buyers(found):
		days = [order.day for order in found.orders[who]]
		told = facts(who)["cycle"]
		profile = frappe.get_doc("CCMS Customer Profile", {"customer": who, "company": company})
		if profile.orders < 4:
			assert f"({profile.orders} of 4)" in told["values"][0] and told["tone"] == "muted"
			continue
		if len(days) < 4:
			continue
		gaps = [(later - earlier).days for earlier, later in pairwise(days)]
		low, usual, high = quantiles(gaps, n=4, method="inclusive")
		assert told["values"] == tuple(str(round(value)) for value in (usual, low, high))
		assert f"from {profile.orders} orders since" in told["basis"]
		checked += 1
	assert checked > 20


def test_likes_are_in_most_orders(company):
	found = truth()
	who = buyers(found)[0]
	since = found.as_of - timedelta(days=365)
	rows = frappe.db.sql(
		"""select d.posting_date as day, i.item_group as thing from `tabSales Invoice` d
		join `tabSales Invoice Item` i on i.parent = d.name
		where d.customer = %(who)s and d.docstatus = 1 and d.is_return = 0 and d.posting_date >= %(since)s and d.posting_date < %(end)s
		union all select d.posting_date, i.item_group from `tabPOS Invoice` d
		join `tabPOS Invoice Item` i on i.parent = d.name
		where d.customer = %(who)s and d.docstatus = 1 and d.is_return = 0 and d.posting_date >= %(since)s and d.posting_date < %(end)s""",
		{"who": who, "since": since, "end": found.as_of},
	)
	ordered = {order.day for order in found.orders[who]}  # what came back whole was no order
	days = Counter(thing for day, thing in set(rows) if day in ordered)
	likes = facts(who)["likes"]
	assert likes["values"][0].split(", ")[0] == days.most_common(1)[0][0]
	for thing, number in days.most_common(3):
		assert f"{thing} ({number})" in likes["basis"]


def test_spending_is_the_revenue_of_its_months(company):
	found = truth()
	who = buyers(found)[1]
	(only,) = behaviour.of_customer(who)["companies"]
	last = (found.as_of - timedelta(days=1)).replace(day=1)
	year = {
		name: sum(
			net
			for (customer, day, *_), net in found.revenue.items()
			if customer == who and begin <= day < end
		)
		for name, begin, end in (
			("this", frappe.utils.getdate(frappe.utils.add_months(last, -11)), found.as_of),
			(
				"before",
				frappe.utils.getdate(frappe.utils.add_months(last, -23)),
				frappe.utils.getdate(frappe.utils.add_months(last, -11)),
			),
		)
	}
	assert sum(only["spending"]["this"]) == pytest.approx(year["this"], abs=0.1)
	assert sum(only["spending"]["before"]) == pytest.approx(year["before"], abs=0.1)
	assert len(only["spending"]["labels"]) == 12


def test_risk_says_why_and_how_sure(company):
	score = frappe.get_all(
		"CCMS Customer Score",
		filters={"company": company, "churn_level": "High"},
		fields=["customer", "churn_probability"],
		limit=1,
	)[0]
	risk = facts(score.customer)["churn"]
	assert risk["tone"] == "bad" and risk["notes"]
	assert risk["values"][0].startswith(f"{round(score.churn_probability * 100)}")
	assert "90 days" in risk["basis"]


def test_who_has_not_bought_and_who_is_many(company):
	customer = factories.make_customer()
	assert "No orders yet" in behaviour.of_customer(customer.name)["message"]
	customer.db_set("ccms_anonymous", 1)
	frappe.clear_document_cache("Customer", customer.name)
	assert "many people" in behaviour.of_customer(customer.name)["message"]


@pytest.mark.parametrize("user", [MANAGER, CASHIER, SELLER])
def test_whoever_may_see_the_customer(company, as_user, user):
	who = buyers(truth())[0]
	with as_user(user):
		assert facts(who)["cycle"]


def test_nobody_else(company, as_user):
	who = buyers(truth())[0]
	portal = make_user("portal.buyer@ccms.test", user_type="Website User")
	doc = frappe.get_doc("Customer", who)
	doc.append("portal_users", {"user": portal})
	doc.save()
	for user in (portal, ANALYST, "Guest"):
		frappe.clear_cache(user=user)
		with as_user(user):
			for asked in (who, "no such customer"):
				with pytest.raises(frappe.PermissionError, match="how this customer buys"):
					behaviour.of_customer(asked)


def test_user_permissions_hold(company, as_user):
	first, second = buyers(truth())[:2]
	frappe.get_doc(
		{"doctype": "User Permission", "user": SELLER, "allow": "Customer", "for_value": first}
	).insert()
	with as_user(SELLER):
		assert facts(first)
		with pytest.raises(frappe.PermissionError):
			behaviour.of_customer(second)
