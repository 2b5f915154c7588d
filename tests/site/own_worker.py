"""A worker of the real queue that takes one job of this site and leaves everybody else's.

As a process: `python -m tests.site.own_worker SITE JOB`, in the sites directory; it ends with the job.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import frappe

PATIENCE = 120


def job_of(job_id: str):
	"""A job of this site, or None."""
	from frappe.utils.background_jobs import get_job

	return get_job(job_id)


def status_of(job_id: str) -> str:
	job = job_of(job_id)
	return str(job.get_status(refresh=True)) if job else ""


@contextlib.contextmanager
def working(job_id: str) -> Iterator[subprocess.Popen]:
	"""A worker with a process group of its own is on the job."""
	command = [sys.executable, "-m", "tests.site.own_worker", frappe.local.site, job_id]
	worker = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
	try:
		yield worker
		worker.wait(timeout=PATIENCE)
	finally:
		if worker.poll() is None:
			kill(worker)


def kill(worker: subprocess.Popen) -> None:
	"""As when the machine is switched off: the worker and the process it has forked for the job."""
	os.killpg(worker.pid, signal.SIGKILL)
	worker.wait(timeout=PATIENCE)


def wait_until(what: Callable[[], object], patience: float = PATIENCE) -> None:
	"""Wait for something that other processes bring about and commit."""
	end = time.monotonic() + patience
	while not what():
		assert time.monotonic() < end, "it never came about"
		time.sleep(0.1)
		frappe.db.rollback()


def main(site: str, job_id: str) -> None:
	"""What the process does: everything from the fork on is the queue's own."""
	from rq import Queue, Worker

	frappe.init(site)
	job = job_of(job_id)
	queue = Queue(job.origin, connection=job.connection)
	queue.remove(job)
	worker = Worker([queue], connection=job.connection)
	worker.register_birth()
	try:
		worker.execute_job(job, queue)
	finally:
		worker.register_death()


if __name__ == "__main__":
	main(*sys.argv[1:])
