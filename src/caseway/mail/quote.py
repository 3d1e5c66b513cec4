"""What is new in a message, what is quoted, what is signature (first version)."""

from __future__ import annotations

from caseway.mail.model import ParsedEmail, SplitBody


def split(email: ParsedEmail) -> SplitBody:
    return split_text(email.text)


def split_text(text: str) -> SplitBody:
    lines = text.splitlines(keepends=True)
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith(">")):
        end -= 1
    return SplitBody("".join(lines[:end]), "".join(lines[end:]), "")


def split_html(html: str) -> tuple[str, str]:
    return html, ""
