"""Saving a list, and the page on which saved lists are renamed, shared, ordered and deleted."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from caseway.cases.errors import NotAllowedError
from caseway.cases.lists import saved as saving
from caseway.cases.models import SavedView
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.listing import Asked


@employee_page
@require_http_methods(["GET", "HEAD", "POST"])
def saved_views(request: EmployeeRequest) -> HttpResponse:
    """All views that the employee may use; POST saves another, of the list that `list` describes."""
    if request.method == "POST":
        return _save(request)
    rows = list(saving.saved_views(request.user).select_related("employee"))
    if request.htmx:
        return _menu(request, rows)
    context = {
        "app": "cases",
        "mine": [row for row in rows if not row.is_shared],
        "shared": [(row, saving.may_change(row, request.user)) for row in rows if row.is_shared],
        "asked": Asked.of_query(request.user, request.GET) if "view" in request.GET else None,
    }
    return render(request, "cases/saved_views.html", context)


def _menu(request: EmployeeRequest, rows: list[SavedView]) -> HttpResponse:
    """The saved views for the menu of lists, asked for when it opens."""
    current = request.GET.get("current", "")
    context = {
        "my_views": [row for row in rows if row.employee_id == request.user.pk],
        "shared_views": [row for row in rows if row.employee_id != request.user.pk],
        "current": int(current) if current.isdecimal() and len(current) < 18 else 0,
    }
    return render(request, "cases/_saved_menu.html", context)


def _save(request: EmployeeRequest) -> HttpResponse:
    asked = Asked.of_query(request.user, QueryDict(request.POST.get("list", "")))
    is_shared = "is_shared" in request.POST
    try:
        saved = saving.save_view(
            request.user, request.POST.get("name", ""), asked.view, asked.filters,
            sort=asked.sort.slug, grouping=asked.grouping, is_shared=is_shared,
        )  # fmt: skip
    except (ValueError, NotAllowedError) as error:
        messages.error(request, str(error))
        return redirect(asked.url)
    messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
    return redirect("saved-view", saved.pk)


@employee_page
@require_POST
def saved_view_change(request: EmployeeRequest, pk: int) -> HttpResponse:
    """`do`: 'describe' (name, is_shared), 'keep' (what `list` describes), 'up', 'down' or 'delete'."""
    saved = saving.saved_views(request.user).filter(pk=pk).first()
    if saved is None:
        raise Http404
    action = request.POST.get("do", "")
    try:
        _apply(request, saved, action)
    except (ValueError, NotAllowedError) as error:
        messages.error(request, str(error))
    return redirect("saved-view", pk) if action == "keep" else redirect("saved-views")


def _apply(request: EmployeeRequest, saved: SavedView, action: str) -> None:
    by = request.user
    if action == "describe":
        saving.describe(saved, name=request.POST.get("name", ""), is_shared="is_shared" in request.POST, by=by)
    elif action == "keep":
        asked = Asked.of_query(by, QueryDict(request.POST.get("list", "")))
        saving.keep_as_shown(saved, asked.filters, sort=asked.sort.slug, grouping=asked.grouping, by=by)
        messages.success(request, _("“%(name)s” now shows this.") % {"name": saved.name})
    elif action in {"up", "down"}:
        saving.move(saved, -1 if action == "up" else 1, by=by)
    elif action == "delete":
        saving.delete(saved, by=by)
        messages.success(request, _("“%(name)s” is deleted. Its cases are where they were.") % {"name": saved.name})
