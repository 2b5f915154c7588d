"""The reports on customers on a site with a million invoice lines and 100,000 customers, each in a fresh process.

Bar: 95th percentile at most 2 s, with the default and with the widest filters. What is timed is the report as the desk
asks for it; the process has its libraries loaded, as a worker has, and nothing else: no connection to the facts, no cache.

Run it as `CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.reports COMPANY [ROUNDS]`, on a company that was scored.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
from time import perf_counter

from benchmarks import on_site

BAR = 2.0
SINCE_EVER = {"period": "Choose Dates", "from_date": "2000-01-01"}
# report → its widest filters; the company is added
WIDEST = {
	"RFM Segments": {},
	"Lifecycle Funnel": {"period": "Last 12 Months"},
	"Cohort Retention": {"cohorts": "36 Months", "measure": "Value So Far, Each"},
	"Customer Value": {},
	"New against Repeat Revenue": SINCE_EVER,
	"Churn Warnings": {"show": "All Open"},
	"Segment Sizes": {"period": "Last 12 Months"},
	"Score Accuracy": {},
	"Customers Behind": {"sort_by": "Revenue at Risk"},
	"Purchase Cycle and Peak Times": SINCE_EVER,
	"Product Preference and Co-purchase": SINCE_EVER,
	"Returns and Complaints": {**SINCE_EVER, "by": "Customer"},
	"Price Sensitivity": SINCE_EVER,
	"Demand Outlook": {},
	"Purchase Anomalies": SINCE_EVER,
}


def once(report: str, filters: dict) -> None:
	"""Time one run in this process and print the seconds."""
	import frappe

	os.chdir(os.environ.get("CCMS_SITES_PATH", "."))
	frappe.init(os.environ["CCMS_SITE"])
	frappe.connect()
	import ibis.backends.duckdb  # noqa: F401
	import pandas  # noqa: F401
	import scipy.stats  # noqa: F401

	slug = frappe.scrub(report)
	execute = frappe.get_attr(f"ccms_app.ccms_app.report.{slug}.{slug}.execute")
	start = perf_counter()
	_columns, rows, *_rest = execute(filters)
	print(json.dumps([perf_counter() - start, len(rows)]))


def percentile(times: list[float], share: float = 0.95) -> float:
	"""The value that so many of the times do not exceed."""
	return sorted(times)[math.ceil(share * len(times)) - 1]


def main(company: str, rounds: int = 20, only: str | None = None) -> None:
	rows = []
	for report, widest in WIDEST.items():
		if only and report != only:
			continue
		for name, filters in (("default", {}), ("widest", widest)):
			times, found = [], 0
			for _number in range(rounds):
				command = [sys.executable, "-m", "benchmarks.reports", "--once", report]
				done = subprocess.run(
					[*command, json.dumps({"company": company, **filters})], capture_output=True, text=True
				)
				if done.returncode:
					sys.exit(done.stderr)
				seconds, found = json.loads(done.stdout.strip().splitlines()[-1])
				times.append(seconds)
			late = percentile(times)
			rows.append(
				(
					report,
					name,
					found,
					f"{statistics.median(times):.2f}",
					f"{late:.2f}",
					"" if late <= BAR else "over",
				)
			)
	on_site.table(
		f"Reports of {company}, cold",
		rows,
		("report", "filters", "rows", "median s", f"95th percentile s (≤ {BAR:g})", ""),
	)


if __name__ == "__main__":
	if sys.argv[1] == "--once":
		once(sys.argv[2], json.loads(sys.argv[3]))
	else:
		main(sys.argv[1], *map(int, sys.argv[2:3]), *sys.argv[3:4])
