"""The waiting jobs of this site alone, each in another process as who enqueued it: other sites' jobs wait for their own workers."""

import frappe

from tests.site.processes import Workers


def run_own_jobs(queue: str = "long") -> int:
	"""Work off what this site has in a queue; returns how many there were."""
	from frappe.utils.background_jobs import get_queue

	frappe.db.commit()
	mine = [job for job in get_queue(queue).jobs if job.kwargs.get("site") == frappe.local.site]
	for job in mine:
		call = {key: job.kwargs[key] for key in ("method", "kwargs", "user")}
		with Workers(1) as workers:
			(reply,) = workers.run("tests.site.own_jobs.execute", [call])
		job.delete()  # whoever asks meanwhile finds it waiting
		assert "error" not in reply, reply
	return len(mine)


def execute(method: str, kwargs: dict, user: str) -> None:
	"""Called in a worker."""
	frappe.set_user(user)
	frappe.get_attr(method)(**kwargs)
