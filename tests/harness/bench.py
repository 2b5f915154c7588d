"""The bench whose Frappe and ERPNext the site suites use."""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


class NoBench(Exception):
	"""There is no usable bench; the message says what was looked for."""


@dataclass(frozen=True)
class Bench:
	"""A folder made by `bench init`, with ERPNext in it."""

	root: Path

	@property
	def python(self) -> Path:
		return self.root / "env" / "bin" / "python"

	@property
	def sites(self) -> Path:
		return self.root / "sites"

	@cached_property
	def config(self) -> dict:
		"""What `common_site_config.json` says; empty when there is none."""
		try:
			return json.loads((self.sites / "common_site_config.json").read_text())
		except FileNotFoundError:
			return {}

	@cached_property
	def packages(self) -> Path:
		"""The folder of the installed packages."""
		return next((self.root / "env" / "lib").glob("python3*/site-packages"))

	@cached_property
	def pins(self) -> list[str]:
		"""The exact versions in the bench's environment, as pip constraints."""
		installed = (path.stem.partition("-") for path in self.packages.glob("*-*.dist-info"))
		return sorted(f"{name}=={version}" for name, _, version in installed)


def find() -> Bench:
	"""The bench named by `CCMS_BENCH`, else `~/frappe-bench`. Raises NoBench."""
	root = Path(os.environ.get("CCMS_BENCH") or "~/frappe-bench").expanduser()
	bench = Bench(root)
	for needed in (bench.python, root / "apps" / "frappe", root / "apps" / "erpnext"):
		if not reachable(needed):
			raise NoBench(
				f"no bench with ERPNext at {root} ({needed.relative_to(root)} is missing; set CCMS_BENCH)"
			)
	return Bench(root.resolve())


def reachable(path: Path) -> bool:
	"""Whether the path exists for this user; a folder one may not enter counts as missing."""
	try:
		return path.exists()
	except PermissionError:
		return False
