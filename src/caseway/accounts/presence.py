"""Which processes are alive, told by the database: each holds a lock on a connection that dies with it.

A claim carries its process's number. When the number's lock is gone, so is the process, and what it had claimed can be
taken up at once instead of when the claim runs out. This only makes recovery quick; a process that is taken for dead
and is not (its connection broke) must be kept from writing by other means: numbers that grow with each claim.
"""

from __future__ import annotations

import secrets
from typing import Any

import psycopg
from django.db.models.expressions import RawSQL

_CLASS = 0x_CA5F
_number: int | None = None


def appear(connection: psycopg.Connection[Any]) -> None:
    """From now on this process has a number, as long as `connection` (in autocommit) lives. A new one each time."""
    global _number  # noqa: PLW0603 - it is the process's, like its pid
    number = secrets.randbelow(2**31 - 1) + 1
    connection.execute("SELECT pg_advisory_lock(%s, %s)", [_CLASS, number])
    _number = number


def disappear() -> None:
    """The connection is gone: claims carry no number until the next `appear`."""
    global _number  # noqa: PLW0603
    _number = None


def number() -> int | None:
    """This process's number; None: nobody watches over its claims, they only run out."""
    return _number


def present() -> RawSQL:
    """The numbers of all living processes, for `~Q(claimed_by__in=present())`.

    Within the one statement that also reads the claims: a process appears before it claims, so none is missed.
    """
    return RawSQL(
        "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        [_CLASS],
    )
