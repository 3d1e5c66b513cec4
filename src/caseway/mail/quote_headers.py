"""How mail programs announce what they quote: introductions, separators and header blocks, in many languages.

All tests are set look-ups and searches in text of bounded length: nothing here can be made slow by its input.
Words are compared case-folded. A language is added by adding its words to the tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from caseway.mail.quote_words import (
    ABOVE_MARKS,
    FORWARDED,
    LABELS,
    OPENERS,
    ORIGINAL,
    PREVIOUS,
    VERB_PHRASES,
    VERBS,
)

INTRODUCTION_LINES = 4
"""Lines an introduction may be wrapped over."""
INTRODUCTION_LENGTH = 500
HEADER_LINES = 30
"""Lines a header block may have: long lists of recipients are wrapped."""
INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u180e")
)
DECORATION = " \t*_|\u00a0"
DASHES = "-‐‑‒–—―−_=*~ \t\u00a0"

WORD = re.compile(r"[^\W\d_]+")
TIME = re.compile(r"[0-9]{1,2}\s?[:.h時点시]\s?[0-9]{2}")
YEAR = re.compile(r"(?:19|20)[0-9]{2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}(?![0-9])")
DATE_FIRST = re.compile(r"[0-9]{1,4}[./年 -]")
GMAIL_WITHOUT_ADDRESS = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{1,2}:[0-9]{2} GMT[+-][0-9]{2}:[0-9]{2} [^\n:]{1,60}"
)
"""QUIRK: some Gmail versions wrote '2016-03-03 17:21 GMT+01:00 Some One' and nothing after it."""


def bare(line: str) -> str:
    """The line without line end, invisible characters and white space around."""
    return line.translate(INVISIBLE).replace("\u00a0", " ").strip()


def is_quoted(line: str) -> bool:
    """Whether a bare line carries a quote mark."""
    return line.startswith((">", "|>", "&gt;"))


def is_delimiter(line: str) -> bool:
    """A bare line that draws a rule and says nothing."""
    return bool(line) and len(line) >= 2 and not line.strip("-‐‑‒–—―−_=*~#+ᐧ·• \t")


def introduction_ending_at(lines: Sequence[str], index: int, low: int) -> int:
    """Index of the first line of an 'On … wrote:' whose last line is `index`; -1 where there is none.

    `lines` are bare; nothing above `low` is looked at.
    """
    last = lines[index].rstrip(DECORATION)
    is_before_quote = any(map(is_quoted, lines[index + 1 : index + 2])) or (
        lines[index + 1 : index + 2] == [""] and any(map(is_quoted, lines[index + 2 : index + 3]))
    )
    if not last or is_quoted(last) or len(last) > INTRODUCTION_LENGTH:
        return -1
    if GMAIL_WITHOUT_ADDRESS.fullmatch(last):
        return index
    if not (last.endswith((":", "：", "︰")) or is_before_quote or (last.endswith("--") and last.startswith("--"))):
        return -1
    joined = ""
    for start in range(index, max(low, index - INTRODUCTION_LINES + 1) - 1, -1):
        line = lines[start]
        if not line or is_quoted(line):
            break
        joined = f"{line} {joined}" if joined else last
        if len(joined) > INTRODUCTION_LENGTH:
            break
        if _introduces(joined, is_before_quote=is_before_quote):
            return _with_its_opening(lines, start, low)
    return -1


def _introduces(text: str, *, is_before_quote: bool) -> bool:
    """Whether the joined lines say when or by whom, and that it was written; less will do right above a quotation."""
    text = text.strip(DASHES)
    if text.count("<") < text.count(">") or text.count('"') % 2:
        return False  # the beginning is on a line above
    has_address = "@" in text or "mailto:" in text
    has_time = bool(TIME.search(text))
    has_year = bool(YEAR.search(text))
    is_dated_address = has_address and (has_time or has_year)
    if has_time and has_year and has_address and text.rstrip(": ：").endswith(">"):
        return True  # '26.06.2014, 14:41, "Somebody" <x@example.com>:' needs no verb
    if is_before_quote and is_dated_address:
        return True  # whatever the language
    if not (has_address or has_time or has_year or (is_before_quote and len(text) <= 100)):
        return False
    folded = text.casefold()
    return not VERBS.isdisjoint(WORD.findall(folded)) or any(phrase in folded for phrase in VERB_PHRASES)


def _with_its_opening(lines: Sequence[str], start: int, low: int) -> int:
    """One or two lines further up where 'On Wed, May 18, 2026' or the name stands above '<x@example.com> wrote:'."""
    begins_within = lines[start].startswith(("<", "("))
    if not begins_within and _opens(lines[start]):
        return start
    for above in (start - 1, start - 2):
        if above < low or not lines[above] or is_quoted(lines[above]) or len(lines[above]) > 120:
            break
        if _opens(lines[above]) and (YEAR.search(lines[above]) or TIME.search(lines[above])):
            return above
    is_head_above = begins_within and start > low and lines[start - 1] and not is_quoted(lines[start - 1])
    return start - 1 if is_head_above else start


def _opens(line: str) -> bool:
    words = WORD.findall(line[:40].casefold())
    return bool(DATE_FIRST.match(line)) or (bool(words) and words[0] in OPENERS)


def separator(line: str) -> str:
    """What a bare line announces: 'reply' (original message), 'forward', 'above' (reply above this line), ''."""
    if not line or len(line) > 200:
        return ""
    folded = line.casefold()
    if any(mark in folded for mark in ABOVE_MARKS):
        return "above"
    inner = folded.strip(DASHES + "<>:：[]#.")
    is_drawn = folded.lstrip("*> \t")[:2].strip(DASHES) == "" and len(folded) > len(inner) + 3
    if inner in FORWARDED and (is_drawn or folded.rstrip(DASHES).endswith((":", "："))):
        return "forward"
    return "reply" if is_drawn and inner in ORIGINAL else ""


def is_previous_replies(line: str) -> bool:
    """'Previous Replies', as help desks and forums head the history they append."""
    return len(line) < 60 and line.casefold().strip(DASHES + "#:：") in PREVIOUS


def label(line: str) -> str:
    """The field a header line of a quote stands for ('from', 'date', 'to', 'cc', 'subject', 'other'), '' for none."""
    head = line[:40].replace("：", ":", 1)
    name, colon, _ = head.partition(":")
    return LABELS.get(name.strip(DECORATION + "‎").casefold(), "") if colon else ""


def header_block_at(lines: Sequence[str], labels: Sequence[str], start: int) -> tuple[int, frozenset[str]]:
    """(index after the block, its fields) of a header block at `start`; (start, none) where there is no such block.

    `labels` holds `label` of each line. A block has a sender and a date or a subject, or a date and a subject.
    Wrapped values belong to it, and so does one blank line between two fields.
    """
    fields: set[str] = set()
    end = start
    wrapped = 0
    for index in range(start, min(len(lines), start + HEADER_LINES)):
        if labels[index]:
            fields.add(labels[index])
            end, wrapped = index + 1, 0
        elif not fields:
            break
        elif not lines[index]:
            # A blank line ends the block unless the next line is a new field of it.
            if not (index + 1 < len(lines) and labels[index + 1] not in {"", *fields}):
                break
        else:
            wrapped += 1
            if wrapped > 6 or not fields & {"to", "cc", "from", "subject"}:
                break
    is_block = ("from" in fields and fields & {"date", "subject"}) or {"date", "subject"} <= fields
    return (_with_wrapped_subject(lines, end), frozenset(fields)) if is_block else (start, frozenset())


def _with_wrapped_subject(lines: Sequence[str], end: int) -> int:
    """The last field's wrapped lines, up to the blank line that ends the block, when that is near."""
    for index in range(end, min(end + 3, len(lines))):
        if not lines[index]:
            return index
    return end
