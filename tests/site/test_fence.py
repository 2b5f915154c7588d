"""The fence between companies and branches, in conditions, documents and queries."""

import frappe
import pytest
from frappe.utils import nowdate

from ccms_app.api import behaviour as api_behaviour
from ccms_app.api import customer_360 as api_360
from ccms_app.api import duplicates as api_duplicates
from ccms_app.api import identity as api_identity
from ccms_app.api import interactions as api_interactions
from ccms_app.api import loyalty as api_loyalty
from ccms_app.api import merging as api_merging
from ccms_app.api import privacy as api_privacy
from ccms_app.api import quality as api_quality
from ccms_app.api import segments as api_segments
from ccms_app.identity.store import identities
from ccms_app.privacy.store import fence
from tests.site import merged_customers, readers, world
from tests.site.factories import ABROAD, COMPANY, account, make_customer, make_program, make_sales_invoice

EVENT, SCORE = "CCMS Customer Interaction", "CCMS Customer Score"


@pytest.fixture
def kept(as_user):
	"""A user whom User Permissions keep to what a test says."""
	user = world.make_user("kept@ccms.test", "Sales Manager", "CCMS Manager")
	frappe.db.delete("User Permission", {"user": user})

	def to(allow: str, name: str) -> str:
		frappe.permissions.add_user_permission(allow, name, user)
		frappe.clear_cache(user=user)
		return user

	yield to
	frappe.db.delete("User Permission", {"user": user})
	frappe.clear_cache(user=user)


def rows(doctype: str, user: str) -> list[str]:
	frappe.set_user(user)
	try:
		return frappe.get_list(doctype, filters={"name": ["like", "RS-%"]}, pluck="name")
	finally:
		frappe.set_user("Administrator")


def test_nobody_is_held_back_without_user_permissions():
	assert fence.companies(world.MANAGER) is None
	assert fence.conditions(world.MANAGER, EVENT) == ""


def test_a_company_holds_back_events(kept):
	name = readers.mark(EVENT, make_customer().name)
	assert rows(EVENT, kept("Company", COMPANY)) == [name]
	frappe.db.set_value(EVENT, name, "company", ABROAD, update_modified=False)
	assert rows(EVENT, "kept@ccms.test") == []
	doc = frappe.get_doc(EVENT, name)
	assert not frappe.has_permission(EVENT, "read", doc=doc, user="kept@ccms.test")
	assert not fence.sees(doc, user="kept@ccms.test")


def test_a_branch_holds_back_events_and_queries(kept):
	branches = [world.ensure("Branch", {"branch": f"CCMS Branch {letter}"}) for letter in "AB"]
	name = readers.mark(EVENT, make_customer().name)
	user = kept("Branch", branches[0])
	for branch, seen in ((branches[0], True), (branches[1], False), (None, True)):
		frappe.db.set_value(EVENT, name, "branch", branch, update_modified=False)
		assert bool(rows(EVENT, user)) is seen, branch
		assert fence.sees(frappe.get_doc(EVENT, name), user=user) is seen
		table = frappe.qb.DocType(EVENT)
		query = frappe.qb.from_(table).select(table.name).where(table.name == name)
		assert bool(query.where(fence.criterion(EVENT, user, table)).run()) is seen


def test_a_branch_kept_as_text_is_what_the_settings_call_so(kept):
	readers.mark(SCORE, make_customer().name)
	user = kept("Cost Center", account("Main"))
	sql = fence.conditions(user, SCORE)
	assert "`home_branch`" in sql and account("Main") in sql
	other = frappe.get_doc({"doctype": SCORE, "company": COMPANY, "home_branch": "Elsewhere"})
	assert not fence.sees(other, user=user)
	other.home_branch = account("Main")
	assert fence.sees(other, user=user)


def test_customers_are_shared_until_the_settings_part_them(kept):
	ours, theirs, nobodys = make_customer(make_program()), make_customer(), make_customer()
	make_sales_invoice(theirs, company=ABROAD, currency="USD")
	user = kept("Company", COMPANY)
	names = {"name": ["in", [ours.name, theirs.name, nobodys.name]]}

	def seen() -> set[str]:
		frappe.set_user(user)
		try:
			listed = set(frappe.get_list("Customer", names, pluck="name"))
			opened = {
				one.name for one in (ours, theirs, nobodys) if frappe.has_permission("Customer", "read", one)
			}
		finally:
			frappe.set_user("Administrator")
		assert listed == opened
		return listed

	assert seen() == {ours.name, theirs.name, nobodys.name}
	frappe.db.set_single_value("CCMS Settings", "fence_customers", 1)
	assert seen() == {ours.name, nobodys.name}


