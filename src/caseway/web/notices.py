"""The bell: what an employee is told of, on a page, beside the rail, and for the browser to show."""

from __future__ import annotations

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from caseway.cases import notices as told
from caseway.cases.models import Notification
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.finding import find_case
from caseway.web.setup.pages import number

PAGE = 50
PANEL = 15

ICONS = {
    "assigned": "user-plus",
    "replied": "mail",
    "mentioned": "at-sign",
    "followed": "bookmark",
    "failed": "triangle-alert",
    "woken": "alarm-clock",
}


@employee_page
@require_safe
def notices(request: EmployeeRequest) -> HttpResponse:
    """All of them, newest first; `before` an id: older ones."""
    rows = told.recent(request.user, before=number(request.GET.get("before", "")), size=PAGE + 1)
    more = rows[PAGE - 1].pk if len(rows) > PAGE else 0
    return render(request, "notices/page.html", {"app": "notices", "rows": _shown(rows[:PAGE]), "more": more})


@employee_page
@require_safe
def panel(request: EmployeeRequest) -> HttpResponse:
    """The newest, for the pane beside the rail."""
    return render(request, "notices/_panel.html", {"rows": _shown(told.recent(request.user, size=PANEL))})


@employee_page
@require_safe
def bell(request: EmployeeRequest) -> HttpResponse:
    """The rail's item as it is now."""
    return render(request, "notices/_bell.html")


@employee_page
@require_safe
def news(request: EmployeeRequest) -> HttpResponse:
    """What the browser has not shown yet: newer than the id `after`."""
    rows = told.for_browser(request.user, number(request.GET.get("after", "")))
    return JsonResponse(
        {
            "news": [
                {
                    "id": row.pk,
                    "title": told.sentence(row),
                    "text": row.case.subject,
                    "url": reverse("case", args=[row.case.number]),
                }
                for row in rows
            ]
        }
    )


@employee_page
@require_POST
def reading(request: EmployeeRequest) -> HttpResponse:
    """Mark as read: `id` one, `case` (its number) those of a case, neither: all."""
    one, case = request.POST.get("id", ""), request.POST.get("case", "")
    if one:
        pk = number(one)
        if not Notification.objects.filter(employee=request.user, pk=pk).exists():
            raise Http404
        told.read(request.user, pk=pk)
    elif case:
        told.read(request.user, case=find_case(request.user, number(case), in_trash=True))
    else:
        told.read(request.user)
    if request.headers.get("X-Requested-With") == "caseway":
        return HttpResponse(status=204)
    return redirect("notices")


def _shown(rows: list[Notification]) -> list[dict[str, object]]:
    return [{"row": row, "icon": ICONS.get(row.kind, "bell"), "sentence": told.sentence(row)} for row in rows]
