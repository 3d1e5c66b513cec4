"""Finding common words among the cases that filters leave: case by case, the latest change first.

Of a common word the newest messages are hardly ever those of one tag or of the trash. So here the cases are walked
through, in the order of their lists, and their messages are looked into.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from caseway.cases.lists.order import DEFAULT, behind, keys_of, ordered
from caseway.cases.lists.pages import first_of
from caseway.cases.search import index
from caseway.cases.search.asked import Asked
from caseway.cases.search.index import Candidate
from caseway.cases.search.keys import Key

STRETCH = 250
"""Cases that one page looks into. Of a common word they have a page, most of the time."""
MOST_DOCUMENTS = 10_000
_KEYS = keys_of(DEFAULT)
Place = tuple[datetime.datetime, int]


def found_by_case(asked: Asked, key: Key, size: int) -> tuple[list[Candidate], str]:
    """At most `size` hits behind the key, each case's best message, and the key behind them ('' = none follow)."""
    found: list[Candidate] = []
    upto = key.upto
    places = walk(asked, upto, STRETCH)
    best = best_of_each(_documents(asked, [pk for _moment, pk in places]))
    allowed = asked.allowed(best) if best and asked.query.excluded else set(best)
    for place in places:
        if place[1] in allowed:
            if len(found) == size:
                break
            found.append(best[place[1]])
        upto = place
    else:
        if len(places) < STRETCH:
            return found, ""
    return found, Key(upto=upto, is_by_case=True).write()


def walk(asked: Asked, upto: Place | None, size: int) -> list[Place]:
    """The next cases that filters leave, as (latest change, id)."""
    parts = [ordered(part, _KEYS) for part in asked.parts()]
    if upto is not None:
        parts = [part.filter(behind(_KEYS, list(upto))) for part in parts]
    rows = ordered(first_of(parts, size), _KEYS)
    return list(rows.values_list("modified_at", "pk")[:size])


def best_of_each(candidates: Iterable[Candidate]) -> dict[int, Candidate]:
    """Of each case the message that fits best."""
    best: dict[int, Candidate] = {}
    for one in candidates:
        if one.case not in best or one.rank > best[one.case].rank:
            best[one.case] = one
    return best


def _documents(asked: Asked, cases: list[int]) -> list[Candidate]:
    if not cases:
        return []
    return index.newest(asked.query.words, asked.others, None, MOST_DOCUMENTS, only=cases).candidates
