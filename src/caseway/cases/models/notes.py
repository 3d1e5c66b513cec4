"""Whom a note mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseway.accounts.models import Employee


def mentioned(text: str, employees: Iterable[Employee], chosen: Iterable[int] = ()) -> list[Employee]:
    """Whom '@Name' in a note means: the whole name, or a first name that only one of them has.

    `chosen`: ids that the person picked from a list; they decide between people of the same name.
    """
    people = [one for one in employees if one.is_active]
    picked = set(chosen)
    found: dict[int, Employee] = {}
    rest = text
    for name in sorted({one.name for one in people}, key=len, reverse=True):
        here = re.compile(rf"(?<!\w)@{re.escape(name)}(?!\w)", re.IGNORECASE)
        if here.search(rest):
            rest = here.sub(" ", rest)
            same = [one for one in people if one.name == name]
            for one in [one for one in same if one.pk in picked] or same:
                found[one.pk] = one
    for word in re.findall(r"(?<!\w)@(\w+)", rest):
        same = [one for one in people if one.first_name.casefold() == word.casefold()]
        if len(same) == 1:
            found[same[0].pk] = same[0]
    return list(found.values())
