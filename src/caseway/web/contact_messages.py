"""What was written to and by a contact, across all of their cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from caseway.cases.models import Direction, Message
from caseway.contacts.models import Contact

SIZE = 15
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some messages, the latest first, and the key of those after them ('' = none)."""

    rows: list[Message]
    next: str


def messages_of(contact: Contact, cases: Sequence[int], after: str = "") -> Timeline:
    """Mail in and out of the contact's `cases`, and what the contact wrote into cases of others. No notes."""
    rows = Message.objects.filter(Q(case_id__in=cases) | Q(contact=contact), case__deleted_at=None)
    rows = rows.filter(organisation_id=contact.organisation_id).exclude(direction=Direction.NOTE)
    moment, _, last = after.rpartition("_")
    when = parse_datetime(moment) if moment else None
    if when is not None and last.isdecimal() and len(last) < 18:
        rows = rows.filter(Q(created_at__lt=when) | Q(created_at=when, pk__lt=int(last)))
    rows = rows.select_related("case", "employee").defer("text", "html", "references", "defects", "case__description")
    found = list(rows.order_by("-created_at", "-pk")[: SIZE + 1])
    for row in found:
        row.new_text = " ".join(row.new_text[:LONGEST].split())
    if len(found) <= SIZE:
        return Timeline(found, "")
    end = found[SIZE - 1]
    return Timeline(found[:SIZE], f"{end.created_at.isoformat()}_{end.pk}")
