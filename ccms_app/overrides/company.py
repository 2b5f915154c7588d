"""Company: its figures follow its name."""

from ccms_app.behaviour.store import customers


def after_rename(doc, method=None, old=None, new=None, merge=False):
	customers.company_renamed(new)
