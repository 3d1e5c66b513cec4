"""Where the signature of a message begins: '-- ', mobile footers, names after a closing, list footers, disclaimers.

Every look goes back a bounded number of lines from the end, so that the whole stays linear. When in doubt there is
no signature: a line too many on the page costs less than an answer hidden.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from caseway.mail.quote_headers import is_delimiter
from caseway.mail.quote_words import CLOSINGS, DEVICES, DISCLAIMERS, FOR, GETTING, SENDING

DELIMITED_LINES = 40
"""Lines that may follow the '-- ' of RFC 3676 4.3."""
LOOSE_LINES = 12
"""Lines that may follow a rule of underscores or a '--' that lost its space: people draw rules for other reasons."""
PARAGRAPH_LINES = 30
LINK = re.compile(r"<?(?:https?://|www\.)[^\s>]{1,2000}>?|<mailto:[^>]{1,200}>|\(https?://[^)]{1,2000}\)")
WORD = re.compile(r"[\w'’.+-]+")
HYPHEN_NAME = re.compile(r"-[A-ZÀ-ÖØ-ÞĀ-Ž][^\s]{0,30}(?: [^\s]{1,30}){0,3}")
EXCUSE = re.compile(r"[.,;]?\s{0,3}(?:please\s)?(?:excuse|pardon|forgive|sorry for|apologi[sz]e)", re.IGNORECASE)


def signature_start(lines: Sequence[str], raw: Sequence[str], low: int, end: int) -> int:
    """Index at which a signature that ends before `end` begins; `end` for none. Nothing above `low` is looked at.

    `lines` are bare, `raw` the same as sent: '-- ' is told from '--' by its space.
    """
    if end <= low:
        return end
    last = lines[end - 1]
    if is_delimiter(last) or last in {"ᐧ", "·", "—", "–"} or is_mobile_footer(last) or is_scanner_footer(last):
        return end - 1
    if HYPHEN_NAME.fullmatch(last) and end - 2 >= low and not lines[end - 2]:
        return end - 1  # '-Name'; with a space after the hyphen it may be the last item of a list
    for rule in (_delimited, _disclaimer, _name_after_closing):
        start = rule(lines, raw, low, end)
        if start < end:
            return start
    return end


def _delimited(lines: Sequence[str], raw: Sequence[str], low: int, end: int) -> int:
    for index in range(end - 1, max(low, end - DELIMITED_LINES - 1) - 1, -1):
        line = raw[index].rstrip("\r\n")
        if line == "-- ":
            return index
        if end - index - 1 > LOOSE_LINES:
            continue
        if line.rstrip() in {"--", "—", "__"} or (len(line.strip()) >= 5 and not line.strip(" _")):
            following = [text for text in lines[index + 1 : end] if text]
            if all(len(text) <= 120 for text in following):
                return index
    return end


def _disclaimer(lines: Sequence[str], raw: Sequence[str], low: int, end: int) -> int:
    """The paragraphs at the end that only speak of confidentiality, viruses and printing."""
    start = end - 1
    while start > low and end - start < PARAGRAPH_LINES and lines[start - 1]:
        start -= 1
    if start > low and lines[start - 1]:
        return end  # a longer paragraph is a letter
    opening = " ".join(lines[start : start + 3])[:300].casefold().lstrip("*_ #[(\"'")
    return start if opening.startswith(DISCLAIMERS) else end


def _name_after_closing(lines: Sequence[str], raw: Sequence[str], low: int, end: int) -> int:
    """'Med venlig hilsen' and a name right below it, at most two lines more."""
    for index in range(end - 2, max(low, end - 4) - 1, -1):
        if not lines[index] or not all(_may_be_name(line) for line in lines[index + 1 : end]):
            return end
        if lines[index].rstrip(" ,.!;*_").lstrip("*_ ").casefold() in CLOSINGS:
            return index
    return end


def _may_be_name(line: str) -> bool:
    words = line.split()
    return 0 < len(words) <= 5 and len(line) <= 60 and not line.endswith((".", "?", "!", ":")) and line[0].isalpha()


def is_mobile_footer(line: str) -> bool:
    """'Sent from my iPhone' and its kin: one short line, a word of sending first, then a device or program.

    'Sent from my desk, is much easier than my mobile phone.' is a sentence and stays, and so does 'I cannot log in
    from my phone'.
    """
    if not line or len(line) > 300:
        return False
    text = LINK.sub(" ", line).replace("](", " ").strip(" <>()[]*_.!").replace("[", "")
    if excuse := EXCUSE.search(text):
        text = text[: excuse.start()]
    words = WORD.findall(text)
    folded = [word.casefold() for word in words]
    if not 0 < len(words) <= 12 or "," in text:
        return False
    if 3 < len(words) <= 6 and folded[0] in GETTING and folded[-2] in FOR:
        return True
    if len(words) == 3 and folded[1:] == ["from", "mobile"]:
        return True
    if folded[:3] == ["sent", "from", "my"] and 3 < len(words) <= 8:
        # Whatever the device is called, as long as it looks like a name.
        return words[3][0].isupper() or words[3][0].isdigit() or _is_device(folded[3])
    return text.casefold().startswith(SENDING) and any(map(_is_device, folded))


def _is_device(word: str) -> bool:
    return word in DEVICES or word.startswith(("iphon", "ipad", "android", "outlook")) or word == "ios"


def is_scanner_footer(line: str) -> bool:
    """What virus scanners add in one line."""
    folded = line[:300].casefold().strip("*_ [](")
    return folded.startswith(("virus-free.", "virenfrei.", "sans virus.", "libre de virus.", "privo di virus."))
