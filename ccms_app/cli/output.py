"""Results that appear as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import temporary


@contextmanager
def replacing_file(out: Path) -> Iterator[Path]:
	"""A path beside `out` to write to; it takes the place of `out` when the block ends well, else it vanishes."""
	out = Path(out).resolve()
	if out.is_dir():
		raise IsADirectoryError(f"{out} is a folder; name a file")
	out.parent.mkdir(parents=True, exist_ok=True)
	handle, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
	os.close(handle)
	temporary.register(name)
	try:
		yield Path(name)
		mask = os.umask(0)
		os.umask(mask)
		os.chmod(name, 0o666 & ~mask)
		os.replace(name, out)
	finally:
		temporary.remove(name)
