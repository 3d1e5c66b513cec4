"""`caseway import-history`: take in what lay in a mailbox before it was connected."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Annotated

import typer

from caseway.ops.commands.database import database, require_migrated, set_up_django
from caseway.ops.commands.errors import CommandError

if TYPE_CHECKING:
    from caseway.intake.models import HistoryImport
    from caseway.mailboxes.models import Mailbox


def import_history(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Receiving account of a connected mailbox.")],
    since: Annotated[str, typer.Option("--since", help="First day, such as 2026-01-31; everything without.")] = "",
    organisation: Annotated[str, typer.Option("--organisation", help="Short name, where several have it.")] = "",
) -> None:
    """Import older mail of a mailbox: no acknowledgements, nothing twice. Stopped halfway, it goes on from there."""
    with database():
        set_up_django()
        require_migrated()
        mailbox = _mailbox(address, organisation)
        asked = _ask(mailbox, _day(since))
        _follow(asked)


def _ask(mailbox: Mailbox, since: dt.date | None) -> HistoryImport:
    from caseway.accounts.scope import organisation_scope
    from caseway.intake import history
    from caseway.intake.models import HistoryImport

    with organisation_scope(mailbox.organisation_id):
        try:
            return history.start(mailbox, since, by=None)
        except ValueError as error:
            raise CommandError(str(error), code=2) from error
        except history.ImportRunsError:
            typer.echo("It is being imported already; this goes on with it.")
            return HistoryImport.objects.filter(mailbox=mailbox).latest("pk")


def _follow(asked: HistoryImport) -> None:
    """Work on it beside the workers until it is finished."""
    from caseway.accounts.scope import every_organisation
    from caseway.intake import history

    said = ""
    while True:
        worked = history.run_slice()
        with every_organisation():
            asked.refresh_from_db()
        line = f"{asked.seen} of {asked.total if asked.total is not None else '?'} messages, {asked.kept} new"
        line += f" ({asked.words})" if asked.words else ""
        if line != said:
            typer.echo(line)
            said = line
        if not asked.is_unfinished:
            break
        if not worked:
            time.sleep(0.5)
    if asked.state != "done":
        raise CommandError(f"The import ended before its time: {asked.words or asked.get_state_display()}")
    typer.echo("Imported. A worker turns it into cases.")


def _mailbox(address: str, organisation: str) -> Mailbox:
    from caseway.accounts.scope import every_organisation
    from caseway.mailboxes.models import Mailbox
    from caseway.ops.commands.organisations import find_organisation

    with every_organisation():
        rows = Mailbox.objects.filter(address__iexact=address.strip(), deleted_at=None).select_related("organisation")
        if organisation:
            rows = rows.filter(organisation=find_organisation(organisation))
        found = list(rows)
        known = ", ".join(Mailbox.objects.filter(deleted_at=None).order_by("address").values_list("address", flat=True))
    if not found:
        raise CommandError(f"No connected mailbox is “{address}”.", f"There are: {known or 'none'}", code=2)
    if len(found) > 1:
        raise CommandError(f"Several mailboxes are “{address}”.", "Name one's --organisation.", code=2)
    return found[0]


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise CommandError(f"“{text}” is no day.", "Write it as 2026-01-31.", code=2) from None
