"""Finding cases: the newest messages that have the words are ranked, then those before them, page by page."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.cases.lists import filters as case_filters
from caseway.cases.lists.filters import Filters
from caseway.cases.models import Case, Message
from caseway.cases.models.case import CaseQuerySet
from caseway.cases.search import index
from caseway.cases.search.index import Candidate
from caseway.cases.search.keys import Key
from caseway.cases.search.pieces import Hit, hits_of
from caseway.cases.search.query import Query, read

WINDOW = 200
"""So many of the newest messages that fit are ranked among themselves; older ones come after them."""
RELATED = ("contact", "customer", "assigned_employee", "assigned_team")
FETCHED_WHOLE = 100
LARGE_WINDOW = 3_000
"""The window where filters left too little of a small one."""
MOST_WINDOWS = 3
QUICK_FILTERS = {"assignee", "team", "contact", "customer"}
"""Filters whose cases an index lists."""
FEW_CASES = {"contact", "customer"}
"""Those that leave a handful of cases, as looking only into the trash or among what sleeps does."""
RARE_FILTERS = {"tag"}
"""Filters that leave few of the messages with a common word."""
FEW = 3
"""With fewer hits than this a name may have been mistyped."""
MOST_FILTERED = 5_000
"""So many cases of a filter are handed to the index, when a common word leaves too few of its messages."""

MOST_APART = 12_000
"""The same for the trash and for what sleeps: hardly any message of a window is theirs."""


@dataclass(frozen=True, slots=True)
class Found:
    """Some hits in order, the key to ask for those after them ('' = there are none), and what to tell the person."""

    rows: list[Hit]
    next: str
    note: str = ""
    query: Query = field(default_factory=lambda: Query(""))
    others: dict[str, list[str]] = field(default_factory=dict)
    """For words that may have been mistyped what they may have meant."""


@dataclass(slots=True)
class Asked:
    """One search on its way."""

    employee: Employee
    query: Query
    filters: Filters
    others: dict[str, list[str]] = field(default_factory=dict)
    meant: dict[str, list[str]] = field(default_factory=dict)
    only: list[int] | None = None
    window: int = WINDOW
    known: dict[int, Case] = field(default_factory=dict)

    @property
    def narrows(self) -> bool:
        return bool(self.filters or self.query.excluded or self.query.within)

    def rows(self) -> CaseQuerySet:
        """Every case that may be found, whatever its words."""
        cases: CaseQuerySet = Case.objects.all()
        rows = cases.deleted_for(self.employee) if self.query.within == "trash" else cases.visible_to(self.employee)
        if self.query.within == "snoozed":
            rows = rows.filter(is_snoozed=True)
        return case_filters.apply(rows, self.filters, self.employee)

    def cases(self, found: Sequence[Candidate]) -> dict[int, Case]:
        """The cases of these candidates, ready to be shown."""
        missing = {candidate.case for candidate in found} - set(self.known)
        if missing:
            self.known |= self.rows().select_related(*RELATED).in_bulk(list(missing))
        return self.known

    def allowed(self, cases: Collection[int]) -> set[int]:
        """Those of the cases that may be found. A few are fetched whole, for they will be shown."""
        some = self.rows().filter(pk__in=list(cases))
        if self.query.excluded:
            unwanted = [
                case_filters.apply(some, {key: values}, self.employee) for key, values in self.query.excluded.items()
            ]
            some = some.exclude(pk__in=reduce(or_, unwanted).values("pk"))
        if len(cases) > FETCHED_WHOLE:
            return set(some.values_list("pk", flat=True))
        fetched = {case.pk: case for case in some.select_related(*RELATED)}
        self.known |= fetched
        return set(fetched)


def find(
    employee: Employee,
    text: str | Query,
    *,
    filters: Filters | None = None,
    after: str = "",
    size: int = 50,
    window: int = WINDOW,
) -> Found:
    """The `size` cases after the key `after` that fit what was typed, each once, with the message that fits best.

    Ranked by where the words are (subject before sender before text) and by how new the message is. `filters` are
    those of a list, beside the operators in `text`. A key that cannot be read is taken as the beginning. So many
    messages as `window` says are ranked among themselves.
    """
    query = read(text, employee) if isinstance(text, str) else text
    asked = Asked(employee, query, {**query.filters, **(filters or {})}, window=window)
    note = " ".join(query.notes)
    if not query.words:
        return _without_words(asked, after, size, note) if asked.narrows else Found([], "", note, query)
    key = Key.read(after)
    if key.is_mistyped:
        asked.others = index.close_words(query.words)
    named = list(_named_exactly(asked))
    first = [] if after else named
    best, following = _ranked(asked, key, size - len(first))
    others = {} if after or named or following or len(best) >= FEW else asked.meant
    if others:
        asked.others = others
        more, following = _ranked(asked, dataclasses.replace(key, is_mistyped=True), size)
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


def _ranked(asked: Asked, key: Key, size: int) -> tuple[list[Candidate], str]:
    """The best of each case from the window of `key` on, and the key behind the last of them."""
    found: list[Candidate] = []
    if key.upto is None and not asked.others:
        key = _best_begun(asked, key)
    elif key.is_narrow:
        asked.only = _narrow(asked)
    for _window in range(MOST_WINDOWS):
        few = 0 if key.upto or asked.others else FEW
        size_of_window = LARGE_WINDOW if key.is_large else asked.window
        window, meant = index.newest(asked.query.words, asked.others, key.upto, size_of_window, asked.only, few)
        asked.meant = asked.meant or meant
        if not window:
            return found, ""
        start = key.upto or (window[0].moment, window[0].document + 1)
        kept = _best_of_each(asked, window, start, is_first=key.upto is None)
        for candidate, score in kept:
            if key.position is not None and (-score, -candidate.case) <= (-key.position[0], -key.position[1]):
                continue
            if len(found) == size:
                return found, _behind(found[-1], kept, start, key)
            found.append(candidate)
        if len(window) < size_of_window:
            return found, ""
        last = window[-1]
        key = dataclasses.replace(key, upto=(last.moment, last.document), position=None)
        if len(found) >= size:
            return found, key.write()
        if asked.narrows and not key.is_narrow and not key.is_large:
            asked.only = _narrow(asked)
            is_narrow = asked.only is not None
            key = dataclasses.replace(key, is_narrow=is_narrow, is_large=not is_narrow)
    return found, key.write()


def _best_begun(asked: Asked, key: Key) -> Key:
    """Where filters leave little of a common word: among their cases, or with a large window, from the beginning."""
    if asked.query.within or FEW_CASES & set(asked.filters):
        asked.only = _narrow(asked)
    is_large = asked.only is None and bool(RARE_FILTERS & set(asked.filters))
    return dataclasses.replace(key, is_narrow=asked.only is not None, is_large=is_large)


def _behind(last: Candidate, kept: Sequence[tuple[Candidate, float]], start: tuple[datetime, int], key: Key) -> str:
    """The key behind `last`: in this window, or at its beginning when `last` was the end of the window before."""
    position = next(((score, one.case) for one, score in kept if one is last), None)
    return dataclasses.replace(key, upto=start, position=position).write()


def _narrow(asked: Asked) -> list[int] | None:
    """All cases that may be found, when they are few; else None."""
    if asked.query.excluded or not (asked.query.within or QUICK_FILTERS & set(asked.filters)):
        return None
    most = MOST_APART if asked.query.within else MOST_FILTERED
    ids = list(asked.rows().values_list("pk", flat=True)[: most + 1])
    return ids if len(ids) <= most else None


def _best_of_each(
    asked: Asked, window: Sequence[Candidate], start: tuple[datetime, int], *, is_first: bool
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
    key = Key.read(after)
    rows = asked.rows()
    for name, values in asked.query.excluded.items():
        unwanted = case_filters.apply(Case.objects.all(), {name: values}, asked.employee)
        rows = rows.exclude(pk__in=unwanted.values("pk"))
    if key.upto is not None:
        moment, last = key.upto
        rows = rows.filter(Q(modified_at__lt=moment) | Q(modified_at=moment, pk__lt=last))
    found = list(rows.order_by("-modified_at", "-pk").values_list("pk", "modified_at")[: size + 1])
    following = Key(upto=(found[size - 1][1], found[size - 1][0])).write() if len(found) > size else ""
    candidates = [Candidate(0, pk, moment, 0.0) for pk, moment in found[:size]]
    return Found(hits_of(asked.cases(candidates), candidates, (), {}), following, note, asked.query)
