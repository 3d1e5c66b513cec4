"""How every change of a case answers: with the page's parts as they are now, a way to take it back, or the reason."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import strip_tags

from caseway.cases.errors import CaseError, StaleCaseError
from caseway.cases.models import Case, Event
from caseway.web.case import list_of, overview_context
from caseway.web.doors import EmployeeRequest
from caseway.web.finding import find_case
from caseway.web.sentences import tell_alone
from caseway.web.undo import offer

Verb = Callable[[Case, int], Event | None]
"""Does it to a case at the version that the person saw (0: whatever it is)."""


def change(
    request: EmployeeRequest, number: int, verb: Verb, *, to: Callable[[Event], str] | None = None
) -> HttpResponse:
    """Run the verb and say what it did, with Undo. `to` names the page to go on with when it is another one."""
    case = find_case(request.user, number)
    version = request.POST.get("version", "")
    try:
        event = verb(case, int(version) if version.isdecimal() and len(version) < 10 else 0)
    except StaleCaseError as error:
        return refuse(request, number, str(error), 409)
    except (CaseError, ValueError) as error:
        return refuse(request, number, str(error))
    if event is not None:
        offer(request, [event], said(case, event))
    if to is not None and event is not None:
        return _go(request, to(event))
    if not request.htmx:
        return redirect(_back(request, number))
    return render(request, "cases/_changed.html", overview_context(request, find_case(request.user, number)))


def refuse(request: EmployeeRequest, number: int, problem: str, status: int = 422) -> HttpResponse:
    """The overview as it is, with the reason on top; nothing was changed."""
    case = find_case(request.user, number)
    if not request.htmx:
        messages.error(request, problem)
        return redirect(_back(request, number, is_done=False))
    context = overview_context(request, case) | {"problem": problem}
    return render(request, "cases/_changed.html", context, status=status)


def said(case: Case, event: Event) -> str:
    """'CW-7: priority set to High', for a toast."""
    return f"{case.label}: {strip_tags(tell_alone(event))}"


def _go(request: EmployeeRequest, url: str) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def _back(request: EmployeeRequest, number: int, *, is_done: bool = True) -> str:
    view = list_of(request)["view"]
    if is_done and request.POST.get("back") == "list":
        return reverse("case-list", args=[view.slug])
    return f"{reverse('case', args=[number])}?list={view.slug}"
