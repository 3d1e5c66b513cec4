"""Where a quotation without marks begins: Outlook's header block, 'Original Message', 'On … wrote:' above text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from caseway.mail.quote_headers import header_block_at, is_delimiter, is_previous_replies, is_quoted, separator
from caseway.mail.quote_lines import Lines


@dataclass(frozen=True, slots=True)
class Cut:
    """Where an unmarked quotation begins (with the rules above it), and where its own text does."""

    start: int
    body: int
    is_forward: bool = False
    has_mark: bool = True


def next_cut(lines: Lines, position: int, end: int) -> Cut | None:
    """The first from line `position` on, before `end`."""
    for index in range(position, end):
        if not lines.bare[index] or is_quoted(lines.bare[index]):
            continue
        if cut := _cut_at(lines, index, position, end):
            return replace(cut, start=lines.above_rules(index, position))
    return None


def _cut_at(lines: Lines, index: int, low: int, end: int) -> Cut | None:
    line = lines.bare[index]
    kind = separator(line)
    if kind == "above":
        return Cut(index, index + 1)
    if kind:
        return _below_separator(lines, index, end, kind)
    is_ruled = is_delimiter(lines.line_above(index, low))
    if is_previous_replies(line) and is_ruled:
        return Cut(index, index + 1)
    if lines.labels[index]:
        body, fields = header_block_at(lines.bare, lines.labels, index)
        # Web forms send 'From: … Subject: …' as their text: without a rule above, the block has to name a reader.
        if fields and (is_ruled or "to" in fields):
            return Cut(index, body, has_mark=is_ruled)
    last = lines.introductions.get(index)
    if last is not None and not lines.is_marked_below(last + 1, end):
        return Cut(index, last + 1)
    return None


def _below_separator(lines: Lines, index: int, end: int, kind: str) -> Cut | None:
    below = lines.next_text(index + 1, end)
    if below == end:
        return Cut(index, below, is_forward=kind == "forward")
    if kind == "reply" and is_quoted(lines.bare[below]):
        return None  # what follows is marked: an answer may stand below it
    body = header_block_at(lines.bare, lines.labels, below)[0]
    if below in lines.introductions:
        # Proton: '------- Original Message -------' and 'On …, Somebody wrote:'
        body = lines.introductions[below] + 1
    return Cut(index, body, is_forward=kind == "forward")
