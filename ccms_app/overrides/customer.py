"""Customer: renaming and merging take everything along that belongs to a customer."""

from ccms_app.behaviour.store import customers
from ccms_app.identity.store import handlers, merging
from ccms_app.privacy.store import erasing
from ccms_app.scoring.store import scores


def before_rename(doc, method=None, old=None, new=None, merge=False):
	# Runs also for merges that never happen: it may only look, and refuse.
	erasing.refuse_rename(old)
	if merge:
		merging.before(old, new)


def after_rename(doc, method=None, old=None, new=None, merge=False):
	if merge:
		merging.after(old, new)
	else:
		handlers.renamed(old, new)


def on_trash(doc, method=None):
	customers.deleted(doc.name)
	scores.customer_deleted(doc.name)
