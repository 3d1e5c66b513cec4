"""Lists of contacts and companies, paged by key and never by offset."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import connection
from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from caseway.contacts.models import Contact, ContactAddress, Customer

PAGE_SIZE = 50
MOST_FOUND = 5_000
"""A search stops here: whoever sees so many types another letter."""
MOST_COUNTED = 10_000

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows in order, and the key to ask for those after them ('' = there are none)."""

    rows: list[Row]
    next: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which contacts: words of name, address, company or phone; one company; blocked; with open cases."""

    words: str = ""
    customer: int | None = None
    is_blocked: bool = False
    has_open_cases: bool = False

    def __bool__(self) -> bool:
        return bool(self.words or self.customer or self.is_blocked or self.has_open_cases)


def contacts(organisation_id: int, filters: Filters) -> QuerySet[Contact]:
    """The organisation's contacts that pass the filters, without those that were merged into others."""
    rows = Contact.objects.filter(organisation_id=organisation_id, merged_into=None)
    if words := tidy(filters.words):
        rows = rows.filter(pk__in=RawSQL("SELECT contacts_matching(%s, %s)", [words, MOST_FOUND]))
    if filters.customer is not None:
        rows = rows.filter(customer_id=filters.customer)
    if filters.is_blocked:
        rows = rows.filter(is_blocked=True)
    if filters.has_open_cases:
        rows = rows.filter(pk__in=_with_open_cases(organisation_id))
    return rows


def page(
    organisation_id: int,
    search: str = "",
    after: str = "",
    size: int = PAGE_SIZE,
    filters: Filters | None = None,
    *,
    is_short: bool = False,
) -> Page[Contact]:
    """Contacts by name, after the key `after`; `search` looks in names, addresses, companies and phone numbers.

    Short rows carry `first_email` instead of all their addresses.
    """
    rows = contacts(organisation_id, filters or Filters(words=search))
    name, separator, last = after.rpartition("\n")
    if separator and last.isdecimal():
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=int(last)))
    rows = short(rows) if is_short else rows.select_related("customer").prefetch_related("addresses")
    found = list(rows.order_by("name", "pk")[: size + 1])
    return Page(found[:size], f"{found[size - 1].name}\n{found[size - 1].pk}" if len(found) > size else "")


def recent(organisation_id: int, filters: Filters, after: str = "", size: int = PAGE_SIZE) -> Page[Contact]:
    """Those who wrote, the latest first, as short rows."""
    rows = contacts(organisation_id, filters).filter(last_message_at__isnull=False)
    moment, _, last = after.rpartition("\n")
    if moment and last.isdecimal():
        try:
            when = datetime.datetime.fromisoformat(moment)
        except ValueError:
            when = datetime.datetime.max.replace(tzinfo=datetime.UTC)
        rows = rows.filter(Q(last_message_at__lt=when) | Q(last_message_at=when, pk__lt=int(last)))
    found = list(short(rows).order_by("-last_message_at", "-pk")[: size + 1])
    if len(found) <= size:
        return Page(found, "")
    end = found[size - 1]
    assert end.last_message_at is not None, "it was asked for"
    return Page(found[:size], f"{end.last_message_at.astimezone(datetime.UTC).isoformat()}\n{end.pk}")


def companies(organisation_id: int, search: str = "", after: str = "", size: int = PAGE_SIZE) -> Page[Customer]:
    """Companies by name with `people`, the number of their contacts."""
    rows = Customer.objects.filter(organisation_id=organisation_id, merged_into=None)
    if words := tidy(search):
        rows = rows.filter(Q(name__icontains=words) | Q(domain__icontains=words))
    name, separator, last = after.rpartition("\n")
    if separator and last.isdecimal():
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=int(last)))
    found = list(rows.order_by("name", "pk")[: size + 1])
    shown = found[:size]
    people = Contact.objects.filter(customer__in=[row.pk for row in shown], merged_into=None)
    counts = dict(people.order_by().values_list("customer_id").annotate(Count("pk")))
    for row in shown:
        row.people = counts.get(row.pk, 0)  # type: ignore[attr-defined]
    return Page(shown, f"{shown[-1].name}\n{shown[-1].pk}" if len(found) > size else "")


def counts(organisation_id: int) -> dict[str, int]:
    """How many contacts and companies there are, up to MOST_COUNTED; in one statement."""
    rows = "(SELECT 1 FROM {} WHERE organisation_id = %s AND merged_into_id IS NULL LIMIT %s)"
    part = f"(SELECT count(*) FROM {rows} AS one)"  # noqa: S608 - two tables' names
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {part.format('contacts_contact')}, {part.format('contacts_customer')}",
            [organisation_id, MOST_COUNTED] * 2,
        )
        people, companies = cursor.fetchone()
    return {"all": people, "companies": companies}


def tidy(words: str) -> str:
    """What a person typed as a search, made bounded."""
    return " ".join(words.replace("\0", " ").split())[:200]


def _with_open_cases(organisation_id: int) -> QuerySet[Contact, dict[str, int]]:
    rows = Contact.objects.filter(organisation_id=organisation_id, cases__deleted_at=None)
    return rows.filter(cases__status__in=["new", "open", "waiting"]).values("pk")


def short(rows: QuerySet[Contact]) -> QuerySet[Contact]:
    """Rows with their company, and of their addresses the first one only, as `first_email`."""
    first = ContactAddress.objects.filter(contact=OuterRef("pk")).order_by("position", "pk").values("email")[:1]
    return rows.select_related("customer").annotate(first_email=Subquery(first))
