"""Any DocType: figures follow what is renamed."""

from ccms_app.behaviour.store import customers


def after_rename(doc, method=None, old=None, new=None, merge=False):
	customers.renamed_in_lines(doc.doctype, old, new)
