"""The site the suites run on: a throw-away one, or the developer's warm one."""

import json
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import services
from .bench import Bench

APPS = ("frappe", "erpnext", "ccms_app")


@dataclass(frozen=True)
class Site:
	"""Where a site is and with which Python it runs."""

	name: str
	sites: Path
	python: Path
	checkout: Path
	throw_away: bool = False

	@property
	def environment(self) -> dict[str, str]:
		"""The environment in which this checkout's app is the one that is imported."""
		path = [str(self.checkout), os.environ.get("PYTHONPATH", "")]
		kind = {"CCMS_THROW_AWAY": "1"} if self.throw_away else {}
		return {
			**os.environ,
			**kind,
			"PYTHONPATH": os.pathsep.join(filter(None, path)),
			"PYTHONDONTWRITEBYTECODE": "1",
			"CCMS_SITE": self.name,
			"CCMS_SITES_PATH": str(self.sites),
		}

	def frappe(self, *arguments: str, log: Path) -> None:
		"""Run a bench command in the sites folder; shows the end of its output when it fails."""
		command = [self.python, "-m", "frappe.utils.bench_helper", "frappe", *arguments]
		with log.open("a") as out:
			done = subprocess.run(
				command,
				cwd=self.sites,
				env=self.environment,
				stdin=subprocess.DEVNULL,
				stdout=out,
				stderr=out,
			)
		if done.returncode:
			# progress bars end in carriage returns: only what would be left on a terminal counts
			lines = [line.rpartition("\r")[2] for line in log.read_text(errors="replace").splitlines()]
			raise RuntimeError(f"bench {arguments[0]} failed:\n" + "\n".join(lines[-40:]))

	def assert_our_code(self) -> None:
		"""Another checkout of the app may be installed in the bench's environment: ours must win."""
		code = "import ccms_app; print(ccms_app.__file__)"
		found = subprocess.run(
			[self.python, "-c", code],
			cwd=self.sites,
			env=self.environment,
			check=True,
			capture_output=True,
			text=True,
		)
		imported = Path(found.stdout.strip())
		print(f"App under test: {imported}", flush=True)
		if not imported.resolve().is_relative_to(self.checkout.resolve()):
			raise RuntimeError(f"the app is imported from {imported}, not from {self.checkout}")


@contextmanager
def warm(name: str, bench: Bench, python: Path, checkout: Path) -> Iterator[Site]:
	"""A site of the bench that someone keeps: nothing is made, nothing is removed."""
	if not (bench.sites / name / "site_config.json").exists():
		raise RuntimeError(f"CCMS_SITE={name}: {bench.sites} has no such site")
	site = Site(name, bench.sites, python, checkout)
	site.assert_our_code()
	yield site


@contextmanager
def throw_away(bench: Bench, python: Path, checkout: Path, folder: Path) -> Iterator[Site]:
	"""A new site with ERPNext and this checkout's app; site, database and servers go when the block ends."""
	token = f"ccms_test_{secrets.token_hex(5)}"
	with (
		services.redis(bench.config, folder) as redis,
		services.database(bench.config, python, folder) as database,
	):
		site = Site(
			f"{token.replace('_', '-')}.localhost", folder / "sites", python, checkout, throw_away=True
		)
		lay_out(
			folder,
			bench,
			checkout,
			{**redis, "db_host": database.host, "db_port": database.port, "bench_id": token},
		)
		site.assert_our_code()
		try:
			print("Making a throw-away site with ERPNext and the app (about a minute) …", flush=True)
			create(site, token, database, folder / "new-site.log")
			yield site
		finally:
			signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C does not stop the cleaning
			gone = database.run(
				python,
				f"DROP DATABASE IF EXISTS `{token}`",
				*(f"DROP USER IF EXISTS `{token}`@`{host}`" for host in ("%", "localhost")),
			)
			if not gone:
				print(f"The database {token} could not be removed", flush=True)


def lay_out(folder: Path, bench: Bench, checkout: Path, config: dict) -> None:
	"""The folders Frappe expects around a site, with the bench's apps and built assets in them."""
	sources = {app: bench.root / "apps" / app for app in APPS[:2]} | {"ccms_app": checkout}
	assets = folder / "sites" / "assets"
	for path in (assets, folder / "apps", folder / "logs", folder / "config"):
		path.mkdir(parents=True)
	for app, source in sources.items():
		(folder / "apps" / app).symlink_to(source)
		(assets / app).symlink_to(source / app / "public")
	for built in (bench.sites / "assets").glob("*.json"):
		(assets / built.name).write_text(built.read_text())
	(folder / "sites" / "apps.txt").write_text("\n".join(APPS) + "\n")
	(folder / "sites" / "common_site_config.json").write_text(json.dumps(config, indent=1))


def create(site: Site, db_name: str, database: services.Database, log: Path) -> None:
	"""`bench new-site` with ERPNext and the app."""
	site.frappe(
		*("new-site", site.name, "--db-name", db_name),
		*("--db-root-username", database.user, "--db-root-password", database.password),
		*("--mariadb-user-host-login-scope", "%", "--admin-password", "admin"),
		*("--install-app", "erpnext", "--install-app", "ccms_app"),
		log=log,
	)
