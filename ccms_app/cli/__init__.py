"""`ccms`: the engines on files, without ERPNext. One file a command.

pandas and the engines are imported by the commands that use them: `ccms --help` answers at once.
"""

from __future__ import annotations

import click

from ccms_app import __version__

from .demo import demo
from .features import features
from .score import score
from .simulate import simulate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ccms")
def main() -> None:
	"""Customer consumption management: the engines on files, without ERPNext."""


for command in (simulate, demo, features, score):
	main.add_command(command)