# --- what belongs to customers, where the settings part them -----------------------------------------------------

PERSONS = ("Customer", "CCMS Identity", "CCMS Membership")
READ_BY_ANYBODY = {"System Manager", "Administrator"}
BY_COMPANY = {
	"CCMS Customer Score": "its company is mandatory",
	"CCMS Customer Profile": "its company is mandatory",
	"CCMS Stage Change": "its company is mandatory",
	"CCMS Churn Warning": "its company is mandatory",
	"CCMS Purchase Anomaly": "its company is mandatory",
	"CCMS Customer Event": "written with the company of what happened",
	"CCMS Membership": "its company is its programme's",
	"CCMS Points Adjustment": "its company is its membership's",
	"CCMS Points Ledger Entry": "its company is its membership's",
	"CCMS Points Lot": "its company is its membership's",
	"CCMS Points Allocation": "held back with its membership",
}
"""DocTypes without the fence of customers: what is of the user's companies makes its customer one of theirs."""


def of_persons() -> list[str]:
	"""The DocTypes of ours that name a customer and that others than System Managers read."""
	found = []
	for name in frappe.get_all("DocType", {"module": "CCMS App", "istable": 0, "issingle": 0}, pluck="name"):
		meta = frappe.get_meta(name)
		links = {df.options for df in meta.fields if df.fieldtype == "Link"}
		if links & set(PERSONS) and {row.role for row in meta.permissions if row.read} - READ_BY_ANYBODY:
			found.append(name)
	return found


def test_no_doctype_that_names_a_customer_is_outside_the_fence():
	listed, opened = frappe.get_hooks("permission_query_conditions"), frappe.get_hooks("has_permission")
	within = ("ccms_app.privacy.store.fence.", "ccms_app.identity.store.pairs_permitted.")
	persons = of_persons()
	missing = [
		(name, what)
		for name in persons
		for what, hooks in (("list", listed), ("document", opened))
		if name not in BY_COMPANY and not any(one.startswith(within) for one in hooks.get(name, ()))
	]
	assert missing == []
	assert set(BY_COMPANY) <= set(persons)
	for name in set(BY_COMPANY) - {"CCMS Points Allocation"}:
		assert frappe.get_meta(name).has_field("company"), name


@pytest.fixture
def parted(kept):
	"""(a user of our company, a customer of another company's alone, one of ours), with customers parted."""
	theirs, ours = make_customer(mobile_no="13811112222"), make_customer(make_program())
	make_sales_invoice(theirs, company=ABROAD, currency="USD")
	frappe.db.set_single_value("CCMS Settings", "fence_customers", 1)
	return kept("Company", COMPANY), theirs.name, ours.name


def seen(doctype: str, name: str, user: str) -> bool:
	"""Whether a user sees a row, which a list and the document answer alike."""
	frappe.set_user(user)
	try:
		listed = bool(frappe.get_list(doctype, {"name": name}))
		opened = bool(frappe.has_permission(doctype, "read", doc=name))
	finally:
		frappe.set_user("Administrator")
	assert listed == opened, (doctype, listed, opened)
	return listed


@pytest.mark.parametrize("doctype", [
	"CCMS Consent", "CCMS Quality Finding", "CCMS Quality Fix", "CCMS Customer Merge", "CCMS Identity",
	"CCMS Identity Link", "CCMS Access Log", "CCMS Privacy Request", "CCMS Segment Member", "CCMS Duplicate Pair",
])  # fmt: skip
def test_rows_of_a_customer_are_held_back_with_the_customer(parted, doctype):
	user, theirs, ours = parted
	for customer, expected in ((theirs, False), (ours, True)):
		name = readers.mark(doctype, customer)
		assert seen(doctype, name, user) is expected
		assert seen(doctype, name, world.MANAGER) is True
	frappe.db.set_single_value("CCMS Settings", "fence_customers", 0)
	assert seen(doctype, readers.mark(doctype, theirs), user) is True


def test_rows_about_a_customer_who_is_gone_are_nobodys_behind_the_fence(parted):
	user, _theirs, _ours = parted
	name = readers.mark("CCMS Access Log", "Nobody at all")
	assert seen("CCMS Access Log", name, user) is False
	frappe.db.set_value("CCMS Access Log", name, "customer", None)  # a list was exported
	assert seen("CCMS Access Log", name, user) is True


