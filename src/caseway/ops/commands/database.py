"""Which database a command works on: DATABASE_URL's, or the embedded server below the data folder."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from caseway.ops import configuration
from caseway.ops.commands.errors import CommandError

if TYPE_CHECKING:  # imported where needed: `caseway explain` starts without a database driver
    from caseway.ops.embedded_postgres import EmbeddedPostgres

log = logging.getLogger("caseway.database")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between looks at a server that we keep running
OLDEST = 15  # PostgreSQL's major version
PRIVATE_FOLDERS = ("files", "mail", "logs", "demo-mail")


def embedded(data: Path) -> EmbeddedPostgres:
    """The embedded server of a data folder (running or not)."""
    from caseway.ops.embedded_postgres import EmbeddedPostgres

    return EmbeddedPostgres(data / "database")


def prepare_data_folder() -> Path:
    """The data folder, private to us. As root its embedded server (`nobody`) may pass through, but list nothing."""
    data = configuration.data_directory()
    if os.geteuid() == 0 and not configuration.DATABASE_URL.value():
        for name in PRIVATE_FOLDERS:
            (data / name).mkdir(mode=0o700, exist_ok=True)
        if data.stat().st_mode & 0o777 == 0o700:
            data.chmod(0o711)
    return data


@contextmanager
def database(*, alone: bool = False) -> Iterator[str]:
    """The database's URL, also put into DATABASE_URL for Django and for child processes.

    Starts the embedded server when there is no other; stops it at the end if it was started here, as soon as others
    are done with it. `alone`: the data folder is held by this process, so it is stopped at once, also when it was left
    running by a start that was killed. Raises CommandError when it cannot start.
    """
    if url := configuration.DATABASE_URL.value():
        yield url
        return
    import psycopg

    from caseway.ops.embedded_postgres import EmbeddedPostgresError

    server = embedded(prepare_data_folder())
    was_running = server.running()
    try:
        url = server.start()
    except (EmbeddedPostgresError, psycopg.Error, OSError) as error:
        raise CommandError(
            f"The embedded PostgreSQL cannot start: {error}", "More is in its log: " + str(server.log)
        ) from error
    os.environ["DATABASE_URL"] = url
    try:
        yield url
    finally:
        os.environ.pop("DATABASE_URL", None)
        if alone:
            server.stop()
        elif not was_running:
            server.stop("smart")


@contextmanager
def database_kept(stop: threading.Event) -> Iterator[None]:
    """The embedded server, should it end meanwhile, is started again until `stop` is set: a disk was full, say."""
    server = embedded(configuration.data_directory())
    if not server.running():  # DATABASE_URL names another
        yield
        return
    keeper = threading.Thread(target=_keep, args=(server, stop), name="database")
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep(server: EmbeddedPostgres, stop: threading.Event) -> None:
    pause = FIRST_PAUSE
    while not stop.wait(pause):
        if server.running():
            pause = FIRST_PAUSE
            continue
        log.warning("The embedded PostgreSQL has ended; starting it again. Its log: %s", server.log)
        try:
            server.start()
        except Exception as error:
            pause = min(pause * 2, LONGEST_PAUSE)
            log.warning("It cannot start: %s", " ".join(str(error).split()))


def running_database() -> str:
    """For processes that live beside others (`web`, `worker`, `watch`): DATABASE_URL, or the embedded server that runs.

    Raises CommandError when there is neither: whoever starts a server has to stop it, and that is `caseway up`.
    """
    if url := configuration.DATABASE_URL.value():
        return url
    server = embedded(configuration.data_directory())
    if not server.running():
        raise CommandError(
            "There is no database.",
            "Set DATABASE_URL to a PostgreSQL 15 or newer, or run everything in one with: caseway up",
        )
    os.environ["DATABASE_URL"] = server.dsn
    return server.dsn


def set_up_django() -> None:
    """Load settings and models. Raises CommandError when a setting, the key file or the database is not in order."""
    import django

    from caseway.accounts.secrets import SecretsError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caseway.ops.settings")
    try:
        django.setup()
    except (configuration.ConfigurationError, SecretsError) as error:
        raise CommandError(str(error)) from error


def require_migrated() -> None:
    """Raises CommandError when the database cannot be reached, is too old, or lacks migrations."""
    if words := why_unreachable():
        raise unreachable(words)
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    connection.ensure_connection()
    version = connection.pg_version  # type: ignore[attr-defined]
    if version < OLDEST * 10_000:
        raise CommandError(f"The database is PostgreSQL {version // 10_000}.", f"Caseway needs {OLDEST} or newer.")
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(f"The database lacks {len(missing)} migration(s).", "Run: caseway migrate", code=75)
    connection.close()


def unreachable(words: str) -> CommandError:
    """The error for a database that does not answer or does not let us in, with its own words."""
    if "role" in words and "does not exist" in words:
        return CommandError("The database is not set up yet.", "Run: caseway migrate", code=75)
    return CommandError(
        f"The database does not answer: {words}", "Check DATABASE_URL and that the server runs.", code=75
    )


def why_unreachable() -> str:
    """The server's words about a connection as the application makes it (its pool would only time out); '' if fine."""
    import psycopg
    from django.conf import settings

    role = settings.DATABASES["default"]["OPTIONS"].get("options", "")
    try:
        psycopg.connect(configuration.DATABASE_URL.value(), options=role, connect_timeout=5).close()
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return ""
