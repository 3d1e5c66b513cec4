"""What stands beside a case's messages: menus to choose from, people, other cases, files. Read with one statement."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, Q, QuerySet, Value
from django.utils.dateparse import parse_datetime

from caseway.accounts.gather import Short
from caseway.accounts.models import Employee, Team
from caseway.accounts.prepared import PreparedLists
from caseway.cases.models import Attachment, Case, CaseType, CustomField, Mention, Tag
from caseway.contacts.models import Contact, ContactAddress
from caseway.intake.models import InboundEmail

OTHER_CASES = 5
LINKED_CASES = 20
LATEST = 100
"""Cases whose types are offered besides those that were set up. A look at a million would cost a scan."""
MOST_TAGS = 500
ACTING = ("created_by", "modified_by", "snoozed_by")
CASE_FIELDS = ("number", "subject", "status", "modified_at")


def menus(organisation_id: int) -> dict[str, Short]:
    """What properties are chosen from."""
    latest = Case.objects.filter(organisation_id=organisation_id).order_by("-pk").values("pk")[:LATEST]
    used = Case.objects.filter(pk__in=latest).exclude(type="").order_by("type").distinct("type")
    types = CaseType.objects.filter(organisation_id=organisation_id, is_active=True).order_by("position", "name")
    tags = Tag.objects.filter(organisation_id=organisation_id, is_active=True).order_by("name")
    fields = CustomField.objects.filter(organisation_id=organisation_id, is_active=True).order_by("position", "pk")
    employees = Employee.objects.active().filter(organisation_id=organisation_id)
    return {
        "employees": Short.of(employees.order_by("name"), "pk", "name"),
        "teams": Short.of(Team.objects.filter(organisation_id=organisation_id).order_by("name"), "pk", "name"),
        "types": Short.of(types, "name"),
        "used_types": Short.of(used, "type"),
        "tags": Short.of(tags[:MOST_TAGS], "name", "hue"),
        "fields": Short.of(fields, "key", "label", "kind", "choices", "help"),
    }


def around(case: Case) -> dict[str, Short]:
    """Who takes part, and which cases have to do with this one. Only ids of the case are looked at."""
    cases = Case.objects.filter(organisation_id=case.organisation_id, deleted_at=None)
    others = cases.filter(contact=case.contact_id, merged_into=None).exclude(pk=case.pk)
    linked = cases.filter(pk__in=case.links.values("other").union(case.linked_from.values("case")))
    related = cases.filter(Q(pk=case.related_to_id) | Q(related_to=case.pk))
    acting = [getattr(case, f"{role}_id") for role in ACTING]
    return {
        "acting": Short.of(Employee.objects.filter(_is_one_of(acting)).order_by("pk"), "pk", "name"),
        "participants": Short.of(case.participants.order_by("pk"), "key", "email", "name", "is_verified"),
        "followers": Short.of(case.followers.order_by("pk"), pk="employee_id", name="employee__name"),
        "addresses": Short.of(case.came_through.order_by("pk"), address="support_address__address"),
        "others": _cases(others, OTHER_CASES),
        "linked": _cases(linked, LINKED_CASES),
        "related": _cases(related, LINKED_CASES),
        "merged": _cases(case.merged.filter(deleted_at=None), LINKED_CASES),
    }


def files(messages: list[int]) -> dict[str, Short]:
    """What belongs to messages: files, what is missing of those too large to be fetched whole, who is mentioned."""
    attachments = Attachment.objects.filter(_of_messages(messages)).order_by("message", "part")
    cut = InboundEmail.objects.filter(_of_messages(messages), size_on_server__gt=0).order_by("pk")
    mentions = Mention.objects.filter(_of_messages(messages)).order_by("pk")
    return {
        "files": Short.of(attachments, "pk", "message_id", "name", "content_type", "size", "is_inline"),
        "rests": Short.of(
            cut, "message_id", "size_on_server", state=F("remainder__state"), words=F("remainder__words")
        ),
        "mentions": Short.of(mentions, "message_id", name="employee__name"),
    }


def _is_one_of(ids: Iterable[int | None]) -> Q:
    return reduce(or_, (Q(pk=one) for one in ids))


def _of_messages(ids: list[int]) -> Func:
    """The condition that a row belongs to one of them: one parameter, however many they are."""
    wanted = Value(ids, output_field=ArrayField(BigIntegerField()))
    return Func(
        F("message_id"), wanted, template="(%(expressions)s))", arg_joiner=" = ANY(", output_field=BooleanField()
    )


def _beside(organisation: int, **case: int) -> dict[str, Short]:
    return menus(organisation) | around(Case(organisation_id=organisation, **case))


_FILES = PreparedLists(files)
_BESIDE = PreparedLists(_beside)
_ALL = PreparedLists(lambda messages, **case: _beside(**case) | files(messages))


def read_files(messages: list[int]) -> dict[str, list[dict[str, Any]]]:
    """`files` of these messages."""
    return _FILES.gather(messages=messages)


def read(case: Case, messages: list[int] | None = None) -> dict[str, list[dict[str, Any]]]:
    """`menus` and what is `around` the case, and with `messages` their `files`."""
    ids = {
        "organisation": case.organisation_id,
        "id": case.pk,
        "contact_id": case.contact_id,
        "related_to_id": case.related_to_id,
        **{f"{role}_id": getattr(case, f"{role}_id") for role in ACTING},
    }
    found = _BESIDE.gather(**ids) if messages is None else _ALL.gather(messages=messages, **ids)
    _name(case, found["acting"])
    for name in ("others", "linked", "related", "merged"):
        for row in found[name]:
            row["modified_at"] = parse_datetime(row["modified_at"])
            row["label"] = f"CW-{row['number']}"
    return found


def _name(case: Case, rows: list[dict[str, Any]]) -> None:
    """Give the case those who did something to it, of whom the page only says the name."""
    people = {row["pk"]: Employee.from_db(None, ["id", "name"], [row["pk"], row["name"]]) for row in rows}
    for role in ACTING:
        pk = getattr(case, f"{role}_id")
        if pk in people:
            setattr(case, role, people[pk])


def known_types(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Types that were set up, then others in use."""
    offered = [row["name"] for row in found["types"]]
    used = sorted({row["type"] for row in found["used_types"]}, key=str.casefold)
    lower = {name.lower() for name in offered}
    return [*offered, *(name for name in used if name.lower() not in lower)]


