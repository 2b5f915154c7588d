"""Sales Invoice and POS Invoice: one function an event, no rules."""

from ccms_app.behaviour.store import live
from ccms_app.loyalty.store import invoices, payments, points_row


def before_validate(doc, method=None):
	invoices.prepare(doc)


def validate(doc, method=None):
	invoices.check(doc)


def before_submit(doc, method=None):
	invoices.lock_for_submit(doc)


def on_submit(doc, method=None):
	invoices.post(doc)
	live.invoice_changed(doc)


def before_cancel(doc, method=None):
	invoices.lock_for_cancel(doc)


def on_cancel(doc, method=None):
	invoices.reverse(doc)
	live.invoice_changed(doc)


def on_change(doc, method=None):
	payments.changed(doc)


def before_update_after_submit(doc, method=None):
	points_row.refuse_changes(doc)
