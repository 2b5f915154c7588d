"""Two customers become one: refused, foreseen, done. Every merge comes through here, the standard dialog's too.

`before` runs in `Customer.before_rename` and only reads: Frappe also calls it for merges that never happen. It leaves a
record for `after`, which runs in `Customer.after_rename`, when all links are rewritten, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import frappe
from erpnext.accounts.party import validate_party_currency_before_merging
from frappe import _
from frappe.model.rename_doc import rename_doc
from frappe.query_builder import DocType
from frappe.utils import now

from . import handlers, images, locks, merge_records, references, taking_over

CUSTOMER = "Customer"
Told = Callable[[float, str], None]


# --- what must not be -----------------------------------------------------------------------------------------


def refusals(source: str, target: str) -> list[str]:
	"""Why these two cannot become one; empty when they can."""
	found = list(_refusals(source, target))
	if not found:
		checks = [lambda: validate_party_currency_before_merging(CUSTOMER, source, target)]
		checks += [
			lambda handler=handler: handler.refuse_merge(source, target)
			for handler in handlers.all().values()
		]
		found = [said for check in checks if (said := _thrown_by(check))]
	return found


def _thrown_by(check: Callable[[], None]) -> str:
	"""What a check says when it throws; it is not shown as a message."""
	before = len(frappe.local.message_log)
	try:
		check()
	except frappe.ValidationError as error:
		return str(error)
	finally:
		del frappe.local.message_log[before:]
	return ""


def _refusals(source: str, target: str) -> Iterator[str]:
	if source == target:
		yield _("A customer cannot be merged with herself.")
		return
	table = DocType(CUSTOMER)
	query = frappe.qb.from_(table).select(
		table.name, table.disabled, table.is_internal_customer, table.customer_name
	)
	rows = {row.name: row for row in query.where(table.name.isin([source, target])).run(as_dict=True)}
	for name in (source, target):
		if name not in rows:
			yield _not_there(name)
	if len(rows) < 2:
		return
	if rows[target].disabled:
		yield _("{0} is disabled. Enable it first, or merge the other way round.").format(frappe.bold(target))
	for name, row in rows.items():
		if row.is_internal_customer:
			yield _(
				"{0} is an internal customer and stands for a company of yours: it cannot be merged."
			).format(frappe.bold(name))
	if frappe.db.exists("POS Profile", {"customer": source}):
		yield _("{0} is the walk-in customer of a POS Profile: choose another one there first.").format(
			frappe.bold(source)
		)
	suppliers = {name: _supplier_of(name) for name in (source, target)}
	if all(suppliers.values()):
		yield _("Both are linked to suppliers ({0}, {1}). Remove one Party Link first.").format(
			frappe.bold(suppliers[source]), frappe.bold(suppliers[target])
		)


def _not_there(name: str) -> str:
	if gone := merge_records.into(name):
		return _("{0} was merged into {1} on {2}.").format(
			frappe.bold(name), frappe.bold(gone.target), frappe.format(gone.merged_on, "Datetime")
		)
	return _("There is no customer {0}.").format(frappe.bold(name))


def _supplier_of(customer: str) -> str:
	for mine, other in (("primary", "secondary"), ("secondary", "primary")):
		linked = {f"{mine}_role": CUSTOMER, f"{mine}_party": customer, f"{other}_role": "Supplier"}
		if found := frappe.db.get_value("Party Link", linked, f"{other}_party"):
			return found
	return ""


# --- foreseeing ---------------------------------------------------------------------------------------------------


def foresee(source: str, target: str) -> dict[str, Any]:
	"""What a merge would move, and why it is refused; nothing is changed and nothing held.

	Returns: {refusals: [text], moves: [{doctype, documents, drafts}], takes: [{label, value}], says: [text]}; takes:
		what the one who stays does not know as yet.
	"""
	refused = refusals(source, target)
	if refused:
		return {"refusals": refused, "moves": [], "takes": [], "says": []}
	return {
		"refusals": [],
		"takes": taking_over.foresee(source, target),
		"moves": _counts(references.pointing_at(source, lock=False)),
		"says": [
			said for handler in handlers.all().values() for said in handler.foresee_merge(source, target)
		],
	}


def _counts(found: list[references.Moved]) -> list[dict[str, Any]]:
	"""What moves, as people read it: figures that are worked out anew are no news."""
	computed = {doctype for handler in handlers.all().values() for doctype, _field in handler.restored}
	return [vars(count) for count in references.counted(found) if count.doctype not in computed]


# --- before -------------------------------------------------------------------------------------------------------


def before(source: str, target: str) -> None:
	"""Refuse what must be refused; else hold both customers and all that points at the source, and note how it is."""
	there = locks.hold([source, target])
	for name in (source, target):
		if source != target and name not in there:
			frappe.throw(_not_there(name), title=_("Not merged"))
	if len(merge_records.of([source, target])) != len(merge_records.of([source, target], locked=True)):
		# somebody merged one of them while this transaction waited: what it has read is no longer so
		frappe.throw(_("One of them was merged just now. Look again."), title=_("Not merged"))
	for said in _refusals(source, target):
		frappe.throw(said, title=_("Not merged"))
	domains = handlers.all()
	for handler in domains.values():
		handler.refuse_merge(source, target)
	told = _context().get("told")
	if told:
		told(5, _("Finding what belongs to {0}").format(source))
	found = references.pointing_at(source, progress=lambda part: told and told(5 + 30 * part, ""))
	record = {
		"source": source,
		"target": target,
		"references": [moved.as_list() for moved in found],
		"images": {
			doctype: {"before": rows} for doctype, rows in _images(source, target, [source, target]).items()
		},
		"lead": _lead(source),
		"handlers": {path: handler.before_merge(source, target) for path, handler in domains.items()},
		"counts": _counts(found),
	}
	_records()[source, target] = frappe.parse_json(frappe.as_json(record, indent=None))
	if _context():
		_drop_double_assignments(source, target)
	if told:
		told(40, _("Moving"))


def _drop_double_assignments(source: str, target: str) -> None:
	"""Frappe deletes the source's assignments to whoever is assigned to both, with the user's own permission, which a
	merge does not ask for. Only in our own merges: they are no trial."""
	assigned = [
		set(frappe.parse_json(frappe.db.get_value(CUSTOMER, name, "_assign") or "[]"))
		for name in (source, target)
	]
	for user in sorted(assigned[0] & assigned[1]):
		mine = {"owner": user, "reference_type": CUSTOMER, "reference_name": source}
		for todo in frappe.get_all("ToDo", filters=mine, pluck="name"):
			frappe.delete_doc("ToDo", todo, ignore_permissions=True)


def _records() -> dict[tuple[str, str], dict]:
	if not hasattr(frappe.local, "ccms_merges"):
		frappe.local.ccms_merges = {}
	return frappe.local.ccms_merges


def _context() -> dict[str, Any]:
	return getattr(frappe.local, "ccms_merge_context", None) or {}


def _images(source: str, target: str, holders: list[str]) -> dict[str, images.Image]:
	"""Copies of both customers with children, and of the rows that a merge makes, deletes or changes."""
	found = {CUSTOMER: images.of_names(CUSTOMER, [source, target])}
	for field in frappe.get_meta(CUSTOMER).get_table_fields():
		rows = images.where(field.options, parenttype=CUSTOMER, parent=[source, target])
		found.setdefault(field.options, {}).update(rows)
	found["ToDo"] = images.where("ToDo", reference_type=CUSTOMER, reference_name=holders)
	found["Tag Link"] = images.where("Tag Link", document_type=CUSTOMER, document_name=holders)
	for handler in handlers.all().values():
		for doctype, field in handler.restored:
			found.setdefault(doctype, {}).update(images.where(doctype, **{field: holders}))
	return found


def _lead(customer: str) -> list[str] | None:
	"""ERPNext sets the lead of a customer who is deleted back to Interested."""
	lead = frappe.db.get_value(CUSTOMER, customer, "lead_name")
	return [lead, frappe.db.get_value("Lead", lead, "status")] if lead else None


# --- after --------------------------------------------------------------------------------------------------------


def after(source: str, target: str) -> str:
	"""Every link names the target: make every domain right again, and write the merge down. Returns its name."""
	record = _records().pop((source, target), None)
	told = _context().get("told")
	if told:
		told(60, _("Bringing points and figures together"))
	_join_tags(source, target)
	taken = taking_over.run(source, target)
	for handler in handlers.all().values():
		handler.merged(source, target)
	if told:
		told(85, _("Writing it down"))
	if record:
		_picture_after(record, source, target)
	return _write_down(record, source, target, taken)


def _join_tags(source: str, target: str) -> None:
	"""Frappe moves the links of tags and forgets the column that lists them."""
	customer = DocType(CUSTOMER)
	rows = dict(
		frappe.qb.from_(customer)
		.select(customer.name, customer._user_tags)
		.where(customer.name.isin([source, target]))
		.for_update()
		.run()
	)
	tags = [tag for name in (target, source) for tag in (rows.get(name) or "").split(",") if tag]
	joined = {tag.casefold(): tag for tag in reversed(tags)}
	text = "".join(f",{tag}" for tag in dict.fromkeys(joined[tag.casefold()] for tag in tags))
	if text != (rows.get(target) or ""):
		frappe.qb.update(customer).set(customer._user_tags, text).where(customer.name == target).run()
	link, seen = DocType("Tag Link"), set()
	links = frappe.qb.from_(link).select(link.name, link.tag).orderby(link.creation)
	for name, tag in links.where((link.document_type == CUSTOMER) & (link.document_name == target)).run():
		if tag in seen:
			frappe.db.delete("Tag Link", {"name": name})
		seen.add(tag)


def _picture_after(record: dict, source: str, target: str) -> None:
	now_there = _images(source, target, [target])
	for doctype, image in record["images"].items():
		rows = now_there.get(doctype, {})
		rows |= images.of_names(doctype, [name for name in image["before"] if name not in rows])
		# Frappe deletes the source and its children last of all
		gone = {
			name
			for name, row in rows.items()
			if (doctype == CUSTOMER and name == source)
			or (row.get("parenttype") == CUSTOMER and row.get("parent") == source)
		}
		image["after"] = {name: row for name, row in rows.items() if name not in gone}


def _write_down(record: dict | None, source: str, target: str, taken: list[str]) -> str:
	context, titles = _context(), {}
	for name in (source, target):
		titles[name] = frappe.db.get_value(CUSTOMER, name, "customer_name") or name
	if record:
		# ERPNext gives the target its own name as title when customers are called by their names
		titles = {
			name: row.get("customer_name") or name
			for name, row in record["images"][CUSTOMER]["before"].items()
		}
	doc = frappe.new_doc(merge_records.DOCTYPE)
	doc.update(
		{
			"source": source,
			"source_title": titles[source],
			"target": target,
			"target_title": titles[target],
			"status": merge_records.MERGED,
			"merged_on": now(),
			"merged_by": frappe.session.user,
			"via": context.get("via") or merge_records.RENAMING,
			"reason": context.get("reason") or "",
			"evidence": frappe.as_json(context["evidence"]) if context.get("evidence") else "",
			"moved": frappe.as_json(record["counts"] if record else [], indent=None),
			"taken": frappe.as_json(taken, indent=None),
			"moved_rows": sum(len(one[3]) for one in record["references"]) if record else 0,
			"record": merge_records.pack(record) if record else "",
		}
	)
	doc.flags.ignore_links = True
	doc.insert(ignore_permissions=True)
	context["merge"] = doc.name
	return doc.name


# --- doing it -----------------------------------------------------------------------------------------------------


def run(source: str, target: str, reason: str = "", evidence: Any = None, told: Told | None = None) -> str:
	"""Merge `source` into `target`, in this transaction. Asks no permission. Returns the name of the merge.

	Args:
		evidence: why they are held to be one, as it was found; kept as it is.
		told: told percent and what is being done.

	Raises:
		frappe.ValidationError: it is refused; nothing was changed.
	"""
	if source == target:
		frappe.throw(_("A customer cannot be merged with herself."), title=_("Not merged"))
	context = {"reason": reason, "evidence": evidence, "told": told, "via": merge_records.OWN}
	frappe.local.ccms_merge_context = context
	try:
		# before the first plain read, so that everything after it sees what is committed by now
		there = locks.hold([source, target])
		for name in (source, target):
			if name not in there:
				frappe.throw(_not_there(name), title=_("Not merged"))
		rename_doc(
			CUSTOMER,
			source,
			target,
			merge=True,
			ignore_permissions=True,
			show_alert=False,
			rebuild_search=False,
		)
	finally:
		frappe.local.ccms_merge_context = None
	return context["merge"]
