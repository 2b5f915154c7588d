"""`bench --site SITE ccms-…`: thin commands over the stores."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import click
import frappe
from frappe.commands import get_site, pass_context

DATE = click.DateTime(formats=["%Y-%m-%d"])


@contextmanager
def connected(context) -> Iterator[str]:
	"""The site of the command line, connected as Administrator; what is not committed is rolled back."""
	site = get_site(context)
	frappe.init(site=site)
	frappe.connect()
	try:
		if "ccms_app" not in frappe.get_installed_apps():
			raise click.ClickException(
				f"ccms_app is not installed on {site}: bench --site {site} install-app ccms_app"
			)
		yield site
	finally:
		frappe.destroy()


def progress(total: int, title: str):
	"""A progress bar for anything long."""
	return click.progressbar(length=total, label=title, show_pos=True, file=sys.stderr)


@click.command("ccms-audit")
@pass_context
def ccms_audit(context) -> None:
	"""Prove that lots and memberships equal the journal, and that nobody has touched it (exit 1 if not)."""
	from ccms_app.loyalty.store import audit

	findings: list[audit.Finding] = []
	with connected(context) as site:
		with progress(len(audit.CHECKS), "Auditing") as bar:
			for check in audit.CHECKS:
				findings += check()
				bar.update(1)
		entries = frappe.db.count("CCMS Points Ledger Entry")
		memberships = frappe.db.count("CCMS Membership")
	if not findings:
		click.echo(f"{site}: {entries} entries of {memberships} memberships, no findings.")
		return
	_table(("check", "membership", "where", "message"), findings)
	click.echo(f"{site}: {len(findings)} findings in {entries} entries.", err=True)
	sys.exit(1)


def _table(columns: tuple[str, ...], rows: list) -> None:
	from rich.console import Console
	from rich.table import Table

	table = Table(*columns)
	for row in rows[:500]:
		table.add_row(*(str(getattr(row, column)) for column in columns))
	Console(width=None if sys.stdout.isatty() else 160).print(table)
	if len(rows) > 500:
		click.echo(f"… and {len(rows) - 500} more")


@click.command("ccms-rebuild")
@click.option("--membership", help="Only this membership.")
@pass_context
def ccms_rebuild(context, membership: str | None) -> None:
	"""Recompute lots and memberships from the journal."""
	from ccms_app.loyalty.store import rebuild

	with connected(context) as site:
		if membership and not frappe.db.exists("CCMS Membership", membership):
			raise click.ClickException(f"There is no membership {membership} on {site}.")
		corrected = visited = 0
		with progress(rebuild.count(membership), "Rebuilding") as bar:
			for _name, changed in rebuild.run(membership):
				visited += 1
				corrected += changed
				bar.update(1)
	click.echo(f"{site}: {visited} memberships rebuilt, {corrected} rows corrected.")


@click.command("ccms-backfill")
@click.option("--program", required=True, help="The loyalty program that earns.")
@click.option("--from-date", type=DATE, help="First posting date (YYYY-MM-DD).")
@click.option("--to-date", type=DATE, help="Last posting date (YYYY-MM-DD).")
@click.option(
	"--enrol", is_flag=True, help="Enrol customers the program's rule covers, from their first invoice on."
)
@pass_context
def ccms_backfill(
	context, program: str, from_date: datetime | None, to_date: datetime | None, enrol: bool
) -> None:
	"""Earn points for past invoices. May be stopped and started again; earns nothing twice."""
	from ccms_app.loyalty.store import backfill

	with connected(context) as site:
		if not frappe.db.exists("CCMS Loyalty Program", program):
			raise click.ClickException(f"There is no loyalty program {program} on {site}.")
		run = backfill.Backfill(program, from_date, to_date, enrol=enrol)
		with progress(run.count(), "Backfilling") as bar:
			for done in run.run():
				bar.update(done)
	click.echo(
		f"{site}: {run.documents} documents read, {run.entries} entries written for {run.members} members."
	)


@click.command("ccms-score")
@click.option("--company", help="Only this company.")
@click.option("--full", is_flag=True, help="Read every invoice anew, not only the months that have changed.")
@pass_context
def ccms_score(context, company: str | None, full: bool) -> None:
	"""Score all customers now: read the invoices, compute, publish (exit 1 if a run fails)."""
	from ccms_app.scoring.store import pipeline, runs, summary

	failed = False
	with connected(context) as site:
		if company and not frappe.db.exists("Company", company):
			raise click.ClickException(f"There is no company {company} on {site}.")
		companies = [company] if company else runs.companies()
		if not companies:
			click.echo(f"{site}: no company has a submitted invoice yet, so there is nothing to score.")
		for each in companies:
			name = runs.new(each, full)
			frappe.db.commit()
			with progress(100, f"Scoring {each}") as bar:
				done = pipeline.run(name, lambda percent, _text, bar=bar: bar.update(int(percent) - bar.pos))
				bar.update(100 - bar.pos if done else 0)
			for line in summary.lines(name):
				click.echo(line, err=not done)
			failed |= not done
	if failed:
		sys.exit(1)


@click.command("ccms-identity")
@pass_context
def ccms_identity(context) -> None:
	"""Read how each customer can be reached into the identity map. May be stopped and started again."""
	from ccms_app.identity.store import backfill

	with connected(context) as site:
		with progress(frappe.db.count("Customer"), "Reading customers") as bar:
			for done in backfill.run():
				bar.update(done - bar.pos)
		standing = backfill.standing()
	click.echo(
		f"{site}: {standing['known']} of {standing['customers']} customers have identifiers, "
		f"{standing['identities']} in all, {standing['shared']} of them shared."
	)


@click.command("ccms-interactions")
@click.option("--since", help="First day of changes (YYYY-MM-DD); by default as far back as events are kept.")
@pass_context
def ccms_interactions(context, since: str | None) -> None:
	"""Tell of past mails, calls, visits, issues, deliveries, carts and returns. May be stopped and started again."""
	from ccms_app.interactions.store import documents

	with connected(context) as site:
		try:
			first = documents.first_day(since)
		except ValueError as wrong:
			raise click.ClickException(str(wrong)) from None
		told: dict[str, int] = {}
		with progress(documents.count_since(first), "Reading documents") as bar:
			for read, answers in documents.backfill(first):
				bar.update(read)
				told = {name: told.get(name, 0) + answers.get(name, 0) for name in {*told, *answers}}
	found = ", ".join(f"{number} {name}" for name, number in sorted(told.items())) or "nothing to tell"
	click.echo(f"{site}: {found}.")


@click.command("ccms-pages")
@click.option(
	"--all",
	"everything",
	is_flag=True,
	help="Every day from which there are events, not only those that changed.",
)
@pass_context
def ccms_pages(context, everything: bool) -> None:
	"""Count pages and carts by day for Path and Dwell. When stopped, the next run goes on with what is left."""
	from ccms_app.interactions.store import pages

	with connected(context) as site:
		if everything:
			pages.mark_all()
			frappe.db.commit()
		with progress(pages.marked(), "Counting days") as bar:
			days = pages.compute_marked(lambda _all: bar.update(1))
		months = pages.add_up_marked()
	click.echo(f"{site}: {days} days counted, {months} months added up.")


@click.command("ccms-match")
@click.option("--full", is_flag=True, help="Compare everybody with everybody, not only who has changed.")
@pass_context
def ccms_match(context, full: bool) -> None:
	"""Look for customers who are probably one person. May be stopped and started again."""
	from ccms_app.identity.store import matching

	with connected(context) as site:
		with progress(100, "Comparing customers") as bar:
			result = matching.run(full, lambda share, _text: bar.update(int(100 * share) - bar.pos))
			bar.update(100 - bar.pos)
	click.echo(
		f"{site}: {result.compared} of {result.customers} customers compared, {result.new} new pairs, {result.gone} gone, "
		f"{result.open} open" + (f", {result.merged} merged." if result.merged else ".")
	)


@click.command("ccms-demo-data")
@click.option("--company", help="The company to trade in; by default the site's default company.")
@pass_context
def ccms_demo_data(context, company: str | None) -> None:
	"""Make a loyalty program, members and a year of sales to look at. Not for a site with real business."""
	from ccms_app.setup import demo

	with connected(context) as site:
		for line in demo.make(company):
			click.echo(line)
	click.echo(f"{site}: demo data is ready.")


commands: list[Callable] = [
	ccms_identity,
	ccms_interactions,
	ccms_match,
	ccms_pages,
	ccms_audit,
	ccms_rebuild,
	ccms_backfill,
	ccms_score,
	ccms_demo_data,
]
