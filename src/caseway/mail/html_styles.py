"""Inline styles reduced to what cannot load, position or cover."""

from __future__ import annotations

import re

DECLARATIONS_LIMIT = 60
VALUE_LENGTH = 200
PROPERTIES = frozenset(
    """background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width border-
    collapse border-color border-left border-left-color border-left-style border-left-width border-radius border-
    right border-right-color border-right-style border-right-width border-spacing border-style border-top border-
    top-color border-top-style border-top-width border-width caption-side clear color direction display empty-cells
    float font font-family font-size font-style font-variant font-weight height letter-spacing line-height list-
    style-type margin margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width
    overflow-wrap padding padding-bottom padding-left padding-right padding-top table-layout text-align text-
    decoration text-indent text-transform vertical-align white-space width word-break word-spacing word-wrap""".split()  # noqa: SIM905
)
DISPLAYS = frozenset(["block", "inline", "inline-block", "list-item", "none", "table", "table-cell", "table-row"])
COLOUR = re.compile(r"(?:rgb|rgba|hsl|hsla)\([0-9.,%/\s]{1,60}\)")
VALUE = re.compile(r"[\w#%.,'\"!+\s-]{1,200}")
NEGATIVE = re.compile(r"(?:^|[\s,])-[0-9.]")
LENGTH = re.compile(r"[0-9]{5,}")
"""Numbers that no mail needs, and that break layouts."""


def safe_style(style: str) -> str:
    """The declarations of a style attribute that are on the list; '' when none is. Applied twice it changes nothing."""
    kept = [declared for part in style.split(";")[:DECLARATIONS_LIMIT] if (declared := _declaration(part))]
    return ";".join(kept)


def _declaration(part: str) -> str:
    name, colon, value = part.partition(":")
    name = name.strip().lower()
    value = " ".join(value.split())
    if not colon or name not in PROPERTIES or not _is_harmless(value):
        # `background: #fff` is how many programs write a colour.
        if name != "background" or not _is_harmless(value) or " " in value:
            return ""
        name = "background-color"
    if name == "display" and value.lower().removesuffix("!important").strip() not in DISPLAYS:
        return ""
    return f"{name}:{value}"


def _is_harmless(value: str) -> bool:
    """No function but colours, no escape, no comment, no negative length (it moves things over others)."""
    if not 0 < len(value) <= VALUE_LENGTH or value.count('"') % 2 or value.count("'") % 2:
        return False
    plain = COLOUR.sub("c", value)
    return bool(VALUE.fullmatch(plain)) and not NEGATIVE.search(plain) and not LENGTH.search(plain)
