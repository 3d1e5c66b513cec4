"""In which order a list stands, and the key that says where its next page begins.

Every order ends in the id, so it is total; every key is without NULL, so it compares.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext_noop

from caseway.cases.models import Case
from caseway.cases.models.case import CaseQuerySet
from caseway.cases.models.ranks import CAME, DUE, PRIORITY_RANK, STATUS_RANK


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that rows are ordered by: a column, or an expression that gets this name."""

    name: str
    kind: type
    is_descending: bool = False
    expression: Combinable | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """`is_indexed`: quick in a list that grows for ever too."""

    slug: str
    title: str
    keys: tuple[Key, ...]
    is_indexed: bool = False


CHANGED = Key("modified_at", datetime.datetime, is_descending=True)
SORTS: dict[str, Sort] = {
    sort.slug: sort
    for sort in (
        Sort("changed", gettext_noop("Latest change"), (CHANGED,), is_indexed=True),
        Sort("newest", gettext_noop("Newest"), (Key("created_at", datetime.datetime, True),), is_indexed=True),
        Sort("waiting", gettext_noop("Waiting longest"), (Key("came", datetime.datetime, expression=CAME),)),
        Sort("priority", gettext_noop("Priority"), (Key("priority_rank", int, True, PRIORITY_RANK), CHANGED)),
        Sort("need-by", gettext_noop("Need by"), (Key("due", datetime.date, expression=DUE),)),
    )
}
DEFAULT = SORTS["changed"]


def _named(relation: str) -> tuple[Key, ...]:
    """By the name of what a case belongs to; the id keeps apart two that share a name; none comes first."""
    return (
        Key(f"{relation}_name", str, expression=Coalesce(f"{relation}__name", Value(""))),
        Key(f"{relation}_key", int, expression=Coalesce(f"{relation}_id", Value(0))),
    )


GROUP_KEYS: dict[str, tuple[Key, ...]] = {
    "status": (Key("status_rank", int, expression=STATUS_RANK),),
    "priority": (Key("priority_rank", int, True, PRIORITY_RANK),),
    "assignee": _named("assigned_employee"),
    "team": _named("assigned_team"),
    "customer": _named("customer"),
    "day": (),
}
_DAY = Key("changed_on", datetime.date, True, TruncDate("modified_at"))


def keys_of(sort: Sort, grouping: str = "") -> tuple[Key, ...]:
    """Everything that the list is ordered by, the id last."""
    first = GROUP_KEYS.get(grouping, ())
    if grouping == "day" and sort.slug == "priority":
        first = (_DAY,)
    keys = tuple(dict.fromkeys((*first, *sort.keys)))
    return (*keys, Key("id", int, keys[-1].is_descending))


def ordered(rows: CaseQuerySet, keys: tuple[Key, ...], *, by_index: bool = True) -> CaseQuerySet:
    """The rows with the keys' names on them, in their order; not `by_index`: sorted, whatever index there is."""
    named: dict[str, Any] = {key.name: key.expression for key in keys if key.expression is not None}
    columns: list[Any] = [F(key.name) for key in keys]
    if not by_index and keys[0].kind is datetime.datetime:
        nothing = Value(datetime.timedelta(0), output_field=DurationField())
        columns[0] = ExpressionWrapper(columns[0] + nothing, output_field=DateTimeField())
    order = [column.desc() if key.is_descending else column.asc() for key, column in zip(keys, columns, strict=True)]
    return rows.annotate(**named).order_by(*order)


def behind(keys: tuple[Key, ...], values: list[Any]) -> Q:
    """The condition on what stands after the row with these values.

    The first comparison is said once more by itself, so that an index is entered at the right place.
    """
    condition = Q()
    for key, value in zip(reversed(keys), reversed(values), strict=True):
        past = Q(**{f"{key.name}__{'lt' if key.is_descending else 'gt'}": value})
        condition = past | (Q(**{key.name: value}) & condition) if condition else past
    first = keys[0]
    return Q(**{f"{first.name}__{'lte' if first.is_descending else 'gte'}": values[0]}) & condition


def write_key(keys: tuple[Key, ...], row: Case) -> str:
    """The place of a row in the order, as text for an address."""
    return "_".join(_WRITERS[key.kind](getattr(row, key.name)) for key in keys)


def read_key(keys: tuple[Key, ...], text: str) -> list[Any] | None:
    """What `write_key` wrote for the same keys; None for anything else."""
    parts = text.split("_")
    if len(parts) != len(keys):
        return None
    try:
        return [_READERS[key.kind](part) for key, part in zip(keys, parts, strict=True)]
    except (ValueError, OverflowError):
        return None


def _text(value: str) -> str:
    return quote(value, safe="").replace("_", "%5F")


def _moment(part: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(part)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def _whole(part: str) -> int:
    found = int(part)
    if abs(found) >= 1 << 63:
        raise ValueError("too large for an id")
    return found


_WRITERS: dict[type, Callable[[Any], str]] = {
    datetime.datetime: lambda value: value.astimezone(datetime.UTC).isoformat(),
    datetime.date: lambda value: value.isoformat(),
    int: str,
    str: _text,
}
_READERS: dict[type, Callable[[str], Any]] = {
    datetime.datetime: _moment,
    datetime.date: datetime.date.fromisoformat,
    int: _whole,
    str: lambda part: unquote(part).replace("\0", ""),
}
