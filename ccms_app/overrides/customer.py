"""Customer: renaming and merging take memberships along."""

from ccms_app.loyalty.store import members


def before_rename(doc, method=None, old=None, new=None, merge=False):
	# Runs also for merges that never happen: it may only look, and refuse.
	if merge:
		members.refuse_merge(old, new)


def after_rename(doc, method=None, old=None, new=None, merge=False):
	members.customer_renamed(old, new, bool(merge))
