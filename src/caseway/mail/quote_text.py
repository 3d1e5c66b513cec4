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
from itertools import accumulate, groupby

from caseway.mail.quote_headers import (
    bare,
    header_block_at,
    introduction_ending_at,
    is_delimiter,
    is_previous_replies,
    is_quoted,
    label,
    separator,
)
from caseway.mail.quote_signature import signature_start

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


def pieces_of(text: str, hints: Hints = Hints()) -> tuple[Piece, ...]:  # frozen
    """The pieces of `text`."""
    lines = _lines(text)
    grouped = groupby(zip(roles_of(lines, hints), lines, strict=True), key=lambda pair: pair[0])
    return tuple(Piece(role, "".join(line for _, line in pairs)) for role, pairs in grouped)


def roles_of(lines: Sequence[str], hints: Hints = Hints()) -> list[Role]:
    """The role of each line; with or without line ends. Past `LINES_LIMIT` all are quoted, or else new."""
    roles = _Roles(lines[:LINES_LIMIT], hints).assigned()
    last = Role.QUOTED if roles and roles[-1] is Role.QUOTED else Role.NEW
    return roles + [last] * (len(lines) - len(roles))


def _lines(text: str) -> list[str]:
    """With their ends, which are LF or CR LF. (str.splitlines would also cut at form feeds and U+2028.)"""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where an unmarked quotation begins (with the rules above it), and where its own text does."""

    start: int
    body: int
    is_forward: bool = False
    has_mark: bool = True


class _Roles:
    """One pass over one text; `assigned` is the only door."""

    def __init__(self, raw: Sequence[str], hints: Hints) -> None:
        self.raw = raw
        self.lines = [bare(line) for line in raw]
        self.hints = hints
        self.labels = [label(line) for line in self.lines]
        self.roles = [Role.NEW] * len(raw)
        self.introductions = self._find_introductions()
        says = (bool(line) and not is_delimiter(line) and not is_quoted(line) for line in self.lines)
        self.said_before = [0, *accumulate(says)]

    def assigned(self) -> list[Role]:
        end = len(self.lines)
        quoted_from = self.hints.quoted_from
        is_known = quoted_from is not None and not self.hints.is_forward and not self._announces_forward(quoted_from)
        if quoted_from is not None and is_known and self._says_something(0, min(quoted_from, end)):
            end = self._above_rules(min(quoted_from, end), 0)
            self._mark(end, len(self.lines), Role.QUOTED)
        start, end = self._cut_unmarked(end)
        end = self._peel(start, end)
        self._hide_answered(start, end)
        if not any(self._is_content(index) for index in range(len(self.lines)) if self.roles[index] is Role.NEW):
            return [Role.NEW] * len(self.lines)
        return self.roles

    # 1. Quotations without marks

    def _cut_unmarked(self, end: int) -> tuple[int, int]:
        """Hide what lies below the first such quotation; returns the range that is left to look at."""
        start = position = 0
        while (cut := self._next_cut(position, end)) is not None:
            if self._says_something(start, cut.start):
                if cut.is_forward or self.hints.is_forward:
                    break  # passed on to us, and new to us
                self._mark(cut.start, end, Role.QUOTED)
                return start, cut.start
            if cut.has_mark:
                self._mark(cut.start, cut.body, Role.QUOTED)
                start = cut.body
            position = max(cut.body, position + 1)
        return start, end

    def _next_cut(self, position: int, end: int) -> _Cut | None:
        index = position
        while index < end:
            if cut := self._cut_at(index, position, end):
                return cut
            index += 1
        return None

    def _cut_at(self, index: int, low: int, end: int) -> _Cut | None:
        line = self.lines[index]
        if not line or is_quoted(line):
            return None
        kind = separator(line)
        if kind == "above":
            return _Cut(self._above_rules(index, low), index + 1)
        if kind:
            below = self._next_text(index + 1, end)
            body = header_block_at(self.lines, self.labels, below)[0] if below < end else below
            if below < end and (last := self.introductions.get(below)) is not None:
                body = last + 1  # Proton: '------- Original Message -------' and 'On …, Somebody wrote:'
            if kind == "reply" and below < end and is_quoted(self.lines[below]):
                return None  # what follows is marked: an answer may stand below it
            return _Cut(self._above_rules(index, low), body, is_forward=kind == "forward")
        if is_previous_replies(line) and index > 0 and is_delimiter(self._line_above(index, low)):
            return _Cut(self._above_rules(index, low), index + 1)
        if self.labels[index]:
            body, fields = header_block_at(self.lines, self.labels, index)
            is_ruled = is_delimiter(self._line_above(index, low))
            # Web forms send 'From: … Subject: …' as their text: without a rule above, the block has to name a reader.
            if fields and (is_ruled or "to" in fields):
                return _Cut(self._above_rules(index, low), body, has_mark=is_ruled)
        last = self.introductions.get(index)
        if last is not None and not self._is_marked_below(last + 1, end):
            return _Cut(self._above_rules(index, low), last + 1)
        return None

    def _find_introductions(self) -> dict[int, int]:
        """First line → last line of every 'On … wrote:'."""
        found: dict[int, int] = {}
        low = 0
        for index, line in enumerate(self.lines):
            if line and (start := introduction_ending_at(self.lines, index, low)) >= 0:
                found[start] = index
                low = index + 1
        for start in self.hints.introductions:
            self._add_introduction(found, start)
        return found

    def _add_introduction(self, found: dict[int, int], start: int) -> None:
        """One that the HTML marks, when marked lines follow within a few."""
        if start >= len(self.lines) or separator(self.lines[start]):
            return
        known = range(start, min(start + 5, len(self.lines)))
        if any(index in found for index in known):
            return
        quote = next((index for index in known if is_quoted(self.lines[index])), start)
        said = [index for index in range(start, quote) if self.lines[index]]
        if said:
            found[start] = said[-1]

    def _announces_forward(self, index: int) -> bool:
        return any(separator(line) == "forward" for line in self.lines[index : index + 3])

    def _is_marked_below(self, index: int, end: int) -> bool:
        below = self._next_text(index, end)
        return below < end and (is_quoted(self.lines[below]) or self._has_initials_mark(below))

    def _above_rules(self, index: int, low: int) -> int:
        """The start of the blank lines and drawn rules right above `index`."""
        start = index
        while start > low and (not self.lines[start - 1] or is_delimiter(self.lines[start - 1])):
            start -= 1
        return start

    # 2. and 3. Marked quotations and signatures

    def _peel(self, start: int, end: int) -> int:
        """Take quotations and signatures off the end, until what is left ends in something new."""
        ends_of_introductions = {last: first for first, last in self.introductions.items()}
        while True:
            below = end
            while end > start and not self.lines[end - 1]:
                end -= 1
            if end == start:
                return end
            quote = self._quote_start(start, end)
            if quote < end:
                above = quote
                while above > start and not self.lines[above - 1]:
                    above -= 1
                quote = ends_of_introductions.get(above - 1, quote) if above > start else quote
                self._mark(max(quote, start), below, Role.QUOTED)
                end = max(quote, start)
                continue
            signature = self._hinted_signature(start, end)
            if signature == end:
                signature = signature_start(self.lines, self.raw, start, end)
            if signature == end or not self._says_something(start, signature):
                return end
            self._mark(signature, below, Role.SIGNATURE)
            end = signature

    def _hinted_signature(self, start: int, end: int) -> int:
        signature = index = end
        while index > start and (index - 1 in self.hints.signature or not self.lines[index - 1]):
            index -= 1
            if self.lines[index]:
                signature = index
        return signature

    def _quote_start(self, start: int, end: int) -> int:
        """The start of the marked lines that end before `end`, blank lines between them included."""
        quote = index = end
        while index > start:
            line = self.lines[index - 1]
            if is_quoted(line) or self._has_initials_mark(index - 1):
                quote = index - 1
            elif line:
                break
            index -= 1
        return quote

    def _hide_answered(self, start: int, end: int) -> None:
        """Hide the introductions, and a quotation at the top whose whole answer stands below it."""
        first = self._next_text(start, end)
        intro_end = self.introductions.get(first)
        for begin, last in self.introductions.items():
            if start <= begin and last < end and self._is_marked_below(last + 1, end):
                self._mark(begin, last + 1, Role.QUOTED)
        if intro_end is None:
            return
        index = self._next_text(intro_end + 1, end)
        below = index
        while below < end and (not self.lines[below] or is_quoted(self.lines[below])):
            below += 1
        if index < below < end and not any(is_quoted(line) for line in self.lines[below:end]):
            self._mark(first, below, Role.QUOTED)

    # Small questions

    def _has_initials_mark(self, index: int) -> bool:
        """'JD> text', on two lines running."""
        mark = _initials(self.lines[index])
        neighbours = self.lines[max(index - 1, 0) : index] + self.lines[index + 1 : index + 2]
        return bool(mark) and any(_initials(line) == mark for line in neighbours)

    def _says_something(self, start: int, end: int) -> bool:
        """Whether a line from `start` up to `end` is neither blank, drawn nor marked."""
        return self.said_before[end] > self.said_before[start]

    def _is_content(self, index: int) -> bool:
        return bool(self.lines[index]) and not is_delimiter(self.lines[index])

    def _next_text(self, index: int, end: int) -> int:
        while index < end and not self.lines[index]:
            index += 1
        return index

    def _line_above(self, index: int, low: int) -> str:
        above = index - 1
        while above >= low and not self.lines[above]:
            above -= 1
        return self.lines[above] if above >= low else ""

    def _mark(self, start: int, end: int, role: Role) -> None:
        self.roles[start:end] = [role] * (end - start)


def _initials(line: str) -> str:
    head, mark, _ = line[:6].partition(">")
    return head if mark and 0 < len(head) <= 4 and head.isalpha() and head.isupper() else ""
