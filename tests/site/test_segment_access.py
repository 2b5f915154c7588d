"""Who may read, edit and count segments; ready-made ones; clusters; what members share."""

import json

import frappe
import numpy as np
import pandas as pd
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.api import segments as api
from ccms_app.segments.store import clusters, members, preview, refresh, registry, segments
from tests.site import factories, segment_world, shop, world
from tests.site.test_segments import NORTH, SOUTH, in_north, make, refused, rule, run, territories  # noqa: F401
from tests.site.world import ANALYST, CASHIER, COMPANY, MANAGER, SELLER

RUN = "SR-SEGMENT-TEST"


def rows(*given: dict) -> str:
	return json.dumps(given)


# --- who may what ------------------------------------------------------------------------------------------------


def test_managers_edit_analysts_read_others_nothing(as_user):
	segment = make(in_north())
	for user, may in (
		(MANAGER, {"read", "write", "create", "delete"}),
		(ANALYST, {"read"}),
		(CASHIER, set()),
		(SELLER, set()),
	):
		with as_user(user):
			found = {
				ptype
				for ptype in ("read", "write", "create", "delete")
				if frappe.has_permission(segments.DOCTYPE, ptype, segment.name)
			}
			assert found == may, user
			for doctype in (members.DOCTYPE, "CCMS Segment Size", "CCMS Customer Cluster"):
				reads = bool(may) and (user == MANAGER or doctype == "CCMS Customer Cluster")
				assert bool(frappe.has_permission(doctype, "read")) == reads, (user, doctype)
				assert bool(frappe.has_permission(doctype, "report")) == bool(may), (user, doctype)
				assert not frappe.has_permission(doctype, "write"), (user, doctype)


@pytest.mark.parametrize("user", [CASHIER, SELLER, "Guest"])
def test_the_api_refuses_whom_segments_are_not_for(as_user, user):
	segment = make(in_north())
	calls = (
		lambda: api.fields(COMPANY),
		lambda: api.count(COMPANY, rules=rows(*in_north())),
		lambda: api.what_they_share(segment.name),
		lambda: api.sizes(segment.name),
		lambda: api.used_in(segment.name),
		lambda: api.of_customer(world.WALK_IN),
		lambda: api.freeze(segment.name),
		lambda: api.make_ready_made(COMPANY),
		lambda: api.refit_clusters(COMPANY),
		lambda: api.count(COMPANY, frozen=segment.name),
	)
	with as_user(user):
		for call in calls:
			with pytest.raises(frappe.PermissionError):
				call()


def test_an_analyst_changes_nothing(as_user):
	segment = make(in_north())
	with as_user(ANALYST):
		for call in (
			lambda: api.freeze(segment.name),
			lambda: api.make_ready_made(COMPANY),
			lambda: api.refit_clusters(COMPANY),
			lambda: frappe.get_doc(segments.DOCTYPE, segment.name).refresh_now(),
			lambda: frappe.get_doc(segments.DOCTYPE, segment.name).save(),
		):
			with pytest.raises(frappe.PermissionError):
				call()


def test_an_analyst_counts_but_sees_no_names_and_asks_for_none(as_user):
	name = factories.make_customer(territory=NORTH, customer_name="Hidden Name").name
	with as_user(ANALYST):
		found = api.count(COMPANY, rules=rows(*in_north()))
		assert found["count"] == "< 5" and found["sample"] == []
	for _number in range(4):
		factories.make_customer(territory=NORTH)
	with as_user(ANALYST):
		found = api.count(COMPANY, rules=rows(*in_north()))
		assert found["count"] == 5 and "Hidden" not in json.dumps(found, default=str)
		assert not [row for row in found["sample"] if row["customer"] or row["customer_name"]]
		keys = {field["key"] for group in api.fields(COMPANY)["groups"] for field in group["fields"]}
		assert "customer.territory" in keys and "customer.customer_name" not in keys
		probe = rows(*in_north(rule("customer.customer_name", "is", "Hidden Name")))
		found = api.count(COMPANY, rules=probe)
		assert found["count"] is None and found["problems"][0]["row"] == 2
	with as_user(MANAGER):
		assert api.count(COMPANY, rules=probe)["sample"][0]["customer"] == name


def test_a_manager_bound_to_a_territory_counts_only_there(as_user):
	north, south = (
		factories.make_customer(territory=NORTH).name,
		factories.make_customer(territory=SOUTH).name,
	)
	email = world.make_user("bound@ccms.test", "Sales Manager", "CCMS Manager")
	frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": email,
			"allow": "Territory",
			"for_value": NORTH,
			"apply_to_all_doctypes": 1,
		}
	).insert()
	frappe.clear_cache(user=email)
	both = rows(rule("customer.territory", "in", [NORTH, SOUTH]))
	segment = make(json.loads(both))
	run(segment)
	hidden = frappe.db.get_value(members.DOCTYPE, {"segment": segment.name, "customer": south})
	with as_user(email):
		found = api.count(COMPANY, rules=both)
		assert (found["count"], [row["customer"] for row in found["sample"]]) == (1, [north])
		found = api.count(COMPANY, rules=rows(), always=json.dumps([south, north]))
		assert [row["customer"] for row in found["sample"]] == [north]
		listed = frappe.get_list(
			members.DOCTYPE, filters={"segment": segment.name}, fields=["name", "customer"]
		)
		assert [row.customer for row in listed] == [north]
		assert not frappe.has_permission(members.DOCTYPE, "read", hidden)
		assert frappe.has_permission(members.DOCTYPE, "read", listed[0].name)
	with as_user(MANAGER):
		assert api.count(COMPANY, rules=both)["count"] == 2


