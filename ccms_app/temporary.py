"""Files and folders that are not to stay when a command is ended from outside."""

from __future__ import annotations

import shutil
from pathlib import Path

_made: set[Path] = set()


def register(path: str | Path) -> Path:
	"""A path that this process has made and will remove."""
	_made.add(Path(path))
	return Path(path)


def remove(path: str | Path) -> None:
	"""Remove a file or a folder with all that is in it; nothing happens when there is none."""
	path = Path(path)
	if path.is_dir():
		shutil.rmtree(path, ignore_errors=True)
	else:
		path.unlink(missing_ok=True)
	_made.discard(path)


def remove_all() -> None:
	"""Remove whatever is registered, for a process that ends at once."""
	for path in list(_made):
		remove(path)
