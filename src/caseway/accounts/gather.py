"""Several short lists with one statement: what a page needs beside its subject, without a round trip for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.db import models
from django.db.models import F, QuerySet, Value
from django.db.models.functions import JSONObject


@dataclass(frozen=True, slots=True)
class Short:
    """A list to gather: its rows (ordered and cut as they should come) and the fields wanted of each.

    `fields` maps names to field paths, expressions or, for `Short.of(rows, "pk", "name")`, to themselves.
    """

    rows: QuerySet[Any]
    fields: dict[str, Any]

    @classmethod
    def of(cls, rows: QuerySet[Any], *names: str, **fields: Any) -> Short:
        return cls(rows, {name: name for name in names} | fields)


def gather(**lists: Short) -> dict[str, list[dict[str, Any]]]:
    """Each list's rows as dicts, in their order. Times and dates arrive as ISO text."""
    if not lists:
        return {}
    return sorted_out(lists, as_one(lists))


def as_one(lists: Mapping[str, Short]) -> QuerySet[Any, tuple[str, int, dict[str, Any]]]:
    """All lists as one query, of rows that `sorted_out` understands."""
    parts = [_part(name, short) for name, short in lists.items()]
    return parts[0] if len(parts) == 1 else reduce(lambda one, other: one.union(other, all=True), parts)


def sorted_out(names: Iterable[str], rows: Iterable[Any]) -> dict[str, list[dict[str, Any]]]:
    """The lists of these names among the rows."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for name, _place, values in sorted(rows, key=lambda row: row[:2]):
        found[name].append(json.loads(values) if isinstance(values, str) else values)
    return found


def _part(name: str, short: Short) -> QuerySet[Any, tuple[str, int, dict[str, Any]]]:
    """(name, place, values); the place is kept because a union may come in any order."""
    fields = {key: F(value) if isinstance(value, str) else value for key, value in short.fields.items()}
    order = short.rows.query.order_by or ("pk",)
    place = models.Window(models.functions.RowNumber(), order_by=[_ordering(one) for one in order])
    named = Value(name, output_field=models.CharField())
    return short.rows.values_list(named, place, JSONObject(**fields))


def _ordering(field: Any) -> Any:
    if not isinstance(field, str):
        return field
    return F(field[1:]).desc() if field.startswith("-") else F(field).asc()
