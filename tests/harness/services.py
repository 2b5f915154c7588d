"""MariaDB and Redis for the throw-away site.

Redis is our own (two databases of one small server), or the bench's where no server is installed but the bench's answers; the
site's jobs then stand in queues of their own, so no worker of the bench sees them either way. MariaDB is the bench's when it
answers and lets us in, else a server of our own on a temporary folder: no password of the machine is needed then.
"""

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOCAL = "127.0.0.1"


class Missing(Exception):
	"""A server is needed and its program is not on this machine."""


@dataclass(frozen=True)
class Database:
	"""A MariaDB server and an account that may create databases."""

	host: str
	port: int
	user: str
	password: str

	def run(self, python: Path, *statements: str) -> bool:
		"""Run statements as that account; False when the server refuses. `python` is one that has PyMySQL."""
		code = (
			"import os, sys, pymysql\n"
			"c = pymysql.connect(host=sys.argv[1], port=int(sys.argv[2]), user=sys.argv[3], password=os.environ['DB_PASSWORD'])\n"
			"for s in sys.argv[4:]: c.cursor().execute(s)\n"
		)
		done = subprocess.run(
			[python, "-c", code, self.host, str(self.port), self.user, *statements],
			env={**os.environ, "DB_PASSWORD": self.password},
			capture_output=True,
		)
		return done.returncode == 0


def database_of(config: dict) -> Database:
	"""The server and account that a bench's configuration (or the environment) names."""
	return Database(
		host=config.get("db_host") or LOCAL,
		port=int(config.get("db_port") or 3306),
		user=os.environ.get("CCMS_DB_ROOT_USER") or config.get("root_login") or "root",
		password=os.environ.get("CCMS_DB_ROOT_PASSWORD") or config.get("root_password") or "",
	)


@contextmanager
def database(config: dict, python: Path, folder: Path) -> Iterator[Database]:
	"""The bench's MariaDB when it is usable, else our own for as long as the block runs."""
	found = database_of(config)
	if found.password and answers(found.host, found.port) and found.run(python, "SELECT 1"):
		yield found
	else:
		with own_mariadb(folder) as own:
			yield own


@contextmanager
def own_mariadb(folder: Path) -> Iterator[Database]:
	"""A MariaDB server of our own on a free port, its data in `folder`."""
	server, install = need("mariadbd", "mysqld"), need("mariadb-install-db", "mysql_install_db")
	need("mariadb", "mysql")  # Frappe loads its first tables with the client
	data, log = folder / "mariadb", folder / "mariadb.log"
	own = Database(LOCAL, free_port(), "root", secrets.token_hex(16))
	user = f"--user={getpass.getuser()}"
	with log.open("w") as out:
		subprocess.run(
			[install, "--no-defaults", f"--datadir={data}", user, "--auth-root-authentication-method=normal"],
			check=True,
			stdout=out,
			stderr=out,
		)
	init = folder / "mariadb-init.sql"
	init.touch(mode=0o600)
	init.write_text(
		f"CREATE OR REPLACE USER root@'{LOCAL}' IDENTIFIED BY '{own.password}';\n"
		f"GRANT ALL PRIVILEGES ON *.* TO root@'{LOCAL}' WITH GRANT OPTION;\n"
		"DROP USER IF EXISTS root@localhost;\n"
	)
	command = [
		*(server, "--no-defaults", f"--datadir={data}", user, f"--init-file={init}"),
		*(
			f"--bind-address={LOCAL}",
			f"--port={own.port}",
			f"--socket={folder}/mariadb.sock",
			"--skip-name-resolve",
		),
		*(
			"--character-set-server=utf8mb4",
			"--collation-server=utf8mb4_unicode_ci",
			"--skip-character-set-client-handshake",
		),
		*(
			"--innodb-buffer-pool-size=512M",
			"--innodb-flush-log-at-trx-commit=0",
			"--max-allowed-packet=256M",
		),
	]
	with background(command, log, own.port):
		yield own


@contextmanager
def redis(config: dict, folder: Path) -> Iterator[dict[str, str]]:
	"""A Redis server for as long as the block runs; yields what a site's configuration says about it."""
	found = {key: config.get(key, "") for key in ("redis_cache", "redis_queue")}
	if not program("redis-server") and all(answers_at(url) for url in found.values()):
		yield {**found, "redis_socketio": found["redis_cache"]}
		return
	port = free_port()
	command = [need("redis-server"), "--port", str(port), "--bind", LOCAL, "--save", "", "--dir", str(folder)]
	url = f"redis://{LOCAL}:{port}"
	with background(command, folder / "redis.log", port):
		yield {"redis_cache": f"{url}/0", "redis_queue": f"{url}/1", "redis_socketio": f"{url}/0"}


@contextmanager
def background(command: list, log: Path, port: int, patience: float = 60) -> Iterator[subprocess.Popen]:
	"""Run a server until the block ends; the block starts when its port answers."""
	with log.open("a") as out:
		# a session of its own: Ctrl-C is for us, the server goes when we have cleaned up
		process = subprocess.Popen(
			command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
		)
	try:
		deadline = time.monotonic() + patience
		while not answers(LOCAL, port):
			if process.poll() is not None or time.monotonic() > deadline:
				raise RuntimeError(f"{Path(command[0]).name} did not start:\n{log.read_text()[-2000:]}")
			time.sleep(0.05)
		yield process
	finally:
		process.terminate()
		try:
			process.wait(timeout=30)
		except subprocess.TimeoutExpired:
			process.kill()
			process.wait()


def program(*names: str) -> str | None:
	"""The path of the first of these programs that the machine has."""
	path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
	return next(filter(None, (shutil.which(name, path=path) for name in names)), None)


def need(*names: str) -> str:
	"""The same, for a program without which nothing goes on. Raises Missing."""
	if found := program(*names):
		return found
	raise Missing(f"{names[0]} is not installed")


def answers_at(url: str) -> bool:
	"""Whether something accepts connections at the host and port of a URL."""
	parts = urlsplit(url)
	return bool(parts.hostname) and answers(parts.hostname, parts.port or 6379)


def answers(host: str, port: int) -> bool:
	"""Whether something accepts connections there."""
	try:
		with socket.create_connection((host, port), timeout=2):
			return True
	except OSError:
		return False


def free_port() -> int:
	"""A port nobody listens on now."""
	with socket.socket() as probe:
		probe.bind((LOCAL, 0))
		return probe.getsockname()[1]
