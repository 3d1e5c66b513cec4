"""The database of the tests: one embedded PostgreSQL for all workers, one database for each, the application's role.

CASEWAY_TEST_DATABASE_URL points the tests to another server, as an owner who may create databases and roles.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from psycopg import sql

from caseway.ops.embedded_postgres import EmbeddedPostgres
from caseway.ops.settings import database

CLUSTER = Path(__file__).resolve().parents[2] / ".cache" / "test-postgres"
PREFIX = "test_caseway_"
# Durability costs a third of the run and protects from power cuts only: these databases live for minutes.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "300"}


@pytest.fixture(scope="session")
def database_server() -> str:
    """URL of the server's `postgres` database, as its owner."""
    if url := os.environ.get("CASEWAY_TEST_DATABASE_URL"):
        return url
    server = EmbeddedPostgres(CLUSTER, FAST)
    server.start()
    return server.dsn_of("postgres")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: str) -> None:
    """Point Django to the test server, as its owner, with a database of this process alone."""
    _drop_left_databases(database_server)
    values = database(database_server, role="")
    values["OPTIONS"].pop("pool", None)  # made when the role is taken on
    _use({**values, "NAME": "postgres", "TEST": {"NAME": f"{PREFIX}{os.getpid()}"}})


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Migrated by the owner; then every connection works as the application does, so that the walls hold in tests."""
    role = settings.CASEWAY_DATABASE_ROLE
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:  # in tests only: emptying tables between them
            cursor.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {role}")
        connection.close()
    owner = dict(connection.settings_dict["OPTIONS"])
    connection.settings_dict["OPTIONS"] = {
        **owner,
        "options": f"-c role={role}",
        "pool": {"min_size": 0, "max_size": 20, "timeout": 10},
    }
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["OPTIONS"] = owner


@pytest.fixture(scope="session")
def database_url(django_db_setup: None, database_server: str) -> str:
    """URL of this process's test database, for programs that the tests start."""
    return _named(database_server, f"{PREFIX}{os.getpid()}")


def stop_unused_server() -> None:
    """Stop the embedded server unless another run uses it."""
    if os.environ.get("CASEWAY_TEST_DATABASE_URL"):
        return
    server = EmbeddedPostgres(CLUSTER, FAST)
    if not server.running():
        return
    with suppress(psycopg.OperationalError), psycopg.connect(server.dsn_of("postgres")) as one:
        others = one.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
        one.close()
        if others == (0,):
            server.stop()


def _use(values: dict[str, Any]) -> None:
    """Change the settings in place: connections of every thread share the dictionary."""
    settings.DATABASES["default"].update(values)
    connection.settings_dict.update(values)
    connection.settings_dict["TEST"] = {
        **dict.fromkeys(("CHARSET", "COLLATION", "MIRROR")), "MIGRATE": True, **values["TEST"]
    }  # fmt: skip


def _drop_left_databases(server: str) -> None:
    """Databases whose process was killed before it could drop them."""
    with psycopg.connect(server, autocommit=True) as owner:
        for (name,) in owner.execute("SELECT datname FROM pg_database").fetchall():
            pid = str(name).removeprefix(PREFIX)
            if str(name).startswith(PREFIX) and pid.isdigit() and not psutil.pid_exists(int(pid)):
                with suppress(psycopg.Error):  # another worker drops it too
                    owner.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _named(url: str, name: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=f"/{name}").geturl()
