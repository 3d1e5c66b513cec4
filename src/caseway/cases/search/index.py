"""The functions of the database that look into the search tables. Their scope is that of the connection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from caseway.cases.search.query import Term

MOST_CLOSE = 5
"""Words of names that a mistyped word may have meant."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message (or with a negative id a case without one) that has the words."""

    document: int
    case: int
    moment: datetime
    rank: float


def newest(
    terms: Sequence[Term],
    others: Mapping[str, list[str]],
    upto: tuple[datetime, int] | None,
    most: int,
    only: Sequence[int] | None = None,
) -> list[Candidate]:
    """The newest `most` documents with all terms, before `upto`, of the cases `only` where they are given.

    `others` holds for a word what it may be instead.
    """
    moment, last = upto or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT document, case_id, moment, rank FROM caseway_search(%s::jsonb, %s, %s, %s, %s::bigint[])",
            [_json(terms, others), moment, last, most, None if only is None else list(only)],
        )
        return [Candidate(*row) for row in cursor.fetchall()]


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


def contacts(terms: Sequence[Term], others: Mapping[str, list[str]], most: int) -> list[int]:
    """Ids of contacts that have all terms in name, customer or addresses, the best first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT contact FROM caseway_search_contacts(%s::jsonb, %s)", [_json(terms, others), most])
        return [int(row[0]) for row in cursor.fetchall()]


def close_words(words: Sequence[str]) -> dict[str, list[str]]:
    """For each word those of names that differ from it by a slip of the finger or two."""
    if not words:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT given, close FROM unnest(%s::text[]) AS given, caseway_close_words(given) AS close", [list(words)]
        )
        rows = cursor.fetchall()
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
