"""How the commands speak: steps that are done, progress, and errors a person can mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import click

A_PATH = click.Path(path_type=Path)


@contextmanager
def clear_errors() -> Iterator[None]:
	"""What a person can mend is said in a sentence, not in a traceback."""
	try:
		yield
	except FileNotFoundError as error:
		raise click.ClickException(f"{error.filename}: there is no such file") from error
	except (OSError, ValueError) as error:
		raise click.ClickException(str(error)) from error
	except ModuleNotFoundError as error:
		raise click.ClickException(
			f"{error.name} is missing; install it with: pip install 'ccms_app[demo]'"
		) from error


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
