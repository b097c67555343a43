"""The command line: words into calls, no logic.

Modules with numbers or figures in them are imported where they are used, so that help and
validation are quick.
"""

from __future__ import annotations

import errno
import os

import click

from chainsim import __version__
from chainsim.cli import (
    analysing,
    calibrating,
    checking,
    comparing,
    listing,
    narrowing,
    process,
    reading,
    running,
    stressing,
    sweeping,
)
from chainsim.cli.failures import words_of
from chainsim.errors import ChainsimError, RunError, visible

INTERRUPTED = 130


class Commands(click.Group):
    """Commands whose mistakes and failures become exit codes; only a bug shows a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a mistake of the user is reported, a bug shows its traceback."""
        try:
            return super().invoke(ctx)
        except ChainsimError as error:
            click.echo(visible(str(error)), err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # nobody reads on
            click.echo(words_of(error), err=True)
            ctx.exit(RunError.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="chainsim")
def cli() -> None:
    """Discrete-event simulation of regional supply chains.

    Exit codes: 0 fine; 1 a check failed; 2 the input is wrong; 3 a check could not be decided;
    4 a run failed; 130 interrupted; 143 terminated.
    """


for command in (
    running.run,
    comparing.compare,
    stressing.stress,
    *sweeping.COMMANDS,
    analysing.sensitivity,
    narrowing.bottleneck,
    calibrating.calibrate,
    checking.check,
    reading.validate,
    reading.show,
    reading.diff,
    reading.parameters,
    reading.schema,
    listing.list_,
    listing.new,
):
    cli.add_command(command)


def main() -> None:
    """The entry point of the program `chainsim`."""
    os.environ["MPLBACKEND"] = "agg"  # a notebook sets its own for all that it starts
    outlets = process.steady_streams()
    process.end_cleanly()
    try:
        cli()
    except SystemExit as end:
        raise SystemExit(process.exit_code(end.code, outlets)) from None
