"""What an organisation offers to choose from in lists: its people, teams, types, tags and addresses, in one query."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Model, QuerySet, Value
from django.db.models.functions import Cast

from caseway.accounts.models import Employee, Team
from caseway.cases.models import CaseType, Tag
from caseway.mailboxes.models import SupportAddress

Pairs = list[tuple[str, str]]
"""Values with the words for them."""


def offered(employee: Employee, *kinds: str) -> dict[str, Pairs]:
    """The choices of each kind ('assignee', 'team', 'type', 'tag', 'address'; all without any), by name."""
    own = {"organisation_id": employee.organisation_id}
    asked: dict[str, tuple[QuerySet[Any, Any], str, str]] = {
        "assignee": (Employee.objects.active().filter(**own), "pk", "name"),
        "team": (Team.objects.filter(**own), "pk", "name"),
        "type": (CaseType.objects.filter(is_active=True, **own), "name", "name"),
        "tag": (Tag.objects.filter(is_active=True, **own), "name", "name"),
        "address": (SupportAddress.objects.filter(**own), "pk", "address"),
    }
    wanted = kinds or tuple(asked)
    found: dict[str, Pairs] = {kind: [] for kind in wanted}
    first, *others = [named(asked[kind][0], kind, *asked[kind][1:]) for kind in wanted]
    for kind, value, name in first.union(*others, all=True):
        found[kind].append((value, name))
    return {kind: sorted(pairs, key=lambda pair: pair[1].casefold()) for kind, pairs in found.items()}


def named(rows: QuerySet[Any, Any] | QuerySet[Model], kind: str, value: str, name: str) -> QuerySet[Any, Any]:
    """Rows as (kind, value, name), all text, so that those of several tables can be asked for together."""
    as_text = {
        "row_kind": Value(kind, output_field=CharField()),
        "row_value": Cast(value, CharField()),
        "row_name": Cast(name, CharField()),
    }
    found: QuerySet[Any, Any] = rows.order_by().annotate(**as_text).values_list(*as_text)
    return found
