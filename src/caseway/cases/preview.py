"""The beginning of a message, as the lists show it."""

from __future__ import annotations

PREVIEW_LENGTH = 200
READ = 1_000
"""Characters that are looked at: of a long mail only its beginning is worth splitting."""


def preview_of(text: str) -> str:
    """The first words of a text on one line, at most PREVIEW_LENGTH characters."""
    return " ".join(text[:READ].split())[:PREVIEW_LENGTH]
