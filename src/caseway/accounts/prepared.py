"""Statements that every page needs, put into SQL once: for some of them Django takes longer than PostgreSQL.

    found = Prepared(lambda organisation, employee: some_rows(…))
    rows = found.rows(organisation=1, employee=7)

The function builds its queries from stand-ins, which are told apart from everything else among the parameters; from
then on only the values change. So it may look at nothing but what it is given, and decide nothing by it.

PostgreSQL is asked to keep the statement too, for each connection: planning one with a dozen parts takes longer than
running it. What never changes is written into the statement, so that a kept plan can use indexes of part of a table.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Generic, TypeVar

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet
from psycopg.sql import Literal
from psycopg.types.numeric import Int8

from caseway.accounts.gather import Short, as_one, sorted_out

Sql = tuple[str, tuple[Any, ...]]
Row = TypeVar("Row", bound=Model)
_PLACEHOLDER = re.compile("%[%s]")


class Prepared:
    """One statement. `build` is given a stand-in for each value and returns SQL with parameters."""

    def __init__(self, build: Callable[..., Sql]) -> None:
        self._build = build
        self._sql = ""
        self._names: list[str] = []
        """Which value stands at each placeholder."""

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """What the statement answers; values are ids (None: no row has it), lists of ids, or moments."""
        with _keeping_cursor() as cursor:
            if not self._sql:
                self._compile(values)
            cursor.execute(self._sql, [_typed(values[name]) for name in self._names])
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _compile(self, values: Mapping[str, Any]) -> None:
        stand_ins = {name: _stand_in(value, place) for place, (name, value) in enumerate(values.items(), 1)}
        sql, parameters = self._build(**stand_ins)
        names, waiting = [], iter(parameters)

        def written(found: re.Match[str]) -> str:
            if found[0] == "%%":
                return "%%"
            parameter = next(waiting)
            name = next((name for name, stand_in in stand_ins.items() if parameter == stand_in), "")
            if name:
                names.append(name)
                return "%s"
            return _literal(parameter)

        whole = _PLACEHOLDER.sub(written, sql)
        missing = stand_ins.keys() - set(names)
        assert not missing, f"the statement does not use {', '.join(sorted(missing))}"
        self._names = names
        self._sql = whole  # the last: from now on other threads take both


class PreparedLists:
    """Short lists that are gathered with one statement, see `caseway.accounts.gather`."""

    def __init__(self, build: Callable[..., dict[str, Short]]) -> None:
        self._names: list[str] = []

        def compiled(**values: Any) -> Sql:
            lists = build(**values)
            self._names = list(lists)
            return as_one(lists).query.sql_with_params()

        self._statement = Prepared(compiled)

    def gather(self, **values: Any) -> dict[str, list[dict[str, Any]]]:
        rows = self._statement.rows(**values)
        return sorted_out(self._names, rows)


class PreparedRows(Generic[Row]):
    """A queryset that is put into SQL once; its rows come with what it selects along, as always."""

    def __init__(self, build: Callable[..., QuerySet[Row]]) -> None:
        self._build = build
        self._statement = Prepared(self._sql)
        self._rows: QuerySet[Row]
        self._compiler: Any = None

    def fetch(self, **values: Any) -> list[Row]:
        answered = self._statement.rows(**values)
        compiler = copy.copy(self._compiler)
        compiler.execute_sql = lambda *_, **__: [answered]  # where Django would ask the database
        rows = self._rows.all()
        rows.query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
        return list(rows)

    def _sql(self, **values: Any) -> Sql:
        self._rows = self._build(**values)
        self._compiler = self._rows.query.get_compiler(using=self._rows.db)
        sql, parameters = self._compiler.as_sql()
        return sql, tuple(parameters)


def _stand_in(value: Any, place: int) -> Any:
    if isinstance(value, datetime):
        return datetime(1900, 1, place, 3, 14, 15, 92653, tzinfo=UTC)
    number = -(2**52) - place
    return [number] if isinstance(value, list) else number


def _typed(value: Any) -> Any:
    """One type for all ids: a statement is kept for each combination of types."""
    if isinstance(value, list):
        return [Int8(one) for one in value]
    return Int8(value) if isinstance(value, int) else value


def _literal(value: Any) -> str:
    plain = value.value if isinstance(value, Enum) else value
    return Literal(plain).as_string(connection.connection).replace("%", "%%")


class _KeepingCursor(psycopg.Cursor[tuple[Any, ...]]):
    """Binds parameters in the server, which keeps the statement."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> _KeepingCursor:
        return super().execute(query, params, **{**options, "prepare": True})


@contextmanager
def _keeping_cursor() -> Iterator[CursorWrapper]:
    """Like `connection.cursor()`, which binds parameters in the client."""
    connection.ensure_connection()
    cursor: Any = _KeepingCursor(connection.connection)
    logged = connection.queries_logged
    with connection.make_debug_cursor(cursor) if logged else connection.make_cursor(cursor) as wrapped:
        yield wrapped
