"""The two accounts that a loyalty program books to, in any chart of accounts."""

from __future__ import annotations

from dataclasses import dataclass

import frappe
from frappe import _
from frappe.utils.nestedset import get_ancestors_of


@dataclass(frozen=True)
class PointsAccount:
	"""fieldname of the program; name and root type of the account; groups it likes to stand in, best first;
	default accounts of the company that stand beside such accounts in charts with other words."""

	fieldname: str
	account_name: str
	root_type: str
	groups: tuple[str, ...]
	neighbours: tuple[str, ...]


ACCOUNTS = (
	PointsAccount(
		"liability_account",
		"Loyalty Points Liability",
		"Liability",
		("Current Liabilities", "Duties and Taxes", "Short-term Liabilities"),
		("stock_received_but_not_billed", "default_deferred_revenue_account", "default_payable_account"),
	),
	PointsAccount(
		"expense_account",
		"Loyalty Points Expense",
		"Expense",
		("Indirect Expenses", "Operating Expenses", "Selling Expenses"),
		("write_off_account", "round_off_account", "default_discount_account", "default_expense_account"),
	),
)


def create_points_accounts(company: str) -> dict[str, str]:
	"""The two accounts of the company, made where missing: {"liability_account": name, "expense_account": name}.

	Asks no permission: the caller does.
	"""
	return {account.fieldname: _find(company, account) or _make(company, account) for account in ACCOUNTS}


def find_points_accounts(company: str) -> dict[str, str | None]:
	"""The same without making anything; None where an account is missing."""
	return {account.fieldname: _find(company, account) for account in ACCOUNTS}


def _find(company: str, account: PointsAccount) -> str | None:
	# Under its English name or, where a bookkeeper renamed it or an older site was translated, the local one
	names = {account.account_name, _in_site_language(account.account_name)}
	return frappe.db.get_value(
		"Account",
		{
			"company": company,
			"account_name": ["in", sorted(names)],
			"root_type": account.root_type,
			"is_group": 0,
			"disabled": 0,
		},
	)


def _make(company: str, account: PointsAccount) -> str:
	# Consolidated statements add up accounts of one name: the head of the group gets it first.
	for ancestor in get_ancestors_of("Company", company, "lft asc"):
		if not _find(ancestor, account):
			_insert(ancestor, account)
	return _insert(company, account)


def _insert(company: str, account: PointsAccount) -> str:
	doc = frappe.get_doc(
		{
			"doctype": "Account",
			"account_name": _in_site_language(account.account_name),
			"company": company,
			"parent_account": _parent(company, account),
			"account_currency": frappe.get_cached_value("Company", company, "default_currency"),
			"is_group": 0,
		}
	)
	# ERPNext would copy it into child companies by the name of the parent group, and stop where one has other groups.
	doc.flags.ignore_root_company_validation = True
	doc.insert(ignore_permissions=True)
	return doc.name


def _parent(company: str, account: PointsAccount) -> str:
	"""A group for the account: by name, else beside a default account of the company, else the first of its kind."""
	groups = frappe.get_all(
		"Account",
		filters={"company": company, "root_type": account.root_type, "is_group": 1, "disabled": 0},
		fields=["name", "account_name", "account_type", "parent_account"],
		order_by="lft asc",
	)
	if not groups:
		frappe.throw(
			_("Company {0} has no group account of type {1}: set up its chart of accounts first.").format(
				frappe.bold(company), _(account.root_type)
			),
			title=_("Chart of Accounts"),
		)
	for group_name in account.groups:
		wanted = {group_name.casefold(), _in_site_language(group_name).casefold()}
		for group in groups:
			if group.account_name.casefold() in wanted:
				return group.name
	by_name = {group.name: group for group in groups}
	for fieldname in account.neighbours:
		if group := _group_of(frappe.get_cached_value("Company", company, fieldname), by_name):
			return group
	plain = [group for group in groups if group.parent_account and not group.account_type]
	return (plain or groups)[0].name


def _group_of(neighbour: str | None, groups: dict[str, frappe._dict]) -> str | None:
	"""The nearest group above an account that is not itself for debtors, creditors, taxes or stock."""
	if not neighbour:
		return None
	parent = frappe.get_cached_value("Account", neighbour, "parent_account")
	while parent in groups and groups[parent].account_type:
		parent = groups[parent].parent_account
	return parent if parent in groups else None


def _in_site_language(text: str) -> str:
	# The books speak the site's language, whoever presses the button
	return _(text, lang=frappe.db.get_single_value("System Settings", "language") or "en")
