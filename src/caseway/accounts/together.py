"""Writing many rows with few statements: what nothing reads before the transaction ends waits, and goes together.

    with transaction.atomic(), gathered():
        add(Event(…))               # waits
        change(row, "state")        # waits
    # here everything is written, one statement for each table

Outside of `gathered` the same calls write at once, so that a verb need not know who calls it. Whoever reads a row that
may be waiting calls `flush` first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar, cast

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)

RESERVED = 50
"""Ids taken from a sequence at once; those that are not used stay gaps."""


class Held(Protocol):
    """Something that many rows of one gathering need, read once and written once: a counter, a tally."""

    def write(self) -> None:
        """Write what changed since the last time."""


Kept = TypeVar("Kept", bound=Held)


class Gathered:
    """What waits to be written in one transaction."""

    def __init__(self) -> None:
        self.new: dict[type[models.Model], list[models.Model]] = {}
        self.options: dict[type[models.Model], dict[str, Any]] = {}
        self.changed: dict[tuple[type[models.Model], tuple[str, ...]], dict[Any, models.Model]] = defaultdict(dict)
        self.notes: dict[tuple[str, str], None] = {}
        self.ids: dict[type[models.Model], list[int]] = defaultdict(list)
        self.held: dict[tuple[type, int], Any] = {}

    def write(self) -> None:
        for one in self.held.values():
            one.write()
        new, self.new = self.new, {}
        changed, self.changed = self.changed, defaultdict(dict)
        notes, self.notes = self.notes, {}
        for model in _referenced_first(list(new)):
            model._base_manager.bulk_create(new[model], **self.options[model])
        for (model, fields), rows in changed.items():
            _update(model, fields, list(rows.values()))
        if notes:
            channels, payloads = zip(*notes, strict=True)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_notify(channel, payload) FROM unnest(%s::text[], %s::text[]) AS note(channel, payload)",
                    [list(channels), list(payloads)],
                )


_current: ContextVar[Gathered | None] = ContextVar("caseway_gathered", default=None)


@contextmanager
def gathered() -> Iterator[None]:
    """Let rows wait until the end of the block, or of the outermost one. An error writes nothing."""
    if _current.get() is not None:
        yield
        return
    waiting = Gathered()
    token = _current.set(waiting)
    try:
        yield
        waiting.write()
    finally:
        _current.reset(token)


def add(row: Row, **options: Any) -> Row:
    """A new row. `options` are those of `bulk_create`, the same for each row of a table."""
    waiting = _current.get()
    if waiting is not None:
        waiting.new.setdefault(type(row), []).append(row)
        waiting.options[type(row)] = options
    elif options:
        [row] = type(row)._base_manager.bulk_create([row], **options)
    else:
        row.save(force_insert=True)
    return row


def change(row: models.Model, *fields: str) -> None:
    """Write these fields of a row that exists."""
    waiting = _current.get()
    if waiting is not None:
        waiting.changed[type(row), fields][row.pk] = row
    else:
        row.save(update_fields=fields)


def notify(channel: str, payload: str) -> None:
    """NOTIFY, delivered when the transaction commits; the same words are heard once."""
    waiting = _current.get()
    if waiting is not None:
        waiting.notes[channel, payload] = None
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])


def held(kind: Callable[[int], Kept], organisation_id: int) -> Kept | None:
    """The gathering's one object of this class for the organisation, made when first asked for; None outside."""
    waiting = _current.get()
    if waiting is None:
        return None
    key = (cast(type, kind), organisation_id)
    if key not in waiting.held:
        waiting.held[key] = kind(organisation_id)
    found: Kept = waiting.held[key]
    return found


def flush() -> None:
    """Write what waits: somebody is about to read it."""
    if (waiting := _current.get()) is not None:
        waiting.write()


def flush_if_new(model: type[models.Model], pk: int) -> None:
    """Write what waits when the row with this id is among it."""
    waiting = _current.get()
    if waiting is not None and any(row.pk == pk for row in waiting.new.get(model, ())):
        waiting.write()


def reserve(model: type[models.Model]) -> int:
    """The id of a row to come."""
    waiting = _current.get()
    ids = waiting.ids[model] if waiting is not None else []
    if not ids:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [model._meta.db_table, 1 if waiting is None else RESERVED],
            )
            ids += sorted((int(number) for (number,) in cursor.fetchall()), reverse=True)
    return ids.pop()


def _referenced_first(found: list[type[models.Model]]) -> list[type[models.Model]]:
    """Tables in an order in which ids are known before rows that name them are written."""
    ordered: list[type[models.Model]] = []

    def place(model: type[models.Model]) -> None:
        for field in model._meta.concrete_fields:
            target = field.related_model
            if target is not model and target in found and target not in ordered:
                place(target)
        if model not in ordered:
            ordered.append(model)

    for model in found:
        place(model)
    return ordered


def _update(model: type[models.Model], names: Sequence[str], rows: Sequence[models.Model]) -> None:
    """Many rows, each with its own values, in one statement."""
    columns_of = {field.name: field for field in model._meta.concrete_fields}
    fields = [columns_of[name] for name in names]
    key = model._meta.pk
    columns = [(key.column, key.rel_db_type(connection), [row.pk for row in rows])]
    for field in fields:
        values = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
        columns.append((field.column, field.db_type(connection), values))
    quoted = [connection.ops.quote_name(str(column)) for column, *_ in columns]
    arrays = ", ".join(f"%s::{kind}[]" for _, kind, _ in columns)
    assignments = ", ".join(f"{column} = new.{column}" for column in quoted[1:])
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS old SET {assignments} "  # noqa: S608 - names come from the models
            f"FROM unnest({arrays}) AS new({', '.join(quoted)}) WHERE old.{quoted[0]} = new.{quoted[0]}",
            [values for *_, values in columns],
        )
