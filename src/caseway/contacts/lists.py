"""Lists of contacts, paged by key."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from caseway.contacts.models import Contact

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Some contacts in order, and the key to ask for those after them ('' = there are none)."""

    rows: list[Contact]
    next: str


def page(organisation_id: int, search: str = "", after: str = "", size: int = PAGE_SIZE) -> Page:
    """The organisation's contacts by name, after the key `after`; `search` looks in names, addresses, companies."""
    rows = Contact.objects.filter(organisation_id=organisation_id)
    words = " ".join(search.replace("\0", " ").split())[:200]
    if words:
        rows = rows.filter(
            Q(name__icontains=words) | Q(addresses__email__icontains=words) | Q(customer__name__icontains=words)
        ).distinct()
    name, separator, last = after.rpartition("\n")
    if separator and last.isdecimal():
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=int(last)))
    found = list(rows.select_related("customer").prefetch_related("addresses").order_by("name", "pk")[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    return Page(found, f"{found[-1].name}\n{found[-1].pk}" if has_more else "")
