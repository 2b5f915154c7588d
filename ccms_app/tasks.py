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


def hourly_long() -> None:
	"""Count the days anew that events came for; go on with imports whose worker died."""
	frappe.enqueue(
		"ccms_app.interactions.store.imports.resume_all",
		queue="long",
		job_id="ccms_interaction_imports",
		deduplicate=True,
	)
	frappe.enqueue(
		"ccms_app.interactions.store.days.compute_marked",
		queue="long",
		timeout=2 * 60 * 60,
		job_id="ccms_interaction_days",
		deduplicate=True,
	)
	frappe.enqueue(
		"ccms_app.identity.store.matching.resume",
		queue="short",
		job_id="ccms_matching_resume",
		deduplicate=True,
	)
	frappe.enqueue(
		"ccms_app.quality.store.runs.resume",
		queue="long",
		timeout=2 * 60 * 60,
		job_id="ccms_quality_resume",
		deduplicate=True,
	)


def daily_long() -> None:
	"""Score every company, each with its segments; then refresh those of companies that were not scored. The long queue comes
	to it after the points, which `daily` has put there."""
	if not frappe.db.get_single_value("CCMS Settings", "no_nightly_scoring"):
		frappe.enqueue(
			"ccms_app.scoring.store.pipeline.nightly",
			queue="long",
			timeout=8 * 60 * 60,
			job_id="ccms_nightly_scores",
			deduplicate=True,
		)
	frappe.enqueue(
		"ccms_app.segments.store.refresh.nightly",
		queue="long",
		timeout=2 * 60 * 60,
		job_id="ccms_nightly_segments",
		deduplicate=True,
	)
	frappe.enqueue(
		"ccms_app.identity.store.backfill.nightly",
		queue="long",
		timeout=2 * 60 * 60,
		job_id="ccms_nightly_identities",
		deduplicate=True,
	)
	frappe.enqueue(
		"ccms_app.interactions.store.documents.nightly",
		queue="long",
		timeout=2 * 60 * 60,
		job_id="ccms_nightly_documents",
		deduplicate=True,
	)
	frappe.enqueue(
		"ccms_app.interactions.store.totals.compute_marked",
		queue="long",
		timeout=2 * 60 * 60,
		job_id="ccms_interaction_totals",
		deduplicate=True,
	)
	frappe.enqueue(
		"ccms_app.identity.store.matching.nightly",
		queue="long",
		timeout=2 * 60 * 60,
		job_id="ccms_nightly_matching",
		deduplicate=True,
	)
	frappe.enqueue(
		"ccms_app.privacy.store.requests.resume",
		queue="long",
		timeout=2 * 60 * 60,
		job_id="ccms_nightly_privacy",
		deduplicate=True,
	)
	frappe.enqueue(
		"ccms_app.quality.store.runs.nightly",
		queue="long",
		timeout=2 * 60 * 60,
		job_id="ccms_nightly_quality",
		deduplicate=True,
	)
