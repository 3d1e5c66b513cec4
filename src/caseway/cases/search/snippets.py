"""Where in a text the words are: pieces of it, each with whether it is what was looked for. Never HTML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from caseway.cases.search.query import UNSPACED, Term

Pieces = list[tuple[str, bool]]

LENGTH = 180
BEFORE = 50
"""Characters shown before the first match."""
MOST_READ = 20_000
_SPACE = re.compile(r"\s+")


def highlight(text: str, pattern: re.Pattern[str] | None) -> Pieces:
    """The whole text in pieces."""
    return _pieces(text, pattern)


def snippet(text: str, pattern: re.Pattern[str] | None) -> Pieces:
    """The part of the text around its first match, on one line; its beginning where nothing matches."""
    text = _SPACE.sub(" ", text[:MOST_READ]).strip()
    match = pattern.search(fold(text)) if pattern else None
    start = max(0, match.start() - BEFORE) if match else 0
    if start:
        start = text.rfind(" ", 0, start + 20) + 1 or start
        start = min(start, match.start()) if match else start
    part = text[start : start + LENGTH]
    if start:
        part = f"… {part}"
    if start + LENGTH < len(text):
        part = f"{part}…"
    return _pieces(part, pattern)


def has_match(text: str, pattern: re.Pattern[str] | None) -> bool:
    return bool(pattern and pattern.search(fold(text[:MOST_READ])))


def pattern_of(terms: Iterable[Term], others: dict[str, list[str]] | None = None) -> re.Pattern[str] | None:
    """What the terms look like in a folded text. None when there is nothing to look for."""
    choices: set[str] = set()
    for term in terms:
        if term.is_excluded:
            continue
        for text in (term.text, *(others or {}).get(term.text, ())):
            choices.add(_choice(text, term.is_beginning))
    choices.discard("")
    return re.compile("|".join(sorted(choices, key=len, reverse=True))) if choices else None


def _choice(text: str, is_beginning: bool) -> str:
    words = re.findall(r"\w+", fold(text).replace("_", " "))
    if not words:
        return ""
    joined = r"[\W_]+".join(map(re.escape, words))
    if re.match(f"[{UNSPACED}]", words[0]):
        return joined
    return rf"(?<![^\W_]){joined}" + (r"\w*" if is_beginning else r"(?![^\W_])")


class _Letters(dict[int, str]):
    """Each character's plain letter, worked out when it is first met."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        base = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", character)[0]).lower()
        if "\u3040" <= character <= "\u30ff" or "\uac00" <= character <= "\ud7a3":  # a mark makes another letter
            base = unicodedata.normalize("NFKC", character)
        self[point] = base if len(base) == 1 else character
        return self[point]


_LETTERS = _Letters()


def fold(text: str) -> str:
    """Lower case without accents, letter for letter: a place in it is the same place in the text."""
    return text.lower() if text.isascii() else text.translate(_LETTERS)


def _pieces(text: str, pattern: re.Pattern[str] | None) -> Pieces:
    if pattern is None:
        return [(text, False)] if text else []
    found: Pieces = []
    last = 0
    for match in pattern.finditer(fold(text)):
        if match.start() > last:
            found.append((text[last : match.start()], False))
        if match.end() > match.start():
            found.append((text[match.start() : match.end()], True))
        last = match.end()
    if last < len(text):
        found.append((text[last:], False))
    return found
