"""Run the test suites and leave nothing behind.

  python -m tests.harness                            everything that can run here
  python -m tests.harness --suite unit               one suite
  python -m tests.harness --suite site tests/site/test_install.py -k reinstall
                                                     what follows goes to pytest

CCMS_BENCH  the bench whose Frappe and ERPNext are used (~/frappe-bench)
CCMS_SITE   a warm site of that bench: nothing is made, nothing is removed
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import bench, chromium, overlay, services, site

CHECKOUT = Path(__file__).resolve().parents[2]
SUITES = ("unit", "site", "browser")
OPTIONS = {"browser": ["--screenshot=only-on-failure", "--output=test-results"]}


def main() -> int:
	parser = argparse.ArgumentParser(
		prog="python -m tests.harness",
		description=__doc__,
		formatter_class=argparse.RawDescriptionHelpFormatter,
	)
	parser.add_argument(
		"--suite", action="append", choices=SUITES, help="run only this suite (may be repeated)"
	)
	options, for_pytest = parser.parse_known_args()
	suites = options.suite or list(SUITES)
	for number in (signal.SIGTERM, signal.SIGHUP):
		signal.signal(number, lambda number, _: sys.exit(128 + number))

	failed = []
	if "unit" in suites:
		failed += run_suites(["unit"], for_pytest, sys.executable, dict(os.environ))
	on_site = [suite for suite in suites if suite != "unit"]
	if "browser" in on_site and not chromium.find():
		on_site.remove("browser")
		print("Not run: tests/browser, because no Chromium was found (set CCMS_CHROMIUM).")
	if on_site:
		failed += run_on_site(on_site, for_pytest)
	if failed:
		print(f"FAILED: {', '.join(failed)}")
	return 1 if failed else 0


def run_on_site(suites: list[str], for_pytest: list[str]) -> list[str]:
	"""Run the suites that need a site, where there can be one; returns those that failed."""
	try:
		with a_site() as where:
			return run_suites(suites, for_pytest, where.python, where.environment)
	except (bench.NoBench, services.Missing) as reason:
		print(f"Not run: {', '.join(f'tests/{suite}' for suite in suites)}, because {reason}.")
		return []
	except (RuntimeError, subprocess.CalledProcessError) as error:
		print(error)
		return suites


def run_suites(suites: list[str], for_pytest: list[str], python: str | Path, environment: dict) -> list[str]:
	"""Run pytest once a suite; returns those that failed."""
	return [suite for suite in suites if not passes(suite, for_pytest, python, environment)]


def passes(suite: str, for_pytest: list[str], python: str | Path, environment: dict) -> bool:
	"""Whether a suite passes. On screens what failed is tried once more: a busy machine answers a click too late."""
	code = run_pytest(suite, for_pytest, python, environment)
	if code == 1 and suite == "browser":
		print("\nOnce more, only what failed:", flush=True)
		code = run_pytest(suite, [*for_pytest, "--last-failed"], python, environment)
	return code == 0


def run_pytest(suite: str, for_pytest: list[str], python: str | Path, environment: dict) -> int:
	"""Run one suite, its output as pytest prints it."""
	named = any(part.startswith("tests/") for part in for_pytest)
	where = [] if named else [f"tests/{suite}"]
	print(f"\n── tests/{suite} ──", flush=True)
	process = subprocess.Popen(
		[python, "-m", "pytest", *where, *for_pytest],
		cwd=CHECKOUT,
		env={**environment, "PYTHONUNBUFFERED": "1"},
	)
	try:
		code = process.wait()
		if code < 0:
			print(f"tests/{suite} was ended by {signal.Signals(-code).name}", flush=True)
		return code
	except BaseException:
		# let its fixtures stop their servers before the site goes
		process.send_signal(signal.SIGINT)
		try:
			process.wait(timeout=30)
		except subprocess.TimeoutExpired:
			process.kill()
		raise


@contextmanager
def a_site() -> Iterator[site.Site]:
	"""The warm site when one is named, else a throw-away one."""
	found = bench.find()
	python = overlay.build(found, CHECKOUT)
	if name := os.environ.get("CCMS_SITE"):
		with site.warm(name, found, python, CHECKOUT) as where:
			yield where
	else:
		with temporary_folder() as folder, site.throw_away(found, python, CHECKOUT, folder) as where:
			yield where


@contextmanager
def temporary_folder() -> Iterator[Path]:
	"""A folder that goes with the block, however that ends."""
	folder = Path(tempfile.mkdtemp(prefix="ccms-test-"))
	try:
		yield folder
	finally:
		shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
	try:
		sys.exit(main())
	except KeyboardInterrupt:
		sys.exit(130)
