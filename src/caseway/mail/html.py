"""Untrusted HTML → HTML that may be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import nh3

from caseway.mail.html_text import html_to_text

__all__ = ["SafeHtml", "html_to_text", "safe_html"]


@dataclass(frozen=True, slots=True)
class SafeHtml:
    html: str
    blocked_images: int


def safe_html(html: str, *, resolve_cid: Callable[[str], str | None], show_images: bool = False) -> SafeHtml:
    """First version: text and structure only, no images."""
    tags = set(nh3.ALLOWED_TAGS) - {"img", "map", "area"}
    return SafeHtml(nh3.clean(html, tags=tags, link_rel="noopener noreferrer nofollow"), 0)
