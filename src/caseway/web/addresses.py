"""Addresses of pages, for what is written so often that looking each of them up would show."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse

STAND_IN = 987_654_321_987


def numbered(name: str) -> Callable[[int], str]:
    """Writes addresses of that name for one number each: `numbered("case")(1042)`."""
    before, _, after = reverse(name, args=[STAND_IN]).partition(str(STAND_IN))
    return lambda number: f"{before}{number}{after}"
