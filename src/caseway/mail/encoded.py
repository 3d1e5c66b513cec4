"""RFC 2047 encoded words → text, broken in all the usual ways; and the cleaning that every header value gets."""

from __future__ import annotations

import binascii
import re
import unicodedata

from caseway.mail import charset

_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f]")
_LINE_BREAKS = re.compile("[\r\n\t\x85\u2028\u2029]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_QUOTED = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_LANGUAGE_AND_CHARSET_CHARACTERS = 60
_WORD_CHARACTERS = 10_000
"""RFC 2047 allows 75; some senders put a whole long subject into one word. Keeps the search linear."""


def clean(value: str) -> str:
    """One line without control characters, in NFC; NUL becomes U+FFFD because databases refuse it."""
    if value.isascii() and value.isprintable():
        return value
    value = without_surrogates(value).replace("\x00", "\ufffd")
    value = _CONTROLS.sub("", _LINE_BREAKS.sub(" ", value))
    return unicodedata.normalize("NFC", value)


def without_surrogates(text: str) -> str:
    """Surrogate pairs joined, lone halves replaced: UTF-8 cannot hold either."""
    if text.isascii() or not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def decode_words(value: str) -> str:
    """Text of a header value with its encoded words read. Not cleaned: may hold a decoded line break.

    White space between two words is dropped (RFC 2047 6.2); bytes of neighbours in one charset are joined
    before decoding, because many senders cut in the middle of a character.
    """
    if "=?" not in value:
        return value
    out: list[str] = []
    pending: list[bytes] = []  # bytes of words in `pending_charset`, not decoded yet
    pending_charset = ""
    position = 0
    while True:
        found = _next_word(value, position)
        between = value[position : found[0]] if found else value[position:]
        if pending and (found is None or between.strip()):
            out.append(_text(pending, pending_charset))
            pending = []
        if between and not (pending and not between.strip()):
            out.append(between)
        if found is None:
            return "".join(out)
        _, position, name, content = found
        if pending and name.lower() != pending_charset.lower():
            out.append(_text(pending, pending_charset))
            pending = []
        pending.append(content)
        pending_charset = name


def _next_word(value: str, position: int) -> tuple[int, int, str, bytes] | None:
    """(start, end, charset, bytes) of the next encoded word at or after `position`."""
    while (start := value.find("=?", position)) >= 0:
        position = start + 2
        mark = value.find("?", position, position + _LANGUAGE_AND_CHARSET_CHARACTERS)
        if mark < 0 or value[mark + 2 : mark + 3] != "?" or value[mark + 1] not in "bBqQ":
            continue
        name = value[start + 2 : mark].partition("*")[0].strip()
        if any(character.isspace() for character in name):
            continue
        body = mark + 3
        limit = body + _WORD_CHARACTERS
        end = value.find("?=", body, limit)
        # QUIRK: a question mark left bare before a quoted byte looks like the end: 'What?=20now?='.
        while end >= 0 and value[mark + 1] in "qQ" and _is_quoted_byte_of_word(value, body, end):
            end = value.find("?=", end + 2, limit)
        if end < 0:  # cut off by a length limit on the way: the rest is the word
            if len(value) > limit or len(value) == body or " " in value[body:]:
                continue
            end = len(value)
        raw = value[body:end].encode("utf-8", "surrogateescape" if value.isascii() else "replace")
        content = _base64(raw) if value[mark + 1] in "bB" else _quoted(raw)
        return start, min(end + 2, len(value)), name, content
    return None


def _is_quoted_byte_of_word(value: str, body: int, end: int) -> bool:
    """'?=' at `end` is a bare '?' and then '=C3', because a real end follows in the same run of characters."""
    if not re.match("[0-9A-F]{2}", value[end + 2 : end + 4]):
        return False
    rest = value[end + 2 : end + 100]
    later = rest.find("?=")
    return later >= 0 and " " not in rest[:later] and "=?" not in rest[:later]


def _quoted(raw: bytes) -> bytes:
    return _QUOTED.sub(lambda found: bytes((int(found[1], 16),)), raw.replace(b"_", b" "))


def _base64(raw: bytes) -> bytes:
    """Tolerates white space, missing or doubled padding, and a word that is several joined ones."""
    out = b""
    for piece in re.split(rb"=+", raw):
        piece = _NOT_BASE64.sub(b"", piece.replace(b"-", b"+").replace(b"_", b"/"))  # noqa: PLW2901
        if len(piece) % 4 == 1:
            piece = piece[:-1]  # noqa: PLW2901
        out += binascii.a2b_base64(piece + b"=" * (-len(piece) % 4))
    return out


def _text(pieces: list[bytes], name: str) -> str:
    text, defect = charset.decode(b"".join(pieces), name)
    if defect and len(pieces) > 1:
        # Stateful charsets and senders that pad each word: joined they may fail where alone they fit.
        alone = [charset.decode(piece, name) for piece in pieces]
        if not any(problem for _, problem in alone):
            return "".join(piece for piece, _ in alone)
    return text
