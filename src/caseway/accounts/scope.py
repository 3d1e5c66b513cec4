"""Whose rows a piece of work may see.

Row-level security compares every row's organisation with the setting `caseway.organisation` of the connection.
Nothing set: no rows. The setting is a session's, not a transaction's, so it is put back when the scope is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.base.base import BaseDatabaseWrapper

EVERY = "*"
_current: ContextVar[str] = ContextVar("caseway_organisation", default="")


@contextmanager
def organisation_scope(organisation_id: int) -> Iterator[None]:
    """Work on one organisation's rows only."""
    with _scope(str(int(organisation_id))):
        yield


@contextmanager
def every_organisation() -> Iterator[None]:
    """Work across organisations: finding who signs in, and what is due. Never for a signed-in person."""
    with _scope(EVERY):
        yield


def current_scope() -> str:
    """'' (nothing), an organisation's id, or '*'."""
    return _current.get()


@contextmanager
def _scope(value: str) -> Iterator[None]:
    before = _current.get()
    token = _current.set(value)
    try:
        if value != before or not connection.in_atomic_block:
            _apply(value)
        yield
    finally:
        _current.reset(token)
        if value != before:
            _leave(before)


def _leave(before: str) -> None:
    if connection.connection is None or connection.connection.closed:
        return
    if connection.in_atomic_block and connection.needs_rollback:
        return  # the rollback that must follow also takes the setting back
    _apply(before)


def carry_over(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a connection that was just taken up the scope of the work that took it up.

    A pooled connection keeps its last user's setting, and work that gave its connection back meanwhile gets another.
    """
    if connection.alias == DEFAULT_DB_ALIAS:
        _apply(_current.get())


def _apply(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('caseway.organisation', %s, false)", [value])