def test_what_several_share_is_seen_with_any_of_them(parted):
	user, theirs, ours = parted
	name = identities.ensure("Email", f"{frappe.generate_hash(length=8)}@example.com")
	assert seen("CCMS Identity", name, user) is True  # nobody's yet
	identities.link(name, theirs, "Import")
	assert seen("CCMS Identity", name, user) is False
	identities.link(name, make_other(theirs), "Import")
	assert not frappe.db.get_value("CCMS Identity", name, "customer")
	assert seen("CCMS Identity", name, user) is False
	identities.link(name, ours, "Import")
	assert seen("CCMS Identity", name, user) is True


def make_other(theirs: str) -> str:
	"""Another customer of the other company alone."""
	other = make_customer()
	make_sales_invoice(other, company=ABROAD, currency="USD")
	return other.name


@pytest.mark.parametrize("doctype", ["CCMS Customer Interaction", "CCMS Interaction Day", "CCMS Consent"])
def test_what_names_an_identity_alone_is_held_back_with_its_customer(parted, doctype):
	user, theirs, ours = parted
	for customer, expected in ((theirs, False), (ours, True)):
		identity = identities.ensure("Email", f"{frappe.generate_hash(length=8)}@example.com")
		identities.link(identity, customer, "Import")
		name = readers.mark(doctype, customer)
		values = {"identity": identity, "customer": None, "company": None}
		values = {
			field: value for field, value in values.items() if frappe.get_meta(doctype).has_field(field)
		}
		frappe.db.set_value(doctype, name, values)
		assert seen(doctype, name, user) is expected


def test_no_call_tells_or_changes_anything_of_a_customer_behind_the_fence(parted, as_user):
	user, theirs, _ours = parted
	merge = merged_customers.merge(make_customer(), frappe.get_doc("Customer", theirs))
	identity = identities.find("Phone", "+8613811112222")
	pair = readers.mark("CCMS Duplicate Pair", theirs)
	request = readers.mark("CCMS Privacy Request", theirs)
	made = {"customer": theirs, "received_on": nowdate(), "received_by": "Letter"}
	calls = {
		"may undo": lambda: api_merging.may_undo(merge),
		"undo": lambda: api_merging.undo_merge(merge),
		"foresee": lambda: api_merging.foresee(theirs, _ours),
		"holders": lambda: api_identity.holders(identity),
		"end": lambda: api_identity.end(identity, theirs),
		"unmask a phone": lambda: api_privacy.unmask("Customer", theirs, "mobile_no", "Why not, after all"),
		"unmask a tax id": lambda: api_privacy.unmask("Customer", theirs, "tax_id", "Why not, after all"),
		"unmask an identity": lambda: api_privacy.unmask(
			"CCMS Identity", identity, "value", "Why not, after all"
		),
		"consent": lambda: api_privacy.consent_of(theirs),
		"record": lambda: api_privacy.record_consent(theirs, "Marketing", "Given", "Desk"),
		"request": lambda: frappe.get_doc(
			{"doctype": "CCMS Privacy Request", "request_type": "Access", **made}
		).insert(),
		"export": lambda: frappe.get_doc("CCMS Privacy Request", request).prepare_export(),
		"erasure": lambda: frappe.get_doc("CCMS Privacy Request", request).what_erasing_does(),
		"compare": lambda: api_duplicates.compare(pair),
		"not a duplicate": lambda: api_duplicates.not_duplicate(pair),
		"quality": lambda: api_quality.of_customer(theirs),
		"360": lambda: api_360.opened(theirs),
		"timeline": lambda: api_interactions.page(theirs),
		"behaviour": lambda: api_behaviour.of_customer(theirs),
		"points": lambda: api_loyalty.get_balance(theirs),
		"enrol": lambda: api_loyalty.enrol(theirs, make_program().name),
		"segments": lambda: api_segments.of_customer(theirs),
		"member": lambda: frappe.get_doc(
			{"doctype": "CCMS Membership", "customer": theirs, "program": program}
		).insert(),
	}
	program = make_program().name
	with as_user(user):
		open_to = [what for what, call in calls.items() if not _refused(call)]
		assert open_to == []
		assert api_identity.find("13811112222") == []


def _refused(call) -> bool:
	try:
		call()
	except frappe.PermissionError:
		return True
	return False
