"""What is done to several cases at once, and what each employee marks for themselves."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from caseway.accounts.models import Employee, Team
from caseway.cases.errors import CaseError
from caseway.cases.lists.unread import mark_read, mark_unread
from caseway.cases.models import Case, Event, Priority, Status
from caseway.cases.models.case import CaseQuerySet
from caseway.web.doors import EmployeeRequest, employee_page, writer_page
from caseway.web.finding import readable
from caseway.web.offered import offered
from caseway.web.undo import offer

MOST_CASES = 200
MORNING = datetime.time(9)


@writer_page
@require_POST
def bulk(request: EmployeeRequest) -> HttpResponse:
    """The same change to every case that is ticked. `do` is the change with its value: 'status:open', 'trash'."""
    action, value = _wanted(request)
    numbers = _numbers(request)
    if action == "choose":
        return choose(request, numbers)
    rows: CaseQuerySet = Case.objects.all()
    rows = rows.deleted_for(request.user) if action == "restore" else rows.visible_to(request.user)
    events: list[Event | None] = []
    changed, problems = 0, _too_many(request)
    try:
        change = _change(action, value, request.user)
    except ValueError as error:
        messages.error(request, str(error))
        return redirect(_back(request))
    for case in rows.filter(number__in=numbers):
        try:
            events.append(change(case))
            changed += 1
        except (CaseError, ValueError) as error:
            problems.append(str(error))
    if changed:
        text = ngettext("%(count)s case changed.", "%(count)s cases changed.", changed) % {"count": changed}
        offer(request, events, text)
    elif not problems:
        problems = [_("No case was selected. Tick some cases first.")]
    for problem in dict.fromkeys(problems[:3]):
        messages.error(request, problem)
    return redirect(_back(request))


@employee_page
@require_POST
def marks(request: EmployeeRequest) -> HttpResponse:
    """Read or unread, for this employee alone. Light agents mark too."""
    chosen = list(readable(request.user).filter(number__in=_numbers(request)))
    if _wanted(request)[0] == "unread":
        mark_unread(request.user, chosen)
    else:
        mark_read(request.user, chosen)
    return HttpResponse(status=204) if request.htmx else redirect(_back(request))


@writer_page
@require_safe
def case_choices(request: EmployeeRequest) -> HttpResponse:
    """Whom to assign to, which types and tags: asked for when their menu opens."""
    return render(request, "cases/_bulk_choices.html", _choices(request.user))


def choose(request: EmployeeRequest, numbers: Sequence[int]) -> HttpResponse:
    """The same choices as a page, for browsers without scripts."""
    context = {"app": "cases", "numbers": numbers, "back": _back(request)}
    return render(request, "cases/bulk_choose.html", context | _choices(request.user))


def _choices(employee: Employee) -> dict[str, Any]:
    found = offered(employee, "assignee", "team", "type", "tag")
    others = [(pk, name) for pk, name in found["assignee"] if pk != str(employee.pk)]
    return {"colleagues": others, "teams": found["team"], "types": found["type"], "tags": found["tag"]}


def _change(action: str, value: str, by: Employee) -> Callable[[Case], Event | None]:
    """The verb that `action` names, with its value. ValueError says what is wrong with it."""
    if action == "close":
        return lambda case: case.close(by=by)
    if action == "status" and value in Status.values:
        return lambda case: case.set_status(value, by=by)
    if action == "priority" and value in Priority.values:
        return lambda case: case.set_priority(value, by=by)
    if action == "type":
        return lambda case: case.set_type(value, by=by)
    if action == "assign":
        employee = colleague(by, value)
        return lambda case: case.assign(employee, by=by)
    if action == "team":
        team = _team(by, value)
        return lambda case: case.assign(None, team, by=by)
    if action == "add-tag" and value:
        return lambda case: case.set_tags([*case.tags, *_tag_names(value)], by=by)
    if action == "remove-tag" and value:
        gone = {tag.casefold() for tag in _tag_names(value)}
        return lambda case: case.set_tags([tag for tag in case.tags if tag.casefold() not in gone], by=by)
    if action == "trash":
        return lambda case: case.trash(by=by)
    if action == "restore":
        return lambda case: case.restore(by=by)
    if action == "wake":
        return lambda case: case.wake(by=by)
    if action == "snooze":
        until = wake_time(value)
        return lambda case: case.snooze(until, by=by)
    raise ValueError(_("Nothing was chosen. Choose what to do with the cases."))


def wake_time(value: str) -> datetime.datetime | None:
    """When a snoozed case comes back: 'reply' (None), 'later', 'tomorrow', 'week' or a date, in the active time zone.

    ValueError for anything else, and for what has passed.
    """
    if value == "reply":
        return None
    now = timezone.localtime()
    if value == "later":
        return now + datetime.timedelta(hours=3)
    days = {"tomorrow": 1, "week": 7 - now.weekday()}.get(value)
    day = now.date() + datetime.timedelta(days=days) if days else parse_date(value)
    if day is None or day <= now.date():
        raise ValueError(_("Choose a day to come."))
    return timezone.make_aware(datetime.datetime.combine(day, MORNING), now.tzinfo)


def colleague(by: Employee, value: str) -> Employee | None:
    """The active employee of the same organisation with that id; None for nobody.

    Raises ValueError for an id that is none of theirs.
    """
    if not value or value == "0":
        return None
    rows = Employee.objects.active().filter(organisation_id=by.organisation_id)
    found = rows.filter(pk=int(value)).first() if _is_id(value) else None
    if found is None:
        raise ValueError(_("This person is not an active employee. Choose somebody else."))
    return found


def _team(by: Employee, value: str) -> Team:
    rows = Team.objects.filter(organisation_id=by.organisation_id)
    found = rows.filter(pk=int(value)).first() if _is_id(value) else None
    if found is None:
        raise ValueError(_("This team is not there any more. Choose another."))
    return found


def _tag_names(value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()]


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 18


def _wanted(request: EmployeeRequest) -> tuple[str, str]:
    """The action and its value. A button's name carries both; a field of its own carries what is typed."""
    action, _colon, value = request.POST.get("do", "").partition(":")
    typed = {"add-tag": "tag", "remove-tag": "tag", "snooze": "until", "type": "type"}.get(action)
    if not value and typed:
        value = request.POST.get(typed, "")
    return action, value.replace("\0", "").strip()


def _numbers(request: EmployeeRequest) -> list[int]:
    given = [int(number) for number in request.POST.getlist("case") if _is_id(number)]
    return list(dict.fromkeys(given))[:MOST_CASES]


def _too_many(request: EmployeeRequest) -> list[str]:
    if len(set(request.POST.getlist("case"))) <= MOST_CASES:
        return []
    return [_("Only the first %(count)s cases were changed. Repeat it for the others.") % {"count": MOST_CASES}]


def _back(request: EmployeeRequest) -> str:
    """The list that the person came from."""
    back = request.POST.get("back", "")
    return back if back.startswith("/") and url_has_allowed_host_and_scheme(back, None) else reverse("cases")
