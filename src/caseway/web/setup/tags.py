"""Settings → Tags."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from caseway.cases import setup
from caseway.cases.models import Tag
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.setup.pages import done, find, number, sent, show

HUES = tuple(
    enumerate(
        (
            gettext_lazy("Pink"),
            gettext_lazy("Red"),
            gettext_lazy("Orange"),
            gettext_lazy("Yellow"),
            gettext_lazy("Lime"),
            gettext_lazy("Green"),
            gettext_lazy("Teal"),
            gettext_lazy("Cyan"),
            gettext_lazy("Blue"),
            gettext_lazy("Indigo"),
            gettext_lazy("Violet"),
            gettext_lazy("Magenta"),
        )
    )
)


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def tags(request: EmployeeRequest) -> HttpResponse:
    """The list; a POST adds one."""
    if request.method != "POST":
        return _page(request)
    values = request.POST
    try:
        row = setup.add_tag(
            request.user.organisation, values.get("name", ""), hue=_hue(values.get("hue", "")), by=request.user
        )
    except setup.SetupError as error:
        return _page(request, problem=str(error), status=422)
    return done(request, "tags", _("“%(name)s” is added.") % {"name": row.name}, reverse("tag-retire", args=[row.pk]))


@administrator_page
@require_POST
def change(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Name and colour, on its cases too."""
    row, values = find(Tag, request, pk), sent(request)
    before = {"name": row.name, "hue": "" if row.hue is None else row.hue}
    try:
        count = setup.change_tag(row, name=values.get("name", ""), hue=_hue(values.get("hue", "")), by=request.user)
    except setup.SetupError as error:
        return _page(request, problem=str(error), editing=pk, status=422)
    text = ngettext("Renamed, on %(count)s case too.", "Renamed, on %(count)s cases too.", count) % {"count": count}
    return done(request, "tags", text if count else _("Saved."), reverse("tag-change", args=[pk]), **before)


@administrator_page
@require_POST
def merge(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Its cases get the tag `into` instead. The page has asked before; it cannot be taken back."""
    row = find(Tag, request, pk)
    into = find(Tag, request, number(request.POST.get("into", "")))
    try:
        count = setup.merge_tags(row, into, by=request.user)
    except setup.SetupError as error:
        return _page(request, problem=str(error), status=422)
    text = ngettext("Merged into “%(name)s”, on %(count)s case.", "Merged into “%(name)s”, on %(count)s cases.", count)
    return done(request, "tags", text % {"name": into.name, "count": count})


@administrator_page
@require_POST
def retire(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = find(Tag, request, pk)
    setup.retire_tag(row, by=request.user)
    text = _("“%(name)s” is retired. Cases that have it keep it.") % {"name": row.name}
    return done(request, "tags", text, reverse("tag-return", args=[pk]))


@administrator_page
@require_POST
def bring_back(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = find(Tag, request, pk)
    setup.retire_tag(row, by=request.user, is_active=True)
    text = _("“%(name)s” is offered again.") % {"name": row.name}
    return done(request, "tags", text, reverse("tag-retire", args=[pk]))


def _hue(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 4 else None


def _page(request: EmployeeRequest, *, problem: str = "", editing: int = 0, status: int = 200) -> HttpResponse:
    rows = setup.tags_of(request.user.organisation, with_retired=True)
    context = {
        "rows": [row for row in rows if row.is_active],
        "retired": [row for row in rows if not row.is_active],
        "hues": HUES,
    }
    return show(request, "tags", context, problem=problem, editing=editing, status=status)
