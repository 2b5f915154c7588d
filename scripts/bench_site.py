"""A development bench for people: Frappe, ERPNext, this checkout and demo data, made with the official `bench` command.

Everything is checked before anything is made; when a step fails, what was made is removed again. Settings, as environment variables:

  BENCH_DIR                 where the bench goes (~/ccms-bench); must not exist yet
  BENCH_SITE                the site's name (ccms.localhost)
  ADMIN_PASSWORD            of the site's Administrator (admin)
  CCMS_DB_ROOT_USER         a MariaDB account that may create databases (root) …
  CCMS_DB_ROOT_PASSWORD     … and its password; asked for when a terminal is there
  CCMS_FRAPPE_REPO          where Frappe and ERPNext come from (GitHub), for people behind a mirror
  CCMS_ERPNEXT_REPO
"""

import getpass
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tests.harness import services

CHECKOUT = Path(__file__).resolve().parents[1]
BRANCH = "version-15"
PROGRAMS = {
	"git": "git",
	"node": "Node.js 18 or newer",
	"yarn": "yarn (npm install -g yarn)",
	"redis-server": "Redis",
	"mariadb": "the MariaDB client",
}


class Refused(Exception):
	"""The bench cannot be made here; the message says what to do."""


@dataclass(frozen=True)
class Plan:
	"""What is to be made, from the environment."""

	folder: Path = field(
		default_factory=lambda: Path(setting("BENCH_DIR", "~/ccms-bench")).expanduser().resolve()
	)
	site: str = field(default_factory=lambda: setting("BENCH_SITE", "ccms.localhost"))
	admin_password: str = field(default_factory=lambda: setting("ADMIN_PASSWORD", "admin"))
	frappe: str = field(
		default_factory=lambda: setting("CCMS_FRAPPE_REPO", "https://github.com/frappe/frappe")
	)
	erpnext: str = field(
		default_factory=lambda: setting("CCMS_ERPNEXT_REPO", "https://github.com/frappe/erpnext")
	)
	db_name: str = field(default_factory=lambda: f"ccms_bench_{secrets.token_hex(4)}")


def setting(name: str, default: str) -> str:
	return os.environ.get(name) or default


def main() -> int:
	plan = Plan()
	try:
		check(plan)
		database = a_database()
		with removed_on_failure(plan, database):
			make(plan, database)
	except Refused as reason:
		print(f"No bench was made: {reason}", file=sys.stderr)
		return 1
	except (subprocess.CalledProcessError, RuntimeError) as error:
		print(f"No bench was made: {error}", file=sys.stderr)
		return 1
	except KeyboardInterrupt:
		return 130
	config = json.loads((plan.folder / "sites" / "common_site_config.json").read_text())
	activate = "" if shutil.which("bench") else f"source {Path(sys.executable).with_name('activate')}\n  "
	print(
		f"\nThe bench is ready. Start it with\n\n  {activate}cd {plan.folder} && bench start\n\n"
		f"and open http://{plan.site}:{config.get('webserver_port', 8000)} (Administrator / {plan.admin_password})."
	)
	return 0


def check(plan: Plan) -> None:
	"""Refuse, naming everything that is missing at once, before anything is made."""
	wrong = []
	if os.geteuid() == 0:
		wrong.append("the bench command refuses to work as root: use an ordinary user")
	if plan.folder.exists():
		wrong.append(f"{plan.folder} exists already (set BENCH_DIR)")
	wrong += [f"{name} is missing" for program, name in PROGRAMS.items() if not shutil.which(program)]
	if shutil.which("node") and node_version() < 18:
		wrong.append(f"{PROGRAMS['node']} is needed")
	if not services.answers(services.LOCAL, 3306):
		wrong.append("no MariaDB server answers on port 3306 (install mariadb-server and start it)")
	if shutil.which("git"):
		wrong += [f"{repo} cannot be reached" for repo in (plan.frappe, plan.erpnext) if not reachable(repo)]
	if wrong:
		raise Refused("\n  - ".join(["", *wrong]))


def node_version() -> int:
	said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
	return int(said.strip().lstrip("v").partition(".")[0] or 0)


def reachable(repository: str) -> bool:
	"""Whether git can read the branch we need from there."""
	command = ["git", "ls-remote", "--exit-code", "--heads", repository, BRANCH]
	try:
		quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
		return not subprocess.run(command, env=quiet, capture_output=True, timeout=60).returncode
	except subprocess.TimeoutExpired:
		return False


