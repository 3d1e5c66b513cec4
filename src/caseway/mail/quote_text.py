"""A plain text taken apart line by line: what is new, what is quoted, what is signature.

1. A quotation without marks (Outlook, Gmail read as text) hides all below its header, once something new stands above.
2. Marked lines ('>') are hidden at the end of the text, and at its top when all of the answer stands below one of
   them. Between answers they stay: without them an inline answer cannot be read.
3. Signatures are peeled off the end, between and below quotations.
4. When nothing new is left, nothing is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from caseway.mail.quote_headers import is_quoted
from caseway.mail.quote_lines import Hints, Lines
from caseway.mail.quote_signature import signature_start
from caseway.mail.quote_unmarked import next_cut

__all__ = ["Hints", "Piece", "Role", "pieces_of", "roles_of"]

LINES_LIMIT = 10_000
"""Lines that are looked at, some 100 times a long thread."""


class Role(StrEnum):
    NEW = "new"
    QUOTED = "quoted"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive lines of one role. The pieces of a text, joined in order, are the text."""

    role: Role
    text: str


NO_HINTS = Hints()


def pieces_of(text: str, hints: Hints = NO_HINTS) -> tuple[Piece, ...]:  # frozen
    """The pieces of `text`."""
    lines = _lines(text)
    grouped = groupby(zip(roles_of(lines, hints), lines, strict=True), key=lambda pair: pair[0])
    return tuple(Piece(role, "".join(line for _, line in pairs)) for role, pairs in grouped)


def roles_of(lines: Sequence[str], hints: Hints = NO_HINTS) -> list[Role]:
    """The role of each line; with or without line ends. Past `LINES_LIMIT` all are quoted, or else new."""
    roles = _Roles(lines[:LINES_LIMIT], hints).assigned()
    last = Role.QUOTED if roles and roles[-1] is Role.QUOTED else Role.NEW
    return roles + [last] * (len(lines) - len(roles))


def _lines(text: str) -> list[str]:
    """With their ends, which are LF or CR LF. (str.splitlines would also cut at form feeds and U+2028.)"""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


class _Roles:
    """One pass over one text; `assigned` is the only door."""

    def __init__(self, raw: Sequence[str], hints: Hints) -> None:
        self.lines = Lines(raw, hints)
        self.hints = hints
        self.roles = [Role.NEW] * len(raw)

    def assigned(self) -> list[Role]:
        end = len(self.lines)
        quoted_from = self.hints.quoted_from
        is_known = (
            quoted_from is not None and not self.hints.is_forward and not self.lines.announces_forward(quoted_from)
        )
        if quoted_from is not None and is_known and self.lines.says_something(0, min(quoted_from, end)):
            end = self.lines.above_rules(min(quoted_from, end), 0)
            self._mark(end, len(self.lines), Role.QUOTED)
        start, end = self._cut_unmarked(end)
        end = self._peel(start, end)
        self._hide_answered(start, end)
        if not any(self.lines.is_content(index) for index in range(len(self.lines)) if self.roles[index] is Role.NEW):
            return [Role.NEW] * len(self.lines)
        return self.roles

    # 1. Quotations without marks

    def _cut_unmarked(self, end: int) -> tuple[int, int]:
        """Hide what lies below the first such quotation; returns the range that is left to look at."""
        start = position = 0
        while (cut := next_cut(self.lines, position, end)) is not None:
            if self.lines.says_something(start, cut.start):
                if cut.is_forward or self.hints.is_forward:
                    break  # passed on to us, and new to us
                self._mark(cut.start, end, Role.QUOTED)
                return start, cut.start
            if cut.has_mark:
                self._mark(cut.start, cut.body, Role.QUOTED)
                start = cut.body
            position = max(cut.body, position + 1)
        return start, end

    # 2. and 3. Marked quotations and signatures

    def _peel(self, start: int, end: int) -> int:
        """Take quotations and signatures off the end, until what is left ends in something new."""
        ends_of_introductions = {last: first for first, last in self.lines.introductions.items()}
        while True:
            below = end
            while end > start and not self.lines.bare[end - 1]:
                end -= 1
            if end == start:
                return end
            quote = self._quote_start(start, end)
            if quote < end:
                above = quote
                while above > start and not self.lines.bare[above - 1]:
                    above -= 1
                quote = ends_of_introductions.get(above - 1, quote) if above > start else quote
                self._mark(max(quote, start), below, Role.QUOTED)
                end = max(quote, start)
                continue
            signature = self._hinted_signature(start, end)
            if signature == end:
                signature = signature_start(self.lines.bare, self.lines.raw, start, end)
            if signature == end or not self.lines.says_something(start, signature):
                return end
            self._mark(signature, below, Role.SIGNATURE)
            end = signature

    def _hinted_signature(self, start: int, end: int) -> int:
        signature = index = end
        while index > start and (index - 1 in self.hints.signature or not self.lines.bare[index - 1]):
            index -= 1
            if self.lines.bare[index]:
                signature = index
        return signature

    def _quote_start(self, start: int, end: int) -> int:
        """The start of the marked lines that end before `end`, blank lines between them included."""
        quote = index = end
        while index > start:
            line = self.lines.bare[index - 1]
            if is_quoted(line) or self.lines.has_initials_mark(index - 1):
                quote = index - 1
            elif line:
                break
            index -= 1
        return quote

    def _hide_answered(self, start: int, end: int) -> None:
        """Hide the introductions, and a quotation at the top whose whole answer stands below it."""
        first = self.lines.next_text(start, end)
        intro_end = self.lines.introductions.get(first)
        for begin, last in self.lines.introductions.items():
            if start <= begin and last < end and self.lines.is_marked_below(last + 1, end):
                self._mark(begin, last + 1, Role.QUOTED)
        if intro_end is None:
            return
        index = self.lines.next_text(intro_end + 1, end)
        below = index
        while below < end and (not self.lines.bare[below] or is_quoted(self.lines.bare[below])):
            below += 1
        if index < below < end and not any(is_quoted(line) for line in self.lines.bare[below:end]):
            self._mark(first, below, Role.QUOTED)

    def _mark(self, start: int, end: int, role: Role) -> None:
        self.roles[start:end] = [role] * (end - start)
