"""Statements that every page needs, put into SQL once: for some of them Django takes longer than PostgreSQL.

    found = Prepared(lambda organisation, employee: some_rows(…))
    sql, parameters = found.with_values(organisation=1, employee=7)

The function builds its queries from stand-ins, which are told apart from everything else among the parameters; from
then on only the values change. So it may look at nothing but what it is given, and decide nothing by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from caseway.accounts.gather import Short, as_one, sorted_out

Sql = tuple[str, tuple[Any, ...]]


class Prepared:
    """One statement. `build` is given a stand-in for each value and returns SQL with parameters."""

    def __init__(self, build: Callable[..., Sql]) -> None:
        self._build = build
        self._sql = ""
        self._parameters: list[tuple[str, Any]] = []
        """(name of the value, its type) or ('', what always stands there)."""

    def with_values(self, **values: Any) -> Sql:
        """SQL and parameters; values are ids (None: no row has it), lists of ids, or moments."""
        if not self._sql:
            self._compile(values)
        return self._sql, tuple(
            one if not name else values[name] if one is None or values[name] is None else one(values[name])
            for name, one in self._parameters
        )

    def _compile(self, values: Mapping[str, Any]) -> None:
        stand_ins = {name: _stand_in(value, place) for place, (name, value) in enumerate(values.items(), 1)}
        sql, parameters = self._build(**stand_ins)
        self._parameters = [_recognised(one, stand_ins) for one in parameters]
        missing = stand_ins.keys() - {name for name, _ in self._parameters}
        assert not missing, f"the statement does not use {', '.join(sorted(missing))}"
        self._sql = sql


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
        sql, parameters = self._statement.with_values(**values)
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return sorted_out(self._names, cursor.fetchall())


def _stand_in(value: Any, place: int) -> Any:
    if isinstance(value, datetime):
        return datetime(1900, 1, place, 3, 14, 15, 92653, tzinfo=UTC)
    number = -(2**52) - place
    return [number] if isinstance(value, list) else number


def _recognised(parameter: Any, stand_ins: Mapping[str, Any]) -> tuple[str, Any]:
    for name, stand_in in stand_ins.items():
        if parameter == stand_in:
            return name, type(parameter) if isinstance(parameter, int) else None
    return "", parameter
