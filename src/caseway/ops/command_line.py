"""The `caseway` command. What it does stands in `commands/`; nothing slow is imported before it is needed."""

from __future__ import annotations

import os
import sys

import typer

from caseway.ops.commands import (
    about,
    connect,
    demo,
    doctor,
    history,
    mail,
    migrate,
    organisations,
    processes,
    replay,
)
from caseway.ops.commands.errors import CommandError

WRONG_ARGUMENTS = 2

app = typer.Typer(
    name="caseway",
    help="Caseway, the help desk that turns email into cases.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def options(debug: bool = typer.Option(False, "--debug", help="Show tracebacks of expected failures too.")) -> None:
    """Caseway, the help desk that turns email into cases."""
    if debug:
        os.environ["CASEWAY_TRACEBACKS"] = "on"


for command in (
    *(processes.up, processes.web, processes.worker, processes.watch, processes.lmtp, migrate.migrate),
    *(mail.explain, mail.intake, history.import_history, organisations.plan, organisations.admin),
    *(connect.connect, doctor.doctor),
    replay.replay,
    *(about.settings, about.version, demo.demo),
):
    app.command()(command)


def main() -> None:
    """Run the command of the arguments; never returns. Expected failures are said in a sentence."""
    try:
        app()
    except CommandError as error:
        if os.environ.get("CASEWAY_TRACEBACKS"):
            raise
        typer.echo(error.cause, err=True)
        if error.fix:
            typer.echo(f"→ {error.fix}", err=True)
        sys.exit(error.code)
    except SystemExit as end:
        if end.code == WRONG_ARGUMENTS and "intake" in sys.argv[1:3]:
            sys.exit(mail.USAGE)  # a mail server reads sysexits.h
        raise


if __name__ == "__main__":
    main()
