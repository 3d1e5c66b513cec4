"""`caseway replay`: kept mail through today's code, what would come out otherwise, and applying it."""

from __future__ import annotations

import datetime
import json
from typing import Annotated

import typer

from caseway.ops.commands.database import database, require_migrated, set_up_django
from caseway.ops.commands.errors import CommandError
from caseway.ops.commands.organisations import find_organisation

WRONG_ARGUMENTS = 2


def replay(
    organisation: Annotated[
        str, typer.Option("--organisation", help="Short name; needed when there are several.")
    ] = "",
    since: Annotated[str, typer.Option("--since", help="First day, such as 2026-11-01.")] = "",
    until: Annotated[str, typer.Option("--until", help="Last day.")] = "",
    mailbox: Annotated[str, typer.Option("--mailbox", help="Address of a receiving account.")] = "",
    search: Annotated[str, typer.Option("--search", help="Address, part of a subject, or a Message-ID.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Apply every difference. Nothing is ever sent.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for each mail that differs.")] = False,
) -> None:
    """Read kept mail again with the code of today and show what would come out otherwise. Changes nothing by itself."""
    with database():
        set_up_django()
        require_migrated()
        from caseway.accounts.scope import organisation_scope
        from caseway.intake import replay as replaying
        from caseway.intake.search import Filters, find

        found = find_organisation(organisation)
        with organisation_scope(found.pk):
            filters = Filters(
                mailbox=_mailbox(mailbox), since=_day(since, "--since"), until=_day(until, "--until"), words=search
            )
            rows = find(found.pk, filters).select_related("raw", "message__case", "case", "support_address", "mailbox")
            count = differing = 0
            counted = rows.order_by("pk").iterator(chunk_size=100)
            for row in counted:
                count += 1
                for difference in replaying.compare([row], found.pk):
                    differing += 1
                    _print(difference, as_json)
                    if apply:
                        said = replaying.apply(row, by=None)
                        typer.echo(f"  → {said}", err=as_json)
            typer.echo(f"{count} mails read again, {differing} come out otherwise.", err=as_json)


def _print(difference: object, as_json: bool) -> None:
    from caseway.intake.replay import Difference

    assert isinstance(difference, Difference)
    row = difference.inbound
    if as_json:
        changes = [{"what": one.what, "before": one.before, "after": one.after} for one in difference.changes]
        typer.echo(json.dumps({"id": row.pk, "message_id": row.message_identifier, "changes": changes}))
        return
    typer.echo(f"{row.pk}\t{row.received_at:%Y-%m-%d %H:%M}\t{row.sender}\t{row.subject[:80]}")
    for one in difference.changes:
        typer.echo(f"  {one.what}: {_line(one.before)} ⇒ {_line(one.after)}")


def _line(text: str) -> str:
    flat = " ".join(text.split())
    return f"“{flat[:100]}…”" if len(flat) > 100 else f"“{flat}”"


def _mailbox(address: str) -> int | None:
    from caseway.mailboxes.models import Mailbox

    if not address:
        return None
    box = Mailbox.objects.filter(address__iexact=address).order_by("deleted_at", "-pk").first()
    if box is None:
        raise CommandError(f"There is no mailbox {address}.", "Name a receiving account.", code=WRONG_ARGUMENTS)
    return box.pk


def _day(text: str, option: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise CommandError(f"{option} is no day: “{text}”.", "Write it as 2026-11-01.", code=WRONG_ARGUMENTS) from None
