"""The page behind a signed link: it shows a button, and only pressing it withdraws.

Mail scanners open every link of a message: reading changes nothing. A mail program's own "unsubscribe" posts to the same
address (RFC 8058). Who is logged in does not matter, and nothing tells whether the address is anybody's.
"""

import frappe
from frappe import _
from frappe.sessions import get_csrf_token

from ccms_app.privacy.store import own_words, withdrawal

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
			"is_withdrawn": bool(asked and not is_post and withdrawal.is_withdrawn(asked)),
			"company": withdrawal.company_of(asked) if asked else "",
			"is_every": bool(frappe.form_dict.get("every")),
			"token": frappe.form_dict.get("t") if asked else "",
			"csrf_token": get_csrf_token() if frappe.session.user != "Guest" else "",
			"purpose": own_words.purposes()[asked.purpose] if asked else "",
			"channel": _(asked.channel, context="CCMS Consent") if asked and asked.channel else "",
			"metatags": {"robots": "noindex"},
		}
	)
