"""`caseway explain` and `caseway intake`: mail from files and from standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from caseway.ops.commands.errors import CommandError

# sysexits.h, which mail servers understand
USAGE, DATA_ERROR, NO_USER, TEMPORARY = 64, 65, 67, 75


def explain(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Mail as it came, .eml")],
    pretty: Annotated[bool, typer.Option("--pretty", help="Indented, for people.")] = False,
    anonymise: Annotated[bool, typer.Option("--anonymise", help="Without names, addresses and words.")] = False,
) -> None:
    """Say in JSON, one line for each file, how Caseway reads a mail. Needs no database."""
    from caseway.mail.explain import main

    raise SystemExit(main([str(file) for file in files], pretty=pretty, anonymise=anonymise))


def intake(
    organisation: Annotated[
        str, typer.Option("--organisation", help="Short name; needed when there are several.")
    ] = "",
    recipient: Annotated[
        str, typer.Option("--recipient", "--address", help="Whom the mail is for, as the mail server knows it.")
    ] = "",
) -> None:
    """Take one mail from standard input, for mail servers and scripts. Exit code 0: it is kept; 75: try again."""
    try:
        _keep(sys.stdin.buffer.read(), organisation, recipient)
    except CommandError as error:
        if error.code not in {USAGE, DATA_ERROR, NO_USER}:  # Postfix returns mail to its sender at codes it cannot read
            error.code = TEMPORARY
        raise
    except Exception as error:
        # Whatever it is, the mail server still has the mail, and must keep it.
        raise CommandError(
            f"The mail could not be kept now: {error}", "It has to be tried again.", TEMPORARY
        ) from error


def _keep(raw: bytes, organisation: str, recipient: str) -> None:
    if not raw.strip():
        raise CommandError("Nothing came on standard input.", "Pipe a whole mail into this command.", DATA_ERROR)
    from caseway.ops.commands.database import database, require_migrated, set_up_django
    from caseway.ops.commands.organisations import find_organisation

    with database():
        set_up_django()
        require_migrated()
        from caseway.accounts.scope import organisation_scope
        from caseway.intake.receive import receive_piped

        found = find_organisation(organisation, code=USAGE)
        with organisation_scope(found.pk):
            kept = receive_piped(found, raw, recipient=recipient)
        typer.echo(f"kept {kept.pk}")
