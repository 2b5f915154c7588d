"""The waiting jobs of this site alone, each in another process as who enqueued it: other sites' jobs wait for their own workers."""

import frappe

from tests.site.processes import Workers

MERGE_JOBS = "ccms_app.identity.store.merge_jobs"


def run_own_jobs(of: str, queue: str = "long") -> int:
	"""Work off what this site has in a queue of the methods that begin with `of`; returns how many there were.

	What other tests left waiting stays: its documents may be gone.
	"""
	from frappe.utils.background_jobs import get_queue

	frappe.db.commit()
	mine = [job for job in get_queue(queue).jobs if waits_here(job, of)]
	for job in mine:
		call = {key: job.kwargs[key] for key in ("method", "kwargs", "user")}
		with Workers(1) as workers:
			(reply,) = workers.run("tests.site.own_jobs.execute", [call])
		job.delete()  # whoever asks meanwhile finds it waiting
		assert "error" not in reply, reply
	return len(mine)


def waits_here(job, of: str) -> bool:
	return job.kwargs.get("site") == frappe.local.site and str(job.kwargs["method"]).startswith(of)


def execute(method: str, kwargs: dict, user: str) -> None:
	"""Called in a worker."""
	frappe.set_user(user)
	frappe.get_attr(method)(**kwargs)