def test_a_company_that_is_not_the_users_is_refused(as_user):
	email = world.make_user("one.company@ccms.test", "Sales Manager", "CCMS Manager")
	frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": email,
			"allow": "Company",
			"for_value": COMPANY,
			"apply_to_all_doctypes": 1,
		}
	).insert()
	frappe.clear_cache(user=email)
	elsewhere = make(in_north(), company=world.ABROAD)
	with as_user(email):
		api.count(COMPANY, rules=rows(*in_north()))
		for call in (lambda: api.count(world.ABROAD, rules=rows()), lambda: api.sizes(elsewhere.name)):
			with pytest.raises(frappe.PermissionError):
				call()


def test_members_are_written_by_nobody_else():
	segment = make(in_north())
	factories.make_customer(territory=NORTH)
	run(segment)
	(name,) = frappe.get_all(members.DOCTYPE, filters={"segment": segment.name}, pluck="name")
	row = frappe.get_doc(members.DOCTYPE, name)
	row.left_on = nowdate()
	with pytest.raises(frappe.PermissionError):
		row.save(ignore_permissions=True)
	with pytest.raises(frappe.PermissionError):
		row.delete(ignore_permissions=True)


# --- the count beside the rules ---------------------------------------------------------------------------------------


def test_the_count_is_what_a_refresh_will_find():
	names = [factories.make_customer(territory=territory).name for territory in (NORTH, NORTH, SOUTH)]
	segment = make(
		in_north(), static_members=[{"customer": names[2]}], excluded_customers=[{"customer": names[0]}]
	)
	found = api.count(
		COMPANY, "All", rows(*in_north()), always=json.dumps([names[2]]), never=json.dumps([names[0]])
	)
	run(segment)
	assert found["count"] == len(members.current([segment.name])[segment.name]) == 2
	assert found["of"] >= 3 and len(found["sample"]) == 2
	assert found["sentences"] == [f"Territory · is one of {NORTH}"]


def test_half_written_rules_are_no_error():
	found = api.count(COMPANY, "All", rows(rule("customer.territory", "in", []), {"field": "profile.orders"}))
	assert found["count"] is None and [one["row"] for one in found["problems"]] == [1, 2]
	for nonsense in ("[]", None, rows({}), rows({"field": "x.y", "operator": "z", "value": "{"})):
		api.count(COMPANY, "Any", nonsense)
	with refused("list of rows"):
		api.count(COMPANY, "All", '"text"')


def test_fields_are_offered_in_groups_with_choices():
	found = api.fields(COMPANY)
	by_key = {field["key"]: field for group in found["groups"] for field in group["fields"]}
	assert found["currency"] == "CNY"
	assert by_key["profile.stage"]["choices"][0] == {"value": "Prospect", "label": "Prospect"}
	assert by_key["purchase.item"]["doctype"] == "Item" and by_key["customer.email_id"]["personal"]
	segment = make(in_north())
	by_key = {field["key"]: field for group in api.fields(COMPANY)["groups"] for field in group["fields"]}
	assert {"value": segment.name, "label": segment.segment_name} in by_key["segment.member"]["choices"]


def test_where_a_segment_is_used():
	base = make(in_north())
	above = make([rule("segment.member", "member", [base.name])])
	run(base)
	copy = api.freeze(base.name, "My copy")
	assert {(row["name"], row["how"]) for row in api.used_in(base.name)} == {
		(above.name, "builds on it"),
		(copy, "frozen copy"),
	}


def test_the_segments_of_a_customer():
	name = factories.make_customer(territory=NORTH).name
	segment = make(in_north())
	run(segment)
	assert [row.segment for row in api.of_customer(name, COMPANY)] == [segment.name]
	assert api.of_customer(name, world.ABROAD) == []


# --- ready-made ones, what members share, clusters --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(site):
	shop.open_shop()


@pytest.fixture
def scored(opened):
	"""The shop's customers with drawn scores of a published run; returns their names."""
	frappe.db.delete(clusters.DOCTYPE, {"company": shop.COMPANY})
	return sorted(segment_world.people())


