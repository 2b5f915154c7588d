"""A simulation as files: tables that a spreadsheet opens, and a summary that a program reads."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import temporary
from .totals import Simulation

SUMMARY = "summary.json"
FRAMES = ("months", "tiers", "members")
DASHBOARD = "dashboard.html"
# what a run may leave in its folder; a folder with anything else is not ours to replace
OURS = {SUMMARY, DASHBOARD, *(f"{name}.csv" for name in FRAMES)}


class NotOurs(OSError):
	"""The folder holds files that no simulation wrote."""


def write(result: Simulation, folder: Path) -> None:
	"""Write summary.json, months.csv, tiers.csv and members.csv into a folder that exists."""
	for name in FRAMES:
		getattr(result, name).to_csv(folder / f"{name}.csv", index=False)
	text = json.dumps(result.summary(), indent=2, ensure_ascii=False, default=float)
	(folder / SUMMARY).write_text(text + "\n", encoding="utf-8")


def refuse_if_not_ours(out: Path) -> None:
	"""Raise NotOurs if writing to `out` would replace something else than an earlier run."""
	if not out.exists():
		return
	if not out.is_dir():
		raise NotOurs(f"{out} is a file; name a folder")
	strange = sorted(path.name for path in out.iterdir() if path.name not in OURS)
	if strange:
		raise NotOurs(f"{out} holds other files ({', '.join(strange[:3])}); name a new or empty folder")


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
	"""A folder beside `out` to write into; it takes the place of `out` when the block ends well, else it vanishes."""
	out = Path(out).resolve()
	refuse_if_not_ours(out)
	out.parent.mkdir(parents=True, exist_ok=True)
	aside = temporary.register(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
	try:
		yield aside
		aside.chmod(0o777 & ~_umask())
		with _not_ended():
			_swap(aside, out)
	finally:
		temporary.remove(aside)


@contextmanager
def _not_ended() -> Iterator[None]:
	"""Whoever ends the process waits: between two steps there is neither the old folder nor the new one."""
	before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
	try:
		yield
	finally:
		signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _swap(new: Path, out: Path) -> None:
	if not out.exists():
		os.replace(new, out)
		return
	old = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
	try:
		os.replace(out, old / out.name)
		try:
			os.replace(new, out)
		except BaseException:
			os.replace(old / out.name, out)
			raise
	finally:
		shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
	mask = os.umask(0)
	os.umask(mask)
	return mask