def a_database() -> services.Database:
	"""The account that makes databases, tried before it is needed."""
	account = services.database_of({})
	if not account.password and sys.stdin.isatty():
		password = getpass.getpass(f"MariaDB password of {account.user}: ")
		account = services.Database(account.host, account.port, account.user, password)
	if sql(account, "SELECT @@character_set_server") is None:
		raise Refused(
			f"MariaDB refuses {account.user!r} with that password. Make an account once, as the machine's administrator:\n"
			"  sudo mariadb -e \"GRANT ALL ON *.* TO ccms_dev@localhost IDENTIFIED BY 'a password' WITH GRANT OPTION\"\n"
			"and name it in CCMS_DB_ROOT_USER and CCMS_DB_ROOT_PASSWORD"
		)
	if sql(account, "SELECT @@character_set_server").strip() != "utf8mb4":
		raise Refused(
			"MariaDB must run with character-set-server = utf8mb4, collation-server = utf8mb4_unicode_ci"
		)
	return account


def sql(account: services.Database, statement: str) -> str | None:
	"""What the server answers, None when it refuses."""
	client = ["mariadb", f"--host={account.host}", f"--port={account.port}", f"--user={account.user}"]
	done = subprocess.run(
		[*client, "--batch", "--skip-column-names", f"--execute={statement}"],
		env={**os.environ, "MYSQL_PWD": account.password},
		capture_output=True,
		text=True,
	)
	return None if done.returncode else done.stdout


@contextmanager
def removed_on_failure(plan: Plan, database: services.Database) -> Iterator[None]:
	"""Whatever goes wrong in the block, neither folder nor database stays behind."""
	try:
		yield
	except BaseException:
		print(f"\nRemoving {plan.folder} …", file=sys.stderr)
		shutil.rmtree(plan.folder, ignore_errors=True)
		users = "".join(f"DROP USER IF EXISTS `{plan.db_name}`@`{host}`;" for host in ("%", "localhost"))
		sql(database, f"DROP DATABASE IF EXISTS `{plan.db_name}`; {users}")
		raise


def make(plan: Plan, database: services.Database) -> None:
	"""The steps of the manual, one after the other."""
	python = Path(sys.base_prefix) / "bin" / "python3"
	init = [
		"init",
		"--no-backups",
		"--frappe-path",
		plan.frappe,
		"--frappe-branch",
		BRANCH,
		"--python",
		str(python),
	]
	bench(plan.folder.parent, *init, str(plan.folder))
	bench(plan.folder, "get-app", "--branch", BRANCH, "erpnext", plan.erpnext)
	bench(plan.folder, "get-app", "--soft-link", str(CHECKOUT))
	with ExitStack() as stack:
		for part in ("cache", "queue"):
			stack.enter_context(redis(plan.folder, part))
		root = ["--db-root-username", database.user, "--db-root-password", database.password]
		access = ["--db-name", plan.db_name, "--mariadb-user-host-login-scope", "%"]
		bench(plan.folder, "new-site", plan.site, *root, *access, "--admin-password", plan.admin_password)
		for app in ("erpnext", "ccms_app"):
			bench(plan.folder, "--site", plan.site, "install-app", app)
		bench(plan.folder, "use", plan.site)
		bench(plan.folder, "set-config", "--global", "developer_mode", "1")
		wizard = "frappe.desk.page.setup_wizard.setup_wizard.setup_complete"
		bench(plan.folder, "--site", plan.site, "execute", wizard, "--kwargs", repr({"args": shop()}))
		bench(plan.folder, "--site", plan.site, "ccms-demo-data")


def shop() -> dict[str, str]:
	"""What a new user would answer ERPNext's setup wizard."""
	year = date.today().year
	return {
		"language": "English",
		"country": "China",
		"timezone": "Asia/Shanghai",
		"currency": "CNY",
		"company_name": "CCMS Demo",
		"company_abbr": "CD",
		"chart_of_accounts": "Standard",
		"fy_start_date": f"{year}-01-01",
		"fy_end_date": f"{year}-12-31",
	}


@contextmanager
def redis(folder: Path, part: str) -> Iterator[None]:
	"""The bench's own Redis, as `bench start` will run it, for as long as the site is made."""
	configuration = folder / "config" / f"redis_{part}.conf"
	port = int(re.search(r"^port (\d+)", configuration.read_text(), re.MULTILINE)[1])
	if services.answers(services.LOCAL, port):
		yield
	else:
		with services.background(["redis-server", str(configuration)], folder / "logs" / "redis.log", port):
			yield


def bench(folder: Path, *arguments: str) -> None:
	"""One `bench` command; its output goes to the terminal."""
	shown = re.sub(r"(-password) \S+", r"\1 …", " ".join(arguments))
	print(f"\n── bench {shown}", flush=True)
	done = subprocess.run(["bench", *arguments], cwd=folder, env=with_bench(), stdin=subprocess.DEVNULL)
	if done.returncode:
		raise RuntimeError(f"`bench {' '.join(arguments[:3])}` failed, see above")


def with_bench() -> dict[str, str]:
	"""The environment in which this environment's `bench`, and the programs it calls, are found."""
	path = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
	return {**os.environ, "PATH": os.pathsep.join(path)}


if __name__ == "__main__":
	sys.exit(main())
