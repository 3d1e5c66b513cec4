"""`caseway doctor`: looks at everything that an installation needs, and says what to mend."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from caseway.ops.commands.database import OLDEST, database, prepare_data_folder, set_up_django, why_unreachable
from caseway.ops.commands.errors import CommandError

LEAST_DISK = 1024**3  # bytes
LARGEST_CLOCK_OFFSET = 30.0  # seconds between this clock and the database's
SILENT_AFTER = 60.0  # seconds
MARKS = {"ok": "✓", "warning": "!", "bad": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is ok, warning or bad; `fix` says what to do unless it is ok."""

    level: str
    what: str
    fix: str = ""


def doctor() -> None:
    """Check the installation and say what to mend. Exit code 1 when something is broken."""
    findings = []
    for finding in _examine():
        findings.append(finding)
        typer.echo(f"{MARKS[finding.level]} {finding.what}")
        if finding.fix:
            typer.echo(f"  → {finding.fix}")
    bad = sum(one.level == "bad" for one in findings)
    warnings = sum(one.level == "warning" for one in findings)
    typer.echo(f"{bad} broken, {warnings} to look at, {len(findings) - bad - warnings} in order")
    if bad:
        raise typer.Exit(1)


def _examine() -> Iterator[Finding]:
    yield _python()
    data = prepare_data_folder()
    yield _data_folder(data)
    yield _disk(data)
    try:
        with database() as url:
            set_up_django()
            yield _key_file(data)
            yield _server(url)
            for check in (_migrations, _role, _clock):
                yield from check()
            yield from _processes()
            yield from _mailboxes()
            yield from _queues()
    except CommandError as error:
        yield Finding("bad", error.cause, error.fix)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("ok", f"Python {version}")


def _data_folder(data: Path) -> Finding:
    if not os.access(data, os.W_OK | os.X_OK):
        return Finding("bad", f"Data folder {data} is not writable", f"Give it to this user: chown -R $(id -un) {data}")
    mode = stat.S_IMODE(data.stat().st_mode)
    if mode & 0o066:
        return Finding("warning", f"Data folder {data} can be read by others (mode {mode:o})", f"chmod 0700 {data}")
    return Finding("ok", f"Data folder {data}")


def _key_file(data: Path) -> Finding:
    path = data / "secret.key"
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding("bad", f"Key file {path} can be read by others (mode {mode:o})", f"chmod 0600 {path}")
    return Finding("ok", f"Key file {path} (keep a copy of it apart from the database's)")


def _disk(data: Path) -> Finding:
    free = shutil.disk_usage(data).free
    words = f"{free / 1024**3:.1f} GB free for {data}"
    if free < LEAST_DISK:
        return Finding("bad", f"Only {words}", "Make room: without it mail stays on its servers, unread.")
    return Finding("ok", words)


def _server(url: str) -> Finding:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        words = " ".join(str(error).split())
        return Finding("bad", f"The database does not answer: {words}", "Check DATABASE_URL and that the server runs.")
    if version < OLDEST:
        return Finding("bad", f"PostgreSQL {version}", f"Caseway needs PostgreSQL {OLDEST} or newer.")
    return Finding("ok", f"PostgreSQL {version} answers")


def _migrations() -> Iterator[Finding]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if words := why_unreachable():
        yield Finding("bad", f"The application cannot work in the database: {words}", "Run: caseway migrate")
        raise CommandError("The rest cannot be checked without the database.")
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        yield Finding("bad", f"{len(missing)} migration(s) are not applied", "Run: caseway migrate")
        raise CommandError("The rest cannot be checked before that.")
    yield Finding("ok", "All migrations are applied")


def _role() -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        name, is_super, passes_walls = cursor.fetchone()
        cursor.execute("SELECT extname FROM pg_extension ORDER BY extname")
        extensions = [row[0] for row in cursor.fetchall() if row[0] != "plpgsql"]
    if is_super or passes_walls:
        yield Finding(
            "bad",
            f"The application works as “{name}”, for whom the walls between organisations do not hold",
            "Set CASEWAY_DATABASE_ROLE to a plain role (or leave it unset), then: caseway migrate",
        )
    else:
        yield Finding("ok", f"Works as the plain role {name}; extensions: {', '.join(extensions) or 'none'}")


def _clock() -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        offset = abs(float(cursor.fetchone()[0]) - time.time())
    if offset > LARGEST_CLOCK_OFFSET:
        yield Finding("warning", f"This clock and the database's differ by {offset:.0f} s", "Let both follow NTP.")
    else:
        yield Finding("ok", "The clock agrees with the database's")


def _processes() -> Iterator[Finding]:
    from django.utils import timezone

    from caseway.accounts.models import Heartbeat

    for kind, command, loss in (
        ("worker", "worker", "mail is kept but becomes no case"),
        ("watch", "watch", "no mailbox is read"),
    ):
        beat = Heartbeat.objects.filter(kind=kind).order_by("-seen_at").first()
        age = (timezone.now() - beat.seen_at).total_seconds() if beat else None
        if age is None or age > SILENT_AFTER:
            words = "does not run" if age is None else f"was last heard {age:.0f} s ago"
            yield Finding("bad", f"`caseway {command}` {words}: {loss}", f"Start it: caseway {command} (or caseway up)")
        else:
            yield Finding("ok", f"`caseway {command}` was heard {age:.0f} s ago")


def _mailboxes() -> Iterator[Finding]:
    from caseway.accounts.scope import every_organisation
    from caseway.mailboxes.models import Mailbox

    with every_organisation():
        boxes = list(Mailbox.objects.filter(deleted_at=None).order_by("address"))
    if not boxes:
        yield Finding(
            "warning", "No mailbox is connected", "In the pages: More → Settings → Email → Email to Case → Add"
        )
    for box in boxes:
        if box.error_cause:
            yield Finding("bad", f"{box.address}: {box.error_cause}", box.error_fix or "Press Authenticate in its row.")
        elif box.state != "active":
            yield Finding("warning", f"{box.address} is {box.get_state_display().lower()}", "Resume it in its row.")
        else:
            yield Finding("ok", f"{box.address} is watched ({box.watched_by or 'not connected yet'})")


def _queues() -> Iterator[Finding]:
    from caseway.ops.health import OLDEST_DUE, OLDEST_PENDING, look

    state = look()
    checks: list[tuple[Callable[[], bool], str, str]] = [
        (
            lambda: (state.pending_age or 0) > OLDEST_PENDING,
            f"{state.pending} mail(s) wait to be processed, the oldest for {state.pending_age or 0:.0f} s",
            "Look at the worker's log.",
        ),
        (
            lambda: state.quarantined > 0,
            f"{state.quarantined} mail(s) could not be read and wait for a person",
            "They are in the mail log, each with its reason.",
        ),
        (
            lambda: (state.due_age or 0) > OLDEST_DUE,
            f"{state.due} mail(s) wait to leave, the oldest for {state.due_age or 0:.0f} s",
            "The outbox shows the sending server's words.",
        ),
        (
            lambda: state.uncertain > 0,
            f"{state.uncertain} mail(s) may or may not have left",
            "The outbox asks a person to decide.",
        ),
    ]
    found = [Finding("warning", words, fix) for is_so, words, fix in checks if is_so()]
    yield from found or [Finding("ok", "Nothing is stuck on its way in or out")]
