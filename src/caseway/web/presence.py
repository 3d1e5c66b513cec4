"""Who else is at a case: heartbeats of open pages, and what they see of each other."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from caseway.cases import presence as at_case
from caseway.web.composer import drafts_of, others_drafts
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.finding import find_case, readable
from caseway.web.writing import number as number_of

MOST_ROWS = 200


@employee_page
@require_http_methods(["GET", "HEAD", "POST"])
def presence(request: EmployeeRequest, number: int) -> HttpResponse:
    """POST: this page (`tab`) is open; `typed`: seconds since the last keystroke in an answer; `left`: it closes.

    Answers with who else is there and whose drafts there are; `data-next`: when to look again, in seconds.
    """
    case = find_case(request.user, number, in_trash=True)
    tab = request.POST.get("tab", "")[:40]
    if request.method == "POST" and tab:
        if "left" in request.POST:
            at_case.leave(case, request.user, tab)
            return HttpResponse(status=204)
        typed = request.POST.get("typed", "")
        ago = timedelta(seconds=number_of(typed)) if typed.isdecimal() else None
        at_case.beat(case, request.user, tab, typed=ago)
    people = at_case.at([case.pk], but=request.user).get(case.pk, [])
    drafts = others_drafts(request, drafts_of(case))
    by_person = {draft.employee_id: draft for draft in drafts}
    replying = [(one.employee, by_person.pop(one.employee.pk, None)) for one in people if one.is_replying]
    now = timezone.now()
    context = {
        "case": case,
        "people": people,
        "replying": replying,
        "drafts": by_person.values(),
        "next": max(int(min((one.until - now).total_seconds() for one in people)) + 1, 1) if people else 0,
    }
    return render(request, "cases/_presence.html", context)


@employee_page
@require_safe
def replying(request: EmployeeRequest) -> HttpResponse:
    """For the rows of a list (`numbers`): number → the sign that somebody is answering it."""
    wanted = [number_of(part) for part in request.GET.get("numbers", "").split(",")[:MOST_ROWS]]
    numbers = dict(readable(request.user).filter(number__in=[one for one in wanted if one]).values_list("pk", "number"))
    found: dict[str, str] = {}
    for pk, people in at_case.at(numbers, but=request.user).items():
        first = next((one for one in people if one.is_replying), None)
        if first is not None:
            found[str(numbers[pk])] = render_to_string("cases/_typing.html", {"person": first.employee})
    return JsonResponse(found)
