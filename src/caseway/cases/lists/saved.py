"""Views that somebody saved: the employee's own, and those shared with all."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.cases.errors import NotAllowedError
from caseway.cases.lists import filters as filtering
from caseway.cases.lists.groups import GROUPINGS
from caseway.cases.lists.order import SORTS
from caseway.cases.lists.views import VIEWS, View
from caseway.cases.models import SavedView

MOST_VIEWS = 100
"""Of one employee."""
BASE = "view"
"""The key in the stored filters that says which of everybody's lists the view narrows."""


def saved_views(employee: Employee) -> QuerySet[SavedView]:
    """The employee's own and the shared ones, in their order."""
    rows = SavedView.objects.filter(organisation_id=employee.organisation_id)
    return rows.filter(Q(employee=employee) | Q(is_shared=True)).order_by("position", "pk")


def base_of(saved: SavedView) -> View:
    """The list that a saved view narrows."""
    stored = saved.filters.get(BASE) if isinstance(saved.filters, dict) else None
    slug = stored[0] if isinstance(stored, list) and stored else ""
    return VIEWS.get(str(slug), VIEWS["all-open"])


def may_change(saved: SavedView, employee: Employee) -> bool:
    """Its owner may, and an administrator when it is shared."""
    return saved.employee_id == employee.pk or (saved.is_shared and employee.is_administrator)


def save_view(
    employee: Employee,
    name: str,
    view: View,
    filters: filtering.Filters,
    *,
    sort: str = "",
    grouping: str = "",
    is_shared: bool = False,
) -> SavedView:
    """A new view, the last in the order. ValueError when it has no name or there are too many."""
    rows = SavedView.objects.filter(organisation_id=employee.organisation_id)
    if rows.filter(employee=employee).count() >= MOST_VIEWS:
        raise ValueError(_("You have %(count)s views. Delete one first.") % {"count": MOST_VIEWS})
    last = rows.aggregate(last=Max("position"))["last"]
    saved = SavedView(organisation_id=employee.organisation_id, employee=employee, position=(last or 0) + 1)
    saved.name = _name(name)
    _share(saved, is_shared, employee)
    _fill(saved, view, filters, sort, grouping)
    saved.save()
    return saved


def keep_as_shown(saved: SavedView, filters: filtering.Filters, *, sort: str, grouping: str, by: Employee) -> None:
    """The view holds from now on what the page shows."""
    _require(saved, by)
    _fill(saved, base_of(saved), filters, sort, grouping)
    saved.save(update_fields=["filters", "sort", "grouping"])


def describe(saved: SavedView, *, name: str, is_shared: bool, by: Employee) -> None:
    """Rename, and share or take back. ValueError when the name is empty."""
    _require(saved, by)
    saved.name = _name(name)
    _share(saved, is_shared, by)
    saved.save(update_fields=["name", "is_shared"])


def delete(saved: SavedView, *, by: Employee) -> None:
    _require(saved, by)
    saved.delete()


def move(saved: SavedView, steps: int, *, by: Employee) -> None:
    """Up or down (steps -1 or 1) among the views that `by` sees and may order; elsewhere nothing changes."""
    _require(saved, by)
    with transaction.atomic():
        rows = list(saved_views(by).select_for_update())
        mine = [row for row in rows if row.is_shared == saved.is_shared]
        at = next(index for index, row in enumerate(mine) if row.pk == saved.pk)
        to = at + steps
        if not 0 <= to < len(mine):
            return
        mine.insert(to, mine.pop(at))
        places = sorted(row.position for row in mine)
        if len(set(places)) < len(places):  # views of several people may have met at one place
            places = [places[0] + index for index in range(len(places))]
        for row, place in zip(mine, places, strict=True):
            row.position = place
        SavedView.objects.bulk_update(mine, ["position"])


def _require(saved: SavedView, by: Employee) -> None:
    if not may_change(saved, by):
        raise NotAllowedError(by.name)


def _name(text: str) -> str:
    name = " ".join(text.replace("\0", "").split())[:100]
    if not name:
        raise ValueError(_("The view needs a name."))
    return name


def _share(saved: SavedView, is_shared: bool, by: Employee) -> None:
    if is_shared and not saved.is_shared and not by.may_write:
        raise NotAllowedError(by.name)
    saved.is_shared = is_shared


def _fill(saved: SavedView, view: View, filters: filtering.Filters, sort: str, grouping: str) -> None:
    saved.filters = {BASE: [view.slug], **filters}
    saved.sort = sort if sort in SORTS else ""
    saved.grouping = grouping if grouping in GROUPINGS else ""
