"""Other processes on the same site: real workers that race each other, and the real job queue.

Whatever they read must have been committed by the test, and what they write is committed.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Sequence

import frappe


class Workers:
	"""A number of processes, each with its own connection to the site.

	`with Workers(8) as workers: replies = workers.run("tests.site.test_races.redeem", [{"points": 5}] * 8)`
	"""

	def __init__(self, count: int):
		command = [sys.executable, "-m", "tests.site.processes", frappe.local.site]
		self.processes = [
			subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
			for _ in range(count)
		]

	def __enter__(self):
		for process in self.processes:
			assert process.stdout.readline() == "ready\n", "the worker did not start"
		return self

	def __exit__(self, *_):
		for process in self.processes:
			process.stdin.close()
			process.wait(timeout=60)
			process.stdout.close()

	def run(self, call: str, arguments: Sequence[dict]) -> list[dict]:
		"""Call a function by its dotted name in as many workers as there are arguments, all at once.

		Each call runs in a transaction of its own. Replies, in order: {"value": …} or {"error": class name, "message": …}.
		"""
		return self.run_mixed([(call, keywords) for keywords in arguments])

	def run_mixed(self, calls: Sequence[tuple[str, dict]]) -> list[dict]:
		"""The same for (dotted name, arguments) pairs."""
		busy = self.processes[: len(calls)]
		assert len(busy) == len(calls), "more calls than workers"
		for process, (call, keywords) in zip(busy, calls, strict=True):
			process.stdin.write(json.dumps({"call": call, "keywords": keywords}) + "\n")
		for process in busy:
			process.stdin.flush()
		return [json.loads(process.stdout.readline()) for process in busy]


def run_jobs(*queues: str) -> None:
	"""Work off what has been enqueued, as `bench worker` does; returns when the queues are empty."""
	arguments = ["worker", "--burst", "--quiet", "--queue", ",".join(queues or ("short", "default", "long"))]
	command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", *arguments]
	subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=600)


def forget_jobs() -> None:
	"""Drop the waiting jobs of this site, which earlier tests enqueued for documents they rolled back."""
	from frappe.utils.background_jobs import get_queues

	for queue in get_queues():
		for job in queue.jobs:
			if job.kwargs.get("site") == frappe.local.site:
				job.delete()


def serve(site: str) -> None:
	"""The loop of a worker: one JSON line in, one out."""
	from tests.on_site import connect

	connect(site)
	replies = os.fdopen(os.dup(1), "w", buffering=1)
	os.dup2(2, 1)  # what the code under test prints is no reply
	print("ready", file=replies)
	for line in sys.stdin:
		asked = json.loads(line)
		connect(site)
		print(json.dumps(answer(asked["call"], asked["keywords"]), default=str), file=replies)


def answer(call: str, keywords: dict) -> dict:
	try:
		module, _, name = call.rpartition(".")
		value = getattr(importlib.import_module(module), name)(**keywords)
		frappe.db.commit()
		return {"value": value}
	except Exception as error:
		with contextlib.suppress(Exception):
			frappe.db.rollback()
		return {"error": type(error).__name__, "message": str(error), "trace": traceback.format_exc()}


if __name__ == "__main__":
	serve(sys.argv[1])
