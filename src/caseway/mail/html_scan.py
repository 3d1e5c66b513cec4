"""HTML cut into tokens, in one pass and linear time, with the place of each in the source.

Not a parser: no tree is built, nothing is recursive, and nothing a stranger writes makes it slow (the standard
library's HTMLParser was quadratic on broken comments, CVE-2025-6069). What may be shown to people goes through nh3
afterwards; a token read otherwise than by a browser costs looks, not safety.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from html import unescape
from typing import NamedTuple

SIMPLE_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})>")
"""Most tags of a hostile mail and half of those of any other: read at once."""
MARKUP = re.compile(r"<[a-zA-Z/!?]")
TAG = re.compile(r"<[a-zA-Z/!?][^>]*+>?")
TAG_NAME = re.compile(r"[a-zA-Z][^\s/>]{0,60}")
SPACE = re.compile(r"[\s/]*+")
ATTRIBUTE = re.compile(
    r"""(?P<name>[^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s>]*+)))?+"""
)
"""Nothing in it can be matched in two ways, so that it never goes back."""
TOKENS_LIMIT = 60_000
"""Tokens of one page that callers tell apart; past it comes `plain_rest`. Long newsletters have 10,000."""
ATTRIBUTES_LIMIT = 50
"""Attributes of one tag that are read; a browser's parser compares each with all before it."""
VALUE_LIMIT = 8_000
"""Characters of one attribute value; only an image inside the address (`data:`) is longer with reason."""
RAW_TEXT = frozenset(["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"])
"""Elements whose content is no markup (HTML 13.2.5.2)."""
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])


class TokenKind(Enum):
    TEXT = "text"
    START = "start"
    END = "end"
    RAW = "raw"
    """The content of a script, a style sheet and so on."""
    HIDDEN = "hidden"
    """A comment, a doctype or another thing that is not shown."""


class Token(NamedTuple):
    kind: TokenKind
    name: str
    """Of a tag, lower case."""
    start: int
    end: int
    attributes: tuple[tuple[str, str], ...] = ()
    """Of a start tag, in order, names in lower case, values with their entities read; the first of a name counts."""

    def attribute(self, name: str) -> str:
        """Value of the attribute; '' without it."""
        return next((value for key, value in self.attributes if key == name), "")


def scan(html: str) -> Iterator[Token]:
    """The tokens of `html`; laid end to end they cover it."""
    position = text_start = 0
    while markup := MARKUP.search(html, position):
        opening = markup.start()
        token = _markup_at(html, opening)
        if token is None:  # a '<' that begins nothing is text
            position = opening + 1
            continue
        if opening > text_start:
            yield Token(TokenKind.TEXT, "", text_start, opening)
        yield token
        position = text_start = token.end
        if token.name in RAW_TEXT and token.kind is TokenKind.START:
            end = _raw_end(html, token.end, token.name)
            if end > token.end:
                yield Token(TokenKind.RAW, token.name, token.end, end)
            position = text_start = end
    if text_start < len(html):
        yield Token(TokenKind.TEXT, "", text_start, len(html))


def plain_rest(html: str, position: int) -> str:
    """What follows `position` as text with its tags taken out in one stroke: for pages past a caller's limit."""
    return unescape(TAG.sub(" ", html[position:]))


def _markup_at(html: str, opening: int) -> Token | None:
    if simple := SIMPLE_TAG.match(html, opening):
        kind = TokenKind.END if simple[1] else TokenKind.START
        return Token(kind, simple[2].lower(), opening, simple.end())
    following = html[opening + 1 : opening + 2]
    if following in {"!", "?"}:
        return Token(TokenKind.HIDDEN, "", opening, _hidden_end(html, opening))
    is_end = following == "/"
    name = TAG_NAME.match(html, opening + 1 + is_end)
    if name is None:
        return Token(TokenKind.HIDDEN, "", opening, _after(html, ">", opening)) if is_end else None
    if is_end:
        return Token(TokenKind.END, name.group().lower(), opening, _after(html, ">", name.end()))
    end, attributes = _attributes(html, name.end())
    return Token(TokenKind.START, name.group().lower(), opening, end, attributes)


def _attributes(html: str, position: int) -> tuple[int, tuple[tuple[str, str], ...]]:
    found: dict[str, str] = {}
    while True:
        position = SPACE.match(html, position).end()  # type: ignore[union-attr]  # it matches nothing, too
        attribute = ATTRIBUTE.match(html, position)
        if attribute is None:  # '>' or the end
            return min(position + 1, len(html)), tuple(found.items())
        position = attribute.end()
        name = attribute["name"].lower()
        if len(found) < ATTRIBUTES_LIMIT and name not in found and len(name) <= 60:
            value = attribute["double"] or attribute["single"] or attribute["bare"] or ""
            is_image = name == "src" and value[:11].lower() == "data:image/"
            if len(value) <= VALUE_LIMIT or is_image:
                found[name] = value if is_image else unescape(value)


def _hidden_end(html: str, opening: int) -> int:
    if html.startswith("<!--", opening):
        if html.startswith(("<!-->", "<!--->"), opening):
            return _after(html, ">", opening)
        return _after(html, "-->", opening + 4)
    return _after(html, ">", opening)


def _after(html: str, mark: str, position: int) -> int:
    found = html.find(mark, position)
    return len(html) if found < 0 else found + len(mark)


def _raw_end(html: str, position: int, name: str) -> int:
    closing = re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE).search(html, position)
    return closing.start() if closing else len(html)