def test_ready_made_segments_come_once_and_only_where_figures_are(scored):
	titles = api.make_ready_made(shop.COMPANY)
	assert {"VIP", "Champions", "New this month", "One-time buyers", "Lost"} <= set(titles)
	assert "Price sensitive" not in titles, "nobody's price response is known"
	assert "Birthday in the next two weeks" in titles
	assert api.make_ready_made(shop.COMPANY) == []
	result = refresh.refresh(shop.COMPANY, commits=False)
	assert not result.invalid and any(size for size, _in, _out in result.moved.values())
	frappe.db.delete("CCMS Customer Profile", {"company": world.ABROAD})  # of other tests
	customer = frappe.qb.DocType("Customer")
	frappe.qb.update(customer).set(customer.ccms_birth_date, None).run()
	assert api.make_ready_made(world.ABROAD) == []


def test_what_members_share(scored):
	segment = make([rule("score.high_value", "yes")], company=shop.COMPANY)
	run(segment, company=shop.COMPANY)
	inside = set(members.current([segment.name])[segment.name])
	found = api.what_they_share(segment.name)
	run_name = frappe.db.get_value("CCMS Score Run", {"company": shop.COMPANY, "is_published": 1})
	scores = frappe.get_all(
		"CCMS Customer Score",
		filters={"score_run": run_name},
		fields=["customer", "value_band", "revenue_365"],
	)
	ours = [row for row in scores if row.customer in inside]
	assert (found["size"], found["size"] + found["others"]) == (len(ours), len(scores))
	mean = next(row for row in found["means"] if row["field"] == "revenue_365")
	known = [float(row.revenue_365) for row in ours if row.revenue_365 is not None]
	assert mean["inside"] == pytest.approx(sum(known) / len(known))
	for trait in (*found["over"], *found["under"]):
		if trait["field"] == "value_band":
			share = sum(row.value_band == trait["value"] for row in ours) / len(ours)
			assert trait["inside"] == pytest.approx(share)
	assert all(trait["inside"] > trait["outside"] for trait in found["over"])
	assert api.what_they_share(make(in_north(), company=world.ABROAD).name) is None


def habits(names: list[str], seed: int = 1) -> pd.DataFrame:
	random = np.random.default_rng(seed)
	kind = np.arange(len(names)) % 3
	return pd.DataFrame(
		{
			"customer": names,
			"orders_365": np.array([40, 3, 8])[kind] * random.lognormal(0, 0.1, len(names)),
			"basket_value": np.array([10, 400, 60])[kind] * random.lognormal(0, 0.1, len(names)),
			"own_cycle": np.array([7, 120, 40])[kind] * random.lognormal(0, 0.1, len(names)),
			"cluster": None,
		}
	)


def test_scores_get_their_cluster_before_they_are_written(scored):
	scores = habits(scored)
	clusters.label(shop.COMPANY, scores)
	assert scores["cluster"].nunique() == 3 and scores["cluster"].notna().all()
	name, model = clusters.current(shop.COMPANY)
	doc = frappe.get_doc(clusters.DOCTYPE, name)
	assert {row.cluster: row.customers for row in doc.groups} == scores["cluster"].value_counts().to_dict()
	again = habits(scored, seed=2)
	clusters.label(shop.COMPANY, again)
	assert clusters.current(shop.COMPANY)[0] == name, "assigned only, until a month has gone"
	assert (again["cluster"] == scores["cluster"]).all()
	frappe.db.set_value(clusters.DOCTYPE, name, "fitted_on", add_days(nowdate(), -40))
	clusters.label(shop.COMPANY, again)
	newer = clusters.current(shop.COMPANY)
	assert newer[0] != name and set(newer[1].names) == set(model.names), "the names live on"
	assert frappe.db.count(clusters.DOCTYPE, {"company": shop.COMPANY, "is_current": 1}) == 1


def test_too_few_customers_have_no_cluster(scored):
	scores = habits(scored[:20])
	clusters.label(shop.COMPANY, scores)
	assert scores["cluster"].isna().all() and clusters.current(shop.COMPANY) is None


def test_a_refit_by_hand_writes_into_the_published_scores(scored):
	run_name = frappe.db.get_value("CCMS Score Run", {"company": shop.COMPANY, "is_published": 1})
	frappe.db.delete("CCMS Customer Score", {"score_run": run_name})
	for row in habits(scored).to_dict("records"):
		segment_world._row("CCMS Customer Score", company=shop.COMPANY, score_run=run_name, **row)
	name = api.refit_clusters(shop.COMPANY)
	stored = frappe.get_all("CCMS Customer Score", filters={"score_run": run_name}, pluck="cluster")
	assert {row.cluster: row.customers for row in frappe.get_doc(clusters.DOCTYPE, name).groups} == {
		cluster: stored.count(cluster) for cluster in set(stored)
	}
	field = registry.choices(registry.fields()["score.cluster"], shop.COMPANY)
	assert set(field.options.split("\n")) == set(stored)
	with refused("no scores yet"):
		api.refit_clusters(world.ABROAD)


def test_the_preview_takes_no_writes():
	before = frappe.db.transaction_writes
	preview.look(COMPANY, segments.rules_of.parse("All", in_north()))
	assert frappe.db.transaction_writes == before
