"""Customer: renaming and merging take memberships and figures along."""

from ccms_app.behaviour.store import customers
from ccms_app.loyalty.store import members
from ccms_app.scoring.store import scores


def before_rename(doc, method=None, old=None, new=None, merge=False):
	# Runs also for merges that never happen: it may only look, and refuse.
	if merge:
		members.refuse_merge(old, new)


def after_rename(doc, method=None, old=None, new=None, merge=False):
	members.customer_renamed(old, new, bool(merge))
	customers.renamed(new, bool(merge))
	scores.customer_renamed(new)


def on_trash(doc, method=None):
	customers.deleted(doc.name)
	scores.customer_deleted(doc.name)
