"""The program ``throughtime``."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys

import typer

from throughtime.errors import ThroughtimeError

app = typer.Typer(
    name="throughtime",
    help="Learn from sequences with recurrent networks: train, measure against an honest baseline, use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from throughtime import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def program(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Say the version and stop."
    ),
) -> None:
    """Learn from sequences with recurrent networks: train, measure against an honest baseline, use."""


def main() -> None:
    """Run the command line. Exit code 0 done, 2 the user's usage or data, 3 a non-finite value, 1 a defect of ours."""
    # Threads that wait for each other asleep: spinning, they take the core from the very thread that they wait for as
    # soon as anything else runs on the machine, and a small network then trains several times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from throughtime.cli import commands

    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}")
    try:
        app()
    except ThroughtimeError as error:
        print(f"throughtime: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:  # the reader of our output has gone, say `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
