"""Quotation, Sales Order and Delivery Note: a copied points row goes, a typed one is refused."""

from ccms_app.loyalty.store import points_row


def before_validate(doc, method=None):
	points_row.clean(doc)


def before_mapping(doc, method=None, source_doc=None, table_maps=None):
	points_row.leave_behind(table_maps)
