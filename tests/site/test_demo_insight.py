"""Demo data about behaviour: after it no screen about customers is empty."""

import frappe
import pytest

from ccms_app.scoring.store import runs
from ccms_app.segments.store import members, segments
from ccms_app.setup import demo
from tests.site import shop

pytestmark = pytest.mark.commits


def test_scores_and_segments_with_members(site):
	company = shop.open_shop()
	before = set(frappe.get_all(segments.DOCTYPE, {"company": company}, pluck="name"))
	try:
		lines = list(demo._insight(company))
		run = frappe.get_doc(runs.DOCTYPE, runs.published(company))
		assert str(run.data_cut) == frappe.utils.nowdate() and run.customers == shop.CUSTOMERS
		assert any(run.name in line for line in lines)
		made = set(frappe.get_all(segments.DOCTYPE, {"company": company}, pluck="name")) - before
		assert len(made) >= 8
		assert sum(bool(held) for held in members.current(sorted(made)).values()) >= 3
	finally:
		for name in set(frappe.get_all(segments.DOCTYPE, {"company": company}, pluck="name")) - before:
			frappe.delete_doc(segments.DOCTYPE, name, force=True)
		frappe.db.commit()
