"""The page behind a signed link: it shows a button, and only pressing it withdraws.

Mail scanners open every link of a message: reading changes nothing. A mail program's own "unsubscribe" posts to the same
address (RFC 8058). Who is logged in does not matter, and nothing tells whether the address is anybody's.
"""

import frappe
from frappe import _
from frappe.sessions import get_csrf_token

from ccms_app.privacy.store import withdrawal

no_cache = 1
sitemap = 0


def get_context(context):
	asked = withdrawal.asked(frappe.form_dict.get("t"))
	is_post = frappe.request.method == "POST"
	if asked and is_post:
		withdrawal.withdraw(asked, every_channel=bool(frappe.form_dict.get("every")))
	context.update(
		{
			"title": _("Withdraw Consent"),
			"no_header": True,
			"no_breadcrumbs": True,
			"asked": asked,
			"is_done": bool(asked and is_post),
			"is_every": bool(frappe.form_dict.get("every")),
			"token": frappe.form_dict.get("t") if asked else "",
			"csrf_token": get_csrf_token() if frappe.session.user != "Guest" else "",
			"purpose": PURPOSES[asked.purpose]() if asked else "",
			"channel": _(asked.channel, context="CCMS Consent") if asked and asked.channel else "",
			"metatags": {"robots": "noindex"},
		}
	)


PURPOSES = {
	"Marketing": lambda: _("offers and news"),
	"Profiling": lambda: _("working out from your purchases what suits you"),
	"Web Tracking": lambda: _("recording what you open on our web site and in our app"),
	"Third Parties": lambda: _("passing your data on to partners"),
}
