"""The functions of the database that look into the search tables. Their scope is that of the connection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from caseway.cases.search.query import Term

MOST_CLOSE = 5
"""Words of names that a mistyped word may have meant."""
MOST_DOUBTFUL = 4
"""Words of a search that are looked at for slips."""
BUDGET = timedelta(milliseconds=40)
"""How long one look through the messages may take. What is older is looked through when it is asked for."""
PATIENTLY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message (or with a negative id a case without one) that has the words."""

    document: int
    case: int
    moment: datetime
    rank: float


@dataclass(frozen=True, slots=True)
class Window:
    """Candidates, the newest first. `resume`: before this nothing was looked at, because the time was over."""

    candidates: list[Candidate]
    resume: datetime | None = None
    meant: dict[str, list[str]] = field(default_factory=dict)
    """What words may be instead, where few were found."""


def newest(
    terms: Sequence[Term],
    others: Mapping[str, list[str]],
    upto: tuple[datetime, int] | None,
    most: int,
    *,
    only: Sequence[int] | None = None,
    few: int = 0,
    budget: timedelta | None = None,
) -> Window:
    """The newest `most` documents with all terms, before `upto`; with `only` those of these cases.

    `others` holds for a word what it may be instead. Such words are answered too, when fewer than `few` were found.
    `budget`: how long to look (BUDGET); at least a week of messages is looked through.
    """
    moment, last = upto or (None, None)
    doubtful = [term.text for term in terms if term.may_be_mistyped][:MOST_DOUBTFUL] if few else []
    cases = None if only is None else list(only)
    milliseconds = (BUDGET if budget is None else budget) // timedelta(milliseconds=1)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH hit AS MATERIALIZED (SELECT * FROM caseway_search(%s::jsonb, %s, %s, %s, %s::bigint[], %s)),
            few AS (SELECT count(document) < %s AS is_so FROM hit)
            SELECT document, case_id, moment, rank, NULL, NULL FROM hit
            UNION ALL
            SELECT NULL, NULL, NULL, NULL, given, close
            FROM few, unnest(%s::text[]) AS given, caseway_close_words(given) AS close WHERE few.is_so
            """,
            [
                _json(terms, others),
                moment,
                last,
                most,
                cases,
                milliseconds,
                few,
                doubtful,
            ],
        )
        rows = cursor.fetchall()
    return Window(
        [Candidate(*row[:4]) for row in rows if row[0] is not None],
        next((row[2] for row in rows if row[0] is None and row[2] is not None), None),
        _likely((row[4], row[5]) for row in rows if row[4] is not None),
    )


def seen(
    terms: Sequence[Term], others: Mapping[str, list[str]], upto: tuple[datetime, int], cases: Iterable[int]
) -> set[int]:
    """Those of the cases that have a document with all terms at or after `upto`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM caseway_search_seen(%s::jsonb, %s, %s, %s::bigint[])",
            [_json(terms, others), *upto, list(cases)],
        )
        return {int(row[0]) for row in cursor.fetchall()}


def contacts(terms: Sequence[Term], others: Mapping[str, list[str]], most: int) -> RawSQL:
    """A query for the ids of the `most` contacts that fit all terms best, in name, customer or addresses."""
    return RawSQL("SELECT contact FROM caseway_search_contacts(%s::jsonb, %s)", (_json(terms, others), most))


def close_words(terms: Sequence[Term]) -> dict[str, list[str]]:
    """For each word those of names that differ from it by a slip of the finger or two."""
    doubtful = [term.text for term in terms if term.may_be_mistyped][:MOST_DOUBTFUL]
    if not doubtful:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT given, close FROM unnest(%s::text[]) AS given, caseway_close_words(given) AS close", [doubtful]
        )
        return _likely(cursor.fetchall())


def _likely(rows: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for given, close in rows:
        if close != given.lower() and distance(given.lower(), close) <= (1 if len(given) < 6 else 2):
            found.setdefault(given, []).append(close)
    return {given: close[:MOST_CLOSE] for given, close in found.items()}


def distance(one: str, other: str) -> int:
    """Letters to add, leave out, change, or swap with the next, to make one word the other (optimal alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def _json(terms: Sequence[Term], others: Mapping[str, list[str]]) -> str:
    values: list[dict[str, Any]] = [
        {
            "any": [term.text, *(others.get(term.text, ()) if term.may_be_mistyped else ())],
            "weight": term.weight,
            "prefix": term.is_beginning,
            "not": term.is_excluded,
        }
        for term in terms
    ]
    return json.dumps(values)
