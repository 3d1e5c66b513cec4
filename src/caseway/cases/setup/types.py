"""Types of cases. A case holds its type's name, so renaming a type renames it on its cases."""

from __future__ import annotations

from django.db import transaction

from caseway.accounts.models import Employee, Organisation
from caseway.cases.models import Case, CaseType
from caseway.cases.setup.rights import (
    clean_name,
    move,
    next_position,
    rename_in_views,
    require_administrator,
    require_free,
    retire,
)

LONGEST = 60


def types_of(organisation: Organisation | int, *, with_retired: bool = False) -> list[CaseType]:
    """In their order; retired ones, when asked for, at the end."""
    number = organisation if isinstance(organisation, int) else organisation.pk
    rows = CaseType.objects.filter(organisation_id=number)
    return list((rows if with_retired else rows.filter(is_active=True)).order_by("-is_active", "position", "id"))


def add_type(organisation: Organisation, name: str, *, by: Employee) -> CaseType:
    """At the end of the list. SetupError when there is one of that name."""
    require_administrator(by)
    name = clean_name(name, LONGEST)
    rows = CaseType.objects.filter(organisation=organisation)
    require_free(rows, name)
    return CaseType.objects.create(organisation=organisation, name=name, position=next_position(rows))


def rename_type(row: CaseType, name: str, *, by: Employee) -> int:
    """Also on its cases and in saved views. Returns how many cases it was renamed on."""
    require_administrator(by)
    name = clean_name(name, LONGEST)
    others = CaseType.objects.filter(organisation_id=row.organisation_id).exclude(pk=row.pk)
    require_free(others, name)
    before, row.name = row.name, name
    if before == name:
        return 0
    with transaction.atomic():
        row.save(update_fields=["name"])
        rename_in_views(row.organisation_id, "type", before, name)
        return Case.objects.filter(organisation_id=row.organisation_id, type=before).update(type=name)


def move_type(row: CaseType, step: int, *, by: Employee) -> None:
    """One place up (-1) or down (1)."""
    move(row, step, by)


def retire_type(row: CaseType, *, by: Employee, is_active: bool = False) -> None:
    """Offered no more, or with `is_active` offered again, at the end."""
    retire(row, by, is_active=is_active)
