"""Every function of ours that the web may call, with arguments no page would send, as people who should not.

The functions are found, not listed. Whatever comes is answered with a refusal people can read: never with an error of the
server, never with somebody's data, and nothing of it is run or kept.
"""

import importlib
import inspect
import json
import pkgutil

import frappe
import pytest

import ccms_app
from ccms_app import hooks
from ccms_app.identity.store import identities
from tests.site import world
from tests.site.factories import make_customer
from tests.site.reach import random_phone
from tests.site.readers import Reader, leaks
from tests.site.world import ABROAD, ANALYST, MANAGER

pytestmark = pytest.mark.commits
PORTAL, FOREIGN = "hostile-portal@ccms.test", "hostile-foreign@ccms.test"
SECRET = "Quillonsecret"
SCRIPT = "<script>window.pwned=1</script>"
SQL = "x' or '1'='1' union select name, password from __Auth -- "
LONG = "a" * 3_000
HOSTILE = {
	"script": SCRIPT,
	"sql": SQL,
	"quotes": "\"'`%_\\",
	"nul": "a\x00b",
	"right to left": "\u202egnp.exe",
	"list": [["name", "=", "x"]],
	"mapping": {"name": ["like", "%"]},
	"number": 10**30,
	"negative": -1,
	"float": 1e308,
	"true": True,
	"nothing": None,
	"empty": "",
	"half json": '{"a": [',
	"filter json": '[["name", "like", "%"]]',
	"long": LONG,
	"deep": "[" * 400 + "]" * 400,
	"file": "../../../etc/passwd",
	"template": "{{ frappe.db.sql('select 1') }}",
	"date": "2026-02-31",
}
FEW = ("script", "sql", "mapping", "half json")
OPEN = {"ccms_app.api.track.track"}
"""What needs no log-in: the key of the source is its permission (tests/site/test_track.py)."""
PORTAL_MAY = {"ccms_app.api.track.identify_token", "ccms_app.api.privacy.reader"}
NOTHING = ("–", [], {"value": "–", "fieldtype": "Data"})
"""Answers that tell as much as a refusal."""
FRAPPES = set(hooks.override_whitelisted_methods.values())
"""They pass on what Frappe's own function of that name says."""
STARTERS = {
	"ccms_app.api.duplicates.look",
	"ccms_app.api.quality.check_now",
	"ccms_app.api.identity.fill",
}
"""They start a job for whoever may, whatever stands beside."""
RAW = (
	"OperationalError",
	"ProgrammingError",
	"DataError",
	"KeyError",
	"AttributeError",
	"IndexError",
	"JSONDecodeError",
)


def methods() -> dict[str, dict[str, inspect.Parameter]]:
	"""{dotted name: its parameters} of every function of ours that may be called from outside."""
	for module in pkgutil.walk_packages(ccms_app.__path__, "ccms_app."):
		if ".api." in module.name or ".page." in module.name or ".www." in module.name:
			importlib.import_module(module.name)
	found = {}
	for function in frappe.whitelisted:
		if function.__module__.startswith("ccms_app.") and "." not in function.__qualname__:
			found[f"{function.__module__}.{function.__name__}"] = dict(inspect.signature(function).parameters)
	return found


@pytest.fixture(scope="module")
def there(site):
	"""A customer whose name and phone are told to nobody here."""
	world.make_user(PORTAL, "Customer", user_type="Website User")
	world.make_user(FOREIGN, "Sales Manager", "CCMS Manager", "Support Team")
	frappe.permissions.add_user_permission("Company", ABROAD, FOREIGN)
	customer = make_customer(customer_name=f"{SECRET} {frappe.generate_hash(length=5)}")
	phone = random_phone()
	identities.link(identities.ensure("Phone", phone), customer.name, "Import", verified=True)
	switched = frappe.get_all("Notification", fields=["name", "enabled"])
	frappe.db.commit()
	yield frappe._dict(customer=customer.name, phone=phone)
	for notification in switched:  # a manager's true and false are taken at their word
		frappe.db.set_value("Notification", notification.name, "enabled", notification.enabled)
	frappe.cache.delete_value("notifications")
	frappe.permissions.remove_user_permission("Company", ABROAD, FOREIGN)
	new = frappe.rename_doc("Customer", customer.name, f"Called {frappe.generate_hash(length=8)}", force=True)
	frappe.db.set_value("Customer", new, "customer_name", new)
	frappe.db.commit()


