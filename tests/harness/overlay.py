"""A Python environment on top of the bench's: everything the bench has, plus what the tests and the app need beyond it.

The bench's own environment stays as it is. Its versions are given to pip as constraints, so nothing of Frappe's is shadowed.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from .bench import Bench


def build(bench: Bench, checkout: Path) -> Path:
	"""Make or reuse `.venv-site` in the checkout; returns its Python."""
	folder = checkout / ".venv-site"
	python, stamp = folder / "bin" / "python", folder / "made-for"
	made_for = fingerprint(bench, checkout)
	if stamp.exists() and stamp.read_text() == made_for:
		return python

	print(f"Preparing an environment over {bench.python.parent.parent} …", flush=True)
	run([bench.python, "-m", "venv", "--clear", "--without-pip", folder])
	own_packages = next((folder / "lib").glob("python3*/site-packages"))
	(own_packages / "bench.pth").write_text(f"import site; site.addsitedir({str(bench.packages)!r})\n")

	constraints = folder / "constraints.txt"
	constraints.write_text("\n".join(bench.pins) + "\n")
	pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
	run([*pip, "install", "--quiet", "--no-warn-script-location", "-c", constraints, *requirements(checkout)])
	stamp.write_text(made_for)
	return python


def requirements(checkout: Path) -> list[str]:
	"""What `pyproject.toml` asks for: the app's own dependencies and the extras of the site's suites."""
	project = read_toml(checkout / "pyproject.toml")["project"]
	extras = project["optional-dependencies"]
	return [*project["dependencies"], *extras["site"], *extras["browser"]]


def read_toml(path: Path) -> dict:
	try:
		import tomllib
	except ModuleNotFoundError:  # Python 3.10
		import tomli as tomllib
	return tomllib.loads(path.read_text())


def fingerprint(bench: Bench, checkout: Path) -> str:
	"""Changes when the environment has to be made again."""
	parts = [str(bench.python), *bench.pins, *requirements(checkout)]
	return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def run(command: list) -> None:
	subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
