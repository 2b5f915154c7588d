"""Features of each customer from lines on disk, against the bars: beside pandas and one MariaDB statement, in one run.

Made lines of 1 and 10 million (benchmarks/purchase_lines.py) lie in Parquet, a file a month. Every engine runs in a process of
its own with two threads; the clock starts when it has been imported and stops when all features are a frame in memory. Memory
is the process's peak, so with the frame. pandas computes the same measures but the share of lines below list, discounts and
margins. MariaDB gets the smaller lines in a scratch database (dropped at the end) with an index on customer and day, and answers
orders, revenue in all windows, gaps, peak weekday and favourite item in one statement; its time is without the loading.

Run: python -m benchmarks.features                 1 M and 10 M lines
     python -m benchmarks.features --lines 1       the smaller ones only

MariaDB is asked through the `mariadb` client as root (CCMS_DB_HOST, CCMS_DB_ROOT_PASSWORD; 127.0.0.1 and root).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

# million lines → (customers, items, bar in seconds)
SIZES = {1: (60_000, 5_000, 1.5), 10: (300_000, 20_000, 10.0)}
MEMORY = 1024  # MB
THREADS = 2


def main() -> None:
	parser = argparse.ArgumentParser(
		description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
	)
	parser.add_argument(
		"--lines", type=int, choices=SIZES, action="append", help="million lines (repeatable)"
	)
	parser.add_argument("--runs", type=int, default=3, help="of ours; the fastest counts, and the largest")
	parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
	options = parser.parse_args()
	if options.child:
		name, folder, *more = options.child
		print(json.dumps(CHILDREN[name](Path(folder), *more)))
		return
	rows = []
	for size in options.lines or SIZES:
		with tempfile.TemporaryDirectory(prefix="ccms-lines-") as folder:
			rows += compare(size, Path(folder), options.runs)
	show(rows)


def compare(size: int, folder: Path, runs: int) -> list[tuple]:
	"""One row an engine: what, seconds, memory MB, ratio to the bar."""
	bar = SIZES[size][-1]
	child("made", folder / "lines", str(size))
	all_runs = [child("ours", folder / "lines") for _ in range(runs)]
	ours = min(all_runs, key=lambda run: run["seconds"])
	ours["memory"] = max(run["memory"] for run in all_runs)
	what = f"{size} M lines, {ours['customers']:,} customers"
	rows = [(what, "ours, DuckDB", ours["seconds"], ours["memory"], bar)]
	pandas = child("pandas", folder / "lines")
	rows.append((what, "pandas", pandas["seconds"], pandas["memory"], bar))
	results = [pandas]
	if size == 1:
		if database := child("mariadb", folder / "lines"):
			rows.append((what, "MariaDB, one statement", database["seconds"], None, bar))
			results.append(database)
		else:
			print("Not run: MariaDB, because no server lets the mariadb client in as root.", file=sys.stderr)
	for other in results:  # a race between different questions would say nothing
		for name, value in other["sums"].items():
			assert abs(value - ours["sums"][name]) <= 1e-6 * max(1, abs(value)), (
				name,
				value,
				ours["sums"][name],
			)
	return rows


def child(name: str, folder: Path, *more: str) -> dict:
	"""What a process of its own measured. (This one stays small: a process begins with its parent's peak of memory.)"""
	command = [sys.executable, "-m", "benchmarks.features", "--child", name, str(folder), *more]
	return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def measured(run) -> dict:
	begun = perf_counter()
	frame = run()
	seconds = perf_counter() - begun
	memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
	sums = {name: float(frame[name].sum()) for name in SUMS}
	sums["favourites"] = float(frame["favourite_item"].dropna().str[-5:].astype(int).sum())
	return {"seconds": seconds, "memory": memory, "customers": len(frame), "sums": sums}


def made(folder: Path, size: str) -> dict:
	from benchmarks.purchase_lines import write

	customers, items, _bar = SIZES[int(size)]
	return {"files": len(write(folder, int(size) * 1_000_000, customers, items))}


SUMS = ("orders", "revenue", "orders_365", "revenue_365", "revenue_90", "gaps", "gap_mean", "peak_weekday")


def ours(folder: Path) -> dict:
	from benchmarks.purchase_lines import AS_OF, BEGIN
	from ccms_app.behaviour.engine import Engine
	from ccms_app.behaviour.features import compute
	from ccms_app.behaviour.settings import Settings

	with Engine(threads=THREADS) as engine:
		paths = sorted(folder.iterdir())
		compute(
			engine, engine.lines(paths[0]), BEGIN, Settings()
		)  # no line is older: all is imported, nothing computed
		return measured(lambda: compute(engine, engine.lines(paths), AS_OF, Settings()))


def by_pandas(folder: Path) -> dict:
	import pyarrow

	from benchmarks import features_in_pandas

	pyarrow.set_cpu_count(THREADS)
	return measured(lambda: features_in_pandas.compute(sorted(folder.iterdir())))


SCRATCH = "ccms_benchmark_features"
STATEMENT = """
with days as (
	select customer, day, sum(net_amount) revenue, sum(not is_return) goods, max(back) back
	from sale_line group by customer, day
), bought as (
	select customer, day, datediff(day, lag(day) over (partition by customer order by day)) gap
	from days where goods > 0 and not back
), weekdays as (
	select customer, weekday(day) weekday, count(*) orders from bought group by customer, weekday
), peaks as (
	select customer, weekday, row_number() over (partition by customer order by orders desc, weekday) place from weekdays
), items as (
	select customer, item, count(distinct day) orders, sum(net_amount) paid
	from sale_line join bought using (customer, day) where not is_return group by customer, item
), favourites as (
	select customer, item, row_number() over (partition by customer order by orders desc, round(paid, 4) desc, item) place
	from items
), ordered as (
	select customer, min(day) first_order, max(day) last_order, count(*) orders, sum(day >= {as_of} - interval 365 day) orders_365,
		count(gap) gaps, avg(gap) gap_mean, stddev_samp(gap) gap_sd
	from bought group by customer
), earned as (
	select customer, sum(revenue) revenue, sum(if(day >= {as_of} - interval 365 day, revenue, 0)) revenue_365,
		sum(if(day >= {as_of} - interval 90 day, revenue, 0)) revenue_90
	from days group by customer
)
select sum(orders), sum(revenue), sum(orders_365), sum(revenue_365), sum(revenue_90), sum(gaps), sum(gap_mean),
	sum(weekday), sum(right(item, 5))
from earned left join ordered using (customer)
	left join (select * from peaks where place = 1) peak using (customer)
	left join (select * from favourites where place = 1) favourite using (customer)
"""


def mariadb(folder: Path) -> dict | None:
	"""Seconds of the statement and its sums; None without a server."""
	client = shutil.which("mariadb") or shutil.which("mysql")
	if not client or ask(client, "select 1", check=False) is None:
		return None
	from benchmarks.purchase_lines import AS_OF

	try:
		ask(client, f"create or replace database {SCRATCH}")
		with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file:
			write_csv(folder, file)
			file.flush()
			os.chmod(file.name, 0o644)
			load = f"""create table sale_line (customer varchar(20), day date, item varchar(20), net_amount double,
				is_return bool, back bool) engine=InnoDB;
				load data local infile '{file.name}' into table sale_line fields terminated by ',';
				alter table sale_line add index (customer, day, item); analyze table sale_line"""
			ask(client, load, SCRATCH)
		begun = perf_counter()
		answer = ask(client, STATEMENT.format(as_of=f"date '{AS_OF}'"), SCRATCH)
		seconds = perf_counter() - begun
	finally:
		ask(client, f"drop database if exists {SCRATCH}", check=False)
	values = [float(value) for value in answer.split()]
	return {"seconds": seconds, "sums": dict(zip((*SUMS, "favourites"), values, strict=True))}


CHILDREN = {"made": made, "ours": ours, "pandas": by_pandas, "mariadb": mariadb}


def write_csv(folder: Path, file) -> None:
	"""The lines as MariaDB needs them; `back` marks sales of which everything came back (they are no orders)."""
	from benchmarks.features_in_pandas import read, whole_returns

	lines = read(sorted(folder.iterdir()))
	back = whole_returns(lines)
	marked = lines.merge(back.assign(back=1), on=["customer", "day"], how="left")
	writer = csv.writer(file)
	columns = [marked[name] for name in ("customer", "day", "item", "net_amount")]
	flags = [marked["is_return"].astype(int), marked["back"].fillna(0).astype(int)]
	writer.writerows(zip(*columns, *flags, strict=True))


def ask(client: str, sql: str, database: str = "", check: bool = True) -> str | None:
	host, password = (
		os.environ.get("CCMS_DB_HOST", "127.0.0.1"),
		os.environ.get("CCMS_DB_ROOT_PASSWORD", "root"),
	)
	command = [client, "--local-infile", "-h", host, "-u", "root", "--batch", "--skip-column-names", database]
	done = subprocess.run(
		[part for part in command if part],
		input=sql,
		capture_output=True,
		text=True,
		env={**os.environ, "MYSQL_PWD": password},
	)
	if done.returncode and check:
		raise RuntimeError(done.stderr)
	return None if done.returncode else done.stdout


def show(rows: list[tuple]) -> None:
	table = Table(title=f"Features of each customer, {THREADS} threads (bar: seconds below; {MEMORY:,} MB)")
	for heading in ("lines", "engine", "seconds", "bar", "of the bar", "peak MB", "of the bar"):
		table.add_column(heading, justify="left" if heading in ("lines", "engine") else "right")
	for what, engine, seconds, memory, bar in rows:
		used = ("", "") if memory is None else (f"{memory:,.0f}", f"{memory / MEMORY:.2f}")
		table.add_row(what, engine, f"{seconds:.2f}", f"{bar:g}", f"{seconds / bar:.2f}", *used)
	Console(width=130).print(table)


if __name__ == "__main__":
	main()
