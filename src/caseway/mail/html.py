"""Untrusted HTML → HTML that may be shown: nothing runs, loads, covers or leaves without a click.

Two fences: `html_balance` bounds and closes the structure and keeps known tags only; nh3 (a real HTML parser with
allowlists) then decides on every tag, attribute and address. The page that shows the result adds its own: a sandboxed
frame and a content security policy. Source of the rules: docs/decisions/showing-html.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import nh3

from caseway.mail.html_balance import KEPT_TAGS, balance, release
from caseway.mail.html_styles import safe_style
from caseway.mail.html_text import html_to_text

__all__ = ["SafeHtml", "html_to_text", "safe_html"]

EVERYWHERE = {"style", "title", "dir", "lang", "align", "valign", "width", "height", "bgcolor", "color"}
ATTRIBUTES = {
    "*": EVERYWHERE,
    "a": {"href", "target"},
    "img": {"src", "alt", "border", "hspace", "vspace"},
    "font": {"face", "size"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap", "scope"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "blockquote": {"type"},
    "time": {"datetime"},
}
LINK_SCHEMES = ("http:", "https:", "mailto:", "tel:")
PICTURE = re.compile(r"data:image/(?:png|gif|jpe?g|webp|bmp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
"""Pixels only: an SVG in an address is a document of its own."""
REMOTE = ("http:", "https:", "//")
REMOTE_STYLE = re.compile(r"""url\(["']?(?:https?:|//)""", re.IGNORECASE)
LARGEST_SIZE = 2_000
"""Pixels of width or height that an attribute may ask for."""


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """HTML that may be put into a sandboxed frame, and how many remote images it does without."""

    html: str
    blocked_images: int


def safe_html(html: str, *, resolve_cid: Callable[[str], str | None], show_images: bool = False) -> SafeHtml:
    """`html` without anything active. Never raises on what strangers send; linear.

    `resolve_cid` gives the address of the part with a Content-ID (without angle brackets), or None. Remote images are
    held back and counted unless `show_images`; backgrounds and style sheets are dropped always.
    """
    images = _Images(resolve_cid, show_images=show_images)
    cleaned = nh3.clean(
        balance(html, images.decide),
        tags=set(KEPT_TAGS),
        clean_content_tags={"script", "style"},
        attributes=ATTRIBUTES,
        attribute_filter=images.confirm,
        url_schemes={"http", "https", "mailto", "tel", "data"},
        url_relative=images.relative,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return SafeHtml(release(cleaned), images.blocked)


class _Images:
    """Decides on attributes, and counts the images that were held back."""

    def __init__(self, resolve_cid: Callable[[str], str | None], *, show_images: bool) -> None:
        self.resolve_cid = resolve_cid
        self.show_images = show_images
        self.blocked = 0
        self.resolved: set[str] = set()

    def decide(self, tag: str, name: str, value: str) -> str | None:
        """What an attribute becomes, None: it goes. The sanitiser finds nothing to drop unless it reads otherwise."""
        if name == "background":
            self.blocked += _scheme(value) in REMOTE
        elif name == "style":
            self.blocked += bool(REMOTE_STYLE.search(value))
        elif name == "src" and tag == "img":
            value = self._source(value.strip())
        if name not in EVERYWHERE and name not in ATTRIBUTES.get(tag, ()):
            return None
        return self.confirm(tag, name, value)

    def confirm(self, tag: str, name: str, value: str) -> str | None:
        """The same rules without side effects, for what the sanitiser found."""
        match name:
            case "style":
                return safe_style(value) or None
            case "target":
                return "_blank"
            case "href":
                return value if _scheme(value) in LINK_SCHEMES else None
            case "src":
                is_shown = value in self.resolved or (self.show_images and _scheme(value) in {"http:", "https:"})
                return value if is_shown or PICTURE.fullmatch(value) else None
            case "width" | "height":
                return value if _is_size(value) else None
            case _:
                return value if len(value) <= 2_000 else None

    def relative(self, address: str) -> str | None:
        """An address without a scheme names nothing in a mail: it would be one of our own pages."""
        return address if address in self.resolved else None

    def _source(self, value: str) -> str:
        if _scheme(value) == "cid:":
            address = self.resolve_cid(value[4:].strip("<>")) or ""
            self.resolved.update([address] if address else [])
            return address
        self.blocked += _scheme(value) in REMOTE and not self.show_images
        return value


def _scheme(address: str) -> str:
    """'http:' of 'HTTP://…', '//' of '//host/…', '' of anything without a scheme."""
    address = address.strip().replace("\\", "/")
    if address.startswith("//"):
        return "//"
    head, colon, _ = address[:20].partition(":")
    return head.lower() + colon if colon else ""


def _is_size(value: str) -> bool:
    digits = value.strip().rstrip("%px").strip()
    return digits.isdecimal() and len(digits) <= 4 and int(digits) <= LARGEST_SIZE
