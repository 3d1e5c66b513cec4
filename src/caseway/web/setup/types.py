"""Settings → Types."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from caseway.cases import setup
from caseway.cases.models import CaseType
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.setup.pages import done, find, sent, show


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def types(request: EmployeeRequest) -> HttpResponse:
    """The list; a POST adds one."""
    if request.method != "POST":
        return _page(request)
    try:
        row = setup.add_type(request.user.organisation, request.POST.get("name", ""), by=request.user)
    except setup.SetupError as error:
        return _page(request, problem=str(error), status=422)
    return done(request, "types", _("“%(name)s” is added.") % {"name": row.name}, reverse("type-retire", args=[row.pk]))


@administrator_page
@require_POST
def change(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Another name, on its cases too."""
    row = find(CaseType, request, pk)
    before = row.name
    try:
        count = setup.rename_type(row, sent(request).get("name", ""), by=request.user)
    except setup.SetupError as error:
        return _page(request, problem=str(error), editing=pk, status=422)
    text = ngettext("Renamed, on %(count)s case too.", "Renamed, on %(count)s cases too.", count) % {"count": count}
    return done(request, "types", text if count else _("Renamed."), reverse("type-change", args=[pk]), name=before)


@administrator_page
@require_POST
def move(request: EmployeeRequest, pk: int) -> HttpResponse:
    """`step`: up or down."""
    step = -1 if request.POST.get("step") == "up" else 1
    setup.move_type(find(CaseType, request, pk), step, by=request.user)
    return redirect(f"{reverse('types')}?moved={pk}{'up' if step < 0 else 'down'}")


@administrator_page
@require_POST
def retire(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = find(CaseType, request, pk)
    setup.retire_type(row, by=request.user)
    text = _("“%(name)s” is retired. Cases that have it keep it.") % {"name": row.name}
    return done(request, "types", text, reverse("type-return", args=[pk]))


@administrator_page
@require_POST
def bring_back(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = find(CaseType, request, pk)
    setup.retire_type(row, by=request.user, is_active=True)
    text = _("“%(name)s” is offered again.") % {"name": row.name}
    return done(request, "types", text, reverse("type-retire", args=[pk]))


def _page(request: EmployeeRequest, *, problem: str = "", editing: int = 0, status: int = 200) -> HttpResponse:
    rows = setup.types_of(request.user.organisation, with_retired=True)
    context = {"rows": [row for row in rows if row.is_active], "retired": [row for row in rows if not row.is_active]}
    return show(request, "types", context, problem=problem, editing=editing, status=status)
