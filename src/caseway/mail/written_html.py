"""HTML that an employee wrote in the editor → HTML that may be sent, and the text part beside it.

The allow list is the editor's own: what its buttons make and nothing else. No styles, no classes, no remote images:
a picture is one of the draft's files and travels inside the mail (RFC 2392).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import nh3

from caseway.mail.html_balance import balance, release
from caseway.mail.html_text import html_to_text

TAGS = {
    "p", "div", "br", "b", "strong", "i", "em", "u", "s", "ul", "ol", "li", "blockquote", "a", "code", "pre", "img",
}  # fmt: skip
ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "width", "height"}, "*": {"dir"}}
LINK_SCHEMES = ("http:", "https:", "mailto:", "tel:")
PLAIN_TAGS = re.compile(r"</?(?:p|div|br)(?: dir=\"\w+\")?\s*/?>", re.IGNORECASE)
BARE_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]")
TAG = re.compile(r"(<[^>]*>)")
WRITTEN = '<div class="caseway-text">'
"""What the HTML of a mail of ours begins with. `clean` leaves no classes, so it cannot stand in what was written."""
LARGEST = 500_000
"""Characters of HTML: a book. What is longer is cut at the end of a tag."""


def clean(html: str, picture: Callable[[str], str | None]) -> str:
    """`html` as it may be sent or shown. `picture` gives the address to use for an image's `src`, None: it goes."""
    known: set[str] = set()

    def address(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            found = picture(value.strip())
            known.update([found] if found else [])
            return found
        if name == "href":
            return value if value.strip().lower().startswith(LINK_SCHEMES) else None
        if name in {"width", "height"}:
            return value if value.isdecimal() and len(value) <= 4 else None
        if name == "dir":
            return value if value in {"ltr", "rtl", "auto"} else None
        return value if len(value) <= 2_000 else None

    cleaned = nh3.clean(
        balance(html[:LARGEST].replace("\0", ""), address),
        tags=TAGS,
        clean_content_tags={"script", "style"},
        attributes=ATTRIBUTES,
        attribute_filter=lambda tag, name, value: value if (tag, name) != ("img", "src") or value in known else None,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative=lambda value: value if value in known else None,
        link_rel=None,
        strip_comments=True,
    )
    return re.sub(r"<img(?![^>]* src=)[^>]*>", "", release(cleaned)).strip()


def text_of(html: str) -> str:
    """The text part: lists with dashes and numbers, quotes with '>', addresses of links beside them."""
    return html_to_text(html).strip()


def is_formatted(html: str) -> bool:
    """Whether the HTML says more than its text does: otherwise plain text is sent as plain text is."""
    return bool(TAG.search(PLAIN_TAGS.sub("", html)))


def with_links(html: str) -> str:
    """Addresses typed as text become links; what is a link or code already stays."""
    inside: list[str] = []
    pieces = TAG.split(html)
    for index, piece in enumerate(pieces):
        if piece.startswith("<"):
            name = piece.strip("</> ").split(" ")[0].lower()
            if name in {"a", "code", "pre"}:
                if piece.startswith("</"):
                    inside = inside[:-1]
                else:
                    inside.append(name)
        elif not inside:
            pieces[index] = BARE_LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', piece)
    return "".join(pieces)
