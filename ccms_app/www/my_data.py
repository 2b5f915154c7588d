"""What we hold about the logged-in customer, and why; nobody sees anybody else's."""

import frappe
from frappe import _
from frappe.sessions import get_csrf_token

from ccms_app.privacy.store import held, portal

no_cache = 1
sitemap = 0


def get_context(context):
	user = frappe.session.user
	if user == "Guest":
		frappe.local.flags.redirect_location = "/login?redirect-to=/my-data"
		raise frappe.Redirect
	mine = portal.customers_of(user)
	asked = ""
	if frappe.request and frappe.request.method == "POST":
		asked = held.ask(user, frappe.form_dict.get("customer") or "", frappe.form_dict.get("what") or "")
		frappe.db.commit()
	context.update(
		{
			"title": _("What We Hold About You"),
			"no_breadcrumbs": True,
			"people": [
				{"customer": name, "title": frappe.db.get_value("Customer", name, "customer_name"), "groups": held.groups(name)}
				for name in mine
			],
			"asked": asked,
			"csrf_token": get_csrf_token(),
			"metatags": {"robots": "noindex"},
		}
	)  # fmt: skip
