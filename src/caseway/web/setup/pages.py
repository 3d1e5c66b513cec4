"""What the pages of this room have in common: finding a row, saying what was done, and offering to take it back.

A row is edited where it stands: `?edit=ID` draws it as a form, and a refusal draws that form again with what was typed.
"""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from caseway.web.doors import EmployeeRequest

Row = TypeVar("Row", bound=Model)


def find(model: type[Row], request: EmployeeRequest, pk: int) -> Row:
    """The organisation's row with this id; 404 otherwise."""
    rows = model._default_manager.filter(organisation_id=request.user.organisation_id, pk=pk)
    row = rows.first()
    if row is None:
        raise Http404
    return row


def number(text: str) -> int:
    """An id that was sent; 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) < 18 else 0


def sent(request: EmployeeRequest) -> QueryDict:
    """The form that was sent; for Undo the values stand in the address."""
    return request.POST if "name" in request.POST else request.GET


def show(
    request: EmployeeRequest,
    section: str,
    context: dict[str, Any],
    *,
    problem: str = "",
    editing: int = 0,
    status: int = 200,
) -> HttpResponse:
    """The page of a section. `problem` says what was refused, at the form that was sent (`editing`: its row)."""
    asked = {name: number(request.GET.get(name, "")) for name in ("edit", "merge", "delete")}
    if editing or request.method == "POST":
        asked = {"edit": editing, "merge": 0, "delete": 0}
    values = {
        "app": "cases",
        "section": section,
        "problem": problem,
        "typed": request.POST if problem else {},
        "moved": request.GET.get("moved", ""),
        **asked,
        **context,
    }
    return render(request, f"settings/setup/{section}.html", values, status=status)


def done(request: EmployeeRequest, place: str, text: str, undo: str = "", **values: Any) -> HttpResponse:
    """Back to the page, which says what was done; `undo` is the address that takes it back, with `values`."""
    address = f"{undo}?{urlencode(values, doseq=True)}" if values else undo
    messages.success(request, text, extra_tags=address)
    return redirect(place)
