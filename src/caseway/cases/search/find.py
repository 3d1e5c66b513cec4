"""Finding cases: the newest messages that have the words are ranked, then those before them, page by page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.cases.lists.filters import Filters
from caseway.cases.models import Message
from caseway.cases.search import index
from caseway.cases.search.asked import Asked
from caseway.cases.search.by_case import Place, found_by_case, walk
from caseway.cases.search.index import Candidate
from caseway.cases.search.keys import Key
from caseway.cases.search.pieces import Hit, hits_of
from caseway.cases.search.query import Query, read

WINDOW = 100
"""So many of the newest messages that fit are ranked among themselves; older ones come after them."""
MOST_WINDOWS = 2
LATEST_ID = 2**62
FEW = 3
"""With fewer hits than this a name may have been mistyped."""
PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Found:
    """Some hits in order, the key to ask for those after them ('' = there are none), and what to tell the person.

    There may be a key and no hits: the messages that were looked through so far have none.
    """

    rows: list[Hit]
    next: str
    note: str = ""
    query: Query = field(default_factory=lambda: Query(""))
    others: dict[str, list[str]] = field(default_factory=dict)
    """For words that may have been mistyped what they may have meant."""


def find(
    employee: Employee,
    text: str | Query,
    *,
    filters: Filters | None = None,
    after: str = "",
    size: int = PAGE_SIZE,
) -> Found:
    """The `size` cases after the key `after` that fit what was typed, each once, with the message that fits best.

    Ranked by where the words are (subject before sender before text) and by how new the message is. `filters` are
    those of a list, beside the operators in `text`; with them common words are found in the order of the lists. A key
    that cannot be read is taken as the beginning.
    """
    query = read(text, employee) if isinstance(text, str) else text
    asked = Asked(employee, query, {**query.filters, **(filters or {})})
    note = " ".join(query.notes)
    if not query.words:
        return _without_words(asked, after, size, note) if asked.narrows else Found([], "", note, query)
    key = Key.read(after)
    if key.is_mistyped:
        asked.others = index.close_words(query.words)
    named = list(_named_exactly(asked))
    first = [] if after else named
    best, following = _words(asked, key, size - len(first))
    others = {} if after or named or following or len(best) >= FEW else asked.meant
    if others:
        asked.others = others
        more, following = _words(asked, dataclasses.replace(key, is_mistyped=True), size)
        if len(more) > len(best):
            best = more
            meant = dict.fromkeys(word for words in others.values() for word in words)
            note = f"{note} {_('Names written alike were looked for too: %(names)s.') % {'names': ', '.join(meant)}}"
        else:
            following = ""
    known = {candidate.case for candidate in named}
    best = first + [candidate for candidate in best if candidate.case not in known]
    return Found(hits_of(asked.cases(best), best, query.words, asked.others), following, note.strip(), query, others)


def _named_exactly(asked: Asked) -> Iterator[Candidate]:
    """The case with that number, the message with that Message-ID: before everything else."""
    now = datetime.now(UTC)
    if number := asked.query.number:
        for pk in asked.rows().filter(number=number).values_list("pk", flat=True):
            yield Candidate(0, pk, now, 0.0)
    if identifier := asked.query.message_identifier:
        named = Message.objects.filter(
            organisation_id=asked.employee.organisation_id, message_identifier=identifier
        ).values_list("pk", "case_id")
        found = list(named[:20])
        allowed = asked.allowed({case for _pk, case in found}) if found else set()
        for pk, case in found:
            if case in allowed:
                yield Candidate(pk, case, now, 0.0)


def _words(asked: Asked, key: Key, size: int) -> tuple[list[Candidate], str]:
    """The best of each case from the window of `key` on, and the key behind the last of them."""
    if key.is_by_case:
        return found_by_case(asked, key, size)
    found: list[Candidate] = []
    for _window in range(MOST_WINDOWS):
        few = 0 if key.upto or asked.others else FEW
        window = index.newest(asked.query.words, asked.others, key.upto, WINDOW, few=few)
        asked.meant = asked.meant or window.meant
        has_more = len(window.candidates) == WINDOW or window.resume is not None
        if has_more and asked.narrows and key.upto is None:
            return found_by_case(asked, Key(), size)
        if window.candidates:
            start = key.upto or (window.candidates[0].moment, window.candidates[0].document + 1)
            kept = _best_of_each(asked, window.candidates, start, is_first=key.upto is None)
            for candidate, score in kept:
                if key.position is not None and (-score, -candidate.case) <= (-key.position[0], -key.position[1]):
                    continue
                if len(found) == size:
                    return found, _behind(found[-1], kept, start, key)
                found.append(candidate)
        if not has_more:
            return found, ""
        key = dataclasses.replace(key, upto=_end(window), position=None)
        if found or window.resume is not None:
            break
    return found, key.write()


def _end(window: index.Window) -> Place:
    """Everything before this has not been looked at."""
    if window.resume is not None:
        return window.resume, LATEST_ID
    last = window.candidates[-1]
    return last.moment, last.document


def _behind(last: Candidate, kept: Sequence[tuple[Candidate, float]], start: Place, key: Key) -> str:
    """The key behind `last`: in this window, or at its beginning when `last` was the end of the window before."""
    position = next(((score, one.case) for one, score in kept if one is last), None)
    return dataclasses.replace(key, upto=start, position=position).write()


def _best_of_each(
    asked: Asked, window: Sequence[Candidate], start: Place, *, is_first: bool
) -> list[tuple[Candidate, float]]:
    """Of each case that may be found its best message with its score, the best case first."""
    best: dict[int, tuple[Candidate, float]] = {}
    for candidate in window:
        score = candidate.rank * (1 + 1 / (1 + (start[0] - candidate.moment) / timedelta(days=30)))
        if candidate.case not in best or score > best[candidate.case][1]:
            best[candidate.case] = (candidate, score)
    if not is_first:
        for case in index.seen(asked.query.words, asked.others, start, best):
            del best[case]
    allowed = asked.allowed(best)
    kept = [(candidate, score) for case, (candidate, score) in best.items() if case in allowed]
    return sorted(kept, key=lambda pair: (-pair[1], -pair[0].case))


def _without_words(asked: Asked, after: str, size: int, note: str) -> Found:
    """Operators alone: the latest change first, as in a list."""
    places = walk(asked, Key.read(after).upto, size + 1)
    following = Key(upto=places[size - 1]).write() if len(places) > size else ""
    shown = places[:size]
    candidates = [Candidate(0, pk, moment, 0.0) for moment, pk in shown]
    if asked.query.excluded and candidates:
        allowed = asked.allowed([pk for _moment, pk in shown])
        candidates = [one for one in candidates if one.case in allowed]
    return Found(hits_of(asked.cases(candidates), candidates, (), {}), following, note, asked.query)
