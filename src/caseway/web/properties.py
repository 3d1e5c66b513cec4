"""Changes to a case from its page: one address for each property. Each answers with the overview as it is now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from caseway.accounts.models import Team
from caseway.cases.errors import CaseError, StaleCaseError
from caseway.cases.models import Case, Event, Priority, Status
from caseway.web.case import overview_context
from caseway.web.doors import EmployeeRequest, writer_page
from caseway.web.finding import find_case
from caseway.web.lists import colleague


@writer_page
@require_POST
def status(request: EmployeeRequest, number: int) -> HttpResponse:
    value = request.POST.get("value", "")
    if value not in Status.values:
        return _refused(request, number, _("This status does not exist. Choose one of the list."))
    return _change(
        request, number, lambda case, version: case.set_status(value, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def priority(request: EmployeeRequest, number: int) -> HttpResponse:
    value = request.POST.get("value", "")
    if value not in Priority.values:
        return _refused(request, number, _("This priority does not exist. Choose one of the list."))
    return _change(
        request, number, lambda case, version: case.set_priority(value, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def assignment(request: EmployeeRequest, number: int) -> HttpResponse:
    """`value`: an employee's id, `team-` and a team's id, or nothing for nobody."""
    value = request.POST.get("value", "")

    def assign(case: Case, version: int) -> Event | None:
        if value.startswith("team-"):
            team = _team(request, value.removeprefix("team-"))
            return case.assign(None, team, by=request.user, expected_version=version)
        return case.assign(colleague(request.user, value), by=request.user, expected_version=version)

    return _change(request, number, assign)


@writer_page
@require_POST
def type(request: EmployeeRequest, number: int) -> HttpResponse:
    value = request.POST.get("value", "")
    return _change(
        request, number, lambda case, version: case.set_type(value, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def tags(request: EmployeeRequest, number: int) -> HttpResponse:
    """`value`: all tags, separated by commas."""
    values = request.POST.get("value", "").split(",")
    return _change(
        request, number, lambda case, version: case.set_tags(values, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def need_by(request: EmployeeRequest, number: int) -> HttpResponse:
    """`value`: a date as YYYY-MM-DD, or nothing."""
    value = request.POST.get("value", "")
    try:
        day = date.fromisoformat(value) if value else None
    except ValueError:
        return _refused(request, number, _("This is not a date. Write it as year-month-day, such as 2026-12-24."))
    return _change(
        request, number, lambda case, version: case.set_need_by(day, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def verification(request: EmployeeRequest, number: int) -> HttpResponse:
    """Let somebody who joined unverified take part."""
    email = request.POST.get("value", "")
    return _change(request, number, lambda case, _version: case.verify_participant(email, by=request.user))


@writer_page
@require_POST
def deletion(request: EmployeeRequest, number: int) -> HttpResponse:
    case = find_case(request.user, number)
    case.trash(by=request.user)
    messages.success(
        request,
        _("%(label)s is in the trash.") % {"label": case.label},
        extra_tags=reverse("case-restore", args=[number]),
    )
    return redirect("cases")


@writer_page
@require_POST
def restoration(request: EmployeeRequest, number: int) -> HttpResponse:
    case = find_case(request.user, number, in_trash=True)
    if case.deleted_at is not None:
        case.restore(by=request.user)
        messages.success(request, _("%(label)s is back.") % {"label": case.label})
    return redirect("case", number)


def _team(request: EmployeeRequest, value: str) -> Team:
    rows = Team.objects.filter(organisation_id=request.user.organisation_id)
    team = rows.filter(pk=int(value)).first() if value.isdecimal() and len(value) < 18 else None
    if team is None:
        raise ValueError(_("This team does not exist any more. Choose another."))
    return team


def _change(request: EmployeeRequest, number: int, verb: Callable[[Case, int], Event | None]) -> HttpResponse:
    case = find_case(request.user, number)
    version = request.POST.get("version", "")
    try:
        verb(case, int(version) if version.isdecimal() and len(version) < 10 else 0)
    except StaleCaseError as error:
        return _refused(request, number, str(error), 409)
    except (CaseError, ValueError) as error:
        return _refused(request, number, str(error), 422)
    if not request.htmx:
        return redirect(_back(request, number))
    case = find_case(request.user, number)
    return render(request, "cases/_changed.html", overview_context(request, case))


def _refused(request: EmployeeRequest, number: int, problem: str, status: int = 422) -> HttpResponse:
    """The overview as it is, with the reason on top; nothing was changed."""
    case = find_case(request.user, number)
    if not request.htmx:
        messages.error(request, problem)
        return redirect(_back(request, number))
    context = overview_context(request, case) | {"problem": problem}
    return render(request, "cases/_changed.html", context, status=status)


def _back(request: EmployeeRequest, number: int) -> str:
    if request.POST.get("back") == "list":
        return reverse("cases")
    return reverse("case", args=[number])
