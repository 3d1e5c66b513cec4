"""What is done with a case as a whole: snooze, merge, split, move, link, follow; and finding the other case for it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from caseway.accounts.models import Employee
from caseway.cases.models import Case, Event, Message
from caseway.web import surroundings
from caseway.web.bulk import colleague
from caseway.web.case import list_of
from caseway.web.changing import change, refuse
from caseway.web.doors import EmployeeRequest, employee_page, writer_page
from caseway.web.finding import find_case, find_message
from caseway.web.snoozing import chosen


@writer_page
@require_POST
def snooze(request: EmployeeRequest, number: int) -> HttpResponse:
    """`value`: a preset, 'reply', or 'own' with `until` in the person's time zone."""

    def verb(case: Case, version: int) -> Event | None:
        until = chosen(request.POST.get("value", ""), request.POST.get("until", ""))
        return case.snooze(until, by=request.user, expected_version=version)

    return change(request, number, verb)


@writer_page
@require_POST
def waking(request: EmployeeRequest, number: int) -> HttpResponse:
    return change(request, number, lambda case, version: case.wake(by=request.user, expected_version=version))


@writer_page
@require_POST
def merge(request: EmployeeRequest, number: int) -> HttpResponse:
    """`value`: the number of the case that it goes into; the page goes on there."""

    def verb(case: Case, version: int) -> Event | None:
        return case.merge(_other(request), by=request.user, expected_version=version)

    return change(request, number, verb, to=lambda event: _case_url(request, event.data["into"]))


@writer_page
@require_POST
def separation(request: EmployeeRequest, number: int) -> HttpResponse:
    """`value`: the number of a case that was merged into this one: it gets its messages back."""

    def verb(case: Case, _version: int) -> Event | None:
        merged = _other(request)
        if merged.merged_into_id != case.pk:
            raise ValueError(_("%(label)s is not in this case any more.") % {"label": merged.label})
        return merged.unmerge(by=request.user)

    return change(request, number, verb, to=lambda event: _case_url(request, number))


@writer_page
@require_POST
def link(request: EmployeeRequest, number: int) -> HttpResponse:
    return change(request, number, lambda case, _version: case.link(_other(request), by=request.user))


@writer_page
@require_POST
def unlinking(request: EmployeeRequest, number: int) -> HttpResponse:
    return change(request, number, lambda case, _version: case.unlink(_other(request), by=request.user))


@writer_page
@require_POST
def split(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The message begins a case of its own; the page goes on there."""
    message = find_message(request.user, pk)
    return _from_message(
        request,
        message,
        lambda case: case.split(message, by=request.user),
        lambda event: _case_url(request, event.data["number"]),
    )


@writer_page
@require_POST
def move(request: EmployeeRequest, pk: int) -> HttpResponse:
    """`value`: the number of the case that the message goes into."""
    message = find_message(request.user, pk)
    return _from_message(
        request,
        message,
        lambda case: case.move(message, _other(request), by=request.user),
        lambda event: _case_url(request, message.case.number),
    )


@employee_page
@require_POST
def following(request: EmployeeRequest, number: int) -> HttpResponse:
    """`action`: 'follow' or 'unfollow'; `value`: a colleague's id, or nothing for oneself."""

    def verb(case: Case, _version: int) -> Event | None:
        who = _follower(request)
        if request.POST.get("action") == "unfollow":
            return case.unfollow(who, by=request.user)
        return case.follow(who, by=request.user)

    return change(request, number, verb)


@writer_page
@require_safe
def find(request: EmployeeRequest, number: int) -> HttpResponse:
    """What a picker offers for the words `q`: other cases, or `for` a contact contacts."""
    case = find_case(request.user, number)
    purpose, words = request.GET.get("for", ""), request.GET.get("q", "")
    context: dict[str, object] = {"case": case, "purpose": purpose, "q": words.strip()}
    if purpose == "contact":
        context["contacts"] = surroundings.find_contacts(request.user, words)
    else:
        context["found"] = surroundings.find(request.user, words, case)
    return render(request, "cases/_found.html", context)


def _from_message(
    request: EmployeeRequest, message: Message, verb: Callable[[Case], Event], to: Callable[[Event], str]
) -> HttpResponse:
    if message.case.deleted_at is not None:
        return refuse(request, message.case.number, _("The case is in the trash. Restore it first."))
    return change(request, message.case.number, lambda case, _version: verb(case), to=to)


def _other(request: EmployeeRequest) -> Case:
    """The case whose number was chosen; of a merged one too, because its number is what people know."""
    value = request.POST.get("value", "").strip().upper().removeprefix("#").removeprefix("CW-")
    rows = Case.objects.visible_to(request.user).select_related("organisation", "merged_into")
    found = rows.filter(number=int(value)).first() if value.isdecimal() and len(value) < 16 else None
    if found is None:
        raise ValueError(_("There is no case with this number. Choose one of the list."))
    return found


def _follower(request: EmployeeRequest) -> Employee:
    value = request.POST.get("value", "")
    if not value:
        return request.user
    who = colleague(request.user, value)
    if who is None:
        raise ValueError(_("This person is not an active employee. Choose somebody else."))
    return who


def _case_url(request: EmployeeRequest, number: int) -> str:
    return f"{reverse('case', args=[number])}?list={list_of(request)['view'].slug}"
