"""What is new in a message, what is quoted, what is signature. For display only: the full text stays one click away.

The rules are in `quote_text` (plain text), `quote_html` (HTML), `quote_headers` and `quote_words` (how programs
announce a quotation) and `quote_signature`. Why so: docs/decisions/quoting.md.
"""

from __future__ import annotations

from dataclasses import replace

from caseway.mail.html_text import text_lines
from caseway.mail.model import ParsedEmail, SplitBody
from caseway.mail.quote_forward import forwarded_sender, is_forward
from caseway.mail.quote_html import hints_of, split_html
from caseway.mail.quote_text import Hints, Piece, Role, pieces_of

__all__ = ["Piece", "Role", "forwarded_sender", "pieces", "split", "split_html", "split_text"]


def split(email: ParsedEmail) -> SplitBody:
    """The body of `email` by role, from its text; where that was read from HTML, the HTML's marks are used too."""
    return _split_body(pieces(email))


def split_text(text: str) -> SplitBody:
    """A plain text by role."""
    return _split_body(pieces_of(text))


def pieces(email: ParsedEmail) -> tuple[Piece, ...]:
    """The body of `email` in pieces of one role each; joined in order they are `email.text`."""
    return pieces_of(email.text, _hints(email))


def _split_body(parts: tuple[Piece, ...]) -> SplitBody:
    by_role = {role: "".join(part.text for part in parts if part.role is role) for role in Role}
    return SplitBody(by_role[Role.NEW], by_role[Role.QUOTED], by_role[Role.SIGNATURE])


def _hints(email: ParsedEmail) -> Hints:
    """What subject and HTML say of the text; the HTML only where the text was read from it."""
    hints = Hints(is_forward=is_forward(email.subject))
    if not email.html:
        return hints
    lines = text_lines(email.html)
    if [line.text for line in lines] != email.text.split("\n"):
        return hints
    return replace(hints_of(lines), is_forward=hints.is_forward)
