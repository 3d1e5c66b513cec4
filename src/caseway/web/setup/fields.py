"""Settings → Fields: what an organisation wants to know of every case."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from caseway.cases import setup
from caseway.cases.models import CustomField, FieldKind
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.setup.pages import done, find, sent, show


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def fields(request: EmployeeRequest) -> HttpResponse:
    """The list; a POST adds one."""
    if request.method != "POST":
        return _page(request)
    values = request.POST
    try:
        row = setup.add_field(
            request.user.organisation,
            values.get("name", ""),
            values.get("kind", ""),
            choices=values.get("choices", "").splitlines(),
            help=values.get("help", ""),
            by=request.user,
        )
    except setup.SetupError as error:
        return _page(request, problem=str(error), status=422)
    text = _("“%(name)s” is added.") % {"name": row.label}
    return done(request, "fields", text, reverse("field-retire", args=[row.pk]))


@administrator_page
@require_POST
def change(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Name, hint and choices. The kind stays: cases hold values of it."""
    row, values = find(CustomField, request, pk), sent(request)
    before = {"name": row.label, "help": row.help, "choices": "\n".join(row.choices)}
    try:
        setup.change_field(
            row,
            label=values.get("name", ""),
            choices=values.get("choices", "").splitlines(),
            help=values.get("help", ""),
            by=request.user,
        )
    except setup.SetupError as error:
        return _page(request, problem=str(error), editing=pk, status=422)
    return done(request, "fields", _("Saved."), reverse("field-change", args=[pk]), **before)


@administrator_page
@require_POST
def move(request: EmployeeRequest, pk: int) -> HttpResponse:
    """`step`: up or down."""
    step = -1 if request.POST.get("step") == "up" else 1
    setup.move_field(find(CustomField, request, pk), step, by=request.user)
    return redirect(f"{reverse('fields')}?moved={pk}{'up' if step < 0 else 'down'}")


@administrator_page
@require_POST
def retire(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = find(CustomField, request, pk)
    setup.retire_field(row, by=request.user)
    text = _("“%(name)s” is retired. Its values stay on the cases.") % {"name": row.label}
    return done(request, "fields", text, reverse("field-return", args=[pk]))


@administrator_page
@require_POST
def bring_back(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = find(CustomField, request, pk)
    setup.retire_field(row, by=request.user, is_active=True)
    text = _("“%(name)s” is asked for again.") % {"name": row.label}
    return done(request, "fields", text, reverse("field-retire", args=[pk]))


def _page(request: EmployeeRequest, *, problem: str = "", editing: int = 0, status: int = 200) -> HttpResponse:
    rows = setup.fields_of(request.user.organisation, with_retired=True)
    context = {
        "rows": [row for row in rows if row.is_active],
        "retired": [row for row in rows if not row.is_active],
        "kinds": FieldKind.choices,
    }
    return show(request, "fields", context, problem=problem, editing=editing, status=status)
