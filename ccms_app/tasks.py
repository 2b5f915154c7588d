"""Scheduler entry points. Each only enqueues: the work runs on the long queue, once at a time."""

import frappe


def daily() -> None:
	"""Repair, activate, expire, review tiers, warn and audit."""
	frappe.enqueue(
		"ccms_app.loyalty.store.sweeps.nightly",
		queue="long",
		timeout=4 * 60 * 60,
		job_id="ccms_nightly",
		deduplicate=True,
	)
