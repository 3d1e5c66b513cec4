"""Drawing what was found."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from caseway.web.search import places

register = template.Library()


@register.filter
def marked(pieces: Sequence[tuple[str, bool]]) -> SafeString:
    """Pieces of a text, the matches in <mark>. The text is escaped here: it is anybody's."""
    parts = ((format_html("<mark>{}</mark>", text) if is_match else text,) for text, is_match in pieces)
    return format_html_join("", "{}", parts)


@register.simple_tag
def palette_lists() -> list[tuple[str, str]]:
    return places()
