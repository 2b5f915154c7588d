"""The wordings that people answer: versions are never changed once somebody has answered them."""

from __future__ import annotations

import frappe
from frappe import _

from .consent import DOCTYPE, WORDING

# What a new site starts from; managers write their own.
SHIPPED = {
	(
		"Marketing",
		"en",
	): "I would like to receive offers and news by e-mail, SMS, phone or post. I can withdraw this at any time.",
	(
		"Profiling",
		"en",
	): "You may use what I buy and do to work out which offers suit me. I can withdraw this at any time.",
	(
		"Web Tracking",
		"en",
	): "You may record which pages I open and what I click on your web site and in your app. I can withdraw this at any time.",
	(
		"Third Parties",
		"en",
	): "You may pass my data on to the partners you have named to me. I can withdraw this at any time.",
	("Marketing", "zh"): "我愿意通过电子邮件、短信、电话或邮寄接收优惠和新闻。我可以随时撤回同意。",
	("Profiling", "zh"): "您可以使用我的购买和行为记录来判断哪些优惠适合我。我可以随时撤回同意。",
	("Web Tracking", "zh"): "您可以记录我在贵网站和应用中打开的页面和点击。我可以随时撤回同意。",
	("Third Parties", "zh"): "您可以将我的数据提供给已向我说明的合作方。我可以随时撤回同意。",
}


def make() -> None:
	"""Add the shipped wordings for purposes and languages that have none."""
	for (purpose, language), text in SHIPPED.items():
		if not frappe.db.exists("Language", language):
			continue
		if not frappe.db.exists(WORDING, {"purpose": purpose, "language": language}):
			doc = frappe.get_doc({"doctype": WORDING, "purpose": purpose, "language": language, "text": text})
			doc.insert(ignore_permissions=True)


def next_version(purpose: str, language: str) -> int:
	"""One more than the newest version of a purpose and language."""
	newest = frappe.get_all(
		WORDING,
		filters={"purpose": purpose, "language": language},
		pluck="version",
		order_by="version desc",
		limit=1,
	)
	return (newest[0] or 0) + 1 if newest else 1


def current(purpose: str, language: str) -> frappe._dict | None:
	"""The wording people are shown: the newest offered one in their language, else in English, else in any."""
	for chosen in (language, (language or "").split("-")[0], "en", None):
		filters = {"purpose": purpose, "enabled": 1} | ({"language": chosen} if chosen else {})
		found = frappe.get_all(
			WORDING,
			filters=filters,
			fields=["name", "version", "language", "text"],
			order_by="version desc",
			limit=1,
		)
		if found:
			return found[0]
	return None


def check(doc) -> None:
	"""Refuse a change of words that somebody has answered."""
	before = doc.get_doc_before_save()
	if before and (before.text or "") != (doc.text or ""):
		refuse_used(doc.name)


def refuse_used(name: str) -> None:
	if frappe.db.exists(DOCTYPE, {"wording": name}):
		frappe.throw(_("People have answered this wording. Make a new version instead."))
