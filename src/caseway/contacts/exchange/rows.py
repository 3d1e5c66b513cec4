"""What one line of a file, or one card, says about a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from caseway.mail.address import address_key

FIELDS = ("name", "first_name", "last_name", "email", "company", "job_title", "phone", "notes")
MOST_ADDRESSES = 20
_SEPARATORS = re.compile(r"\s*(?::::|[;,\n])\s*|\s+(?=\S+@)")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Row:
    """A person of the file. `line` is where it begins there, counted from 1."""

    line: int
    name: str
    emails: tuple[str, ...] = ()
    company: str = ""
    job_title: str = ""
    phone: str = ""
    notes: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(address_key(email) for email in self.emails)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that makes no contact: why, and what to do about it."""

    line: int
    cause: str
    fix: str


def from_cells(line: int, cells: Sequence[str], mapping: Sequence[str]) -> Row | Problem:
    """The person of one line, its cells read as `mapping` says (a name of FIELDS, or '' for each column)."""
    found: dict[str, list[str]] = {}
    for field, cell in zip(mapping, cells, strict=False):
        text = unguarded(cell.replace("\0", "").strip())
        if field and text:
            found.setdefault(field, []).append(text)
    whole = " ".join(found.get("name", []))
    parts = " ".join(found.get("first_name", []) + found.get("last_name", []))
    return checked(
        line,
        name=whole or parts,
        emails=[one for cell in found.get("email", []) for one in _SEPARATORS.split(cell) if one],
        company=" ".join(found.get("company", [])[:1]),
        job_title=" ".join(found.get("job_title", [])[:1]),
        phone=" ".join(found.get("phone", [])[:1]),
        notes="\n\n".join(found.get("notes", [])),
    )


def checked(
    line: int,
    *,
    name: str,
    emails: Sequence[str],
    company: str = "",
    job_title: str = "",
    phone: str = "",
    notes: str = "",
) -> Row | Problem:
    """A Row with values as long as we keep them, or the Problem that stands against it."""
    name = " ".join(name.split())
    addresses: dict[str, str] = {}
    for email in emails[: MOST_ADDRESSES + 1]:
        text = email.strip().strip("<>").removeprefix("mailto:")
        try:
            validate_email(text)
        except ValidationError:
            return Problem(
                line,
                _("“%(email)s” is no email address.") % {"email": text[:100]},
                _("Correct it in the file, or empty the cell."),
            )
        addresses.setdefault(address_key(text), text)
    if len(addresses) > MOST_ADDRESSES:
        return Problem(line, _("More than 20 addresses in one contact."), _("Leave those out that are no longer used."))
    if not name and not addresses:
        return Problem(
            line, _("Neither a name nor an email address."), _("Fill in one of the two, or delete the line.")
        )
    return Row(
        line,
        name=(name or next(iter(addresses.values())))[:200],
        emails=tuple(addresses.values()),
        company=" ".join(company.split())[:200],
        job_title=" ".join(job_title.split())[:200],
        phone=" ".join(phone.split())[:60],
        notes=notes.strip()[:20_000],
    )


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