def call(reader: Reader, method: str, arguments: dict) -> tuple[int, str]:
	return reader.call(method, **arguments)


def wrong(method: str, status: int, text: str) -> str:
	"""What is wrong with an answer; "" when it may be given."""
	if method in FRAPPES:
		return ""
	if status >= 500:
		return f"{status}: {text[-300:]}"
	if status >= 400 and any(f'"exc_type":"{kind}"' in text.replace(" ", "") for kind in RAW):
		return f"{status}, not in words: {text[-300:]}"
	return ""


def harmless(method: str, text: str) -> bool:
	"""Whether an answer may be given to everybody."""
	return method in OPEN | PORTAL_MAY or json.loads(text).get("message") in NOTHING


def every(parameters: dict, value: object) -> dict[str, object]:
	"""The same for each argument."""
	return {
		name: value
		for name, one in parameters.items()
		if one.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
	}


def is_needed(parameter: inspect.Parameter) -> bool:
	return parameter.default is inspect.Parameter.empty


def test_functions_are_found():
	found = methods()
	assert len(found) > 60
	assert {"ccms_app.api.customer_360.opened", "ccms_app.api.quality.apply"} <= set(found)


@pytest.mark.parametrize(
	"who", [None, PORTAL, ANALYST, FOREIGN], ids=["guest", "portal", "analyst", "foreign"]
)
def test_nobody_gets_in_by_odd_arguments(there, who):
	reader = Reader(who)
	found = []
	for method, parameters in methods().items():
		for name in FEW:
			status, text = call(reader, method, every(parameters, HOSTILE[name]))
			if said := wrong(method, status, text):
				found.append(f"{method}({name}) {said}")
			if who in (None, PORTAL) and status < 400 and not harmless(method, text):
				found.append(f"{method}({name}) lets {who} in: {text[:200]}")
			found += [f"{method}({name}) tells {one}" for one in leaks(text, SECRET, there.phone)]
	assert not found, "\n".join(found)


def test_a_manager_s_mistakes_are_told_in_words(there):
	reader = Reader(MANAGER)
	found = []
	for method, parameters in methods().items():
		if method in STARTERS:
			continue
		for name, value in HOSTILE.items():
			status, text = call(reader, method, every(parameters, value))
			if said := wrong(method, status, text):
				found.append(f"{method}({name}) {said}")
	assert not found, "\n".join(found)


def test_one_odd_argument_beside_right_ones(there):
	"""The others are right, so that the function is reached."""
	reader = Reader(MANAGER)
	right = {
		"customer": there.customer,
		"company": world.COMPANY,
		"limit": 5,
		"identity": identities.find("Phone", there.phone),
	}
	found = []
	for method, parameters in methods().items():
		if method in STARTERS or not set(parameters) & set(right):
			continue
		given = {
			name: right.get(name, "x")
			for name in every(parameters, "")
			if is_needed(parameters[name]) or name in right
		}
		for odd in every(parameters, None):
			for name in ("sql", "list", "mapping", "half json", "number", "date", "nul"):
				status, text = call(reader, method, given | {odd: HOSTILE[name]})
				if said := wrong(method, status, text):
					found.append(f"{method}({odd}={name}) {said}")
	assert not found, "\n".join(found)


def test_the_wrong_door_is_shut(there):
	"""Frappe's GET takes no function that writes, so a link in a mail does nothing."""
	reader = Reader(MANAGER)
	for method in (
		"merging.merge",
		"duplicates.merge",
		"quality.apply",
		"privacy.record_consent",
		"track.rotate",
	):
		status, _text = reader.text("GET", f"/api/method/ccms_app.api.{method}")
		assert status in (403, 405), method


def test_frappe_checks_the_types():
	"""Annotations that are texts, as `from __future__ import annotations` makes them, are checked by nobody."""
	unchecked = [
		f"{method}({name})"
		for method, parameters in methods().items()
		for name, one in parameters.items()
		if one.annotation is inspect.Parameter.empty or isinstance(one.annotation, str)
		if one.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
	]
	assert not unchecked, unchecked
