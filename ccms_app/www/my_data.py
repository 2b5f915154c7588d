"""What we hold about the logged-in customer, and why; nobody sees anybody else's."""

import frappe
from frappe import _
from frappe.sessions import get_csrf_token

from ccms_app.privacy.store import held, own_words, portal

no_cache = 1
sitemap = 0


def get_context(context):
	user = frappe.session.user
	if user == "Guest":
		frappe.local.flags.redirect_location = "/login?redirect-to=/my-data"
		raise frappe.Redirect
	asked = withdrawn = ""
	if frappe.request and frappe.request.method == "POST":
		given = frappe.form_dict
		customer = given.get("customer") or ""
		if purpose := given.get("withdraw"):
			own_words.withdraw(user, customer, purpose)
			withdrawn = own_words.purposes()[purpose]
		else:
			asked = held.ask(user, customer, given.get("what") or "")
		frappe.db.commit()
	context.update(
		{
			"title": _("What We Hold About You"),
			"no_breadcrumbs": True,
			"people": [_person(name) for name in portal.customers_of(user)],
			"user": user,
			"asked": asked,
			"withdrawn": withdrawn,
			"csrf_token": get_csrf_token(),
			"metatags": {"robots": "noindex"},
		}
	)


def _person(name: str) -> dict:
	return {
		"customer": name,
		"title": frappe.db.get_value("Customer", name, "customer_name"),
		"groups": held.groups(name),
		"consents": own_words.of_customer(name),
	}
