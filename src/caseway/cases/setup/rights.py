"""Who may set up, which names can be used, and the order of what is listed."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.cases.models import CaseType, CustomField, SavedView

Ordered = TypeVar("Ordered", CaseType, CustomField)


class SetupError(ValueError):
    """It was not done; the sentence says why and what to do."""


def require_administrator(by: Employee) -> None:
    """Raises PermissionDenied."""
    if not by.is_administrator:
        raise PermissionDenied(_("Only administrators change what cases are set up with."))


def clean_name(text: str, longest: int) -> str:
    """A name on one line; SetupError when it is empty or too long."""
    name = " ".join(text.replace("\0", " ").split())
    if not name:
        raise SetupError(_("The name is empty. Write one."))
    if len(name) > longest:
        raise SetupError(_("The name is longer than %(count)s characters. Shorten it.") % {"count": longest})
    return name


def require_free(rows: QuerySet[Any], name: str, *, field: str = "name") -> None:
    """SetupError when one of the rows has the name, whatever the case of its letters."""
    found = rows.filter(**{f"{field}__iexact": name}).first()
    if found is None:
        return
    if getattr(found, "is_active", True):
        raise SetupError(_("“%(name)s” exists already. Choose another name.") % {"name": name})
    raise SetupError(_("“%(name)s” exists and is retired. Bring it back instead.") % {"name": name})


def next_position(rows: QuerySet[Any]) -> int:
    """Behind all others."""
    last = rows.order_by("-position").values_list("position", flat=True).first()
    return 0 if last is None else int(last) + 1


def move(row: Ordered, step: int, by: Employee) -> None:
    """One place up (-1) or down (1) among those that are not retired; at the end nothing happens."""
    require_administrator(by)
    with transaction.atomic():
        model = type(row)
        mine = model._default_manager.filter(organisation_id=row.organisation_id, is_active=True)
        rows = list(mine.select_for_update().order_by("position", "id"))
        at = next((place for place, one in enumerate(rows) if one.pk == row.pk), None)
        if at is None or not 0 <= at + step < len(rows):
            return
        rows[at], rows[at + step] = rows[at + step], rows[at]
        for place, one in enumerate(rows):
            one.position = place
        model._default_manager.bulk_update(rows, ["position"])


def retire(row: Ordered, by: Employee, *, is_active: bool) -> None:
    """Offered no more, or with `is_active` offered again, behind all others."""
    require_administrator(by)
    rows = type(row)._default_manager.filter(organisation_id=row.organisation_id)
    row.is_active, row.position = is_active, next_position(rows)
    row.save(update_fields=["is_active", "position"])


def rename_in_views(organisation_id: int, key: str, before: str, after: str) -> None:
    """Saved views that filter by the name go on to find the same cases."""
    rows = SavedView.objects.filter(organisation_id=organisation_id, filters__has_key=key)
    for view in rows.select_for_update():
        values = view.filters.get(key)
        if isinstance(values, list) and before in values:
            view.filters[key] = list(dict.fromkeys(after if value == before else value for value in values))
            view.save(update_fields=["filters"])
