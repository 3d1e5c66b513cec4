"""`caseway migrate`: brings the database to what this version expects, as its owner."""

from __future__ import annotations

import os

import typer

from caseway.ops.commands.database import database, set_up_django, unreachable, why_unreachable
from caseway.ops.commands.errors import CommandError


def migrate() -> None:
    """Bring the database up to date. Safe to run again; run it after each upgrade, before the processes start."""
    with database():
        migrate_here()


def migrate_here() -> None:
    """Migrate the database of DATABASE_URL in this process, which works as the owner from here on."""
    os.environ["CASEWAY_AS_OWNER"] = "on"
    set_up_django()
    if words := why_unreachable():
        raise unreachable(words)
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.utils import Error as DjangoDatabaseError

    try:
        # two that start at once: the second waits, then finds nothing to do
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('caseway migrate'))")
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            call_command("migrate", interactive=False, verbosity=0)
    except DjangoDatabaseError as error:
        words = " ".join(str(error).split())
        fix = "It needs the database's owner, who may create roles and trusted extensions." * ("denied" in words)
        raise CommandError(f"The database could not be migrated: {words}", fix) from error
    finally:
        connection.close()
    typer.echo(f"Applied {len(missing)} migration(s)." if missing else "The database is up to date.")