def find(employee: Employee, text: str, without: Case, size: int = 8) -> QuerySet[Case]:
    """Other cases by number, subject or customer, the latest change first: to merge into, move to or link with."""
    rows = Case.objects.visible_to(employee).filter(merged_into=None).exclude(pk=without.pk)
    text = " ".join(text.replace("\0", " ").split())[:100]
    number = text.upper().removeprefix("#").removeprefix("CW-")
    if number.isdecimal() and len(number) < 16:
        rows = rows.filter(number=int(number))
    elif text:
        rows = rows.filter(Q(subject__icontains=text) | Q(email__icontains=text) | Q(contact__name__icontains=text))
    elif without.contact_id:
        rows = rows.filter(contact=without.contact_id)
    return rows.select_related("contact").order_by("-modified_at", "-pk")[:size]


def find_contacts(employee: Employee, text: str, size: int = 8) -> list[Contact]:
    """Contacts by name or address."""
    rows = Contact.objects.filter(organisation_id=employee.organisation_id, merged_into=None)
    if words := " ".join(text.replace("\0", " ").split())[:100]:
        by_address = ContactAddress.objects.filter(organisation_id=employee.organisation_id, email__icontains=words)
        rows = rows.filter(Q(name__icontains=words) | Q(pk__in=by_address.values("contact")))
    rows = rows.select_related("customer").prefetch_related("addresses")
    return list(rows.order_by(F("last_message_at").desc(nulls_last=True), "-pk")[:size])


def _cases(rows: QuerySet[Case], size: int) -> Short:
    return Short.of(rows.order_by("-modified_at", "-pk")[:size], *CASE_FIELDS)
