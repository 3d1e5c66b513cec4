"""A text as lines, with what the rules on quotations ask of them, each answered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from caseway.mail.quote_headers import bare, introduction_ending_at, is_delimiter, is_quoted, label, separator


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of a text from elsewhere. Lines are counted from 0."""

    is_forward: bool = False
    """The subject says so, hence a header block begins what is passed on rather than what is known."""
    quoted_from: int | None = None
    """From this line on all is quoted."""
    introductions: tuple[int, ...] = ()
    """Lines that introduce the marked lines below them, whatever their language."""
    signature: frozenset[int] = frozenset()


class Lines:
    """`raw` as sent, `bare` without line ends and white space, and what is known of each. Never changes."""

    def __init__(self, raw: Sequence[str], hints: Hints) -> None:
        self.raw = raw
        self.bare = [bare(line) for line in raw]
        self.hints = hints
        self.labels = [label(line) for line in self.bare]
        """The header field that each may be of a quotation, '' none."""
        self.introductions = self._find_introductions()
        """First line → last line of every 'On … wrote:'."""
        says = (bool(line) and not is_delimiter(line) and not is_quoted(line) for line in self.bare)
        self._said_before = [0, *accumulate(says)]

    def __len__(self) -> int:
        return len(self.raw)

    def has_initials_mark(self, index: int) -> bool:
        """'JD> text', on two lines running."""
        mark = _initials(self.bare[index])
        neighbours = self.bare[max(index - 1, 0) : index] + self.bare[index + 1 : index + 2]
        return bool(mark) and any(_initials(line) == mark for line in neighbours)

    def says_something(self, start: int, end: int) -> bool:
        """Whether a line from `start` up to `end` is neither blank, drawn nor marked."""
        return self._said_before[end] > self._said_before[start]

    def is_content(self, index: int) -> bool:
        return bool(self.bare[index]) and not is_delimiter(self.bare[index])

    def next_text(self, index: int, end: int) -> int:
        while index < end and not self.bare[index]:
            index += 1
        return index

    def line_above(self, index: int, low: int) -> str:
        above = index - 1
        while above >= low and not self.bare[above]:
            above -= 1
        return self.bare[above] if above >= low else ""

    def is_marked_below(self, index: int, end: int) -> bool:
        below = self.next_text(index, end)
        return below < end and (is_quoted(self.bare[below]) or self.has_initials_mark(below))

    def above_rules(self, index: int, low: int) -> int:
        """The start of the blank lines and drawn rules right above `index`."""
        start = index
        while start > low and (not self.bare[start - 1] or is_delimiter(self.bare[start - 1])):
            start -= 1
        return start

    def announces_forward(self, index: int) -> bool:
        return any(separator(line) == "forward" for line in self.bare[index : index + 3])

    def _find_introductions(self) -> dict[int, int]:
        found: dict[int, int] = {}
        low = 0
        for index, line in enumerate(self.bare):
            if line and (start := introduction_ending_at(self.bare, index, low)) >= 0:
                found[start] = index
                low = index + 1
        for start in self.hints.introductions:
            self._add_introduction(found, start)
        return found

    def _add_introduction(self, found: dict[int, int], start: int) -> None:
        """One that the HTML marks, when marked lines follow within a few."""
        if start >= len(self.bare) or separator(self.bare[start]):
            return
        known = range(start, min(start + 5, len(self.bare)))
        if any(index in found for index in known):
            return
        quote = next((index for index in known if is_quoted(self.bare[index])), start)
        said = [index for index in range(start, quote) if self.bare[index]]
        if said:
            found[start] = said[-1]


def _initials(line: str) -> str:
    head, mark, _ = line[:6].partition(">")
    return head if mark and 0 < len(head) <= 4 and head.isalpha() and head.isupper() else ""
