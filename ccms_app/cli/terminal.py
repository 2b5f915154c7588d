"""How the commands speak: steps that are done, progress, and errors a person can mend."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from time import perf_counter

import click

from .. import temporary

A_PATH = click.Path(path_type=Path)


@contextmanager
def clear_errors() -> Iterator[None]:
	"""What a person can mend is said in a sentence, not in a traceback; who ends the command leaves no scratch files."""
	try:
		with _ended_politely():
			yield
	except FileNotFoundError as error:
		raise click.ClickException(f"{error.filename}: there is no such file") from error
	except (OSError, ValueError) as error:
		raise click.ClickException(str(error)) from error
	except ModuleNotFoundError as error:
		raise click.ClickException(
			f"{error.name} is missing; install it with: pip install 'ccms_app[demo]'"
		) from error
	except RuntimeError as error:
		# what a signal becomes in the middle of a query
		if str(error) != "Query interrupted":
			raise
		raise click.Abort() from error
	except Exception as error:
		# a full disk, or too little memory
		if type(error).__module__ not in ("duckdb", "_duckdb"):
			raise
		raise click.ClickException(str(error).strip().splitlines()[0]) from error


def _end(number: int, _frame: object) -> None:
	temporary.remove_all()
	if sys.stderr.isatty():
		os.write(sys.stderr.fileno(), b"\x1b[?25h\n")  # a progress bar has hidden the cursor
	os._exit(128 + number)


@contextmanager
def _ended_politely() -> Iterator[None]:
	"""Being told to stop ends the command at once, without its scratch files. (An exception that is raised while native code
	is at work ends in a crash, or is lost in a destructor.)
	"""
	if current_thread() is not main_thread():
		yield
		return
	before = signal.signal(signal.SIGTERM, _end)
	try:
		yield
	finally:
		signal.signal(signal.SIGTERM, before)


def done(console, begun: float, text: str) -> None:
	console.print(f"[green]✓[/green] {text} [dim]({perf_counter() - begun:.1f} s)[/dim]", soft_wrap=True)


@contextmanager
def bar(console, text: str) -> Iterator[Callable[[int, int], None]]:
	"""A progress bar; yields what a long run calls with (done, in all)."""
	from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

	columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
	with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
		task = progress.add_task(text, total=None)
		yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def steps(console) -> Iterator[Callable[[float, str], None]]:
	"""A progress bar that says what is being done; yields what a long run calls with (share of 1, text)."""
	from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

	columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
	with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
		task = progress.add_task("", total=1.0)
		yield lambda share, text: progress.update(task, completed=share, description=text)
