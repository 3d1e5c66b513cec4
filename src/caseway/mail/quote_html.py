"""An HTML page taken apart: by its text and by the marks that mail programs leave (`quote_html_marks`)."""

from __future__ import annotations

from collections.abc import Sequence

from caseway.mail.html_text import TextLine, text_lines
from caseway.mail.quote_html_marks import INTRODUCTION, QUOTED
from caseway.mail.quote_text import Hints, Role, roles_of


def split_html(html: str) -> tuple[str, str]:
    """(new, quoted): the two parts of the source; quoted is '' when nothing, or nothing in one piece, may be hidden.

    Both are still untrusted, and tags may be open at the end of one and closed in the other: sanitise each.
    """
    lines = text_lines(html)
    roles = roles_of([line.text for line in lines], hints_of(lines))
    if Role.QUOTED not in roles or Role.NEW not in roles:
        return html, ""
    first_new = roles.index(Role.NEW)
    last_new = len(roles) - 1 - roles[::-1].index(Role.NEW)
    below = [index for index in range(last_new + 1, len(roles)) if roles[index] is Role.QUOTED]
    if below and Role.QUOTED not in roles[first_new:last_new]:
        cut = lines[below[0]].offset
        return html[:cut], html[cut:]
    if not below and Role.QUOTED not in roles[first_new:]:
        cut = lines[first_new].offset
        return html[cut:], html[:cut]  # all of the answer stands below
    return html, ""


def hints_of(lines: Sequence[TextLine]) -> Hints:
    """What the marks in the HTML say of the lines of its text."""
    quoted_from = next((index for index, line in enumerate(lines) if line.mark == QUOTED), None)
    return Hints(
        quoted_from=quoted_from,
        introductions=tuple(index for index, line in enumerate(lines) if line.mark == INTRODUCTION),
        signature=frozenset(index for index, line in enumerate(lines) if line.is_signature),
    )
